"""Host keys of a new room: fetched, shown, and kept once somebody has compared them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.fleet import reach
from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.host import files, run

_SECONDS, _AT_ONCE = 8, 16
_LINE = re.compile(r"(\S+) ((?:ssh|ecdsa|sk)-[\w@.-]+) ([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, kw_only=True)
class Offered:
    """What a host shows: lines for `kept_in`, and their fingerprints.

    `state`: new; known, where one of them is kept already; changed, where another is; silent,
    where it shows none; behind, where it stands behind another and cannot be asked from here.
    """

    name: str
    state: str
    lines: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    kept_in: Path = Path()


def offered(hosts: Sequence[Host]) -> tuple[Offered, ...]:
    """Ask every host for its keys; nobody logs in."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(_offered, hosts))


def keep(found: Sequence[Offered]) -> None:
    """Append keys to the files that ssh reads them from.

    Raises:
        SetupError: `not_writable`.
    """
    by_file: dict[Path, list[str]] = {}
    for one in found:
        by_file.setdefault(one.kept_in, []).extend(one.lines)
    for path, lines in by_file.items():
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for line in lines:
                files.append_line(path, line, through_link=True)
            path.chmod(0o600)
        except OSError as error:
            raise files.refusal(error, path, flag="-i") from error


def _offered(host: Host) -> Offered:
    place = reach.target(host)
    path = Path(place.known_hosts or "~/.ssh/known_hosts").expanduser()
    if host.local or not place.direct:
        return Offered(name=host.name, state="known" if host.local else "behind")
    name = place.alias or (place.host if place.port == 22 else f"[{place.host}]:{place.port}")
    said = run.run(
        ["ssh-keyscan", "-T", str(_SECONDS), "-p", str(place.port), "--", place.host],
        deadline=_SECONDS + 2,
    ).out
    keys = [(f[2], f[3]) for line in said.splitlines() if (f := _LINE.fullmatch(line.strip()))]
    if not keys:
        return Offered(name=host.name, state="silent")
    lines = tuple(f"{name} {kind} {key}" for kind, key in keys)
    known = _known(name, path)
    state = "new" if not known else "known" if {k for _kind, k in keys} & known else "changed"
    return Offered(name=host.name, state=state, lines=lines, kept_in=path,
                   fingerprints=_fingerprints(lines))  # fmt: skip


def _known(name: str, path: Path) -> set[str]:
    """Return the keys that are kept for a name, there or for all users."""
    found: set[str] = set()
    for file in (path, Path("/etc/ssh/ssh_known_hosts")):
        if file.exists():
            out = run.run(["ssh-keygen", "-F", name, "-f", file], deadline=_SECONDS).out
            found |= {f[3] for line in out.splitlines() if (f := _LINE.fullmatch(line.strip()))}
    return found


def _fingerprints(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the fingerprints as `ssh-keygen -l` shows them at the machine itself."""
    text = "\n".join(lines) + "\n"
    outcome = run.run(["ssh-keygen", "-l", "-f", "-"], deadline=_SECONDS, stdin=text)
    if not outcome.ok:
        raise SetupError("inventory_invalid", path="ssh-keygen", detail=outcome.err.strip())
    said = (line.split() for line in outcome.out.splitlines())
    return tuple(f"{words[-1]} {words[1]}" for words in said if len(words) > 2)
