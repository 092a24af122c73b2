"""Captured output instead of the live machine: files that were mailed, pasted or redirected."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from setup_assistant import frozen_json
from setup_assistant.catalog import gpus
from setup_assistant.errors import SetupError
from setup_assistant.host import clock, files
from setup_assistant.machine import (
    capture_mail,
    clean_text,
    kernel_evidence,
    moments,
    other_programs,
    smi,
    smi_report,
    typed_list,
    verdicts,
)
from setup_assistant.machine.facts import Driver, Machine, System, Unknown, Verdict
from setup_assistant.machine.fill_gaps import complete
from setup_assistant.machine.join import Joined, join
from setup_assistant.machine.moments import Moment
from setup_assistant.machine.reading import Card, Fault, Reading
from setup_assistant.messages import msg

# Windows by its prompts, folders and programs, and by cmd's and PowerShell's words for a missing
# command; but never by the language of a shell that other systems have too.
_FROM_WINDOWS = re.compile(
    rf"{verdicts.CMD_MISSING}|[A-Z]:\\(?:Windows|Users|Program)|^(?:PS )?[A-Z]:\\[^\n>]*>"
    r"|(?<![\w/\\])[A-Z]:\\\w[\w .-]{2,}\\\w"
    r"|\bMINGW\d\d|\[MSC v\.|CommandNotFoundException|\bWin(?:dows)? ?1[01]\b"
    r"|\bPython [\d.]+ on Windows\b|\b(?:platform|system)=Windows\b",
    re.IGNORECASE | re.MULTILINE,
)
# A Windows driver asked at a prompt that is not Windows': `-q` names its model there too.
_FROM_BASH = re.compile(r"^(?:\S*@\S*)?\$ (?:sudo )?nvidia-smi(?!\.exe)", re.MULTILINE)
_TYPED_WSL = re.compile(r"\bWSL ?2?\b", re.IGNORECASE)
_FROM_WSL = re.compile(r"microsoft-standard-WSL|/usr/lib/wsl/|:/mnt/[a-z]/\S*[$#] ")


def read(paths: Sequence[Path], host: str | None = None) -> Machine:
    """Return the machine that the files in `paths` describe together.

    Any mix of the formats of nvidia-smi, lspci, error texts, or one saved machine.

    Args:
        paths: the files.
        host: which of several computers is meant, by its name or number.

    Raises:
        SetupError: `file_missing`; `file_invalid` where no file holds anything known;
            `several_machines` where they tell of more than one and `host` names none.
    """
    texts = [(path, text_of(path)) for path in paths]
    saved = [m for path, text in texts if (m := _saved(path, text)) is not None]
    if saved:
        return saved[0]
    found = [_moments(text) for _path, text in texts]
    unknown = [
        Unknown(
            field=str(path), reason=msg("Nothing in this file is output of nvidia-smi.").english
        )
        for (path, _text), told in zip(texts, found, strict=True)
        if not any(m.readings for m in told)
    ]
    if len(unknown) == len(texts):
        detail = msg("nothing in it is output of nvidia-smi").english
        if tool := next(filter(None, (other_programs.elsewhere(t) for _path, t in texts)), None):
            detail = msg(
                "it is output of {tool}, whose cards are not NVIDIA's and not used here", tool=tool
            ).english
        if any(smi_report.NO_DRIVER.search(t) for _path, t in texts):
            detail = msg(
                "it is a report in which PyTorch found no NVIDIA driver and no GPU: send what "
                "nvidia-smi and lspci -k print"
            ).english
        if any(re.search("MIG devices:|GPU instance profiles:", t) for _path, t in texts):
            detail = msg(
                "it lists MIG slices only, and not the GPUs that they are of: send all that "
                "nvidia-smi prints"
            ).english
        raise SetupError("file_invalid", path=", ".join(map(str, paths)), detail=detail)
    chosen = _chosen(moments.by_host(_counted(found)), host)
    readings, older = moments.newest(chosen)
    if older:
        reason = msg("The text tells of several drivers of this computer: the newest counts.")
        unknown.append(Unknown(field="driver.version", reason=reason.english))
    return _machine(readings, unknown, "\n".join(m.text for m in chosen))


def _moments(text: str) -> list[Moment]:
    """Return what a file tells, moment by moment."""
    cleaned = clean_text.clean(text)
    parts = moments.split(cleaned)
    read_once = [(p, smi.read(p.text)) for p in parts]
    beside = any(r.cards for _p, found in read_once for r in found)
    return [
        replace(part, readings=smi.read(part.text, beside_cards=True) if beside else found)
        for part, found in read_once
    ]


def _counted(found: Sequence[Sequence[Moment]]) -> list[Moment]:
    """Return all moments, a later file's after an earlier one's."""
    every = [m for told in found for m in told if m.readings or m.form]
    return [replace(m, age=(*m.age[:2], place)) for place, m in enumerate(every)]


def _chosen(hosts: dict[str, list[Moment]], host: str | None) -> list[Moment]:
    """Return the moments of the one computer, or of the one that is meant."""
    if len(hosts) <= 1:
        return next(iter(hosts.values()), [])
    numbered = {str(n): told for n, told in enumerate(hosts.values(), 1)} | hosts
    if host is not None and host in numbered:
        return numbered[host]
    listed = "; ".join(
        f"{n}: {_described(name, told)}" for n, (name, told) in enumerate(hosts.items(), 1)
    )
    raise SetupError("several_machines", count=len(hosts), machines=listed)


def _described(name: str, told: Sequence[Moment]) -> str:
    readings, _older = moments.newest(told)
    cards = dict.fromkeys(c.name or "GPU" for r in readings for c in r.cards)
    driver = next((r.driver for r in readings if r.driver), None)
    parts = [*([] if name.isdigit() else [name]), *cards, *([f"driver {driver}"] if driver else [])]
    return ", ".join(parts)


def text_of(path: Path) -> str:
    """Return a file's text, in whatever encoding it was saved; of a very large one its two ends.

    Raises:
        SetupError: `file_missing` or `file_invalid`, naming the file.
    """
    data = files.read_ends(path, "--from")
    return "\n".join(clean_text.decoded(part) for part in capture_mail.unpacked(data))


def _saved(path: Path, text: str) -> Machine | None:
    """Return a machine saved by `probe --save` or printed by `probe --json`."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and value.get("command") == "probe":
        value = value.get("data")
    if not isinstance(value, dict) or "gpus" not in value:
        return None
    return frozen_json.from_builtins(value, Machine, str(path))


