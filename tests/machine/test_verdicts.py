"""The table of verdicts, and the parsers' promise never to raise."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setup_assistant.machine import (
    capture_mail,
    clean_text,
    kernel_evidence,
    kernel_log,
    smi,
    verdicts,
)
from setup_assistant.machine.facts import System
from setup_assistant.machine.fill_gaps import complete
from setup_assistant.machine.join import join
from setup_assistant.machine.reading import Fault, bus_id, device_id, mib, value

OWN = Path(__file__).resolve().parents[1] / "machines"
TEXTS = [p.read_text() for p in sorted(OWN.iterdir()) if p.suffix in (".txt", ".xml")]

VERDICTS = (
    "driver_missing",
    "nvidia_smi_missing",
    "command_typo",
    "driver_not_loaded",
    "nvml_missing",
    "driver_library_mismatch",
    "permission_denied",
    "blocked_by_os",
    "nvml_unknown_error",
    "nvml_error",
    "nvml_hangs",
    "nvidia_smi_crashed",
    "nvidia_smi_hangs",
    "no_devices",
    "gpu_lost",
    "gpu_unreachable",
    "gpu_forbidden",
    "gpu_failing",
    "gpu_power",
    "libcuda_missing",
    "nouveau_bound",
    "vfio_bound",
    "field_unsupported",
    "nvml_too_old",
)


def test_codes_and_texts_lead_to_verdicts_that_exist() -> None:
    named = {verdicts.of_code(code) for code in range(1, 10000)} | set(verdicts.TOLD)
    assert named <= set(VERDICTS)
    assert len({verdicts.of_code(code) for code in (4, 6, 8, 9, 12, 13, 15, 17, 18, 127)}) == 10
    assert verdicts.of_code(4711) == "nvml_error"


@pytest.mark.parametrize("name", VERDICTS)
def test_every_verdict_is_a_sentence_and_a_remedy_without_values(name: str) -> None:
    verdict = verdicts.verdict(Fault(id=name, evidence=("x",)))
    for text in (verdict.sentence, verdict.remedy or ""):
        assert text.endswith((".", "--update", "nvidia-smi"))
        assert "{" not in text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("zsh: command not found: nvidia-smi", "nvidia_smi_missing"),
        ("bash: nvidia: command not found", "command_typo"),
        ("sh: 1: nvidia-smi: not found", "nvidia_smi_missing"),
        ("nvidia-smi : The term 'nvidia-smi' is not recognized as the name of a cmdlet",
         "nvidia_smi_missing"),
        ("nvidia-smi：未找到命令", "nvidia_smi_missing"),
        ("Failed to initialize NVML: Driver Not Loaded", "driver_not_loaded"),
        ("Failed to initialize NVML: Insufficient Permissions", "permission_denied"),
        ("Failed to initialize NVML: NVML Shared Library Not Found", "nvml_missing"),
        ("Failed to initialize NVML: something new", "nvml_error"),
        ("$ nvidia-smi\nSegmentation fault (core dumped)", "nvidia_smi_crashed"),
        ("zsh: segmentation fault  nvidia-smi", "nvidia_smi_crashed"),
        ("Unable to determine the device handle for GPU0: 0000:02:00.0: Unknown Error",
         "gpu_lost"),
    ],
)  # fmt: skip
def test_words_of_shells_and_drivers(text: str, name: str) -> None:
    assert [f.id for f in verdicts.of_text(text)] == [name]


def test_words_that_tell_nothing() -> None:
    assert verdicts.of_text("All is well.") == ()


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read_without_raising(text: str) -> None:
    complete(join(smi.read(text)))


@settings(deadline=None)
@given(st.sampled_from(TEXTS), st.integers(0, 3000), st.binary(max_size=20))
def test_any_file_is_read_without_raising(text: str, place: int, put: bytes) -> None:
    data = text.encode()
    for part in capture_mail.unpacked(data[:place] + put + data[place:]):
        complete(join(smi.read(clean_text.clean(clean_text.decoded(part)))))


@pytest.mark.parametrize(
    ("stuck", "names"),
    [("nvmlInit", ["nvml_hangs"]), ("nvidia-smi", ["nvidia_smi_hangs"]), (None, [])],
)
def test_what_cannot_be_ended_is_what_was_asked_last(
    stuck: str | None, names: list[str], tmp_path: Path
) -> None:
    found = kernel_evidence.readings((), (), system=System(), root=tmp_path, stuck=stuck)
    assert [f.id for r in found for f in r.faults] == names


@settings(deadline=None)
@given(st.sampled_from(TEXTS), st.integers(0, 3000), st.integers(0, 3000), st.text(max_size=20))
def test_spoilt_captures_are_read_without_raising(
    text: str, start: int, length: int, put: str
) -> None:
    whole = complete(join(smi.read(text[:start] + put + text[start + length :])))
    for gpu in whole.gpus:
        assert gpu.name


@pytest.mark.parametrize(
    ("text", "size"),
    [("81559 MiB", 81559 << 20), ("81559MiB", 81559 << 20), ("8192", 8192 << 20), ("[N/A]", None),
     ("", None), (None, None), ("4 GiB", 4 << 30), ("1 kg", None)],
)  # fmt: skip
def test_sizes(text: str | None, size: int | None) -> None:
    assert mib(text) == size


@pytest.mark.parametrize(
    "text", ["N/A", "[N/A]", "[Not Supported]", "[Unknown Error]", "ERR!", "GPU is lost", " ", None]
)
def test_ways_to_say_nothing(text: str | None) -> None:
    assert value(text) is None


def test_addresses_and_device_numbers() -> None:
    assert bus_id("0000:0a:00.0") == bus_id("00000000:0A:00.0") == "00000000:0A:00.0"
    assert bus_id("01:00.0") == "00000000:01:00.0"
    assert device_id("0x1EB810DE") == device_id("1EB810DE") == device_id("0x1eb8") == "1EB8"
    assert device_id("0x1234ABCD") is None


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("index, name, memory.total [MiB]\n0, Tesla T4, 15360 MiB\n1, Tesla T4, 15360 MiB\n", 2),
        # A line between that is no row of the table.
        ("index, name, memory.total [MiB]\nwarning: a, b\n0, Tesla T4, 15360 MiB\n", 1),
        ("Unsloth: NVIDIA A10. Num GPUs = 65. Max memory: 22.0 GB.\n", 64),
        ("Unsloth: NVIDIA A10. Num GPUs = 3. Max memory: 22.0 GB.\n", 3),
    ],
)
def test_how_many_cards_a_text_tells_of(text: str, cards: int) -> None:
    assert len(complete(join(smi.read(text))).gpus) == cards


def test_of_several_loads_of_the_module_the_last_counts() -> None:
    line = "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  {}  Thu Jan 1 00:00:00 UTC 2026\n"
    found = kernel_log.read_module(line.format("535.104.05") + line.format("580.65.06"))
    assert (found.driver, found.kernel_module) == ("580.65.06", "580.65.06")
    assert kernel_log.read_module("nothing").driver is None
