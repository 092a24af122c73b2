"""From what ssh, Ansible and a host's shell said to the fault that it is.

The words looked for are those of OpenSSH (ssh.c, sshconnect.c, readconf.c, channels.c) and of
the C library, in English, since the engine runs with LC_ALL=C.UTF-8. A host's banner comes along
with them and may say anything: a line counts only as ssh writes it, the last of them first.
"""

from __future__ import annotations

import re

from setup_assistant.catalog import causes
from setup_assistant.fleet.engine import Event
from setup_assistant.fleet.faults import Fault, fault
from setup_assistant.fleet.reach import Target

# What ssh and its way over other hosts may tell of, what any task, and what an agent's Python.
_SSH = ("host_key_changed", "host_key_unknown", "name_unknown", "login_refused", "no_ssh_server",
        "login_slow", "host_down", "jump_failed")  # fmt: skip
_SUDO = ("sudo_refused", "sudo_missing")
_AGENT = ("host_limit", "disk_full", "home_noexec", "no_command", "agent_unfit", "python_partial",
          "job_died", "home_not_writable")  # fmt: skip
_LOG = "~/.cache/setup-assistant/fleet/jobs"


def of_connection(event: Event, place: Target, *, contacted: bool) -> Fault:
    """Return why ssh failed.

    Args:
        event: what Ansible said.
        place: where ssh goes for this host.
        contacted: whether the host had answered in this run before.
    """
    text = f"{event.msg}\n{event.err}\n{event.out}"
    host, detail = event.host, _last(event.msg)
    if _told(text, "sudo_refused"):
        return fault("sudo_refused", host=host)
    if found := _told(text, "no_command"):
        return fault("no_command", host=host, detail=_last(found[1]["detail"]))
    if "Failed to create temporary directory" in text:
        full = _told(text, "disk_full")
        return fault("disk_full" if full else "home_not_writable", host=host, detail=detail)
    code, where, line = _said(text)
    if jump := _jump(code, where, text, place):
        detail = _last(line) or "Host key verification failed."
        return fault("jump_failed", host=host, jump=jump, detail=detail,
                     command=f"ssh {place.jump or jump}")  # fmt: skip
    if contacted and code in {"no_ssh_server", "host_down", "login_slow", "ssh_failed"}:
        # Which of the three a second look tells; see `reach`.
        return fault("connection_broke", host=host, again=True)
    return fault(code, host=host, port=place.port, detail=_last(line) or detail,
                 command=_command(code, place), again=code == "ssh_failed")  # fmt: skip


def _said(text: str) -> tuple[str, str, str]:
    """Return the fault that ssh named last, the place that it named, and its line."""
    for line in reversed(text.splitlines()):
        if told := _told(line, *_SSH):
            code, found = told
            return code, (found.groupdict().get("place") or ""), line[found.start() :]
    if "Host key verification failed" in text:
        changed = "HOST IDENTIFICATION HAS CHANGED" in text
        return "host_key_changed" if changed else "host_key_unknown", "", ""
    return "ssh_failed", "", ""


def _jump(code: str, named: str, text: str, place: Target) -> str:
    """Return the host on the way that failed, where it was one of these."""
    if place.direct:
        return ""
    # A jump host's own ssh ends without a name where its key is not known; ours then finds
    # the way closed.
    if code == "jump_failed" or ("verification failed" in text and "by UNKNOWN port" in text):
        return place.jump or named or "ProxyCommand"
    name = named.rpartition("]")[0].lstrip("[") if named.startswith("[") else named
    own = {place.host.lower(), place.alias.lower(), ""}
    return "" if name.lower() in own else name


def _command(code: str, place: Target) -> str:
    """Return a command that can be pasted, for this fault."""
    name, port = place.alias or place.host, place.port
    kept = f" -f {place.known_hosts}" if place.known_hosts else ""
    bracketed = name if place.alias or port == 22 else f"[{name}]:{port}"
    return {
        "host_key_unknown": (
            f"ssh-keyscan -p {port} {place.host} >> {place.known_hosts or '~/.ssh/known_hosts'}"
        ),
        "host_key_changed": f'ssh-keygen -R "{bracketed}"{kept}',
    }.get(code, f"ssh -p {port} {place.host}")


def of_look(event: Event) -> Fault:
    """Return why the first look at a host failed: no Python, an old one, no room."""
    text = f"{event.out}\n{event.err}\n{event.msg}"
    host = event.host
    if code := _in_any_task(event, text):
        return fault(code, host=host)
    if told := _told(event.err or event.out, "host_limit", "no_command"):
        return fault(told[0], host=host, detail=_last(told[1]["detail"]))
    if event.rc == 9:
        full = _told(text, "disk_full")
        detail = _last(event.err or event.out)
        return fault("disk_full" if full else "home_not_writable", host=host, detail=detail)
    if not (event.out + event.err).strip():
        return fault("login_script", host=host)
    if "\narch=" not in event.out.replace("\r", ""):
        # The shell that is there did not run a line of it.
        detail = _last(event.out) or _last(event.err) or _last(event.msg)
        return fault("no_command", host=host, detail=detail)
    pythons = re.findall(r"^found=(\d[\d.]+)\s*$", event.out, re.MULTILINE)
    broken = re.findall(r"^broken=(\S+)", event.out, re.MULTILINE)
    code = "python_partial" if broken else "python_missing"
    code = "python_too_old" if pythons else code
    versions = ", ".join(dict.fromkeys(pythons))
    return fault(code, host=host, found=versions, detail=", ".join(broken))


def of_task(event: Event) -> Fault:
    """Return why pushing or starting the agent failed."""
    text = f"{event.out}\n{event.err}\n{event.msg}"
    if code := _in_any_task(event, text):
        return fault(code, host=event.host)
    return of_agent(event.host, text, _last(event.err) or _last(event.msg) or _last(event.out))


def of_agent(host: str, text: str, detail: str) -> Fault:
    """Return why the agent did not work, by what it and the host's Python said."""
    if told := _told(text, *_AGENT):
        code, found = told
        return fault(code, host=host, detail=_last(found.groupdict().get("detail", "")))
    return fault("agent_failed", host=host, detail=_last(detail), log=_LOG)


def of_resources(host: str, text: str) -> Fault | None:
    """Return which disk or limit is used up, where a text tells of one."""
    if told := _told(text, "host_limit", "disk_full"):
        return fault(told[0], host=host, detail=_last(told[1].groupdict().get("detail", "")))
    return None


def _in_any_task(event: Event, text: str) -> str:
    """Return the fault that any task may end with; empty: none of these."""
    if told := _told(text, *_SUDO):
        return told[0]
    return "host_stuck" if event.rc is None and _told(event.msg, "host_stuck") else ""


def _told(text: str, *codes: str) -> tuple[str, re.Match[str]] | None:
    return causes.told(text, codes, causes.FLEET)


def _last(text: str) -> str:
    """Return the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(c if c.isprintable() else "?" for c in lines[-1][:300]) if lines else ""
