"""Secrets in the structure of files: YAML tags and blocks, XML elements, Kubernetes secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from setup_assistant.host.secrets import names
from setup_assistant.host.secrets.matching import regex

# `!vault`, `!!str`, `&anchor` before a value.
_TAGS = regex(r"(?:[!&][^\s\"'\[\]{}]{0,80}[ \t]{1,8}){1,3}(?=\S)")
_BREAK = r"(?:\r?\n|(?:\\r)?\\n)"
_BLOCK = regex(rf"[|>][\d+-]{{0,2}}[ \t]{{0,20}}(?:#[^\n]{{0,200}})?(?={_BREAK})")
_INDENT = regex(r"(?:^|\n|\\n)([ \t]{0,60})[^\n]{0,100}$")
# Lists and scalars below a name whose own line is empty.
_BELOW = regex(
    rf"(?:[ \t]{{0,20}}{_BREAK}[ \t]{{1,60}}(?:-[ \t]{{1,8}})?[^\s:#{{\\]{{1,500}}(?=[ \t]{{0,20}}(?:{_BREAK}|$))){{1,50}}"
)
_LIST = regex(r"\[[^\[\]{}]{0,4000}\]")
_REST = regex(r"[^\n\\\"'}{<>]{0,500}?(?=[ \t]{1,20}#|[\n\\\"'}{<>]|$)")

_WORD = regex(r"[^\s\"',;}\]]+")

_XML = regex(
    r"(<(?:\w{1,20}:)?([A-Za-z][\w.-]{1,60})(?:\s[^<>]{0,200})?>)([^<>]{1,2000})(?=</)", re.ASCII
)
# An element within one whose name is that of a secret; a key and its value in a list of properties.
_XML_WITHIN = regex(
    r"(<(?:\w{1,20}:)?([A-Za-z][\w.-]{1,60})(?:\s[^<>]{0,200})?>\s{0,40}<(?:\w{1,20}:)?[A-Za-z][\w.-]{0,60}>)([^<>]{1,2000})(?=</)",
    re.ASCII,
)
_PLIST = regex(r"(<key>([^<>]{1,80})</key>\s{0,40}<string>)([^<>]{1,2000})(?=</)")
_KIND = regex(r"(?i:[\"']?kind\\{0,3}[\"']?:\s{0,4}\\{0,3}[\"']?)Secret\b")
_DATA = regex(
    r"((?:^|\n)([ \t]{0,40})(?:data|stringData):[ \t]{0,8}\r?\n)((?:\2[ \t]{1,40}[^\n]{1,20000}(?:\n|$)){1,200})"
)
_UNDER = regex(
    r"((?:^|\n)([ \t]{0,40})(?:secrets|credentials|passwords|api_?keys):[ \t]{0,8}\r?\n)"
    r"((?:\2[ \t]{1,40}[^\n]{1,2000}(?:\n|$)){1,60})"
)
# What cloud-init hands to chpasswd: an account and its password a line.
_ACCOUNTS = regex(r"(\bchpasswd:?[^\n]{0,60}\n)((?:[ \t]{1,20}[^\n]{1,200}(?:\n|$)){1,40})")
_ACCOUNT = regex(
    r"(?m)^([ \t]{1,20}(?:- )?['\"]?[a-z_][\w.-]{0,30}:)([^\s:'\"]{3,})(?=['\"]?[ \t]*$)"
)
_MEMBER = regex(
    r"(?m)^([ \t]{1,80}[\w.-]{1,250}:[ \t]{1,8})(?![|>])(\S[^\n]*)$|^([ \t]{1,80})([^\s:]+)$"
)
_DATA_JSON = regex(r"(\"(?:data|stringData)\":\s{0,8}\{)([^{}]{1,200000})(?=\})")
_PAIR_JSON = regex(r"(\"[^\"]{1,250}\":\s{0,8}\")([^\"]{1,200000})(?=\")")


def apply(text: str) -> str:
    """Return `text` without what XML elements and Kubernetes secrets hold."""
    if "</" in text:
        for pattern in (_XML, _XML_WITHIN, _PLIST):
            text = pattern.sub(_element, text)
    if any(f"{name}:" in text for name in ("secrets", "credentials", "passwords", "keys")):
        text = _UNDER.sub(lambda m: m[1] + _MEMBER.sub(_member, m[3]), text)
    if "chpasswd" in text:
        text = _ACCOUNTS.sub(lambda m: m[1] + _ACCOUNT.sub(r"\1***", m[2]), text)
    if "Secret" in text and _KIND.search(text):
        text = _DATA.sub(lambda m: m[1] + _MEMBER.sub(_member, m[3]), text)
        text = _DATA_JSON.sub(lambda m: m[1] + _PAIR_JSON.sub(r"\1***", m[2]), text)
    return text


def named_in(texts: Iterable[str]) -> Iterator[str]:
    """Yield what elements hold as lines of names and values: `UserName: alice`."""
    for text in texts:
        if "</" in text:
            for pattern in (_XML, _PLIST):
                yield from (f"{m[2]}: {m[3].strip()}" for m in pattern.finditer(text))


def end_of_value(text: str, begin: int, name: str, name_at: int) -> int:
    """Return where a value without quotes ends that is more than a word; 0 if it is a word.

    Args:
        text: what is read.
        begin: where the value begins, after the separator.
        name: the name before it.
        name_at: where the name begins.
    """
    at = after_tags(text, begin)
    if block := _BLOCK.match(text, at):
        return _end_of_block(text, block.end(), name_at)
    if names.is_sure(name):
        if more := _BELOW.match(text, at) or _LIST.match(text, at):
            return more.end() if re.search(r"\w", more[0]) else 0
        if _own_line(text, at, name_at) and (rest := _REST.match(text, at)):
            return rest.end()
    word = _WORD.match(text, at) if at > begin else None
    return word.end() if word else 0


def after_tags(text: str, begin: int) -> int:
    """Return where a value begins behind the tags and anchors of YAML."""
    tags = _TAGS.match(text, begin)
    return tags.end() if tags else begin


def _own_line(text: str, at: int, name_at: int) -> bool:
    """Whether name and value are all of their line, so that the value may be several words."""
    first = text[at : at + 60].split(None, 1)[:1]
    spaced = text[at - 1 : at].isspace() and first and not names.is_nothing(first[0])
    if not spaced:
        return False
    before = text[max(0, name_at - 70) : name_at]
    lead = before[max(before.rfind("\n") + 1, before.rfind("\\n") + 2, 0) :]
    return not lead.strip(" \t-") and (lead != before or name_at == len(before))


def _end_of_block(text: str, at: int, name_at: int) -> int:
    """Return the end of a block of lines, each deeper than the line of its name."""
    found = _INDENT.search(text, max(0, name_at - 160), name_at)
    depth = len(found[1]) + 1 if found else 1
    line = regex(rf"{_BREAK}(?:[ \t]{{{depth},}}(?:(?!\\n)[^\n])*|[ \t]*(?={_BREAK}))")
    while found := line.match(text, at):
        at = found.end()
    return at


def _element(found: re.Match[str]) -> str:
    return f"{found[1]}***" if names.is_secret(found[2], found[3].strip()) else found[0]


def _member(found: re.Match[str]) -> str:
    return f"{found[1]}***" if found[1] else f"{found[3]}***"
