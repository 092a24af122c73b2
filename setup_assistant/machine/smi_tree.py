"""`nvidia-smi -q` and `nvidia-smi -q -x`: the same tree, written two ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from setup_assistant.machine import card_table, query_tree
from setup_assistant.machine.facts import Process
from setup_assistant.machine.query_tree import Node
from setup_assistant.machine.reading import CUT, Card, Reading, bus_id, mib, value

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
        unknown=() if whole else (CUT,),
    )


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
    return card_table.card(
        partial(_said, node),
        "q",
        "xml",
        index=index,
        # `-q` names a card by its address, which may be all that a cut file holds.
        pci_bus_id=bus_id(_said(node, "PCI > Bus Id | pci > pci_bus_id") or node.text),
        trouble=card_table.trouble(node.texts()),
        processes=tuple(_processes(node)),
        slices=tuple(_slices(node)),
    )


def _said(node: Node, place: str) -> str | None:
    """Return the text at a place of the table, such as "FB Memory Usage > Total"."""
    paths = [map(card_table.key, one.split(" > ")) for one in place.split(" | ")]
    return next((text for path in paths if (text := node.get(*path)) is not None), None)


def _slices(node: Node) -> Iterator[Card]:
    inside = node.find("mig_devices")
    for number, part in enumerate(inside.all("mig_device") if inside else node.all("mig_device")):
        found = card_table.card(partial(_said, part), "q", "xml", facts=card_table.SLICE_FACTS)
        yield replace(found, index=number) if found.index is None else found


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
