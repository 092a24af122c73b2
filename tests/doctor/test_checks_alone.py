"""Checks one by one: one that fails itself or never ends is no good news, and stops no other."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.choose.remedy_target import Situation
from setup_assistant.doctor import diagnose, examine, libraries, text_facts, variables, weights
from setup_assistant.doctor.case import QWEN, TORCH_ONLY, Case
from setup_assistant.doctor.check import NOT_HERE, Check, NotHere, Trouble, trouble
from setup_assistant.doctor.gather import opened
from setup_assistant.doctor.loader import Linked
from setup_assistant.weights import folder_record
from tests.doctor.body import LIBRARY, Body

KNOWN = "leftovers"


def hangs(_case: Case) -> None:
    threading.Event().wait(30)


def breaks(_case: Case) -> None:
    raise KeyError("a fault of its own")


def finds(_case: Case) -> Trouble:
    return trouble(("a", "b"))


def passes(_case: Case) -> None:
    return None


def concerns_nobody(_case: Case) -> NotHere:
    return NOT_HERE


@pytest.mark.parametrize(
    ("look", "status", "said"),
    [
        (hangs, "unknown", "timeout"), (breaks, "unknown", "KeyError: 'a fault of its own'"),
        (passes, "ok", None), (concerns_nobody, "skipped", None), (finds, "fail", "b"),
    ],
)  # fmt: skip
def test_what_a_check_comes_to(
    body: Body, monkeypatch: pytest.MonkeyPatch, look: object, status: str, said: str | None
) -> None:
    monkeypatch.setitem(diagnose._LIMITS, KNOWN, 0.05 if look is hangs else None)
    check = Check(id=KNOWN, layer="packages", look=look)  # type: ignore[arg-type]
    found, _case = diagnose._examine(check, body.case())
    assert (found.id, found.status) == (KNOWN, status)
    assert [str(said) for _who, said in found.evidence] == ([said] if said else [])


def test_a_foreign_library_counts_where_torch_does_not_name_its_own_first(body: Body) -> None:
    folder = body.folder / "opt"
    folder.mkdir()
    (folder / "libcudart.so.12").write_bytes(LIBRARY)
    case = opened(body.case(LD_LIBRARY_PATH=f"/nowhere::{folder}"))
    for linked in (None, ()):
        found = variables.library_path(replace(case, linked=linked))
        assert isinstance(found, Trouble), linked
        assert (found.status, found.values["detail"]) == ("warn", "libcudart.so.12")
    inside = body.env / "lib"
    (inside / "libcudart.so.12").write_bytes(LIBRARY)
    own = replace(case, variables={"LD_LIBRARY_PATH": str(inside)})
    assert variables.library_path(own) is None


def test_a_record_that_came_with_the_files_vouches_for_none(body: Body) -> None:
    body.with_model = True
    path = body.model / "model.safetensors"
    stat = path.stat()
    kept = folder_record.Kept(
        path=path.name, size=stat.st_size, sha256="0" * 64, mtime=stat.st_mtime_ns
    )
    folder_record.save(
        body.model,
        folder_record.Manifest(model="canary", source="here", complete=True, files=(kept,)),
    )
    case = opened(body.case())
    assert folder_record.own(body.model) is not None
    assert weights.weights_changed(case) is None  # sizes and times are as this account wrote them
    (record,) = body.model.glob(f"{folder_record.NAME}*")
    data = record.read_bytes()
    record.unlink()
    copied = body.model.parent / "copy"
    copied.mkdir()
    (copied / path.name).write_bytes(path.read_bytes())
    os.utime(copied / path.name, ns=(stat.st_mtime_ns,) * 2)  # as anybody can set it
    (copied / record.name).write_bytes(data)
    assert case.model is not None
    theirs = opened(replace(case, folder=copied))
    assert folder_record.own(copied) is None
    found = weights.weights_changed(theirs)
    assert isinstance(found, Trouble)
    assert found.values["file"] == path.name


@pytest.mark.parametrize(
    ("text", "arch"),
    [("compute capability 8.7", "aarch64"), ("compute capability 8.7 on aarch64", "aarch64"),
     ("C:\\Users\\me: compute capability 8.7", "x86_64"), ("compute capability 8.6", "?")],
)  # fmt: skip
def test_what_only_a_board_has_tells_the_machine_unless_it_is_said(text: str, arch: str) -> None:
    other = Situation(arch="?")
    assert text_facts.situation_of(text, other).arch == arch


def test_a_folder_is_named_as_a_shell_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "site" / "env").mkdir(parents=True)
    case = examine.open_case(Path("~/site/env"), Path("~/model"), live=False, root=tmp_path)
    assert (case.prefix, case.folder) == (tmp_path / "site" / "env", tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    env = Path("site/env")
    for purpose in (TORCH_ONLY, QWEN):
        case = examine.open_case(env, None, live=False, root=tmp_path)
        assert (case.prefix, case.purpose) == (tmp_path / "site" / "env", purpose)
        (tmp_path / "site" / "plan.json").touch()
    assert examine.open_case(None, None, live=False, root=tmp_path).purpose == QWEN


LIBC = Linked(name="libc.so.6", asked_by=Path("/a"), path=Path("/lib/libc.so.6"), how="system")


@pytest.mark.parametrize(
    ("library", "by", "libc", "status", "command"),
    [
        ("libcudnn.so.9", "torch", True, "fail", "nvidia-cudnn-cu12==9.10.2.21"),
        ("libcufft.so.11", "torch", False, "fail", "nvidia-cufft-cu12"),
        ("libtorch_cuda.so", "torchvision", False, "fail", "torchvision"),
        ("libopenblas-4f2a.so", "numpy", False, "fail", "numpy"),
        ("libGL.so.1", "accelerate", False, "fail", "sudo apt install libgl1"),
        ("libodd.so.3", "numpy", True, "fail", ""),
        # Where even the C library is not found, what is unknown tells nothing.
        ("libodd.so.3", "numpy", False, None, ""),
        ("libGL.so.1", "cv2", True, "warn", "sudo apt install libgl1"),
    ],
)  # fmt: skip
def test_what_brings_a_library_that_is_nowhere(
    body: Body, library: str, by: str, libc: bool, status: str | None, command: str
) -> None:
    body.install("opencv_python", "cv2", "4.12")
    link = Linked(name=library, asked_by=body.packages / by / "_lib.so")
    linked = (link, LIBC) if libc else (link,)
    found = libraries.library_missing(replace(opened(body.case()), linked=linked))
    if status is None:
        assert found is None
        return
    assert isinstance(found, Trouble)
    assert (found.status, found.values["library"]) == (status, library)
    assert [command in c for c in found.commands] == ([True] if command else [])