def _machine(readings: list[Reading], unknown: list[Unknown], text: str) -> Machine:
    joined = join(sorted(readings, key=_rank))
    whole = complete(joined)
    system = smi_report.system(text)
    if system is None:
        assumed = msg(
            "A capture does not name the system; it was inferred from the GPU and driver."
        )
        unknown = [*unknown, Unknown(field="system", reason=assumed.english)]
    if smi_report.least_glibc(text):
        older = msg("An old Python told it, which knows only the glibc that it was built for.")
        unknown = [*unknown, Unknown(field="system.glibc", reason=older.english)]
    system = system or _system(joined, [g.name for g in whole.gpus], text)
    found = whole.gpus
    if whole.faults and whole.driver.version is None:
        # Cards that only lspci shows, beside words of a driver that failed.
        found = kernel_evidence.without_voice(
            found, [r for r in readings if r.source != "pci"], system
        )
    if not found and whole.driver.version:
        lacking = msg("The capture names a driver, but it describes no GPU.")
        unknown = [*unknown, Unknown(field="gpus", reason=lacking.english)]
    return Machine(
        system=system,
        driver=whole.driver,
        gpus=found,
        verdicts=tuple(_verdict(f, whole.driver) for f in whole.faults),
        unknown=(*unknown, *whole.unknown),
        probed_at=clock.now(),
    )


def _system(joined: Joined, names: Sequence[str], text: str) -> System:
    """Return the system that driver, cards and the words around them point at."""
    arch = "aarch64" if any(map(gpus.on_arm, names)) else "x86_64"
    version, own = joined.driver.version or "", joined.driver.library or ""
    # Under WSL, the driver is that of Windows ("572.70"), nvidia-smi is Linux' ("570.124.06").
    # Before R550 both had two numbers; on Linux itself they are the same.
    apart = own.count(".") == 2 or (own and own != version)
    wsl = apart and version.count(".") == 1 and not joined.windows
    shell = joined.windows and _FROM_BASH.search(text)
    typed = len(text) <= typed_list.LONGEST and _TYPED_WSL.search(text)
    if wsl or typed or ((shell or _FROM_WSL.search(text)) and not _FROM_WINDOWS.search(text)):
        return System(os="Linux", arch=arch, wsl=True)
    windows = joined.windows or _FROM_WINDOWS.search(text)
    return System(os="Windows" if windows else "Linux", arch=arch)


def _verdict(fault: Fault, driver: Driver) -> Verdict:
    if fault.id == "driver_library_mismatch" and driver.kernel_module:
        seen = f"kernel module: {driver.kernel_module}"
        fault = replace(fault, evidence=(*fault.evidence, seen))
    return verdicts.verdict(fault)


def _rank(reading: Reading) -> tuple[bool, int]:
    """Readings that name cards fully come first: they decide what belongs together."""
    first = next(iter(reading.cards), Card())
    return first.index is None, (first.uuid is None) + (first.pci_bus_id is None)
