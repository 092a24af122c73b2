"""By what a file is proved to be the listed one, and what is said where it is not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.weights.folder_record import Checked, Kept, Manifest, doubts
from setup_assistant.weights.hashing import hashed, proves

TEXT = b"weights\n"
SUM = hashlib.sha256(TEXT).hexdigest()
# `printf 'weights\n' | git hash-object --stdin`
BLOB = hashlib.sha1(b"blob 8\0" + TEXT).hexdigest()
LISTED = RemoteFile(path="a", size=len(TEXT))


@pytest.mark.parametrize(
    ("listed", "proof"),
    [
        (LISTED, "size"),
        (replace(LISTED, size=7), None),
        (replace(LISTED, sha256=SUM), "sha256"),
        (replace(LISTED, sha256="0" * 64), None),
        (replace(LISTED, git_blob=BLOB), "git"),
        (replace(LISTED, git_blob="0" * 40), None),
        (replace(LISTED, sha256=SUM, git_blob="0" * 40), "sha256"),
    ],
)
def test_the_strongest_sum_that_is_named_decides(
    listed: RemoteFile, proof: str | None, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    (kept,) = hashed(tmp_path, [listed])
    assert kept is not None
    assert (kept.size, kept.sha256) == (len(TEXT), SUM)
    assert proves(tmp_path, listed, kept) == proof


def test_what_is_gone_is_proved_by_nothing(tmp_path: Path) -> None:
    kept = Kept(path="a", size=len(TEXT), sha256=SUM, mtime=0)
    assert proves(tmp_path, replace(LISTED, git_blob=BLOB), kept) is None
    assert list(hashed(tmp_path, [LISTED])) == [None]


@pytest.mark.parametrize(
    ("checked", "unasked", "said"),
    [
        (("sha256", "git"), "", []),
        (("record", "record", "sha256"), "", ["2 files are what the folder's record says"]),
        (("size", "git"), "", ["no sha256 for 1 file: only its size agrees"]),
        (("sha256",), "no network", ["compared with the sums of the download", "no network"]),
        (("record", "size"), "no network", ["1 file is", "no network", "1 file:"]),
    ],
)
def test_what_remains_unproved_is_said(
    checked: tuple[Checked, ...], unasked: str, said: list[str]
) -> None:
    files = tuple(Kept(path=str(n), size=1, sha256=SUM, mtime=0, checked=how)
                  for n, how in enumerate(checked))  # fmt: skip
    found = [str(m) for m in doubts(Manifest(model="m", source="s", files=files), unasked)]
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))
