"""Who and where: taken out of what is handed on, on top of the secrets.

Names that a value tells in one place (an account in a path, a host in a prompt) are taken out
everywhere in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from setup_assistant.host.secrets import (
    addresses,
    blocks,
    columns,
    decoded,
    each,
    is_word,
    names,
    own,
    paths,
    plainly,
    prose,
    rules,
)
from setup_assistant.host.secrets.matching import regex, replaced
from setup_assistant.host.secrets.name_patterns import FULL_NAMES, HOSTS, USERS

USER, HOST = columns.USER, columns.HOST
# Accounts that every system has, and words that follow "user" in sentences.
_NOBODY = frozenset({
    "root", "user", "users", "admin", "administrator", "ubuntu", "home", "runner", "public", "shared", "default",
    "guest", "nobody", "daemon", "none", "null", "true", "false", "unknown", "your", "name", "names", "site", "the",
    "and", "for", "conda", "mamba", "docker", "data", "www", "git", "system", "local", "host", "localhost", "all",
    "any", "not", "with", "is", "in", "to", "of", "by", "as", "has", "can", "must", "wants", "said", "memory",
    "space", "mode", "id", "ids", "agent", "session", "account", "input", "interface", "library", "defined",
    "python", "linux", "windows", "macos", "darwin", "cuda", "nvidia", "torch", "login", "owner", "author",
    "password", "token", "rocm", "jetson", "workspace", "vscode", "node", "gpu", "cpu", "server", "client", "proxy",
    "mirror", "peer", "systemd", "messagebus", "message", "syslog", "postgres", "mysql", "redis", "nginx", "apache",
    "polkitd", "rtkit", "avahi", "chrony", "dbus", "lp", "mail", "sshd", "ntp", "nvidia-persistenced", "nvidia-",
    "gdm", "munge", "slurm", "kernoops", "uuidd", "colord", "www-data", "priority", "resources", "required",
    "optional", "failed", "success", "successful", "ok", "incorrect", "disabled", "enabled", "yes", "no", "expired",
    "未登录", "未知", "匿名", "pending", "qwen", "vllm", "model", "models", "test", "dev", "ai", "jupyter", "ray", "work",
    "demo", "cloud", "service", "debian", "sudo", "adm", "wheel", "video", "render", "audio", "kvm", "lxd", "cdrom",
    "plugdev", "dialout", "netdev", "libvirt", "games", "disk", "tty", "dip", "lpadmin", "sambashare", "reboot",
    "bin", "sys", "statd", "rpc", "bash", "ssh",
})  # fmt: skip
# account@computer, as in a prompt, in ssh and in mail.
_AT = regex(
    r"(?<![\w.+%-])([\w.+%-]{1,64})@([A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,8})(?::[\w./~-]+)?",
    re.ASCII,
)
_AT_ANY = regex(r"(?<![\w.+%-])([\w.+%-]{1,64})@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_NO_HOST = regex(
    r"\d+(?:\.\d+){0,2}(?:\.?(?!com|cn|net|org)[a-z]+\d*)?|sha\d+|latest|main|master|head|stable|next|dev|nightly|v\d+(?:\.[\w.-]*)?|"
    r"file|property|staticmethod|torch.*|pytest.*|functools.*|contextlib.*|dataclass.*|click.*",
    re.IGNORECASE,
)
# An account and its password, of which the second is gone: `alice / ***`, `("alice", "***")`.
_BESIDE = regex(
    r"(?<![\w./@-])[A-Za-z][\w.-]{1,40}(?=(?: / |[/:])\*{3}(?![\w*]))|"
    r"(?<=\([\"'])[A-Za-z][\w.@-]{1,40}(?=[\"'],\s{0,4}[\"']\*{3}[\"'])|"
    r"(?:(?<= für )|(?<= for )|(?<= de )|(?<= pour )|(?<= para )|(?<= of ))[A-Za-z][\w.-]{1,40}(?=\s?: ?\*{3})"
)
# The computer that a login without a scheme is for.
_BEHIND = regex(r"(?<=\*\*\*@)[A-Za-z][\w-]*(?:\.[\w-]+)+")
_LABELS = frozenset({
    "code", "pin", "otp", "key", "wifi", "ssid", "ak", "sk", "pat", "basic", "digest", "http",
    "https", "value", "authorization", "header", "pass", "license", "webhook", "index-url",
})  # fmt: skip
_COMMIT = regex(r"[0-9a-f]{7,64}")
_NUMBER = regex(r"\d{1,3}(?:\.\d{1,3}){3}")
_MOST_CHARS = 200_000


def anonymous(
    value: Any,  # noqa: ANN401 - any JSON value
    *,
    users: Iterable[str] = (),
    hosts: Iterable[str] = (),
    numbers: Iterable[str] = (),
    folders: Mapping[str, str] | None = None,
    public_hosts: Iterable[str] = (),
) -> Any:  # noqa: ANN401
    """Return a JSON value fit to be handed on.

    Args:
        value: what is to be shown.
        users: accounts, full names and addresses of mail that must not be said.
        hosts: names of computers that must not be said.
        numbers: numbers of computers that must not be said.
        folders: folder → the word that stands for it, e.g. `<env>`.
        public_hosts: hosts that may stay in addresses, besides those that everybody uses.
    """
    public = addresses.Public(public_hosts)
    texts = [plainly(t) for t in _texts(value) if not is_word(t)]
    whole = "\n".join([*texts, *blocks.named_in(texts)])
    told = {
        **{n: HOST for n in _known(hosts) if not public.knows(n)},
        **dict.fromkeys(_known(numbers), columns.NUMBER),
        **{n: HOST for n in _hosts_in(whole) if not public.knows(n)},
        **{
            n: instead
            for said, instead in columns.names_in(whole)
            for n in ((said.lower(),) if instead == columns.NUMBER else _worth(said))
        },
        **dict.fromkeys(_known(n for said in users for n in _parts(said)), USER),
        **dict.fromkeys(_users_in(whole), USER),
        **dict.fromkeys(_beside_in(whole), USER),
        **dict(_in_prompts(whole)),
    }
    versions = addresses.versions_in(whole)
    placed = paths.replacer(folders or {})

    def clean(text: str) -> str:
        if is_word(text):
            return replaced(text, told)
        text = placed(text)
        text = public.urls(rules.apply(own.hide(text)))
        if "***" in text:
            text = _BEHIND.sub(public.shown, _BESIDE.sub(_account, text))
        text = addresses.hide_numbers(_without_full_names(text))
        if "@" in text:
            text = _AT_ANY.sub(_at, _AT.sub(_at, text))
        text = paths.hide(text)
        text = replaced(text, told)
        return addresses.hide(text, versions, public)

    return each(value, lambda text: decoded(text, clean), keyed=True)


def _known(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        first = name.partition(".")[0]
        # "gitlab" of gitlab.example is a word.
        told = (name, first) if re.search(r"[\d-]", first) else (name,)
        yield from (n.lower() for n in told if len(n) > 1 and n.lower() not in _NOBODY)


def _parts(said: str) -> Iterator[str]:
    """Yield an account, each word of a person's name, or whose mail it is."""
    words = said.split()
    if len(words) == 1:
        yield said.partition("@")[0]
    # "Cloud User" and "The 3rd maintainers" are nobody.
    person = all(w[0].isupper() and w.isalpha() and w.lower() not in _NOBODY for w in words)
    if len(words) > 1 and person:
        yield from (w for w in words if len(w) > 2)


