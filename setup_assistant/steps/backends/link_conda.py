"""Solve and link conda packages with py-rattler. Runs as a process of its own.

One JSON request on standard input:

    {"channel": URL, "specs": ["python=3.12", "pip"], "prefix": DIR, "cache": DIR,
     "offline": false, "library": DIR}

With "subdir" and "virtual" in place of a prefix it is solved for another machine, and nothing is
linked. `library` is a folder with py-rattler, where it is not installed.

One JSON line per event on standard output: `virtual` (what the solver takes this machine for),
`solved` (the packages), `progress` (bytes), `linked`, `records` (for another machine), or `failed`
with a reason and the detail.

Standard library and py-rattler only: nothing of this tool is imported, so that a crash or a hang
of the engine stays outside of it, and it can be killed at any moment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rattler import Gateway, RepoDataRecord

_TELL_EVERY_BYTES = 1 << 20
_MAX_RETRIES = 4
_TIMEOUT_SECONDS = 120
# What the engine's errors are called, by what is at fault.
_NETWORK = ("FetchRepoDataError", "GatewayError")
_SOLVER = ("SolverError", "InvalidMatchSpecError")


def send(event: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
    """Write one event as a line."""
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


async def make(request: dict[str, Any]) -> None:
    """Do what `request` asks."""
    if request.get("library"):
        sys.path.insert(0, request["library"])
    import rattler

    if "subdir" in request:
        await _for_another(request)
        return
    # CONDA_OVERRIDE_CUDA, CONDA_OVERRIDE_GLIBC and their kin, as conda reads them.
    overrides = rattler.VirtualPackageOverrides.from_env()
    virtual = [v.into_generic() for v in rattler.VirtualPackage.detect(overrides)]
    send("virtual", packages=[f"{v.name.normalized}={v.version}" for v in virtual])
    client = rattler.Client.default_client(max_retries=_MAX_RETRIES, timeout=_TIMEOUT_SECONDS)
    records = await rattler.solve(
        sources=[rattler.Channel(request["channel"])],
        specs=request["specs"],
        gateway=_gateway(request, client),
        virtual_packages=virtual,
    )
    send("solved", packages=[_row(r) for r in records])
    await rattler.install(
        records,
        request["prefix"],
        cache_dir=Path(request["cache"]) / "pkgs",
        # Nothing of a package is run: python and pip need no link scripts.
        execute_link_scripts=False,
        reporter=_reporter(sum(r.size or 0 for r in records)),
        client=client,
    )
    _open_to_others(Path(request["prefix"]))
    send("linked")


async def _for_another(request: dict[str, Any]) -> None:
    """Solve for a machine that is only described."""
    import rattler

    client = rattler.Client.default_client(max_retries=_MAX_RETRIES, timeout=_TIMEOUT_SECONDS)
    records = await rattler.solve(
        sources=[rattler.Channel(request["channel"])],
        specs=request["specs"],
        gateway=_gateway(request, client),
        platforms=[request["subdir"], "noarch"],
        virtual_packages=[_virtual(text) for text in request["virtual"]],
    )
    send("records", records=[{**json.loads(r.to_json()), **_whence(r)} for r in records])


def _virtual(text: str) -> object:
    import rattler

    name, _, version = text.partition("=")
    return rattler.GenericVirtualPackage(
        rattler.PackageName(name), rattler.Version(version), rattler.BuildString("0")
    )


def _whence(record: RepoDataRecord) -> dict[str, str]:
    return {"url": str(record.url), "fn": str(record.file_name), "subdir": str(record.subdir)}


def _gateway(request: dict[str, Any], client: object) -> Gateway:
    import rattler

    # A folder is never cached, so the rule of the network does not fit it.
    offline = request["offline"] and not request["channel"].startswith("file:")
    config = rattler.SourceConfig(
        cache_action="force-cache-only" if offline else "cache-or-fetch",
    )
    found: Gateway = rattler.Gateway(
        cache_dir=Path(request["cache"]) / "repodata", default_config=config, client=client
    )
    return found


def _row(record: RepoDataRecord) -> dict[str, Any]:
    return {
        "name": record.name.normalized,
        "version": str(record.version),
        "build": str(record.build),
        "bytes": record.size or 0,
        "url": str(record.url),
        "sha256": record.sha256.hex() if record.sha256 else None,
        "file": str(record.file_name),
    }


def _reporter(total: int) -> object:
    """Return what adds up the bytes of all downloads and tells them now and then."""
    import rattler

    class Reporter(rattler.InstallerReporter):  # type: ignore[misc]  # an optional package
        """Called from the engine's own threads."""

        def __init__(self) -> None:
            self._lock = threading.Lock()
            self._bytes: dict[int, int] = {}
            self._told = 0
            self._next = 0

        def on_download_start(self, cache_entry: int) -> int:  # noqa: ARG002 - its contract
            with self._lock:
                self._next += 1
                return self._next

        def on_download_progress(
            self,
            download_idx: int,
            progress: int,
            total: int | None,  # noqa: ARG002 - the sum of all is known
        ) -> None:
            with self._lock:
                self._bytes[download_idx] = progress
                done = sum(self._bytes.values())
                if done - self._told >= _TELL_EVERY_BYTES:
                    self._told = done
                    send("progress", done=done, total=max(total_bytes, done))

    total_bytes = total
    return Reporter()


def _open_to_others(prefix: Path) -> None:
    """Let others read the records, as conda's own may be: the engine keeps them private."""
    mask = os.umask(0)
    os.umask(mask)
    for record in (prefix / "conda-meta").glob("*.json"):
        record.chmod(0o666 & ~mask)


def _reason(error: BaseException) -> str:
    text, name = f"{error}".lower(), type(error).__name__
    if "no space left" in text or "os error 28" in text:
        return "space"
    if "permission denied" in text or "read-only file system" in text:
        return "permission"
    if name in _SOLVER:
        return "solver"
    network = ("error sending request", "failed to fetch", "timed out", "dns", "connect")
    return "network" if name in _NETWORK or any(w in text for w in network) else "other"


def main() -> int:
    """Read the request, carry it out, and say what became of it."""
    request = json.loads(sys.stdin.read())
    try:
        asyncio.run(make(request))
    except Exception as error:  # noqa: BLE001 - every end is told as one event
        detail = " / ".join(line.strip() for line in str(error).splitlines() if line.strip())
        send("failed", why=_reason(error), detail=detail[-2000:] or type(error).__name__)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Everything is said and flushed: the engine's own threads can crash while Python ends.
    os._exit(code)
