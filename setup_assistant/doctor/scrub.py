"""Take out of a text what names a person, a place, a computer or a secret.

Too much taken out does no harm, too little does: where a rule is in doubt, it takes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from setup_assistant.host.secrets import redact

# Hosts that everybody uses; they say which service failed, and nothing else.
_PUBLIC_HOSTS = re.compile(
    r"(?:^|\.)(?:pypi\.org|pythonhosted\.org|pytorch\.org|huggingface\.co|hf\.co|hf-mirror\.com|"
    r"modelscope\.cn|modelscope\.ai|anaconda\.org|anaconda\.com|conda\.io|github\.com|"
    r"githubusercontent\.com|nvidia\.com|tsinghua\.edu\.cn|aliyun\.com|aliyuncs\.com|"
    r"ustc\.edu\.cn|sjtu\.edu\.cn|python\.org|debian\.org|ubuntu\.com|docker\.io)$"
)
# Folders that every system has; what lies under them names nobody.
_SYSTEM = r"(?:usr|lib|lib64|proc|sys|dev|bin|sbin|etc)"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+"
_DOMAINS = (r"com|net|org|cn|edu|gov|corp|local|lan|internal|intra|intranet|home|localdomain|"
            r"priv|private|de|uk|jp|fr|kr|tw|hk|ru|eu|us|in|au|ca|"
            r"example|test")  # fmt: skip
_TOKENS = (
    r"(?:hf_|ms-|gh[oprsu]_|github_pat_|glpat-|sk-|xox[abeprs]-|pypi-|npm_|dckr_pat_|AIza|AKIA|"
    r"ASIA)[A-Za-z0-9_-]{6,}|eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?"
)
_USERS = re.compile(r"(?:/(?:home|Users)/|[\\/]Users[\\/]{1,2})([^\\/\n:\"'<>]+)", re.IGNORECASE)
# What a value follows that is nobody's business; a tokenizer is no token.
_KEYS = (r"[\w-]*(?:pass(?:word|wd|phrase)|secret|token(?!i[sz]|s\b)|api[_-]?key|access[_-]?key|"
         r"credentials?)[\w-]*")  # fmt: skip
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_HOSTS = re.compile(rf"\bhost(?:name)?\s*[=:]\s*['\"]?({_HOST}|[\w-]+)|://(?:[^\s/@]*@)*({_HOST})")
_VERSION = re.compile(r"(?:==|>=|<=|~=|!=|<|>|nvidia[\w-]*[ ,:'\"]+)\s*(\d+(?:\.\d+){3})\b")
_OURS = ("nvidia", "cuda", "triton")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\d.]*\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])\[?[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:%\w+)?(?:\](?::\d+)?)?(?![\w:])"
)
_URL = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*)://([^\s'\"<>)\]]*)")

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"-----BEGIN [\s\S]*?(?:-----END [^-]*-----|\Z)"), "***"),
    (re.compile(r"\b(ssh-\w+|ecdsa-[\w-]+)\s+[\w+/=]{8,}"), r"\1 ***"),
    (re.compile(_TOKENS, re.IGNORECASE), "***"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 ***"),
    (re.compile(r"(?i)\b((?:set-)?cookie['\"]?\s*[:=]\s*).+"), r"\1***"),
    (re.compile(rf"(?i)\b(pass|{_KEYS})(['\"]?\s*[:=]\s*)\S+"), r"\1\2***"),
    (re.compile(rf"(?i)(?<!\w)(--?{_KEYS}\s+)\S+"), r"\1***"),
    (re.compile(r"(?i)\b(serial(?:[ _-]?(?:number|num|no))?['\"]?\s*[:=]?\s*['\"]?)"
                r"(?=\w*\d)\w{4,}"), r"\1***"),
    (re.compile(r"(?i)\b(\w*(?:user(?:name)?|logname|login|owner|nodename|hostname|computername|"
                r"nodelist)['\"]?\s*=\s*['\"]?)[^\s,;'\"]+"), r"\1***"),
    (re.compile(r"\b((?:[ug]id|groups)=\d+)\([^)]*\)"), r"\1"),
    (re.compile(r"(?<![\w-])([-bcdlps][rwxsStT-]{9}[.+@]?\s+\d+\s+)\S+\s+\S+"), r"\1*** ***"),
    (re.compile(r"(?i)\b((?:proxy|host|server|peer|node|to|from)\s+(?:at\s+)?)[a-z][\w.-]*:\d{2,5}\b"),
     r"\1<host>"),
    (re.compile(r"(?<![\w/.])[A-Za-z][\w.-]+:/(?!/)[^\s'\",;)]+"), "<host>:<path>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*(?::[\w./~-]+)?"), "<mail>"),
    (re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"), "<address>"),
    (re.compile(r"\b[0-9a-f]{32,}\b"), "<hex>"),
    # In quotes a path may hold spaces.
    (re.compile(rf"(?<=['\"])/(?!{_SYSTEM}[/'\"])[^'\"\n]*?(/site-packages/[^'\"\n]*)?(?=['\"])"),
     r"<path>\1"),
    (re.compile(r"(?<=['\"])[A-Za-z]:[\\/][^'\"\n]*(?=['\"])"), "<path>"),
    (re.compile(r"(?<![A-Za-z0-9])[A-Za-z]:[\\/][^'\"\n,;)|]*"), "<path>"),
    (re.compile(r"(?<![\\\w])\\\\[^\s'\",;\\]+\\[^'\"\n,;)]*"), "<path>"),
    (re.compile(r"(?<![\w<>./:~])/(?:home|Users)/[^/\n:\"'<>]+(?=/)(?:/[^\s'\",;:()\[\]]*?)"
                r"(/site-packages/[^\s'\",;:()\[\]]+)?(?=[\s'\",;:()\[\]]|$)"), r"<path>\1"),
    (re.compile(rf"(?<![\w<>./:~])/(?!{_SYSTEM}(?:/|\b))[^\s'\",;:()\[\]]*?"
                r"(/site-packages/[^\s'\",;:()\[\]]+)?(?=[\s'\",;:()\[\]]|$)"), r"<path>\1"),
    (re.compile(r"(?<![\w.])~[\w.-]*/[^\s'\",;:()\[\]]+"), "<path>"),
)  # fmt: skip


def scrub(value: Any, places: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with every text in it made public.

    Args:
        value: what is to be shown.
        places: word → what stands for it, such as folders, the user and the computer; the
            longest must come first.
    """
    value = _decoded(value)
    everything = "\n".join(_texts(value))
    words = {**places, **_found(everything)}
    return _each(value, words, frozenset(_VERSION.findall(everything)) | _released(value))