def _users_in(text: str) -> Iterator[str]:
    for name in paths.homes_in(text):
        yield from _worth(name)
    for said in _said(FULL_NAMES, text):
        for part in said.split():
            yield from _worth(part)
    yield from columns.speakers_in(text)
    for said in (*prose.people_in(text), *prose.accounts_in(text)):
        yield from _worth(said)
    for said in _said(USERS, text):
        for part in re.split(r",? (?:(?:and|or) )?", said):
            yield from _worth(part)


def _worth(name: str) -> Iterator[str]:
    """Yield a name that can be taken out everywhere: two letters are too often a word."""
    bare = name.lower().strip("._-*")
    # What is short only without its marks is no word: `a0__`.
    name = bare if len(bare) > 2 else name.lower().strip(".*")
    long = len(name) > 2 or (len(name) > 1 and not name.isascii())
    # "$USER" and "<name>" stand for a name.
    if (
        long
        and name not in _NOBODY
        and name[0] not in "$<{%-"
        and not re.fullmatch(r"[\d._-]+|\W+", name)
    ):
        yield name


def _hosts_in(text: str) -> Iterator[str]:
    for said in (*_said(HOSTS, text), *prose.computers_in(text)):
        yield from _worth(said)


def _in_prompts(text: str) -> Iterator[tuple[str, str]]:
    """Yield account and computer of `alice@gpu17`; the account of a mail need be no name."""
    if "@" in text:
        for user, host in {(m[1], m[2]) for m in _AT.finditer(text) if not _commit(m)}:
            number = _NUMBER.fullmatch(host) is not None
            if number or ("." not in host and not _NO_HOST.fullmatch(host)):
                yield from ((n, USER) for n in _worth(user))
                yield from ((n, HOST) for n in _worth(host) if not number)


