"""What an inventory leaves to Ansible: templates and vaults, worked out by Ansible itself.

A template may run a program (`lookup('pipe', …)`, Python's own objects). So the texts that lead to
a value of a connection are looked through first; one that may do more than put texts together is
not worked out at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.fleet import engine
from setup_assistant.fleet.engine import Event

# Everything of an inventory that says how a host is reached, and as whom.
CONNECTION = (
    "ansible_connection", "ansible_host", "ansible_ssh_host", "ansible_port", "ansible_ssh_port",
    "ansible_user", "ansible_ssh_user", "ansible_private_key_file",
    "ansible_ssh_private_key_file", "ansible_python_interpreter", "ansible_password",
    "ansible_ssh_password", "ansible_ssh_pass", "ansible_ssh_common_args",
    "ansible_ssh_extra_args", "ansible_ssh_args", "ansible_become", "ansible_become_user",
    "ansible_become_method", "ansible_become_password", "ansible_become_pass",
)  # fmt: skip
VAULT = "__ansible_vault"
# What may be looked up, where it is called by its own name; and the values of another host.
_PLAIN = re.compile(
    r"\b(?:lookup|query|q)\s*\(\s*(['\"])(?:ansible\.builtin\.)?"
    r"(?:(?:env|file|ini|csvfile|first_found)\1|vars\1\s*,\s*(['\"])\w+\2)"
    r"|\bhostvars\s*\[(?:[^][~+%|()]|\[[^][~+%|()]*\])*\]\s*(?:\.\s*\w+\b|\[\s*(['\"])\w+\3\s*\])(?!\s*\()"
    r"|\b(?:in|if|else|elif|and|or|not|is)\s*\["
)
# What leads to Python's own objects, to other files, or to a value by a name that is worked out;
# a single backslash may spell an underscore.
_BENT = re.compile(r"__|(?<!\\)(?:\\\\)*\\[xuUN0-7]")
_COMPUTED = re.compile(
    r"[\w)\]}'\"]\s*\[(?!\s*(?:'[a-zA-Z][^']*'|\"[a-zA-Z][^\"]*\"|[-\d: ]+)\s*\])"
)
_CLOSED = {
    "lookup", "query", "q", "vars", "hostvars", "include", "import", "extends", "attr", "attribute",
    "map", "selectattr", "rejectattr", "groupby", "extract", "allow_unsafe",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z_]\w*")
_PLAY = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Values
      ansible.builtin.debug:
        msg: "{{{{ {{{pairs}}} | to_json }}}}"
"""


class Unclear(Exception):  # noqa: N818 - says which value cannot be worked out
    """A template that is not worked out, for what its text holds."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(key)
        self.key, self.text = key, text


def is_open(value: object) -> bool:
    """Whether a value is left to Ansible: a template or a vault."""
    if isinstance(value, Mapping):
        return VAULT in value
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def must_be_harmless(
    said: Mapping[str, object], others: Collection[Mapping[str, object]] = ()
) -> None:
    """Look through every text that leads to a value of a host's connection.

    Args:
        said: the host's variables.
        others: those of all hosts, which a template may take values of.

    Raises:
        Unclear: for a text that could run something.
    """
    waiting = [(said, k) for k in CONNECTION if is_open(said.get(k))]
    seen: set[tuple[int, str]] = set()
    while waiting:
        scope, key = waiting.pop()
        if (id(scope), key) in seen:
            continue
        seen.add((id(scope), key))
        for text in filter(is_open, _texts(scope.get(key))):
            rest = _PLAIN.sub("(", text)
            if _BENT.search(text) or _COMPUTED.search(rest) or _CLOSED & {*_WORD.findall(rest)}:
                raise Unclear(key, text)
            scopes = (scope, *others) if "hostvars" in text else (scope,)
            waiting += [(s, w) for s in scopes for w in _WORD.findall(text) if w in s]


def worked_out(
    command: Sequence[str], env: Mapping[str, str], folder: Path, hosts: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Return the values of every host's connection, as Ansible works them out.

    Nothing is connected to: the values are printed on this machine. A host that cannot be worked
    out is missing; its complaint stands under the key "".

    Args:
        command: inventories, extra variables and vaults as arguments of Ansible.
        env: Ansible's environment.
        folder: of this run, where only its owner can read.
        hosts: by their names, which are no patterns; the texts of all others stay untouched.
    """
    pairs = ", ".join(f"'{k}': {k} | default('')" for k in CONNECTION)
    path = folder / "values.yml"
    path.write_text(_PLAY.format(pairs=pairs), encoding="utf-8")
    found: dict[str, dict[str, Any]] = {}

    def hear(event: Event) -> None:
        if event.event == "ok":
            found[event.host] = json.loads(event.msg)
        elif event.event == "failed":
            found[event.host] = {"": event.msg}

    chosen = folder / "hosts"
    chosen.write_text("\n".join(hosts) + "\n", encoding="utf-8")
    outcome = engine.listen([*command, f"--limit=@{chosen}", str(path)], env, hear)
    if not found:
        raise SetupError("inventory_invalid", path="-i", detail=outcome.last_words(600))
    return found


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inside in value.values():
            yield from _texts(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _texts(inside)
