"""The tree that `nvidia-smi -q` prints, and what is left of it without its indentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from setup_assistant.machine import card_table

_GPU_LINE = re.compile(r"^GPU\s+((?:[0-9A-Fa-f]{4,8}:)?[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-7])\s*$")
# Keys of a card that follow its list of MIG slices.
_AFTER_SLICES = frozenset({"fan_speed", "performance_state", "temperature", "processes"})


@dataclass
class Node:
    """One key of the tree, with its text and the keys under it."""

    key: str
    text: str = ""
    under: list[Node] = field(default_factory=list)

    def find(self, *path: str) -> Node | None:
        """Return the node at `path`; each part may name several spellings, "uuid|gpu_uuid"."""
        node: Node | None = self
        for part in path:
            names = part.split("|")
            node = next((n for n in node.under if n.key in names), None) if node else None
        return node

    def get(self, *path: str) -> str | None:
        """Return the text at `path`, or None."""
        node = self.find(*path)
        return node.text if node else None

    def all(self, name: str) -> list[Node]:
        """Return the direct children called `name`."""
        return [n for n in self.under if n.key == name]

    def texts(self) -> Iterator[str]:
        """Yield every text in the tree."""
        yield self.text
        for node in self.under:
            yield from node.texts()


def of_line(body: str) -> Node:
    """Return one line of the output as a node."""
    gpu = _GPU_LINE.match(body)
    if gpu:
        return Node("gpu", gpu[1])
    key, _colon, text = body.partition(" : ")
    name = card_table.key(key)
    # "Gpu : 3 %" is a share of its time, not a card.
    return Node("gpu_share" if name == "gpu" else name, text.strip())


def is_flat(text: str) -> bool:
    """Whether the lines below a card are all indented alike: a paste has lost their margins."""
    card = re.search(r"^\s*GPU [0-9A-Fa-f:.]+\s*$", text, re.MULTILINE)
    below = text[card.end() :] if card else ""
    return len({len(s) - len(s.lstrip()) for s in below.splitlines() if " : " in s}) == 1


def of_flat(text: str) -> Node:
    """Return the tree of an output without indentation.

    A line without a value begins a section, and a card's own keys go on after it: each key is
    therefore kept twice, in the section before it and on the card, whose first one counts.
    """
    root = Node("nvidia_smi_log")
    card = owner = section = root
    for raw in text.splitlines():
        body = raw.strip()
        if not body or body.startswith(("=", "+", "|")):
            continue
        node = of_line(body)
        if node.key == "gpu":
            card = owner = section = node
            root.under.append(card)
        elif node.key == "mig_device":
            owner = section = node
            card.under.append(node)
        elif " : " not in body and card is not root:
            if node.key in _AFTER_SLICES:
                owner = card
            section = node
            owner.under.append(node)
        else:
            if node.key in _AFTER_SLICES:
                owner = section = card
            if node.key == "process_id":
                section = _process(card, node)
                continue
            section.under.append(node)
            if section is not owner:
                owner.under.append(Node(node.key, node.text))
    return root


def _process(card: Node, node: Node) -> Node:
    """Put a process into its card's list; what follows is the process's."""
    listed = card.find("processes")
    if listed is None:
        listed = Node("processes")
        card.under.append(listed)
    listed.under.append(node)
    return node
