"""An Ansible action: one command on a host in one session, and what it reads. Runs inside Ansible.

A session is a login, which takes seconds where a home folder is on the network; a copy by
Ansible's own modules opens six. This needs neither a folder of Ansible's there nor its modules.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

# A login script that asks a question takes one of these lines for its answer.
_LINES = b"\n" * 64
# Reads the agent to its end before it can fail, so that whoever sends it hears why.
_RECEIVE = """\
import hashlib, os, sys
name, size, sum, *then = sys.argv[1:]
data = sys.stdin.buffer.read().lstrip(b"\\n")
if hashlib.sha256(data).hexdigest() != sum:
    sys.exit("setup-assistant: %d of %s bytes of the agent arrived" % (len(data), size))
aside = "%s.%d" % (name, os.getpid())
try:
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, name)
finally:
    if os.path.exists(aside):
        os.unlink(aside)
if then:
    os.execv(sys.executable, [sys.executable, "-I", name, *then])
"""


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs `command`; or sends `agent` to `folder`, for its `python` to start with `arguments`."""

    TRANSFERS_FILES = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what the command came to: rc, stdout and stderr, as `raw` does."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = self._task.args
        command, data = given.get("command"), b""
        if command is None:
            data = Path(self._find_needle("files", given["agent"])).read_bytes()
            command = _receiving(given, data)
        try:
            # `False`: by the account's own shell, without one between.
            said = self._low_level_execute_command(
                command, in_data=self._lines(data), executable=False
            )
        except AnsibleConnectionFailure as error:
            said = _cut(str(error), sent=bool(data))
        result.update(said, changed=True, failed=said["rc"] != 0)
        if said["rc"]:
            result["msg"] = "non-zero return code"
        return result

    def _lines(self, data: bytes) -> bytes | None:
        """Return what the command reads; nothing where becoming another takes a terminal."""
        root = self._connection.become
        typed = root is not None and not getattr(root, "pipelining", True)
        return None if typed and not data else _LINES + data


def _cut(said: str, *, sent: bool) -> dict[str, Any]:
    """Return what became of a command whose other end has closed what it was to read.

    Raises:
        AnsibleConnectionFailure: nothing was `sent`, or its ssh ended; in the words that `raw`
            has for that, whatever was to be read.
    """
    _before, by_ssh, words = said.partition("can be reached over ssh: ")
    if by_ssh:
        raise AnsibleConnectionFailure(f"Failed to connect to the host via ssh: {words}".rstrip())
    if not sent or "Data could not be sent" not in said:
        raise AnsibleConnectionFailure(said)
    return {"rc": 1, "stdout": "", "stderr": f"setup-assistant: {said}"}


def _receiving(given: dict[str, Any], data: bytes) -> str:
    """Return the command that takes the agent from its input, and starts it."""
    # In one line, and without what csh finds in quotes.
    code = f"exec(__import__('base64').b64decode('{base64.b64encode(_RECEIVE.encode()).decode()}'))"
    words = (given["python"], "-I", "-c", code, f"{given['folder']}/{given['agent']}",
             str(len(data)), hashlib.sha256(data).hexdigest(),
             *given["arguments"])  # fmt: skip
    return shlex.join(map(str, words))
