"""What people really sent: outputs from public threads, and how they travelled."""

from __future__ import annotations

import base64
import gzip
import quopri
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from setup_assistant.errors import SetupError
from setup_assistant.machine.captures import read
from tests.machine.test_captures import OWN, OWN_EXPECTED, said

CASES: list[dict[str, Any]] = msgspec.toml.decode(
    Path(__file__).with_name("unseen.toml").read_bytes()
)["case"]


def _fits(wanted: Any, got: Any) -> bool:
    if wanted == "*":
        return True
    if isinstance(wanted, list):
        return len(wanted) == len(got) and all(map(_fits, wanted, got))
    return bool(got == (None if wanted == "" else wanted))


@pytest.mark.parametrize("case", CASES, ids=[c["source"] for c in CASES])
def test_it_is_read_to_what_it_says(case: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "pasted.txt"
    path.write_text(case["text"], encoding="utf-8")
    machine = read([path])
    got = said(machine)
    wanted = (case["driver"], case["cuda"], case["gpus"], case["verdicts"])
    assert all(map(_fits, wanted, got)), got
    if "system" in case:
        s = machine.system
        assert _fits(case["system"], [s.os, s.arch, s.wsl, s.glibc])
        assert ("system" in {u.field for u in machine.unknown}) == (s.glibc is None)


def test_both_sides_of_a_mismatch_are_told(tmp_path: Path) -> None:
    case = next(c for c in CASES if "truenas" in c["source"])
    (tmp_path / "x.txt").write_text(case["text"])
    (verdict,) = read([tmp_path / "x.txt"]).verdicts
    assert "NVML library version: 580.178" in verdict.evidence
    assert "kernel module: 580.173.02" in verdict.evidence


def test_cards_of_a_failed_driver_are_not_planned_for(tmp_path: Path) -> None:
    """lspci shows them; nvidia-smi's own words say that nothing can be run on them."""
    case = next(c for c in CASES if "mattshma" in c["source"])
    (tmp_path / "x.txt").write_text(case["text"])
    assert [g.usable for g in read([tmp_path / "x.txt"]).gpus] == [False] * 3


def test_a_packed_bug_report(tmp_path: Path) -> None:
    """`nvidia-bug-report.log.gz`: the kernel's words, lspci with all details, then the tree."""
    path = tmp_path / "nvidia-bug-report.log.gz"
    path.write_bytes(gzip.compress(
        b"*** /proc/driver/nvidia/./version\n"
        b"NVRM version: NVIDIA UNIX x86_64 Kernel Module  595.71.05  Thu Jan  1 00:00:00 2026\n"
        b"0c:00.0 VGA compatible controller: NVIDIA Corporation TU104 [GeForce RTX 2080 SUPER]"
        b" (rev a1) (prog-if 00 [VGA controller])\n\tKernel driver in use: nvidia\n"
        b"*** /usr/bin/nvidia-smi --query\n==============NVSMI LOG==============\n"
        b"CUDA Version                              : 13.2\n"
        b"Attached GPUs                             : 1\nGPU 00000000:0C:00.0\n"
        b"    Product Name                          : NVIDIA GeForce RTX 2080 SUPER\n"
        b"    FB Memory Usage\n        Total                             : 8192 MiB\n"
        b"        Free                              : 7571 MiB\n"
    ))  # fmt: skip
    card = ("NVIDIA GeForce RTX 2080 SUPER", "7.5", 8192, 7571)
    assert said(read([path])) == ("595.71.05", "13.2", [card], [])


def test_a_list_of_profiles_is_no_machine(tmp_path: Path) -> None:
    """`nvidia-smi mig -lgip` draws a table too, of what a card could be divided into."""
    path = tmp_path / "x.txt"
    path.write_text(
        "$ nvidia-smi mig -lgip\n"
        "| GPU   Name             ID    Instances   Memory     P2P    SM    DEC   ENC  |\n"
        "|   0  MIG 1g.18gb       19     7/7        17.50      No     16     1     0   |\n"
    )
    with pytest.raises(SetupError):
        read([path])


@pytest.mark.parametrize("torn", ["&gt;\n<driver_version&gt;535.86.05", " &\n<driver_version"])
def test_torn_markup_is_no_crash(torn: str, tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text(f"<nvidia_smi_log{torn}")
    machine = read([path])
    assert not machine.gpus
    assert any("breaks off" in u.reason for u in machine.unknown)


def _each(line: Callable[[str], str]) -> Callable[[str], bytes]:
    return lambda text: "".join(f"{line(s)}\n" for s in text.splitlines()).encode()


_HEAD = "From: a@example.org\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
_PARTS = (
    'From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    "--b\nContent-Type: text/plain\n\nSee the file.\n"
    "--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n"
)
WAYS: dict[str, Callable[[str], bytes]] = {
    "a step's log": _each(lambda s: f"build\tRun nvidia-smi\t2026-01-02T03:04:05.1234567Z {s}"),
    "a task's log": _each(lambda s: f"[task 2026-01-02T03:04:05.004+00:00] [train] {s}"),
    "a stream's log": _each(lambda s: f"2026-01-02T03:04:05.123456789Z stdout F {s}"),
    "a level": _each(lambda s: f"2026-01-02 03:04:05,123 - INFO - {s}"),
    "the time": _each(lambda s: f"03:04:05 {s}"),
    "no right border": _each(lambda s: s.rstrip("|").rstrip() if s.startswith("|") else s),
    "blanks made one": _each(lambda s: " ".join(s.split())),
    "all on one line": lambda text: " ".join(text.split()).encode(),
    "tabs": lambda text: text.replace("        ", "\t").encode(),
    "a mail": lambda text: (
        f"{_HEAD}Content-Transfer-Encoding: quoted-printable\n\n".encode()
        + quopri.encodestring(text.encode())
    ),
    "a mail's attachment": lambda text: (
        _PARTS.encode() + base64.encodebytes(text.encode("utf-16")) + b"--b--\n"
    ),
    "packed": lambda text: gzip.compress(text.encode()),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["two-cards.txt", "banner-610.txt", "mcdm.txt", "h200-slices.txt"])
def test_a_table_survives(name: str, way: str, tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_bytes(WAYS[way]((OWN / name).read_text()))
    assert said(read([path])) == OWN_EXPECTED.get(name, said(read([OWN / name])))


@pytest.mark.parametrize(
    "front",
    ["node01: ", "[pod/gpu-7/cuda] ", "cuda-1  | ", "   1  ", "Nov 22 10:00:01 gpu7 run[1]: "],
)
def test_a_single_row_behind_its_sender(front: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"{front}NVIDIA GB10, 580.126.09, [N/A], [N/A], [N/A], 12.1\n")
    assert said(read([path]))[:3] == ("580.126.09", "13.0", [("NVIDIA GB10", "12.1", None, None)])


def test_watts_are_no_driver(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for row, driver in (
        ("450.00, 442.19, GeForce RTX 2080 Ti, 11264", "442.19"),
        ("550.54.15, NVIDIA L4, 23034, 400.50, 350.00", "550.54.15"),
        ("NVIDIA L4, 23034, 400.50, 350.20", None),
    ):
        path.write_text(f"{row}\n")
        assert read([path]).driver.version == driver


def test_the_tool_of_another_maker_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(
        "| npu-smi 25.2.0  Version: 25.2.0 |\n| 0  910B4-1 | OK | 91.3 |"
    )
    with pytest.raises(SetupError, match="output of npu-smi, whose cards are not NVIDIA's"):
        read([tmp_path / "x.txt"])
