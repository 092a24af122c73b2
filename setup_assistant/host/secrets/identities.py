"""Who and where: taken out of what is handed on, on top of the secrets.

Names that a value tells in one place (an account in a path, a host in a prompt) are taken out
everywhere in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from setup_assistant.host.secrets import addresses, decoded, each, paths, rules

USER, HOST = "<user>", "<host>"
# Accounts that every system has, and words that follow "user" in sentences.
_NOBODY = frozenset({
    "root", "user", "users", "admin", "administrator", "ubuntu", "home", "runner", "public",
    "shared", "default", "guest", "nobody", "daemon", "none", "null", "true", "false",
    "unknown", "your", "name", "names", "site", "the", "and", "for", "conda", "mamba", "docker",
    "data", "www", "git", "system", "local", "host", "localhost", "all", "any", "not", "with",
    "is", "in", "to", "of", "by", "as", "has", "can", "must", "wants", "said", "memory",
    "space", "mode", "id", "ids", "agent", "session", "account", "input", "interface",
    "library", "defined", "python", "linux", "windows", "macos", "darwin", "cuda", "nvidia",
    "torch", "login", "owner", "author", "password", "token", "rocm", "jetson", "workspace",
    "vscode", "node", "gpu", "cpu", "server", "client", "proxy", "mirror", "peer",
})  # fmt: skip
_NAME = r"[^\s,;:=@/\\'\"`<>()\[\]{}|，。；、（）]{1,64}"
_S = r"\\{0,3}['\"]?\s{0,8}[:=：＝]\s{0,8}\\{0,3}['\"]?"
_I = re.IGNORECASE
_USERS = (
    (("user", "logname", "login", "owner", "account", "author", "name", "maintain", "signed", " by"), re.compile(rf"(?i:\b|_)(?:user(?:[_ -]?name)?|logname|login|owner|account|author|nickname|"
               rf"maintainer|signed-off-by|submitted by|created by)(?:\b|(?<=_)){_S}(?:[\w.-]{{1,30}}\\{{1,4}})?({_NAME})", _I)),
    (("user", "sudo", "su ", "chown", "ssh", "passwd", "whoami", "logged"), re.compile(rf"\b(?:sudo\s{{1,4}}-u|su\s{{1,4}}-l?|chown|ssh\s{{1,4}}-l|passwd|whoami\s*[:>]?|"
               rf"(?:by|for|as|of|from|invalid) user|logged in as|session opened for user|"
               rf"user)\s{{1,4}}['\"]({_NAME})['\"]", _I)),
    (("sudo", "su ", "ssh", "chown", "user", "password for", "logged"), re.compile(rf"\b(?:sudo\s{{1,4}}-u|su\s{{1,4}}-|ssh\s{{1,4}}-l|chown\s{{1,4}}(?:-R\s{{1,4}})?|"
               rf"logged in as|session opened for user|invalid user|(?:for|by|as) user|"
               rf"password for)\s{{1,4}}({_NAME})", _I)),
    (("entity", "domain"), re.compile(rf"\b(?:wandb_entity|userdomain(?:_roamingprofile)?){_S}({_NAME})", _I)),
    (("用户", "号 ", "户 "), re.compile(r"(?:用户|账号|帐号|账户)\s{1,2}([A-Za-z][\w.-]{2,40})\s{0,2}(?=[\u4e00-\u9fff])")),
    (("<",), re.compile(rf"<(?:user(?:name)?|owner|author|login)>({_NAME})<", _I)),
    (("sudoers",), re.compile(r"([\w.-]{2,40}) is not in the sudoers")),
    (("whoami",), re.compile(r"\bwhoami\s{0,4}(?:\n|->)\s{0,4}([\w.-]{2,40})[ \t]*(?:\n|$)")),
    (("id=",), re.compile(r"\b[ug]id=\d{1,10}\(([^)\s]{1,64})\)")),
    (("用户", "号", "户", "登录名", "姓名", "作者", "人", "者"), re.compile(rf"(?:用户名?|账号|帐号|账户|登录名|姓名|作者|联系人|负责人|所有者|用户名称)"
               rf"(?:是|为|\s{{0,4}}[:：=＝])[\s\"'“「]{{0,4}}({_NAME})")),
    (("-", "d", "l"), re.compile(r"(?<![\w-])[-bcdlps][rwxsStT-]{9}[.+@]?\s{1,8}\d{1,8}\s{1,8}(\S{1,64})\s{1,8}\S")),
    (("-", "d", "l"), re.compile(r"(?<![\w-])[-bcdlps][rwxsStT-]{9}[.+@]?\s{1,8}\d{1,8}\s{1,8}\S{1,64}\s{1,8}(\S{1,64})")),
    (("machine",), re.compile(rf"\bmachine\s{{1,8}}\S{{1,200}}\s{{1,8}}login\s{{1,8}}({_NAME})")),
    (("pts/", "tty"), re.compile(rf"(?m)^({_NAME})\s{{1,8}}(?:pts/\d+|tty\d+)\s")),
    (("user",), re.compile(rf"(?m)^\s{{0,8}}User\s{{1,8}}({_NAME})\s*$")),
    ((":x:", ":*:", ":!:"), re.compile(rf"(?m)^({_NAME}):[x*!]:\d+:\d+:")),
)  # fmt: skip
_FULL_NAME = re.compile(
    r"\b(?:[Aa]uthor|user\.name|[Ff]ull ?[Nn]ame|[Rr]eviewed-by|[Tt]ested-by|[Mm]aintainer|[Ss]igned-off-by|[Cc]reated by|[Ss]ubmitted by|[Rr]eported by|[Nn]ame of user)['\"]?"
    r"\s{0,4}[:=]?\s{0,4}['\"]?([A-Z][\w.'-]{1,40}(?: [A-Z][\w.'-]{0,40}){1,2})"
)
_HOSTS = (
    (("name", "nodelist", "fqdn"), re.compile(rf"\b(?:host[_ ]?name|nodename|computer[_ ]?name|machine[_ ]name|nodelist|dns name|"
               rf"server name|fqdn|slurmd_nodename|node[_ ]name)(?:\b|(?<=_)){_S}([\w.-]{{2,100}})", _I)),
    (("host",), re.compile(rf"\bHOST(?:NAME)?{_S}([\w.-]{{2,100}})")),
    (("host",), re.compile(rf"\bhost{_S}([A-Za-z][\w-]*[.\d-][\w.-]*[\w])", _I)),
    (("host",), re.compile(r"\b(?:resolve host(?:name)?|on host|unknown host|connect to host|reach host|from host|"
               r"to host|at host)(?:\s{0,4}[:=]\s{0,4}|\s{1,4})['\"]?([\w.-]{2,100})", _I)),
    (("host name", "computer name"), re.compile(r"\b(?:host|computer) name[ .]{1,40}:\s{1,4}([\w.-]{2,100})", _I)),
    (("cancelled", "node"), re.compile(r"\b(?:ON|on node) ([\w.-]{2,60})(?= CANCELLED|:|,| |$)")),
    (("host", "node", "name"), re.compile(r"<(?:host_?name|host|node_?name|computer_?name)>([\w.-]{2,100})<", _I)),
    (("connect", "reach", "resolve"), re.compile(r"\b(?:connect(?:ion)? to|connecting to|reach|resolve)\s{1,4}['\"]?([\w-]{1,60}(?:[.-][\w-]{1,60}){1,8})['\"]?(?=[:\s]{1,4}(?:port\s{1,4})?\d{2,5}\b)", _I)),
    (("服务器", "主机", "节点"), re.compile(r"(?:服务器|主机|节点|机器)\s{1,2}([A-Za-z][\w-]{0,40}\d[\w.-]{0,40})")),
    (("nccl",), re.compile(r"(?m)(?:^|\s)([A-Za-z][\w.-]{1,60}):\d{1,8}:\d{1,8} \[\d{1,3}\] NCCL")),
    (("linux",), re.compile(r"\bLinux\s([\w.-]{1,64})\s\d+\.\d+\.\d+\S*\s#")),
    ((":",), re.compile(r"(?m)^(?:[A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.+-]{8,24})\s"
               r"([A-Za-z][\w.-]{1,63})\s[\w./-]{1,60}(?:\[\d+\])?:\s")),
    (("主机", "服务器", "机器名", "计算机名", "节点"), re.compile(r"(?:主机名?|服务器|机器名|计算机名|主机名称|节点)(?:是|为|\s{0,4}[:：=＝])[\s\"'“「]{0,4}([\w.-]{2,100})")),
    (("ssh", "sftp", "ping", "telnet", "nslookup"), re.compile(r"\b(?:ssh|sftp|ping|telnet|nslookup)\s{1,4}(?:-\w\s{1,4}\S{1,60}\s{1,4}){0,3}"
               r"([A-Za-z][\w-]*[\d.-][\w.-]*\w)(?=[\s:]|$)")),
    (("proxy", "server", "peer", "node", "to", "from"), re.compile(r"\b(?:proxy|server|peer|node|to|from)\s{1,4}(?:at\s{1,4})?([a-z][\w.-]{1,60}):\d{2,5}\b", _I)),
    (("host",), re.compile(r"(?m)^\s{0,8}Host(?:Name)?\s{1,8}([A-Za-z][\w.-]{2,100})\s*$")),
    ((":/",), re.compile(r"(?<![\w/.])([A-Za-z][\w.-]{2,60}):/(?=[A-Za-z])(?![^\s]{0,3}/)")),
)  # fmt: skip
# account@computer, as in a prompt, in ssh and in mail.
_AT = re.compile(
    r"(?<![\w.+%-])([\w.+%-]{1,64})@([A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,8})(?::[\w./~-]+)?",
    re.ASCII,
)
_AT_ANY = re.compile(r"(?<![\w.+%-])([\w.+%-]{1,64})@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_NO_HOST = re.compile(
    r"\d+(?:\.\d+){0,2}(?:\.?[a-z]+\d*)?|sha\d+|latest|main|master|head|stable|next|dev|nightly|v\d[\w.-]*|"
    r"file|property|staticmethod|torch.*|pytest.*|functools.*|contextlib.*|dataclass.*|click.*",
    _I,
)
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*")
_PIECE = re.compile(r"[A-Za-z0-9]+|[._-]+")
_LONGEST_NAME, _MOST_NAMES = 8, 64


def anonymous(
    value: Any,  # noqa: ANN401 - any JSON value
    *,
    users: Iterable[str] = (),
    hosts: Iterable[str] = (),
    folders: Mapping[str, str] | None = None,
    public_hosts: Iterable[str] = (),
) -> Any:  # noqa: ANN401
    """Return a JSON value fit to be handed on.

    Args:
        value: what is to be shown.
        users: accounts whose names must not be said.
        hosts: names of computers that must not be said.
        folders: folder → the word that stands for it, e.g. `<env>`.
        public_hosts: hosts that may stay in addresses, besides those that everybody uses.
    """
    public = addresses.Public(public_hosts)
    texts = [decoded(t, lambda t: t) for t in _texts(value)]
    whole = "\n".join(texts)
    names = {
        **_known(hosts, HOST),
        **{n: HOST for n in _hosts_in(whole) if not public.knows(n)},
        **_known(users, USER),
        **dict.fromkeys(_users_in(whole), USER),
        **dict(_in_prompts(whole)),
    }
    versions = addresses.versions_in(whole)
    placed = paths.replacer(folders or {})

    def clean(text: str) -> str:
        text = placed(text)
        text = public.urls(rules.apply(text))
        text = addresses.hide_numbers(_FULL_NAME.sub(_author, text))
        if "@" in text:
            text = _AT_ANY.sub(_at, _AT.sub(_at, text))
        text = paths.hide(text)
        text = _without(text, names)
        return addresses.hide(text, versions, public)

    return each(value, lambda text: decoded(text, clean), keyed=True)


def _known(names: Iterable[str], instead: str) -> dict[str, str]:
    found = {n.lower() for name in names for n in (name, name.partition(".")[0])}
    return {n: instead for n in found if len(n) > 1 and n not in _NOBODY}


def _users_in(text: str) -> Iterator[str]:
    for name in paths.homes_in(text):
        yield from _worth(name)
    for found in _FULL_NAME.finditer(text):
        for part in found[1].split():
            yield from _worth(part)
    for said in _said(_USERS, text):
        yield from _worth(said)


def _worth(name: str) -> Iterator[str]:
    """Yield a name that can be taken out everywhere: two letters are too often a word."""
    name = name.lower().strip("._-*")
    long = len(name) > 2 or (len(name) > 1 and not name.isascii())
    if long and name not in _NOBODY and not re.fullmatch(r"[\d._-]+|\W+", name):
        yield name


def _hosts_in(text: str) -> Iterator[str]:
    for said in _said(_HOSTS, text):
        yield from _worth(said)


def _in_prompts(text: str) -> Iterator[tuple[str, str]]:
    """Yield account and computer of `alice@gpu17`; the account of a mail need be no name."""
    if "@" in text:
        for user, host in {(m[1], m[2]) for m in _AT.finditer(text)}:
            number = _NUMBER.fullmatch(host) is not None
            if number or ("." not in host and not _NO_HOST.fullmatch(host)):
                yield from ((n, USER) for n in _worth(user))
                yield from ((n, HOST) for n in _worth(host) if not number)


def _said(rules: Iterable[tuple[tuple[str, ...], re.Pattern[str]]], text: str) -> Iterator[str]:
    lower = text.lower()
    for needles, pattern in rules:
        if any(n in lower for n in needles):
            yield from pattern.findall(text)


def _author(found: re.Match[str]) -> str:
    """Take out a name of several words, of which each alone may be too short to be looked for."""
    words = [w for w in found[1].split() if w.lower() not in _NOBODY]
    return found[0] if not words else found[0].removesuffix(found[1]) + USER


def _at(found: re.Match[str]) -> str:
    user, host = found[1], found[2]
    if _NO_HOST.fullmatch(host) or (user == "git" and addresses.Public(()).knows(host)):
        return found[0]
    return "<mail>" if "." in host else f"{USER}@{HOST}"


def _without(text: str, names: Mapping[str, str]) -> str:
    """Replace names: whole words of ASCII by looking each word up, others wherever they are."""
    if not names:
        return text
    longest = [n for n in sorted(names, key=len, reverse=True) if not n.isascii()][:_MOST_NAMES]
    if longest and not text.isascii():
        text = re.sub(
            "|".join(map(re.escape, longest)), lambda m: names[m[0].lower()], text, flags=_I
        )

    def word(found: re.Match[str]) -> str:
        said = found[0]
        if instead := names.get(said.lower()):
            return instead
        return said if said.isalnum() else _in_pieces(said, names)

    return _TOKEN.sub(word, text)


def _in_pieces(said: str, names: Mapping[str, str]) -> str:
    """Replace names inside a word such as `alice_gpu-node-17.lab`, the longest first."""
    pieces = _PIECE.findall(said)
    parts, at = [], 0
    while at < len(pieces):
        for end in range(min(len(pieces), at + 2 * _LONGEST_NAME), at, -1):
            if instead := names.get("".join(pieces[at:end]).lower()):
                parts.append(instead)
                at = end
                break
        else:
            parts.append(pieces[at])
            at += 1
    return "".join(parts)


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
