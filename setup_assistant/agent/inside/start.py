"""`__main__` of the agent: one zip with this tool and its packages. Standard library only.

Unpacks itself beside itself once, since compiled modules cannot be imported from a zip, and
then is Setup Assistant: `python3 agent.pyz probe --json`. It must also parse on an old Python
3, so that it can say what is wrong: no syntax newer than 3.7 here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

OLDEST = (3, 10)
COMMON = "common"
CHECKED = "checked"
BOOT = Path("/proc/sys/kernel/random/boot_id")
# Unpacked by an agent that nobody has used for so long.
_STALE_SECONDS = 14 * 86400.0


def main() -> None:
    """Unpack where that was not done yet, then run what was asked for."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        _stop("Setup Assistant needs Python 3.10 or newer; this is Python " + found)
    agent = Path(sys.argv[0]).resolve()
    try:
        home, fresh = unpack(agent)
    except (OSError, zipfile.BadZipFile) as error:
        _stop("The agent cannot be unpacked: " + str(error))
    # In front of everything, but the zip itself must not be found.
    sys.path[:1] = [str(home / COMMON), str(home / _tag()), str(home / _uv())]
    if fresh:
        _forget_old(home)
    if sys.argv[1:2] == ["--fleet"]:
        from setup_assistant.agent.inside import job

        sys.exit(job.main(sys.argv[2], "".join(sys.argv[3:4]), agent.parent))
    from setup_assistant.cli.app import main as run

    run()


def unpack(agent: Path) -> tuple[Path, bool]:
    """Return the folder with what this Python needs of the agent, and whether it was made now."""
    home = _home(agent)
    with zipfile.ZipFile(str(agent)) as archive:
        if home.is_dir() and _is_whole(home, archive):
            os.utime(str(home))
            return home, False
        names = archive.namelist()
        if not any(n.startswith(_tag() + "/") for n in names):
            _stop("The agent has no packages for this Python: " + _tag())
        wanted = tuple(part + "/" for part in (COMMON, _tag(), _uv()))
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unpack-", dir=str(home.parent)) as scratch:
            aside = Path(scratch) / "agent"
            try:
                archive.extractall(str(aside), [n for n in names if n.startswith(wanted)])
                for program in aside.glob("uv-*/bin/*"):
                    program.chmod(0o755)
                if home.is_dir():
                    # Damaged: what a power cut or a full disk left. It goes with the scratch.
                    home.rename(Path(scratch) / "damaged")
                aside.rename(home)
            except OSError:
                # Another run may have been first; else the disk is full.
                if not home.is_dir():
                    raise
    return home, True


def _is_whole(home: Path, archive: zipfile.ZipFile) -> bool:
    """Whether every file that was unpacked has its size, and once after each start its sum.

    A power cut may leave files of the right size that hold zeros.
    """
    wanted = tuple(part + "/" for part in (COMMON, _tag(), _uv()))
    boot = _read(BOOT).strip()
    checked = _read(home / CHECKED) == boot
    for info in archive.infolist():
        if info.filename.startswith(wanted) and not info.is_dir():
            path = home / info.filename
            try:
                if path.stat().st_size != info.file_size:
                    return False
                if not checked and zlib.crc32(path.read_bytes()) != info.CRC:
                    return False
            except OSError:
                return False
    if not checked:
        _note(home, boot)
    return True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _note(home: Path, boot: bytes) -> None:
    """Write down since which start of the machine the sums are known to be right."""
    # On a full or read-only disk they are looked at again next time.
    with contextlib.suppress(OSError):
        (home / CHECKED).write_bytes(boot)


def _home(agent: Path) -> Path:
    """Return where to unpack: beside an agent whose name tells its contents, else in the cache.

    A stick may be read-only, may not let programs run, and may bring another agent by this name.
    """
    if re.match(r"agent-[0-9a-f]{12}$", agent.stem):
        return agent.with_suffix("")
    with zipfile.ZipFile(str(agent)) as archive:
        text = "".join(i.filename + " " + str(i.CRC) + "\n" for i in archive.infolist())
    given, cache = os.environ.get("SETUP_ASSISTANT_CACHE"), os.environ.get("XDG_CACHE_HOME", "")
    base = Path(cache) if os.path.isabs(cache) else Path.home() / ".cache"  # noqa: PTH117
    root = Path(given) if given else base / "setup-assistant"
    return root / "agents" / ("agent-" + hashlib.sha256(text.encode()).hexdigest()[:12])


def _tag() -> str:
    return f"cp{sys.version_info[0]}{sys.version_info[1]}-{_machine()}"


def _uv() -> str:
    return "uv-" + _machine()


def _machine() -> str:
    machine = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)


def _forget_old(home: Path) -> None:
    """Remove what agents of other versions left, where nobody has used it for two weeks."""
    from setup_assistant.host import removal
    from setup_assistant.host.removal_proofs import Named

    now, name = home.stat().st_mtime, "agent-" + "[0-9a-f]" * 12
    for path in home.parent.glob(name):
        try:
            stale = now - path.stat().st_mtime > _STALE_SECONDS
        except OSError:
            continue
        if stale:
            removal.tidy(path, under=home.parent, proof=Named((name,), folders=True))
            removal.drop(path.with_suffix(".pyz"), under=home.parent)


def _stop(text: str) -> None:
    sys.stderr.write("setup-assistant agent: " + text + "\n")
    sys.exit(4)


if __name__ == "__main__":
    main()
