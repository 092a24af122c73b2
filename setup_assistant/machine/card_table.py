"""Where each fact of a GPU stands in each form that a driver's tools print. Declared once, here.

`FACTS` is the documentation: one row per field of `Card`, one column per form. `card` is the
only place that builds a card from it; a reader says what stands at a place, nothing else.

| form  | what a place is                                                                |
|-------|--------------------------------------------------------------------------------|
| csv   | a column of `--query-gpu`                                                      |
| q     | keys of `-q`, as printed, outer ones first                                     |
| xml   | elements of `-q -x`, outer ones first                                          |
| table | a named group of the patterns in `smi_table`                                   |
| nvml  | a key in the line that `nvml_child` prints for a card                          |

Older and newer spellings of one place stand beside each other, separated by "|".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from setup_assistant.machine.reading import (
    Card,
    bus_id,
    device_id,
    lost,
    mib,
    switch,
    value,
    with_free,
)

Form = Literal["csv", "q", "xml", "table", "nvml"]


def _count(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None


def _mig(text: str | None) -> str | None:
    return {"Enabled": "on", "Disabled": "off"}.get(text or "")


def _driver_model(text: str | None) -> str | None:
    return text if text in ("WDDM", "TCC", "MCDM") else None


def _compute_mode(text: str | None) -> str | None:
    """Return default, exclusive_process, exclusive_thread or prohibited."""
    word = (text or "").strip().lower().replace(" ", "_").replace("e._", "exclusive_")
    known = ("default", "exclusive_process", "exclusive_thread", "prohibited")
    return word if word in known else None


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact: the field of `Card` that holds it, how its text is read, and its places."""

    field: str
    read: Callable[[str | None], Any]
    csv: str = ""
    q: str = ""
    xml: str = ""
    table: str = ""
    nvml: str = ""

    def places(self, form: Form) -> tuple[str, ...]:
        """Return its places in a form, the newest spelling first; none where it is not told."""
        place: str = getattr(self, form)
        return tuple(place.split(" | ")) if place else ()


FACTS = (
    Fact(
        field="name", read=value,
        csv="name | gpu_name", q="Product Name", xml="product_name", table="name", nvml="name",
    ),
    Fact(
        field="index", read=_count,
        csv="index", table="index", nvml="index",
    ),
    Fact(
        field="uuid", read=value,
        csv="uuid | gpu_uuid", q="GPU UUID", xml="uuid", nvml="uuid",
    ),
    Fact(
        field="pci_bus_id", read=bus_id,
        csv="pci.bus_id | gpu_bus_id", q="PCI > Bus Id", xml="pci > pci_bus_id", table="bus",
        nvml="bus",
    ),
    Fact(
        field="pci_device_id", read=device_id,
        csv="pci.device_id", q="PCI > Device Id", xml="pci > pci_device_id", nvml="device",
    ),
    Fact(
        field="compute_capability", read=value,
        csv="compute_cap", nvml="capability",
    ),
    Fact(
        field="total_bytes", read=mib,
        csv="memory.total", q="FB Memory Usage > Total", xml="fb_memory_usage > total",
        table="total", nvml="total",
    ),
    Fact(
        field="used_bytes", read=mib,
        csv="memory.used", q="FB Memory Usage > Used", xml="fb_memory_usage > used",
        table="used", nvml="used",
    ),
    Fact(
        field="reserved_bytes", read=mib,
        csv="memory.reserved", q="FB Memory Usage > Reserved", xml="fb_memory_usage > reserved",
    ),
    Fact(
        field="free_bytes", read=mib,
        csv="memory.free", q="FB Memory Usage > Free", xml="fb_memory_usage > free", nvml="free",
    ),
    Fact(
        field="mig", read=_mig,
        csv="mig.mode.current", q="MIG Mode > Current", xml="mig_mode > current_mig",
        table="mig", nvml="mig",
    ),
    Fact(
        field="display_active", read=switch,
        csv="display_active", q="Display Active", xml="display_active", table="display",
        nvml="display",
    ),
    Fact(
        field="persistence", read=switch,
        csv="persistence_mode", q="Persistence Mode", xml="persistence_mode", table="mode",
        nvml="persistence",
    ),
    Fact(
        field="compute_mode", read=_compute_mode,
        csv="compute_mode", q="Compute Mode", xml="compute_mode", table="compute_mode",
        nvml="compute_mode",
    ),
    Fact(
        field="driver_model", read=_driver_model,
        csv="driver_model.current", q="Driver Model > Current",
        xml="driver_model > current_dm | driver_model > driver_model_current",
        table="mode", nvml="driver_model",
    ),
)  # fmt: skip

# A MIG slice has fewer, and other places for some.
SLICE_FACTS = (
    Fact(field="index", read=_count, q="Index", xml="index", table="device", nvml="index"),
    Fact(field="uuid", read=value, nvml="uuid"),
    Fact(field="mig", read=value, nvml="profile"),
    Fact(
        field="total_bytes", read=mib,
        q="FB Memory Usage > Total | Shared FB Memory Usage > Total",
        xml="fb_memory_usage > total", table="total", nvml="total",
    ),
    Fact(
        field="used_bytes", read=mib,
        q="FB Memory Usage > Used | Shared FB Memory Usage > Used",
        xml="fb_memory_usage > used", table="used", nvml="used",
    ),
    Fact(
        field="free_bytes", read=mib,
        q="FB Memory Usage > Free | Shared FB Memory Usage > Free",
        xml="fb_memory_usage > free", nvml="free",
    ),
    Fact(
        field="multiprocessors", read=_count,
        q="Device Attributes > Shared > Multiprocessor count | Multiprocessor count",
        xml="device_attributes > shared > multiprocessor_count",
        table="multiprocessors", nvml="multiprocessors",
    ),
)  # fmt: skip


def card(
    said: Callable[[str], object],
    *forms: Form,
    facts: Iterable[Fact] = FACTS,
    **more: Any,  # noqa: ANN401 - fields of Card that no table holds
) -> Card:
    """Return the card that a source describes.

    Args:
        said: returns what stands at a place, None where there is nothing.
        forms: the forms that the source may be written in.
        facts: which facts to look for.
        more: fields that stand at no one place, such as the processes.
    """
    found = dict(_facts(said, forms, facts))
    return with_free(Card(**{**found, **{k: v for k, v in more.items() if v is not None}}))


def _facts(
    said: Callable[[str], object], forms: tuple[Form, ...], facts: Iterable[Fact]
) -> Iterator[tuple[str, Any]]:
    for fact in facts:
        places = (place for form in forms for place in fact.places(form))
        raw = next((got for place in places if (got := said(place)) is not None), None)
        # NVML gives numbers and truths as they are; everything that was printed is text.
        yield fact.field, fact.read(raw) if raw is None or isinstance(raw, str) else raw


def trouble(texts: Iterable[str | None]) -> str | None:
    """Return the first text that only a card which no longer answers has."""
    return next((t for t in texts if lost(t)), None)


def key(name: str) -> str:
    """Return a printed key of `-q` as it is compared: "GPU UUID" is gpu_uuid."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().rstrip(":").lower()).strip("_")
