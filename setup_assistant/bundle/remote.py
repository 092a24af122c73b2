"""A bundle at an address: only what this machine needs of it is fetched, resumed and proved."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from setup_assistant.bundle import manifest as manifests
from setup_assistant.bundle import sign
from setup_assistant.bundle.fetch import is_there, refused
from setup_assistant.bundle.manifest import Item, Manifest
from setup_assistant.bundle.verify import Checked
from setup_assistant.errors import SetupError
from setup_assistant.host import files, own_folders, paths, removal
from setup_assistant.host.http import Http, WebError, silence_seconds
from setup_assistant.host.http_errors import CAUSES
from setup_assistant.host.removal_proofs import called
from setup_assistant.host.secrets import redact
from setup_assistant.host.tokens import Keys, split_login
from setup_assistant.host.transfer import fetch as transfer
from setup_assistant.host.transfer import small
from setup_assistant.host.transfer.file_progress import TransferError
from setup_assistant.host.transfer.remote_file import RemoteFile

# In an address: the machine from which this one was reached by SSH, whatever its address is.
CONTROL = "ssh-client"
_AT_ONCE = 4


class Remote:
    """One bundle at one address, kept in the cache while it is used."""

    def __init__(self, address: str, expected: str = "") -> None:
        try:
            self.address, own = split_login(_resolved(address).rstrip("/"))
        except (ValueError, WebError) as error:
            detail = str(CAUSES["no-address"])
            raise SetupError("bundle_fetch", url=redact(address), detail=detail) from error
        self.folder = paths.cache_folder() / "bundle" / "fetched"
        self._http = Http(Keys(logins=own), silence=silence_seconds())
        self._expected = expected
        # Told how many bytes there are, of how many.
        self.tell: Callable[[float, float | None, str], None] = lambda *_: None

    def open(self, signer: Path | None) -> Checked:
        """Fetch the manifest and check whose it is.

        Args:
            signer: whose signature it must bear; any if not given.

        Raises:
            SetupError: `bundle_fetch`, `bundle_damaged`, `bundle_signature`, `bundle_invalid`.
        """
        own_folders.make_below(paths.cache_folder(), self.folder)
        manifest = self.folder / manifests.NAME
        manifest.write_bytes(self._read(manifests.NAME) or b"")
        (self.folder / manifests.SUMS).write_bytes(self._read(manifests.SUMS) or b"")
        if self._expected and files.sha256(manifest) != self._expected:
            raise SetupError("bundle_damaged", path=manifests.NAME)
        signature = self.folder / manifests.SIGNATURE
        removal.drop(signature, under=self.folder)
        if (found_there := self._read(manifests.SIGNATURE, or_none=True)) is not None:
            signature.write_bytes(found_there)
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
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            there = list(pool.map(lambda p: is_there(self.folder / p.path, p.sha256), parts))
        absent = [
            (RemoteFile(path=p.path, size=p.size, sha256=p.sha256), self._url(p.path))
            for p, whole in zip(parts, there, strict=True)
            if not whole
        ]
        total = sum(p.size for p in parts)
        kept = total - sum(f.size for f, _url in absent)
        files.check_room(self.folder, total - kept, "SETUP_ASSISTANT_CACHE")
        try:
            transfer.fetch(
                self._http, absent, self.folder, origin=self.address,
                on_bytes=lambda done: self.tell(min(total, kept + done), total, ""),
            )  # fmt: skip
        except transfer.DamagedError as error:
            raise SetupError("bundle_damaged", path=error.path) from error
        except TransferError as error:
            url, flag = self._url(error.path), "SETUP_ASSISTANT_CACHE"
            raise refused(error, url, self.folder, flag=flag) from error

    def forget(self) -> None:
        """Remove what was fetched: it is installed."""
        ours = called(self.folder, folders=True)
        removal.remove(self.folder, under=paths.cache_folder(), proof=ours)

    def _url(self, path: str) -> str:
        return f"{self.address}/{quote(path)}"

    def _read(self, path: str, *, or_none: bool = False) -> bytes | None:
        url = f"{self.address}/{path}"
        try:
            return small.read(self._http, url, manifests.LARGEST_MANIFEST)[0]
        except WebError as error:
            if or_none and error.reason == "not_found":
                # A line that broke off must not make a signed bundle an unsigned one.
                return None
            raise SetupError("bundle_fetch", url=url, detail=str(error.detail)) from error


def _resolved(address: str) -> str:
    """Put the control machine's address in, as this host's SSH server saw it."""
    if f"//{CONTROL}:" not in address:
        return address
    client = (os.environ.get("SSH_CONNECTION") or "127.0.0.1").split()[0].partition("%")[0]
    return address.replace(CONTROL, f"[{client}]" if ":" in client else client)