def _decoded(value: Any) -> Any:  # noqa: ANN401
    """Return the value with percent signs resolved, however often they were encoded."""
    if isinstance(value, str):
        for _round in range(4):
            if not _ENCODED.search(value):
                break
            value = unquote(value)
        return value
    if isinstance(value, Mapping):
        return {key: _decoded(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_decoded(v) for v in value]
    return value


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def _found(text: str) -> dict[str, str]:
    """Return the users and hosts that the text names somewhere, so that they go everywhere."""
    found = {m.strip() for m in _USERS.findall(text)}
    # Two letters are too often a word; two Chinese characters are a name.
    users = {m: "<user>" for m in found if len(m) > 2 or (len(m) > 1 and not m.isascii())}
    hosts = {a or b: "<host>" for a, b in _HOSTS.findall(text)}
    return {w: i for w, i in {**users, **hosts}.items() if w and not _PUBLIC_HOSTS.search(w)}


def _released(value: Any) -> frozenset[str]:  # noqa: ANN401
    """Return versions of four numbers that look like addresses: evidence on NVIDIA's packages."""
    if isinstance(value, Mapping):
        pairs = [(value.get("source"), value.get("value")), *value.items()]
        ours = [str(v) for k, v in pairs if str(k).lower().startswith(_OURS)]
        own = frozenset(re.findall(r"\b\d+(?:\.\d+){3}\b", "\n".join(ours)))
        return own.union(*(_released(v) for v in value.values()))
    if isinstance(value, (list, tuple)):
        return frozenset().union(*(_released(v) for v in value))
    return frozenset()


def _each(value: Any, words: Mapping[str, str], versions: frozenset[str]) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return _text(value, words, versions)
    if isinstance(value, Mapping):
        return {key: _each(v, words, versions) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each(v, words, versions) for v in value]
    return value


def _text(text: str, words: Mapping[str, str], versions: frozenset[str]) -> str:
    text = redact(text)
    for word, instead in words.items():
        if ("/" in word or "\\" in word) and len(word) > 1:
            text = _replaced(text, re.escape(word), instead)
    if re.fullmatch(rf"/(?!{_SYSTEM}/)[^:\n]*", text) and text != "/":
        # Nothing but a path: it may hold spaces.
        return "<path>" + text[text.find("/site-packages/") :] * ("/site-packages/" in text)
    text = _URL.sub(_public_url, text)
    for word, instead in words.items():
        if "/" not in word and "\\" not in word and len(word) > 1:
            ends = (r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])") if word.isascii() else ("", "")
            text = _replaced(text, f"{ends[0]}{re.escape(word)}{ends[1]}", instead)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = re.sub(rf"(?<![\w.@/-]){_HOST}(?![\w(])", _public_host, text)
    text = _IPV6.sub(lambda m: "<address>" if _is_address(m[0]) else m[0], text)
    return _IPV4.sub(lambda m: m[0] if m[0] in versions else "<address>", text)


def _replaced(text: str, pattern: str, instead: str) -> str:
    return re.sub(pattern, lambda _m: instead, text, flags=re.IGNORECASE)


def _public_url(found: re.Match[str]) -> str:
    scheme, rest = found[1], found[2].rpartition("@")[2]
    host, slash, path = rest.partition("/")
    if scheme == "file":
        return "file://<path>"
    if _PUBLIC_HOSTS.search(host.partition(":")[0]):
        # What follows a question mark may sign a request.
        return f"{scheme}://{host}{slash}{path.partition('?')[0]}"
    return f"{scheme}://<host>"


def _public_host(found: re.Match[str]) -> str:
    host = found[0]
    if not re.search(rf"\.(?:{_DOMAINS})$", host, re.IGNORECASE) or _PUBLIC_HOSTS.search(host):
        return host
    return "<host>"


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text.partition("]")[0].strip("[]"))
    except ValueError:
        return False
    return True
