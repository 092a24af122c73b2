"""Captured output, in every format and encoding, is read to what the files say."""

from __future__ import annotations

import contextlib
import dataclasses
import html
import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from setup_assistant import frozen_json
from setup_assistant.errors import SetupError
from setup_assistant.machine import card_table
from setup_assistant.machine.captures import read
from setup_assistant.machine.facts import Machine
from setup_assistant.machine.reading import Card
from tests.machine.captures import ALL, EXPECTED, Expected, form_of

OWN = Path(__file__).resolve().parents[1] / "machines"
MIB = 1 << 20


def said(machine: Machine) -> Expected:
    """The machine, as the table of expected values writes it."""
    return (
        machine.driver.version,
        machine.driver.cuda,
        [
            (
                g.name,
                g.compute_capability,
                None if g.memory_total_bytes is None else g.memory_total_bytes // MIB,
                None if g.memory_free_bytes is None else g.memory_free_bytes // MIB,
            )
            for g in machine.gpus
        ],
        [v.id for v in machine.verdicts],
    )


def saved(folder: Path, name: str) -> Path:
    """One of the captures as a file."""
    path = folder / f"{name}.txt"
    path.write_text(ALL[name], encoding="utf-8")
    return path


@pytest.mark.parametrize("name", EXPECTED)
def test_each_capture_is_read_to_its_values(name: str, tmp_path: Path) -> None:
    machine = read([saved(tmp_path, name)])
    assert said(machine) == EXPECTED[name]
    # Every gap has a reason, and every verdict a remedy.
    named = {u.field for u in machine.unknown}
    assert all(u.reason for u in machine.unknown)
    assert all(v.sentence and v.remedy and v.evidence for v in machine.verdicts)
    if machine.driver.version is None:
        assert "driver.version" in named
    for gpu in machine.gpus:
        if gpu.mig in (None, "on", "off"):
            for field in ("compute_capability", "memory_free_bytes"):
                assert getattr(gpu, field) is not None or f"gpus[{gpu.index}].{field}" in named


def test_every_form_and_fault_is_among_the_captures() -> None:
    assert {form_of(name) for name in ALL} == {"table", "q", "xml", "csv", "L", "version", "text"}
    assert len({v for e in EXPECTED.values() for v in e[3]}) >= 14


