"""A report to hand on: without user names, host names, home folders, serials or private hosts.

Pure: who and where is given as a value. Works on plain JSON values, before anything is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

# Home folders of any computer: the account's name in them is a name as well.
_HOME = re.compile(r"(?P<root>/home/|/Users/|[A-Za-z]:\\Users\\)(?P<name>[^/\\\s\"']+)")
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:[^\s/?#@]*@)?(?P<host>[^\s/?#:]+)")
_SERIAL = re.compile(r"\b(?P<kind>GPU|MIG)-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
# Accounts that every system has; taking their names out of sentences would garble them.
_NOBODY = frozenset({"root", "user", "admin", "ubuntu", "home", "runner"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "[", "::1"})


@dataclass(frozen=True, kw_only=True)
class Names:
    """What must not be handed on: account, computer, home folder, site folder, other folders.

    `folders` are pairs of a folder and the word that stands for it.
    """

    user: str = ""
    host: str = ""
    home: str = ""
    site: str = ""
    folders: tuple[tuple[str, str], ...] = ()


def share(value: Any, names: Names, public_hosts: Iterable[str]) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON value fit to be handed on; `public_hosts` may stay in addresses."""
    found = {m["name"] for text in _texts(value) for m in _HOME.finditer(text)}
    people = {n for n in (names.user, *found) if n and n.lower() not in _NOBODY}
    public = frozenset(public_hosts) | _LOCAL
    return _map(value, lambda text: _clean(text, names, people, public))


def _clean(text: str, names: Names, people: set[str], public: frozenset[str]) -> str:
    named = ((names.site, "SITE"), *names.folders, (names.home, "~"))
    # A folder inside another comes first, so that each is called by its own word.
    for folder, word in sorted(named, key=lambda pair: -len(pair[0])):
        if len(folder) > 1:
            text = re.sub(rf"{re.escape(folder.rstrip('/'))}(?=[/\\\s\"':]|$)", word, text)
    text = _HOME.sub("~", text)
    text = _URL.sub(lambda m: _host(m, public), text)
    text = _SERIAL.sub(lambda m: f"{m['kind']}-***", text)
    for word in sorted(people, key=len, reverse=True):
        text = _word(word, "USER", text)
    short = names.host.partition(".")[0]
    for host in (names.host, short):
        if len(host) > 1 and host != "localhost":
            text = _word(host, "HOST", text)
    return text


def _host(found: re.Match[str], public: frozenset[str]) -> str:
    known = found["host"].lower() in public
    return found["scheme"] + (found["host"] if known else "private-host")


def _word(word: str, instead: str, text: str) -> str:
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", instead, text)


def _texts(value: Any) -> Iterable[str]:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


def _map(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _map(inner, change) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map(inner, change) for inner in value]
    return value