def _said(rules: Iterable[tuple[tuple[str, ...], re.Pattern[str]]], text: str) -> Iterator[str]:
    lower = text.lower()
    for needles, pattern in rules:
        if any(n in lower for n in needles):
            for name in pattern.findall(text):
                yield from (name,) if isinstance(name, str) else (n for n in name if len(n) > 1)


def _without_full_names(text: str) -> str:
    lower = text.lower()
    for needles, pattern in FULL_NAMES:
        if any(n in lower for n in needles):
            text = pattern.sub(_author, text)
    return text


def _author(found: re.Match[str]) -> str:
    """Take out a name of several words, of which each alone may be too short to be looked for."""
    words = [w for w in found[1].split() if w.lower() not in _NOBODY]
    return found[0] if not words else found[0].removesuffix(found[1]) + USER


def _beside_in(text: str) -> Iterator[str]:
    """Yield accounts that stand beside a password; long texts are not read twice for them."""
    for found in _BESIDE.finditer(rules.apply(text) if len(text) < _MOST_CHARS else ""):
        if _account(found) == USER:
            yield from _worth(found[0])


def _account(found: re.Match[str]) -> str:
    said = found[0].lower()
    label = said in _NOBODY or said in _LABELS or names.may_hold(found[0], query=True)
    return found[0] if label else USER


def _commit(found: re.Match[str]) -> bool:
    """Whether what follows the sign is the sum of a commit: `actions/checkout@0f1e2d3`."""
    before = found.string[max(0, found.start() - 1) : found.start()]
    return before == "/" and _COMMIT.fullmatch(found[2]) is not None


def _at(found: re.Match[str]) -> str:
    user, host = found[1], found[2]
    if _commit(found):
        return found[0]
    if _NO_HOST.fullmatch(host) or (user == "git" and addresses.Public(()).knows(host)):
        return found[0]
    return "<mail>" if "." in host else f"{USER}@{HOST}"


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        # The doctor's evidence: a package and its version.
        if isinstance(value.get("source"), str) and isinstance(value.get("value"), str):
            yield f"{value['source']} {value['value']}"
        for key, item in value.items():
            if isinstance(item, str) and isinstance(key, str) and len(key) < 40:
                # As one line, so that `"user": "alice"` is read as what it is.
                yield f"{key}: {item}"
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