def test_files_of_one_machine_are_joined_by_uuid(tmp_path: Path) -> None:
    forms = ("table", "L", "csv", "q", "xml")
    machine = read([saved(tmp_path, f"a30-slices.{form}") for form in forms])
    assert (machine.driver.version, machine.driver.cuda) == ("570.172.08", "12.8")
    assert [g.mig for g in machine.gpus] == ["on", "2g.12gb", "1g.6gb", "1g.6gb"]
    kinds = [(g.uuid or "").partition("-")[0] for g in machine.gpus]
    assert kinds == ["GPU", "MIG", "MIG", "MIG"]
    assert len({g.uuid for g in machine.gpus}) == 4
    assert [g.usable for g in machine.gpus] == [False, True, True, True]
    assert [(g.memory_free_bytes or 0) // MIB for g in machine.gpus[1:]] == [12015, 5944, 3642]


@pytest.mark.parametrize("order", [("table", "L"), ("L", "table")])
def test_the_list_completes_a_cut_name(order: tuple[str, str], tmp_path: Path) -> None:
    machine = read([saved(tmp_path, f"linux-610.{form}") for form in order])
    card = ("NVIDIA RTX PRO 4500 Blackwell", "12.0", 32623, 32404)
    assert said(machine) == ("610.57.04", "13.3", [card], [])


def test_two_drivers_in_one_set_of_files_are_doubted(tmp_path: Path) -> None:
    for number, driver in enumerate(("535.104.05", "550.54.14")):
        text = f"| NVIDIA-SMI {driver}   Driver Version: {driver}   CUDA Version: 12.2 |\n"
        (tmp_path / f"{number}.txt").write_text(text)
    machine = read([tmp_path / "0.txt", tmp_path / "1.txt"])
    assert "driver.version" in {u.field for u in machine.unknown}


# What the project's own small captures hold, by eye.
OWN_EXPECTED: dict[str, Expected] = {
    # In a script's comment, with tabs; two shares of a card; a card older than its driver's list
    # of names; Windows' compute model; a table that somebody typed again, not quite in line.
    "commented-k520.txt": ("384.130", "9.0", [("GRID K520", "3.0", 4036, 4036)], []),
    "share-p100.txt": ("384.73", "9.0", [("GRID P100-16Q", "6.0", 16383, 15343)], []),
    "share-v100.txt": ("550.90.07", "12.4", [("GRID V100D-8C", "7.0", 8192, 8192)], []),
    "no-name.txt": ("378.13", "8.0", [("Graphics Device", None, 11172, 389)], []),
    "mcdm.txt": ("591.59", "13.1", [("NVIDIA L40S", "8.9", 46068, 46068)], []),
    "retyped.txt": ("537.13", "12.2", [("NVIDIA GeForce RTX 3060 Ti", "8.6", 8192, 7124)], []),
    "two-cards.txt": (
        "535.183.01",
        "12.2",
        [
            ("NVIDIA GeForce RTX 3090", "8.6", 24576, 24116),
            ("Tesla V100-PCIE-16GB", "7.0", 16384, 16384),
        ],
        [],
    ),
    "banner-610.txt": (
        "615.71.09", "13.4", [("NVIDIA GeForce RTX 5090", "12.0", 32607, 31607)], []
    ),
    "pasted-mixture.txt": (
        "570.133.20",
        "12.8",
        [("NVIDIA L40S", "8.9", 46068, 45500), ("NVIDIA L40S", "8.9", 46068, 12000)],
        [],
    ),
    "one-lost.txt": (
        "550.54.15",
        "12.4",
        [("NVIDIA A40", "8.6", 46068, 46068)],
        ["gpu_lost"],
    ),
    "cut-short.xml": ("580.65.06", "13.0", [("NVIDIA L4", "8.9", 23034, 22560)], []),
    "mismatch.txt": (None, None, [], ["driver_library_mismatch"]),
    "lspci-nouveau.txt": (
        None, None, [("GeForce GTX 1080 Ti", "6.1", 11264, None)], ["nouveau_bound"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OWN_EXPECTED)
def test_own_captures(name: str) -> None:
    assert said(read([OWN / name])) == OWN_EXPECTED[name]


def test_a_file_that_breaks_off_says_so() -> None:
    assert any("breaks off" in u.reason for u in read([OWN / "cut-short.xml"]).unknown)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_encodings_of_windows_shells(tmp_path: Path, encoding: str) -> None:
    text = "# 显卡信息\n" + (OWN / "two-cards.txt").read_text()
    (tmp_path / "x.txt").write_bytes(text.replace("\n", "\r\n").encode(encoding))
    assert said(read([tmp_path / "x.txt"])) == OWN_EXPECTED["two-cards.txt"]


def test_chinese_shell_error(tmp_path: Path) -> None:
    text = "'nvidia-smi' 不是内部或外部命令，也不是可运行的程序\n或批处理文件。\n"
    (tmp_path / "x.txt").write_bytes(text.encode("gb18030"))
    assert [v.id for v in read([tmp_path / "x.txt"]).verdicts] == ["nvidia_smi_missing"]


def test_a_log_with_times_in_front_of_each_line(tmp_path: Path) -> None:
    lines = (OWN / "two-cards.txt").read_text().splitlines()
    (tmp_path / "ci.log").write_text("".join(f"2026-01-02T03:04:05.678Z {s}\n" for s in lines))
    assert said(read([tmp_path / "ci.log"])) == OWN_EXPECTED["two-cards.txt"]


def test_a_saved_machine_is_read_back(tmp_path: Path) -> None:
    machine = read([OWN / "two-cards.txt"])
    (tmp_path / "machine.json").write_text(json.dumps(frozen_json.to_builtins(machine)))
    assert read([tmp_path / "machine.json"]) == machine


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("Dear colleague,\nattached is nothing.\n")
    with pytest.raises(SetupError) as raised:
        read([tmp_path / "x.txt"])
    assert raised.value.code == "file_invalid"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as raised:
        read([tmp_path / "none.txt"])
    assert raised.value.code == "file_missing"


TRAVELS = {
    "quoted in a mail": lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
    "stamped by a collector": lambda text: "".join(
        f"2026-11-22T10:00:00Z {line}\n" for line in text.splitlines()
    ),
    "every line doubled": lambda text: text.replace("\n", "\n\n"),
    "with a margin": lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "between other words": lambda text: f"你好,\n```\n$ nvidia-smi\n{text}\n```\nThanks\n",
    "pasted twice": lambda text: f"{text}\n{text}",
    "table wrapped at 78": lambda text: "".join(
        f"{line[:78]}\n{line[78:]}\n" if line[:1] in "|+" and len(line) in range(79, 100)
        else f"{line}\n" for line in text.splitlines()
    ),
}  # fmt: skip


# A few ways for each capture, so that each way is gone by every kind of them.
JOURNEYS = [
    (name, list(TRAVELS)[(number + step) % len(TRAVELS)])
    for number, name in enumerate(EXPECTED)
    for step in (0, 3, 5)
]


@pytest.mark.parametrize(("name", "way"), JOURNEYS)
def test_a_capture_survives_its_way(name: str, way: str, tmp_path: Path) -> None:
    path = tmp_path / "mailed.txt"
    text = ALL[name]
    twice = way == "pasted twice" and name in {"csv-without-heading", "csv-unknown-error"}
    # Rows without heading and identity that come twice are two cards, or one.
    path.write_bytes(TRAVELS["between other words" if twice else way](text).encode())
    assert said(read([path])) == EXPECTED[name]


def _at_words(line: str, width: int) -> str:
    return "\n".join(textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False))


def _anywhere(line: str, width: int) -> str:
    return "\n".join(line[n : n + width] for n in range(0, max(1, len(line)), width))


def _each(line: Callable[[int, str], str]) -> Callable[[str], str]:
    """Return what writes every line of a text another way."""
    return lambda text: "".join(f"{line(n, s)}\n" for n, s in enumerate(text.splitlines(), 1))


def _table_row(break_: Callable[[str, int], str], width: int) -> Callable[[int, str], str]:
    return lambda _n, s: break_(s, width) if s[:1] in ("|", "+") else s


CARRIERS: dict[str, Callable[[str], str]] = {
    "colours": _each(lambda _n, s: f"\x1b[32m{s}\x1b[0m"),
    "a container's log": _each(lambda _n, s: f"[pod/gpu-7/cuda] {s}"),
    "a composed log": _each(lambda _n, s: f"cuda-1  | {s}"),
    "a host's name": _each(lambda _n, s: f"node01: {s}"),
    "the system's log": _each(lambda n, s: f"Nov 22 10:00:{n % 60:02d} gpu7 run[{n}]: {s}"),
    "an editor's numbers": _each(lambda n, s: f"{n:4d}  {s}"),
    "a log of JSON lines": _each(lambda _n, s: json.dumps({"log": f"{s}\n", "time": "10:00"})),
    "one quoted text": json.dumps,
    "a notebook": lambda text: json.dumps(
        {"cells": [{"outputs": [{"text": text.splitlines(keepends=True)}]}]}, indent=1
    ),
    "a web page": lambda text: f"<div><pre>{html.escape(text)}</pre></div>",
    "unbreakable blanks": lambda text: text.replace(" ", "\u00a0"),
    "drawn lines": lambda text: text.replace("|", "│").replace("=", "═"),
    "old line ends": lambda text: text.replace("\n", "\r"),
    "rows broken at blanks": _each(_table_row(_at_words, 72)),
    "rows broken anywhere": _each(_table_row(_anywhere, 60)),
}
OF_EACH_KIND = (
    "p100-418.table", "h100-hosts-slices.table", "a30-slices.q", "a30-slices.L", "linux-610.csv",
    "windows-610.version", "gb200-lost.xml", "gb10-580.table", "mismatch-new", "all-errors",
)  # fmt: skip


@pytest.mark.parametrize("way", CARRIERS)
def test_what_carried_a_capture_is_undone(way: str, tmp_path: Path) -> None:
    path = tmp_path / "carried.txt"
    for name in OF_EACH_KIND:
        if "drawn" in way and name.endswith((".xml", ".q")):
            continue  # its own signs would change with the lines
        path.write_bytes(CARRIERS[way](ALL[name]).encode())
        assert said(read([path])) == EXPECTED[name], name


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_letters_without_a_mark(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes((OWN / "two-cards.txt").read_text().encode(encoding))
    assert said(read([tmp_path / "x.txt"])) == OWN_EXPECTED["two-cards.txt"]


def test_rows_without_their_banner_are_cards_all_the_same(tmp_path: Path) -> None:
    lines = (OWN / "two-cards.txt").read_text().splitlines(keepends=True)
    kept = [s for s in lines if "NVIDIA-SMI" not in s]
    (tmp_path / "x.txt").write_text("".join(kept))
    driver, _cuda, cards, _verdicts = said(read([tmp_path / "x.txt"]))
    assert driver is None
    assert cards == OWN_EXPECTED["two-cards.txt"][2]


def test_numbers_of_cards_are_no_line_numbers(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("".join(
        f"{n}, NVIDIA L4, GPU-0000000{n}-0000-0000-0000-000000000000, 23034\n" for n in range(3)
    ))  # fmt: skip
    assert [g.index for g in read([tmp_path / "x.csv"]).gpus] == [0, 1, 2]


@pytest.mark.parametrize("broken", [_at_words, _anywhere])
@pytest.mark.parametrize("name", [name for name in EXPECTED if "csv" in name])
def test_long_rows_are_put_together_again(
    name: str, broken: Callable[[str, int], str], tmp_path: Path
) -> None:
    lines = ALL[name].splitlines()
    path = tmp_path / "mailed.txt"
    for width in (72, 78, 80, 120, 200):
        path.write_text("".join(f"{broken(line, width)}\n" for line in lines))
        assert said(read([path])) == EXPECTED[name]


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith(".q")])
def test_a_tree_is_read_without_its_margins(name: str, tmp_path: Path) -> None:
    lines = ALL[name].splitlines()
    path = tmp_path / "pasted.txt"
    for margin, blanks in (("", False), ("    ", False), ("", True)):
        kept = [" ".join(line.split()) if blanks else line.strip() for line in lines]
        path.write_text("".join(f"{margin}{line}\n" for line in kept))
        assert said(read([path])) == EXPECTED[name]


def test_a_heading_whose_rows_are_gone_names_no_cards(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("index, name, driver_version,\nmemory.total [MiB], memory.used\n[MiB]\n")
    with pytest.raises(SetupError):
        read([path])


def test_a_list_of_machines_is_no_list_of_memory_sizes(tmp_path: Path) -> None:
    """Small numbers beside a card's name are counts, or gigabytes: nobody can tell."""
    path = tmp_path / "nodes.csv"
    path.write_text("1, 2x48, 1502GB, 4, NVIDIA H200, node4002\n")
    assert [g.memory_free_bytes for g in read([path]).gpus] == [None]
    assert "gpus[1].memory_free_bytes" in {u.field for u in read([path]).unknown}


def test_a_list_of_columns_is_no_failure(tmp_path: Path) -> None:
    """The help of nvidia-smi speaks of power brakes and cables without anything being wrong."""
    path = tmp_path / "help.txt"
    path.write_text(
        '"driver_version"\nThe version of the installed NVIDIA display driver.\n'
        "Driver Version: 570.133.20\n"
        "HW Power Braking: an External Power Brake Assertion is triggered\n"
    )
    assert read([path]).verdicts == ()


def test_slices_of_a_card_sold_in_decimal_gigabytes() -> None:
    """Two compute instances of one slice share its memory: neither is the whole profile."""
    path = OWN / "h200-slices.txt"
    assert [(g.mig, (g.memory_free_bytes or 0) >> 20) for g in read([path]).gpus] == [
        ("on", 143699),
        ("slice", 71402),
        ("3g.71gb", 71402),
        ("2g.35gb", 33263),
        ("1g.18gb", 16375),
    ]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_cut_capture_is_never_read_to_other_cards(name: str, tmp_path: Path) -> None:
    data = ALL[name].encode()
    whole = {(c[1], c[3]) for c in EXPECTED[name][2]}
    path = tmp_path / "cut.txt"
    for part in (1, 4, 7, 9):
        path.write_bytes(data[: len(data) * part // 10])
        cards: list[Any] = []
        with contextlib.suppress(SetupError):  # nothing known is left in it
            cards = said(read([path]))[2]
        for _name, capability, _total, free in cards:
            assert any(capability in (None, p) and free in (None, f) for p, f in whole)


def test_what_is_free_follows_from_what_is_used_and_reserved(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "name, memory.total [MiB], memory.reserved [MiB], memory.used [MiB]\n"
        "NVIDIA L4, 23034 MiB, 400 MiB, 1000 MiB\n"
    )
    assert [(g.memory_free_bytes or 0) // MIB for g in read([path]).gpus] == [21634]


def test_every_fact_of_the_table_is_a_field() -> None:
    """A place that no field holds would be read for nothing, and one named twice by chance."""
    fields = {f.name for f in dataclasses.fields(Card)}
    for facts in (card_table.FACTS, card_table.SLICE_FACTS):
        assert {f.field for f in facts} <= fields
        for form in ("csv", "q", "xml", "nvml"):
            places = [p for f in facts for p in f.places(form)]  # type: ignore[arg-type]
            assert len(places) == len(set(places))
