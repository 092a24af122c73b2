"""Texts as people post them: whose they are, of when, and what program they are of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from setup_assistant.errors import SetupError
from setup_assistant.machine.captures import read
from setup_assistant.machine.facts import Machine
from tests.machine.test_captures import said

CASES: list[dict[str, Any]] = msgspec.toml.decode(
    Path(__file__).with_name("posted.toml").read_bytes()
)["case"]


def table(
    driver: str, cuda: str, name: str, used: int, total: int, bus: str = "00000000:01:00.0"
) -> str:
    return (
        f"+{'-' * 89}+\n"
        f"| NVIDIA-SMI {driver:<22} Driver Version: {driver:<14} CUDA Version: {cuda:<9}|\n"
        f"|{'-' * 41}+{'-' * 24}+{'-' * 22}+\n"
        f"|   0  {name:<30}Off |   {bus} Off |                  N/A |\n"
        f"| 30%   41C    P8             21W /  300W |  {used:>7}MiB /{total:>7}MiB |"
        "      0%      Default |\n"
        "|                                         |                        |"
        "                  N/A |\n"
        f"+{'-' * 41}+{'-' * 24}+{'-' * 22}+\n"
    )


OLD = table("545.23.08", "12.3", "NVIDIA GeForce RTX 3080", 400, 10240)
NEW = table("581.15", "13.0", "NVIDIA GeForce RTX 3080", 250, 10240)


def read_text(text: str, folder: Path, host: str | None = None) -> Machine:
    path = folder / "posted.txt"
    path.write_text(text, encoding="utf-8")
    return read([path], host)


@pytest.mark.parametrize("case", CASES, ids=[c["title"] for c in CASES])
def test_it_is_read_to_what_it_says(case: dict[str, Any], tmp_path: Path) -> None:
    if "machines" in case:
        with pytest.raises(SetupError) as raised:
            read_text(case["text"], tmp_path)
        assert raised.value.code == "several_machines"
        assert str(raised.value) == case["machines"]
        return
    machine = read_text(case["text"], tmp_path)
    driver, cuda, cards, ids = said(machine)
    wanted = [tuple(None if x == "" else x for x in card) for card in case["gpus"]]
    assert (driver or "", cuda or "", cards, ids) == (
        case["driver"], case["cuda"], wanted, case["verdicts"]
    )  # fmt: skip
    assert [machine.system.os, machine.system.wsl] == case["system"]


@pytest.mark.parametrize(
    ("text", "driver", "free"),
    [
        (f"{OLD}\n{NEW}", "581.15", 9990),
        (f"after:\n{NEW}\nbefore the update:\n{OLD}", "581.15", 9990),
        (f"升级后：\n{NEW}\n升级前：\n{OLD}", "581.15", 9990),
        (f"Wed Nov 12 10:00:00 2025\n{NEW}\nTue Nov 11 10:00:00 2025\n{OLD}", "581.15", 9990),
        (f"Before: Driver Version: 545.23.08  CUDA Version: 12.3\n{NEW}", "581.15", 9990),
        (f"{NEW}\nOn Monday it was Driver Version: 545.23.08, and worked.\n", "581.15", 9990),
        (f"One should have Driver Version: 581.15  CUDA Version: 13.0.\n{OLD}", "545.23.08", 9840),
    ],
)
def test_the_newest_table_counts(text: str, driver: str, free: int, tmp_path: Path) -> None:
    machine = read_text(text, tmp_path)
    assert machine.driver.version == driver
    assert [(g.memory_free_bytes or 0) >> 20 for g in machine.gpus] == [free]
    two = OLD in text and NEW in text
    assert two == ("driver.version" in {u.field for u in machine.unknown})


def test_each_of_two_machines_can_be_meant(tmp_path: Path) -> None:
    other = table("550.54.15", "12.4", "NVIDIA RTX A4000", 10, 16376)
    text = f"me@left:~$ nvidia-smi\n{OLD}me@right:~$ nvidia-smi\n{other}"
    for host, name in (("left", "3080"), ("1", "3080"), ("right", "A4000"), ("2", "A4000")):
        machine = read_text(text, tmp_path, host)
        assert [g.name[-4:] for g in machine.gpus] == [name[-4:]]
    with pytest.raises(SetupError) as raised:
        read_text(text, tmp_path, "middle")
    assert raised.value.code == "several_machines"


def test_other_cards_are_another_machine_without_any_name(tmp_path: Path) -> None:
    other = table("550.54.15", "12.4", "NVIDIA RTX A4000", 10, 16376)
    with pytest.raises(SetupError) as raised:
        read_text(f"{OLD}\nmy office:\n{other}", tmp_path)
    assert "1: NVIDIA GeForce RTX 3080, driver 545.23.08; 2: NVIDIA RTX A4000" in str(raised.value)


def test_a_container_shows_the_machine_around_it(tmp_path: Path) -> None:
    text = f"me@box:~$ nvidia-smi\n{OLD}root@0123456789ab:/# nvidia-smi\n{OLD}"
    assert len(read_text(text, tmp_path).gpus) == 1


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("ERR!                  ", None),
        ("NVIDIA RTX A4000      ", "NVIDIA RTX A4000"),
    ],
)
def test_a_row_of_errors_is_a_card_that_fails(row: str, name: str | None, tmp_path: Path) -> None:
    text = OLD + (
        f"|   1  {row}        Off |   00000000:02:00.0 ERR!|                 ERR! |\n"
        "|ERR!  ERR! ERR!        ERR! / ERR!    |    ERR!             |    ERR!     ERR!     |\n"
        "|                                      |                     |                 ERR! |\n"
    )
    machine = read_text(text, tmp_path)
    assert [g.usable for g in machine.gpus] == [True, False]
    assert machine.gpus[1].name == (name or "NVIDIA GPU")
    assert [v.id for v in machine.verdicts] == ["gpu_failing"]


@pytest.mark.parametrize(
    ("line", "system"),
    [
        ("bash: nvidia-smi：未找到命令", "Linux"),
        ("bash: nvidia-smi: Kommando nicht gefunden.", "Linux"),
        ("-bash: nvidia-smi: comando não encontrado", "Linux"),
        ("zsh: команда не найдена: nvidia-smi", "Linux"),
        ("'nvidia-smi' 不是内部或外部命令，也不是可运行的程序", "Windows"),
        ('Der Befehl "nvidia-smi" ist entweder falsch geschrieben oder', "Windows"),
        ('"nvidia-smi"은(는) 내부 또는 외부 명령, 실행할 수 있는 프로그램이 아닙니다.', "Windows"),
    ],
)
def test_the_language_of_a_shell_is_no_system(line: str, system: str, tmp_path: Path) -> None:
    machine = read_text(f"{line}\n", tmp_path)
    assert [v.id for v in machine.verdicts] == ["nvidia_smi_missing"]
    assert machine.system.os == system


DMESG = (
    "[    5.1] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  575.57.08  Sat May 24 2025\n"
    "[    5.2] NVRM: The NVIDIA GPU 0000:0a:00.0 (PCI ID: 10de:2d04)\n"
    "          NVRM: installed in this system requires use of the NVIDIA open kernel modules.\n"
    "[    5.2] NVRM: GPU 0000:0a:00.0: RmInitAdapter failed! (0x22:0x56:884)\n"
)


def test_a_card_that_needs_the_open_modules(tmp_path: Path) -> None:
    machine = read_text(f"No devices were found\n{DMESG}", tmp_path)
    assert [v.id for v in machine.verdicts] == ["open_modules_required"]
    assert machine.driver.version == "575.57.08"
    assert [(g.compute_capability, g.usable) for g in machine.gpus] == [("12.0", False)]


def test_megabytes_of_old_drivers(tmp_path: Path) -> None:
    text = table("340.108", "9.0", "GeForce GTX 980", 100, 4040).replace("MiB", "MB")
    assert said(read_text(text, tmp_path))[2] == [("GeForce GTX 980", "5.2", 4040, 3940)]


@pytest.mark.parametrize(
    "text",
    [
        "The port 8080 is open and 3090 is taken.",
        "Order number 4090, please.",
        "See issue 1080 of the year 2080.",
    ],
)
def test_a_number_alone_is_no_card(text: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError):
        read_text(text, tmp_path)


def test_words_about_a_card_do_not_join_the_table(tmp_path: Path) -> None:
    machine = read_text(f"My friend has 2x 3090 with driver 570.\n{OLD}", tmp_path)
    assert said(machine)[:3] == (
        "545.23.08",
        "12.3",
        [("NVIDIA GeForce RTX 3080", "8.6", 10240, 9840)],
    )


@pytest.mark.parametrize(
    ("text", "name", "part"),
    [
        ("我的机器是 Jetson Orin Nano，驱动 540.4.0", "Jetson Orin Nano", "8.7"),
        ("DGX Spark, driver 580.95.05", "DGX Spark", "12.1"),
        ("one Jetson AGX Thor", "Jetson AGX Thor", "11.0"),
    ],
)
def test_a_computer_is_read_by_its_own_name(
    text: str, name: str, part: str, tmp_path: Path
) -> None:
    machine = read_text(text, tmp_path)
    assert [(g.name, g.compute_capability) for g in machine.gpus] == [(name, part)]
    assert machine.system.arch == "aarch64"


def test_slices_without_their_cards_are_named_for_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as raised:
        read_text(
            "| MIG devices:                           |\n"
            "|  0    1   0   0  |  9MiB / 9728MiB     | 14      0 |  1   0    0    0    0 |\n",
            tmp_path,
        )
    assert "MIG" in str(raised.value)


def test_the_row_of_a_foreign_table_names_the_card(tmp_path: Path) -> None:
    row = "| 0000:0c:00.0    AMD Instinct MI300X | 3 %   51 °C |\n"
    found = read_text(f"| GPU  HIP-ID  OAM-ID |\n{row}", tmp_path)
    assert [(g.name, g.vendor) for g in found.gpus] == [("AMD Instinct MI300X", "amd")]


def test_a_cut_in_a_row_is_told(tmp_path: Path) -> None:
    cut = read_text(f"{OLD}|   1  NVIDIA GeForce RT", tmp_path)
    assert len(cut.gpus) == 1
    assert any("breaks off" in u.reason for u in cut.unknown)
    assert not any("breaks off" in u.reason for u in read_text(OLD, tmp_path).unknown)


def test_what_is_typed_is_a_description(tmp_path: Path) -> None:
    """No driver has answered for these cards: an impossible pair is refused, not planned."""
    machine = read_text("RTX 5090, driver 550.54, Ubuntu", tmp_path)
    assert machine.driver.source == "given"
