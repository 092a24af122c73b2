"""A bundle at an address: only what this machine needs of it is fetched, resumed and proved."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from setup_assistant.bundle import manifest as manifests
from setup_assistant.bundle import sign
from setup_assistant.bundle.manifest import Item, Manifest, Piece
from setup_assistant.bundle.verify import Checked
from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths, removal
from setup_assistant.host.http import Http, WebError
from setup_assistant.host.removal_proofs import called

# In an address: the machine from which this one was reached by SSH, whatever its address is.
CONTROL = "ssh-client"
_SILENCE_SECONDS = 60.0
_AT_ONCE = 4
_ATTEMPTS = 4


class Remote:
    """One bundle at one address, kept in the cache while it is used."""

    def __init__(self, address: str, expected: str = "") -> None:
        self.address = _resolved(address).rstrip("/")
        self.folder = paths.cache_folder() / "bundle" / "fetched"
        self._http = Http(self.address, secrets={}, silence=_SILENCE_SECONDS)
        self._expected = expected
        # Told how many bytes there are, of how many.
        self.tell: Callable[[float, float | None, str], None] = lambda *_: None
        self._there, self._total = 0, 0
        self._lock = threading.Lock()

    def open(self, signer: Path | None) -> Checked:
        """Fetch the manifest and check whose it is.

        Args:
            signer: whose signature it must bear; any if not given.

        Raises:
            SetupError: `bundle_fetch`, `bundle_damaged`, `bundle_signature`, `bundle_invalid`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        manifest = self.folder / manifests.NAME
        manifest.write_bytes(self._read(manifests.NAME))
        (self.folder / manifests.SUMS).write_bytes(self._read(manifests.SUMS))
        if self._expected and files.sha256(manifest) != self._expected:
            raise SetupError("bundle_damaged", path=manifests.NAME)
        signature = self.folder / manifests.SIGNATURE
        removal.drop(signature, under=self.folder)
        try:
            signature.write_bytes(self._read(manifests.SIGNATURE))
        except SetupError:
            removal.drop(signature, under=self.folder)
        signed = sign.check(manifest, signature if signature.exists() else None, signer)
        found = manifests.load([self.folder], signed=signed not in ("", sign.UNCHECKED))
        return Checked(folders=(self.folder,), manifest=found, signer=signed)

    def fetch(self, manifest: Manifest, wanted: Sequence[str]) -> None:
        """Fetch files by their paths; those that are there and right are kept.

        Raises:
            SetupError: `bundle_fetch`, `bundle_damaged`, `disk_filled`.
        """
        items: list[Item] = [manifest.item(path) for path in wanted]
        parts = [part for item in items for part in item.parts()]
        absent = sum(p.size for p in parts if not (self.folder / p.path).exists())
        self._total = sum(p.size for p in parts)
        self._there = self._total - absent
        files.check_room(self.folder, absent, "SETUP_ASSISTANT_CACHE")
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._bring, parts))

    def forget(self) -> None:
        """Remove what was fetched: it is installed."""
        above = self.folder.parent
        removal.remove(self.folder, under=above, proof=called(self.folder, folders=True))

    def _bring(self, part: Piece) -> None:
        target = self.folder / part.path
        if target.exists() and files.sha256(target) == part.sha256:
            return
        aside = target.with_name(target.name + ".part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            for attempt in range(1, _ATTEMPTS + 1):
                if self._once(part, aside, last=attempt == _ATTEMPTS):
                    break
            if files.sha256(aside) != part.sha256:
                removal.drop(aside, under=self.folder)
                raise SetupError("bundle_damaged", path=part.path)
            aside.replace(target)
        except OSError as error:
            raise files.refusal(error, self.folder, flag="SETUP_ASSISTANT_CACHE") from error

    def _once(self, part: Piece, aside: Path, *, last: bool) -> bool:
        """Fetch what is still missing of one part; return whether it is all there."""
        there = aside.stat().st_size if aside.exists() else 0
        if there >= part.size:
            aside.touch()
            return True
        url = f"{self.address}/{quote(part.path)}"
        try:
            body = self._http.get(url, (there, part.size - 1))
            with aside.open("ab" if body.ranged and body.first == there else "wb") as stream:
                for block in body.blocks():
                    stream.write(block)
                    self._came(len(block))
        except WebError as error:
            if last or not error.again:
                raise SetupError("bundle_fetch", url=url, detail=str(error.detail)) from error
        return aside.exists() and aside.stat().st_size >= part.size

    def _came(self, count: int) -> None:
        with self._lock:
            self._there = min(self._total, self._there + count)
            self.tell(self._there, self._total, "")

    def _read(self, path: str) -> bytes:
        url = f"{self.address}/{path}"
        try:
            return self._http.read(url, manifests.LARGEST_MANIFEST)[0]
        except WebError as error:
            raise SetupError("bundle_fetch", url=url, detail=str(error.detail)) from error


def _resolved(address: str) -> str:
    """Put the control machine's address in, as this host's SSH server saw it."""
    if f"//{CONTROL}:" not in address:
        return address
    client = (os.environ.get("SSH_CONNECTION") or "127.0.0.1").split()[0].partition("%")[0]
    return address.replace(CONTROL, f"[{client}]" if ":" in client else client)
