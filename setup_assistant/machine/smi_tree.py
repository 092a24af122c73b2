"""`nvidia-smi -q` and `nvidia-smi -q -x`: the same tree, written two ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from setup_assistant.machine import query_tree
from setup_assistant.machine.facts import Process, Unknown
from setup_assistant.machine.query_tree import Node
from setup_assistant.machine.reading import (
    Card,
    Reading,
    bus_id,
    device_id,
    lost,
    mib,
    switch,
    value,
    with_free,
)
from setup_assistant.messages import msg

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# The tail of a long line that a mail program wrapped: at the margin, without a colon.
_WRAPPED = re.compile(r"(?!GPU |=|\+|\|)\S[^:]*$")
# Lines a terminal or log puts in front of every line would shift the indentation: cut them.
_LOG = re.compile(r"^(?:\d{4}-\d\d-\d\dT\S+Z?|\[[^\]]*\])\s?")


def read(text: str) -> Reading:
    """Return what the output of `-q` or `-q -x` says; empty where `text` is neither."""
    if "<nvidia_smi_log" in text:
        root, whole = _from_xml(text)
    elif "NVSMI LOG" in text or re.search(r"^GPU [0-9A-Fa-f:.]+\s*$", text, re.MULTILINE):
        root, whole = _from_text(text), True
    else:
        return Reading(source="nvidia-smi")
    cards = tuple(_card(node, index) for index, node in enumerate(root.all("gpu")))
    attached = value(root.get("attached_gpus"))
    count = int(attached) if attached and attached.isdigit() else None
    cuda = root.get("cuda_umd_version") or root.get("cuda_version")
    version = re.match(r"\d+\.\d+", cuda or "")
    driver = re.match(r"\d[\d.]*", root.get("kmd_version") or root.get("driver_version") or "")
    return Reading(
        source="nvidia-smi",
        driver=driver[0] if driver else None,
        cuda=version[0] if version else None,
        cuda_missing=bool(cuda and not version),
        attached=count,
        windows=any(c.driver_model for c in cards),
        cards=cards,
        unknown=() if whole else (_cut(),),
    )


def _cut() -> Unknown:
    return Unknown(field="gpus", reason=msg("The captured file breaks off in the middle.").english)


def _from_xml(text: str) -> tuple[Node, bool]:
    """Return the tree, and whether it was whole."""
    # The file is the person's own and expat bounds entity expansion; the part before an
    # error is still worth reading, hence the pull parser.
    from xml.etree.ElementTree import ParseError, XMLPullParser

    body = text[text.index("<nvidia_smi_log") :]
    parser: XMLPullParser[Any] = XMLPullParser(["start"])
    try:
        parser.feed(body.partition("</nvidia_smi_log>")[0] + "</nvidia_smi_log>")
        parser.close()
        whole = True
    except ParseError:
        whole = False
    # The first element that started is the top one; it holds whatever was read below it. An
    # error waits in the queue of events too.
    events: Iterator[Any] = parser.read_events()
    try:
        _start, top = next(events)
    except (StopIteration, ParseError):
        return Node("nvidia_smi_log"), False
    return _node(top), whole


def _node(element: Element) -> Node:
    return Node(element.tag, (element.text or "").strip(), [_node(e) for e in element])


def _from_text(text: str) -> Node:
    if query_tree.is_flat(text):
        return query_tree.of_flat(text)
    root = Node("nvidia_smi_log")
    stack: list[tuple[int, Node]] = [(-1, root)]
    for raw in text.splitlines():
        line = _LOG.sub("", raw).rstrip()
        body = line.strip()
        if not body or body.startswith(("=", "+", "|")) or (root.under and _WRAPPED.match(line)):
            continue
        indent = len(line) - len(line.lstrip())
        node = query_tree.of_line(body)
        while stack[-1][0] >= indent:
            stack.pop()
        stack[-1][1].under.append(node)
        stack.append((indent, node))
    return root


def _card(node: Node, index: int) -> Card:
    failing = [t for t in node.texts() if lost(t)]
    memory = node.find("fb_memory_usage")
    model = value(node.get("driver_model", "current|current_dm"))
    return with_free(
        Card(
            name=value(node.get("product_name")),
            index=index,
            uuid=value(node.get("uuid|gpu_uuid")),
            pci_bus_id=bus_id(node.get("pci", "bus_id|pci_bus_id") or node.text)
            or bus_id(node.text),
            total_bytes=mib(memory.get("total")) if memory else None,
            used_bytes=mib(memory.get("used")) if memory else None,
            free_bytes=mib(memory.get("free")) if memory else None,
            # A part with no memory of its own says N/A; coherent ones (GB200) do have some.
            unified_memory=True if memory and not value(memory.get("total")) else None,
            mig=_mig(node),
            display_active=switch(node.get("display_active")),
            driver_model=model if model in ("WDDM", "TCC", "MCDM") else None,
            pci_device_id=device_id(node.get("pci", "device_id|pci_device_id")),
            trouble=failing[0] if failing else None,
            processes=tuple(_processes(node)),
            slices=tuple(_slices(node)),
        )
    )


def _mig(node: Node) -> str | None:
    mode = node.get("mig_mode", "current|current_mig")
    return {"Enabled": "on", "Disabled": "off"}.get(mode or "")


def _slices(node: Node) -> Iterator[Card]:
    inside = node.find("mig_devices")
    for number, part in enumerate(inside.all("mig_device") if inside else node.all("mig_device")):
        memory = part.find("fb_memory_usage|shared_fb_memory_usage") or Node("")
        index = part.get("index") or ""
        key = "multiprocessor_count"
        count = part.get("device_attributes", "shared", key) or part.get(key) or ""
        yield with_free(
            Card(
                index=int(index) if index.isdigit() else number,
                total_bytes=mib(memory.get("total")),
                used_bytes=mib(memory.get("used")),
                free_bytes=mib(memory.get("free")),
                multiprocessors=int(count) if count.isdigit() else None,
            )
        )


def _processes(node: Node) -> Iterator[Process]:
    inside = node.find("processes")
    for part in inside.under if inside else []:
        pid = part.get("pid") or (part.text if part.key == "process_id" else "")
        if pid and pid.isdigit():
            yield Process(
                pid=int(pid),
                name=value(part.get("process_name|name")),
                memory_bytes=mib(part.get("used_memory|used_gpu_memory")),
            )
