# ruff: noqa: E501 - rows as they are printed
"""nvidia-smi's forms, written from a description as nvidia-smi of that age writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import escape

Machine = dict[str, Any]
Card = dict[str, Any]
_DEPRECATED = "[Requested functionality has been deprecated]"


def major(driver: str) -> int:
    """The branch of a driver."""
    return int(driver.partition(".")[0])


def is_old(driver: str) -> bool:
    """Whether the driver draws the narrow table."""
    return major(driver) < 530


def shown_name(card: Card, *, old: bool) -> str:
    """A name as the table cuts it."""
    room = 18 if old else 27
    name: str = card["name"]
    return name if len(name) <= room else f"{name[: room - 3].rstrip(' ')}..." if old else (
        f"{name[: room - 4]} ..." if name[room - 5] != " " else f"{name[: room - 4]}..."
    )  # fmt: skip


def _mib(value: int | None) -> str:
    return "N/A" if value is None else f"{value} MiB"


def _free(card: Card) -> int | None:
    total = card.get("total")
    return None if total is None else total - card["used"] - card.get("reserved", 0)


def _uuid(card: Card, kind: str = "GPU") -> str:
    return f"{kind}-{card['uuid']:08x}-5e7a-4c11-9d20-{card['uuid']:012x}"


def _mig(card: Card) -> str:
    return {True: "Enabled", False: "Disabled"}.get(card.get("mig"), "N/A")  # type: ignore[arg-type]


def table(machine: Machine) -> str:
    """Plain `nvidia-smi`."""
    driver = machine["driver"]
    old = is_old(driver)
    lines = [*_banner(machine, old=old)]
    for index, card in enumerate(machine["card"]):
        lines += _old_row(index, card) if old else _new_row(index, card)
    lines += _slice_rows(machine)
    lines += _process_rows(machine, old=old)
    return "\n".join(lines) + "\n"


def _banner(machine: Machine, *, old: bool) -> Iterator[str]:
    driver, shown = machine["driver"], machine.get("shown_cuda", machine["cuda"])
    own = machine.get("own", driver)
    yield "Mon Oct 12 08:15:42 2026       "
    widths = (31, 22, 22) if old else (41, 24, 22)
    room = sum(widths) + 2
    yield f"+{'-' * room}+"
    cuda = f"CUDA Version: {shown}" if shown else ""
    if major(driver) >= 610:
        words = f" NVIDIA-SMI {own:<22}KMD Version: {driver:<14}CUDA UMD Version: {shown}"
    elif old:
        words = f" NVIDIA-SMI {own:<12} Driver Version: {driver:<12} {cuda}"
    else:
        words = f" NVIDIA-SMI {own:<22} Driver Version: {driver:<14} {cuda}"
    yield f"|{words:<{room}}|"
    border = "+".join("-" * w for w in widths)
    yield f"{'+' if major(driver) >= 575 else '|'}{border}+"
    model = "Driver-Model" if machine.get("windows") and not old else "Persistence-M"
    if old:
        yield "| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |"
        yield "| Fan  Temp  Perf  Pwr:Usage/Cap|         Memory-Usage | GPU-Util  Compute M. |"
        if major(driver) >= 450:
            yield "|                               |                      |               MIG M. |"
    else:
        yield f"| GPU  Name{model:>30} | Bus-Id          Disp.A | Volatile Uncorr. ECC |"
        yield "| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |"
        yield f"|{'':41}|{'':24}|               MIG M. |"
    yield f"|{'+'.join('=' * w for w in widths)}|" if not old else f"|{border.replace('-', '=')}|"


def _old_row(index: int, card: Card) -> list[str]:
    name = shown_name(card, old=True)
    mode = card.get("model", "Off")
    display = "On" if card.get("display") else "Off"
    memory = f"{card['used']}MiB / {card['total']:>5}MiB"
    power = f"{card.get('power', '25W')} / {card.get('cap', '250W')}"
    return [
        f"|{index:>4}  {name:<18} {mode:>4}  | {card['bus']} {display:>3} |{'N/A':>21} |",
        f"|{' N/A   41C    P8  ':<18}{power:>12} |{memory:>21} |{'0%':>8}{'Default':>13} |",
        f"|{'':31}|{'':22}|{_mig(card):>21} |",
        f"+{'-' * 31}+{'-' * 22}+{'-' * 22}+",
    ]


def _new_row(index: int, card: Card) -> list[str]:
    name = shown_name(card, old=False)
    mode = card.get("model", "On" if card.get("persistence") else "Off")
    display = "On" if card.get("display") else "Off"
    memory = " Not Supported          "
    if card.get("total") is not None:
        memory = f"{card['used']:>8}MiB / {card['total']:>6}MiB "
    elif card.get("mig"):
        memory = f"{'N/A':>23} "
    power = f"{card.get('power', '25W')} / {card.get('cap', '250W'):>5}"
    ecc = "On" if card.get("mig") else "N/A"
    compute = card.get("compute", "Default")
    return [
        f"|{index:>4}  {name:<27}{mode:>6}  |   {card['bus']} {display:>3} |{ecc:>21} |",
        f"| {'N/A   41C    P8':<24}{power:>15} |{memory}|{'0%':>8}{compute:>13} |",
        f"|{'':41}|{'':24}|{_mig(card):>21} |",
        f"+{'-' * 41}+{'-' * 24}+{'-' * 22}+",
    ]


def _slice_rows(machine: Machine) -> Iterator[str]:
    if not any(card.get("slice") for card in machine["card"]):
        return
    border = f"+{'-' * 18}+{'-' * 34}+{'-' * 11}+{'-' * 23}+"
    yield ""
    yield f"+{'-' * 89}+"
    yield f"|{' MIG devices:':<89}|"
    yield border
    yield "| GPU  GI  CI  MIG |              Shared Memory-Usage |        Vol|        Shared         |"
    yield "|      ID  ID  Dev |                Shared BAR1-Usage | SM     Unc| CE ENC  DEC  OFA  JPG |"
    yield "|                  |                                  |        ECC|                       |"
    yield border.replace("-", "=").replace("+=", "|=", 1)
    for index, card in enumerate(machine["card"]):
        for number, piece in enumerate(card.get("slice", [])):
            used = f"{piece['used']}MiB / {piece['total']:>5}MiB"
            yield (
                f"|{index:>3}{number + 3:>5}   0{number:>4}  |{used:>30}    | {piece['sm']:<3}     0 |"
                "  1   0    1    0    1 |"
            )
            yield f"|{'':18}|{'0MiB /  9999MiB':>30}    |{'':11}|{'':23}|"
            yield border


def _process_rows(machine: Machine, *, old: bool) -> Iterator[str]:
    room = 77 if old else 89
    yield ""
    yield f"+{'-' * room}+"
    yield f"|{' Processes:':<{room}}|"
    yield f"|{'  GPU   GI   CI              PID   Type   Process name':<{room - 12}}GPU Memory  |"
    yield f"|{'=' * room}|"
    rows = [(i, p) for i, c in enumerate(machine["card"]) for p in c.get("process", [])]
    if not rows:
        yield f"|{'  No running processes found':<{room}}|"
    for index, (pid, kind, name, memory) in rows:
        size = "N/A" if machine.get("windows") else f"{memory}MiB"
        yield (
            f"|{f'{index:>5}   N/A  N/A{pid:>16}{kind:>7}   {name:<30}':<{room - 14}}{size:>12}  |"
        )
    yield f"+{'-' * room}+"


def _tree(machine: Machine) -> Iterator[tuple[int, str, str, str | None]]:
    """The keys of `-q` with their depth, the element of `-q -x`, and the text."""
    new = major(machine["driver"]) >= 610
    gone = " [Deprecated; will be removed in CUDA 14.0]" if new else ""
    shown = machine.get("shown_cuda", machine["cuda"])
    yield 0, "Timestamp", "timestamp", "Mon Oct 12 08:15:43 2026"
    yield 0, "Driver Version", "driver_version", machine["driver"] + gone
    if shown:
        yield 0, "CUDA Version", "cuda_version", shown + gone
    if new:
        yield 0, "KMD Version", "kmd_version", machine["driver"]
        yield 0, "CUDA UMD Version", "cuda_umd_version", shown
    yield 0, "", "", None
    yield 0, "Attached GPUs", "attached_gpus", str(len(machine["card"]))
    for card in machine["card"]:
        yield from _tree_of(card)


def _tree_of(card: Card) -> Iterator[tuple[int, str, str, str | None]]:
    lost = "GPU is lost" if card.get("lost") else None
    total, used, free = (_mib(card.get("total")), _mib(card.get("used")), _mib(_free(card)))
    display = "Enabled" if card.get("display") else "Disabled"
    model = card.get("model", "N/A")
    yield 0, f"GPU {card['bus']}", f'gpu id="{card["bus"]}"', None
    yield 1, "Product Name", "product_name", card["name"]
    yield 1, "Product Brand", "product_brand", "NVIDIA"
    yield 1, "Display Mode", "display_mode", display
    yield 1, "Display Active", "display_active", display
    yield 1, "Persistence Mode", "persistence_mode", "Enabled" if card.get("persistence") else "N/A"
    yield 1, "MIG Mode", "mig_mode", None
    yield 2, "Current", "current_mig", _mig(card)
    yield 2, "Pending", "pending_mig", _mig(card)
    yield from _tree_of_slices(card)
    yield 1, "Driver Model", "driver_model", None
    yield 2, "Current", "current_dm", model
    yield 2, "Pending", "pending_dm", model
    yield 1, "Serial Number", "serial", "N/A"
    yield 1, "GPU UUID", "uuid", _uuid(card)
    yield 1, "Minor Number", "minor_number", "0"
    yield 1, "PCI", "pci", None
    yield 2, "Bus", "pci_bus", "0x01"
    yield 2, "Device Id", "pci_device_id", f"0x{card.get('device', '0000')}10DE"
    yield 2, "Bus Id", "pci_bus_id", card["bus"]
    yield 1, "Fan Speed", "fan_speed", lost or "38 %"
    yield 1, "Performance State", "performance_state", lost or "P8"
    yield 1, "FB Memory Usage", "fb_memory_usage", None
    yield 2, "Total", "total", lost or total
    yield 2, "Reserved", "reserved", lost or _mib(card.get("reserved", 0) if _free(card) else None)
    yield 2, "Used", "used", lost or used
    yield 2, "Free", "free", lost or free
    yield 1, "BAR1 Memory Usage", "bar1_memory_usage", None
    yield 2, "Total", "total", "256 MiB"
    yield 2, "Used", "used", "7 MiB"
    yield 2, "Free", "free", "249 MiB"
    yield 1, "Compute Mode", "compute_mode", card.get("compute", "Default")
    yield 1, "Utilization", "utilization", None
    yield 2, "Gpu", "gpu_util", lost or "3 %"
    yield 2, "Memory", "memory_util", lost or "1 %"
    yield 1, "Temperature", "temperature", None
    yield 2, "GPU Current Temp", "gpu_temp", lost or "41 C"
    if not card.get("process"):
        yield 1, "Processes", "processes", "None"
        return
    yield 1, "Processes", "processes", None
    for pid, kind, name, memory in card["process"]:
        yield 2, "Process ID", "process_info", str(pid)
        yield 3, "Type", "type", kind
        yield 3, "Name", "process_name", name
        yield 3, "Used GPU Memory", "used_memory", f"{memory} MiB"


def _tree_of_slices(card: Card) -> Iterator[tuple[int, str, str, str | None]]:
    for number, piece in enumerate(card.get("slice", [])):
        yield 1, "MIG Device", "mig_device", None
        yield 2, "Index", "index", str(number)
        yield 2, "GPU Instance ID", "gpu_instance_id", str(number + 3)
        yield 2, "Device Attributes", "device_attributes", None
        yield 3, "Shared", "shared", None
        yield 4, "Multiprocessor count", "multiprocessor_count", str(piece["sm"])
        yield 2, "FB Memory Usage", "fb_memory_usage", None
        yield 3, "Total", "total", _mib(piece["total"])
        yield 3, "Used", "used", _mib(piece["used"])
        yield 3, "Free", "free", _mib(piece["total"] - piece["used"])


def query(machine: Machine) -> str:
    """`nvidia-smi -q`."""
    lines = ["", "==============NVSMI LOG==============", ""]
    for depth, key, _element, text in _tree(machine):
        lead = "    " * depth
        lines.append(f"{lead}{key}" if text is None else f"{lead + key:<51}: {text}")
    return "\n".join(lines) + "\n\n"


def xml(machine: Machine) -> str:
    """`nvidia-smi -q -x`."""
    lines = [
        '<?xml version="1.0" ?>',
        '<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">',
        "<nvidia_smi_log>",
    ]
    stack: list[str] = []
    for depth, _key, element, text in _tree(machine):
        if not element:
            continue
        while len(stack) > depth:
            lines.append(f"{chr(9) * len(stack)}</{stack.pop()}>")
        lead = "\t" * (depth + 1)
        name = element.partition(" ")[0]
        if element == "process_info":
            lines += [f"{lead}<process_info>", f"{lead}\t<pid>{text}</pid>"]
            stack.append(name)
        elif text is None:
            lines.append(f"{lead}<{element}>")
            stack.append(name)
        else:
            lines.append(f"{lead}<{name}>{escape(text)}</{name}>")
    while stack:
        lines.append(f"{chr(9) * len(stack)}</{stack.pop()}>")
    return "\n".join([*lines, "</nvidia_smi_log>"]) + "\n"


_COLUMNS: tuple[tuple[str, Callable[[Machine, int, Card], str]], ...] = (
    ("timestamp", lambda _m, _i, _c: "2026/10/12 08:15:44.120"),
    ("driver_version", lambda m, _i, _c: m["driver"]),
    ("count", lambda m, _i, _c: str(len(m["card"]))),
    ("name", lambda _m, _i, c: c["name"]),
    ("uuid", lambda _m, _i, c: _uuid(c)),
    ("pci.bus_id", lambda _m, _i, c: c["bus"]),
    ("pci.device_id", lambda _m, _i, c: f"0x{c.get('device', '0000')}10DE"),
    ("index", lambda _m, i, _c: str(i)),
    ("display_mode", lambda _m, _i, _c: _DEPRECATED),
    ("display_active", lambda _m, _i, c: "Enabled" if c.get("display") else "Disabled"),
    ("persistence_mode", lambda _m, _i, c: "Enabled" if c.get("persistence") else "Disabled"),
    ("driver_model.current", lambda _m, _i, c: c.get("model", "[N/A]")),
    ("driver_model.pending", lambda _m, _i, c: c.get("model", "[N/A]")),
    ("clocks_event_reasons.active", lambda _m, _i, _c: "0x0000000000000001"),
    ("memory.total [MiB]", lambda _m, _i, c: _bracket(c.get("total"))),
    ("memory.reserved [MiB]", lambda _m, _i, c: _bracket(c.get("reserved", 0))),
    ("memory.used [MiB]", lambda _m, _i, c: _bracket(c.get("used"))),
    ("memory.free [MiB]", lambda _m, _i, c: _bracket(_free(c))),
    ("compute_mode", lambda _m, _i, c: c.get("compute", "Default")),
    ("compute_cap", lambda _m, _i, c: c["cc"]),
    ("utilization.gpu [%]", lambda _m, _i, _c: "3 %"),
    ("temperature.gpu", lambda _m, _i, _c: "41"),
    ("power.draw [W]", lambda _m, _i, _c: "25.11 W"),
    ("power.limit [W]", lambda _m, _i, _c: "450.00 W"),
    ("clocks.max.sm [MHz]", lambda _m, _i, _c: "2100 MHz"),
    ("mig.mode.current", lambda _m, _i, c: _mig(c) if "mig" in c else "[N/A]"),
    ("fabric.clusterUuid", lambda _m, _i, _c: "00000000-0000-0000-0000-000000000000"),
)


def _bracket(value: int | None) -> str:
    return "[N/A]" if value is None else f"{value} MiB"


def csv(machine: Machine) -> str:
    """`nvidia-smi --query-gpu=… --format=csv`."""
    rows = [", ".join(name for name, _value in _COLUMNS)]
    for index, card in enumerate(machine["card"]):
        rows.append(", ".join(value(machine, index, card) for _name, value in _COLUMNS))
    return "\n".join(rows) + "\n"


def listing(machine: Machine) -> str:
    """`nvidia-smi -L`."""
    lines = []
    for index, card in enumerate(machine["card"]):
        lines.append(f"GPU {index}: {card['name']} (UUID: {_uuid(card)})")
        for number, piece in enumerate(card.get("slice", [])):
            device = f"MIG {piece['profile']:<12} Device {number:>2}"
            lines.append(f"  {device}: (UUID: {_uuid({'uuid': card['uuid'] + number + 1}, 'MIG')})")
    return "\n".join(lines) + "\n"


def version(machine: Machine) -> str:
    """`nvidia-smi --version`."""
    driver, cuda = machine["driver"], machine["cuda"]
    own = machine.get("own", driver)
    lines = [
        f"NVIDIA-SMI version  : {own}",
        f"NVML version        : {own.rpartition('.')[0] if own.count('.') > 1 else own}",
    ]
    if major(driver) >= 610:
        lines += [
            'DRIVER version      : Deprecated, see "KMD version" instead',
            'CUDA version        : Deprecated, see "CUDA UMD version" instead',
            f"KMD version         : {driver}",
            f"CUDA UMD version    : {cuda}",
        ]
    else:
        lines += [f"DRIVER version      : {driver}", f"CUDA Version        : {cuda}"]
    return "\n".join(lines) + "\n"


FORMS: dict[str, Callable[[Machine], str]] = {
    "table": table, "q": query, "xml": xml, "csv": csv, "L": listing, "version": version,
}  # fmt: skip
