"""From what ssh, Ansible and a host's shell said to the fault that it is.

The words looked for are those of OpenSSH (ssh.c, sshconnect.c, readconf.c, channels.c) and of
the C library, in English, since the engine runs with LC_ALL=C.UTF-8. A host's banner comes along
with them and may say anything: a line counts only as ssh writes it, the last of them first.
"""

from __future__ import annotations

import re

from setup_assistant.catalog import causes
from setup_assistant.fleet.engine import Event
from setup_assistant.fleet.faults import Fault, fault, fault_of
from setup_assistant.fleet.reach import Target, to_jump
from setup_assistant.fleet.unnamed import unnamed
from setup_assistant.messages import Value, _

# What ssh and its way over other hosts may tell of, what any task, and what an agent's Python.
_SSH = ("host_key_changed", "host_key_refused", "host_key_unknown", "name_unknown",
        "ssh_no_method", "login_refused", "no_ssh_server", "login_slow", "host_down",
        "jump_failed")  # fmt: skip
_SUDO = ("sudo_refused", "sudo_missing")
_LOOK = ("null_device", "umask_closed", "home_unknown", "host_limit", "password_expired",
         "no_command")  # fmt: skip
_HOME = ("disk_full", "home_broken", "home_blocked", "home_not_writable")
_AGENT = ("host_limit", "push_cut", "disk_full", "home_noexec", "no_command", "agent_unfit",
          "python_partial", "job_died", *_HOME)  # fmt: skip
# What Ansible says before ssh does.
_ANSIBLE = "Failed to connect to the host via ssh: "
# Bytes of another encoding, of a name or two, are still text.
_MOST_BROKEN = 50
# What ssh says where a program was to bring it to a host, and ended.
_NO_WAY, _NO_GREETING = " by UNKNOWN port", "kex_exchange_identification: "


def of_connection(event: Event, place: Target, *, contacted: bool) -> Fault:
    """Return why ssh failed.

    Args:
        event: what Ansible said.
        place: where ssh goes for this host.
        contacted: whether the host had answered in this run before.
    """
    text = f"{event.msg}\n{event.err}\n{event.out}"
    if inside := _once_in(event, text):
        return inside
    host = event.host
    code, where, line = _said(text)
    if jump := _jump(code, where, text, place):
        detail = _last(line) or "Host key verification failed."
        return fault("jump_failed", host=host, jump=jump, detail=detail,
                     command=to_jump(place.jump or jump))  # fmt: skip
    if contacted and code in {"no_ssh_server", "host_down", "login_slow", "ssh_failed"}:
        # Which of the three a second look tells; see `reach`.
        return fault("connection_broke", host=host, again=True)
    code = "login_withdrawn" if contacted and code == "login_refused" else code
    said = {"host": host, "port": place.port, "detail": _last(line) or _last(event.msg),
            "command": _command(code, place), **_methods(line)}  # fmt: skip
    if place.program:
        said["program"] = place.program
    exact = _exact(code, host, text, place)
    return exact or fault_of(code, said, again=code == "ssh_failed")


def _exact(code: str, host: str, text: str, place: Target) -> Fault | None:
    """Return what the lines around say more exactly than the one that ssh ended with."""
    if code == "login_refused":
        return _key(host, text)
    if code.startswith("host_key"):
        return _withdrawn(host, text, place)
    if code == "ssh_failed":
        if told := _told(text, "ssh_settings", "ssh_garbled"):
            return fault_of(told[0], {"host": host, **_groups(told[1])})
        return _closed(host, text, place) if place.direct else _way(host, text, place)
    return None


def _once_in(event: Event, text: str) -> Fault | None:
    """Return what only a host can say that let the account in."""
    host = event.host
    if _told(text, "sudo_refused"):
        return fault("sudo_refused", host=host)
    if noise := _noise(text):
        return fault("login_noise", host=host, detail=noise)
    if found := _told(text, "no_command"):
        return fault_of("no_command", {"host": host, **_groups(found[1])})
    if "Failed to create temporary directory" in text:
        full = _told(text, "disk_full")
        place = re.search(r"echo ((/\S+)/[^/\s]+) `", event.msg)
        said = {"tmp": place[1], "folder": place[2]} if place else {}
        code = "disk_full" if full else "home_not_writable"
        return fault_of(code, {"host": host, "detail": _last(event.msg), **said})
    return None


def _methods(line: str) -> dict[str, Value]:
    """Return what a server still wanted, where it is no key."""
    found = _told(line, "login_refused")
    methods = found and found[1].groupdict().get("methods")
    return {"methods": methods} if methods else {}


def _key(host: str, text: str) -> Fault | None:
    """Return why ssh left out the key that was to open the door, where it says so."""
    if told := _told(text, "key_unusable"):
        named = _groups(told[1])
        return fault_of("key_unusable", {"host": host, "key": named.get("open"), **named})
    return None


def _withdrawn(host: str, text: str, place: Target) -> Fault | None:
    """Return that a host's key or certificate is known here, and is not to be trusted."""
    if told := _told(text, "host_key_refused"):
        said = _groups(told[1])
        if "revoked" in said:
            said["known_hosts"] = place.known_hosts or "~/.ssh/known_hosts"
        return fault_of("host_key_refused", {"host": host, **said})
    return None


def _way(host: str, text: str, place: Target) -> Fault | None:
    """Return that the way to a host ended, by what was said before ssh found it closed."""
    before, closed, _after = text.rpartition(_NO_WAY)
    lines = [line.rpartition(_ANSIBLE)[2] for line in before.splitlines()[:-1]]
    detail = _last("\n".join(line for line in lines if not line.startswith(_NO_GREETING)))
    if not closed or not detail:
        return None
    way: dict[str, Value] = {"jump": place.jump} if place.jump else {"program": place.program}
    command = to_jump(place.jump) if place.jump else _command("", place)
    return fault_of("jump_failed", {"host": host, "detail": detail, "command": command, **way})


def _closed(host: str, text: str, place: Target) -> Fault | None:
    """Return that a server hung up: at once, or when it knew who it was, and what it said then."""
    if _told(text, "ssh_closes"):
        return fault("ssh_closes", host=host, port=place.port, again=True)
    if told := _told(text, "login_closed"):
        before = _last(text[: told[1].start()]).rpartition(_ANSIBLE)[2]
        return fault("login_closed", host=host, detail=before or told[1]["detail"], again=True)
    if told := _told(text, "session_closed"):
        return fault_of("session_closed", {"host": host, **_groups(told[1])})
    return None


def _noise(text: str) -> str:
    """Return what a login printed into the answer of a module, so that Ansible could not read it.

    Ansible takes the first line that opens a bracket for the answer; bytes that are no text
    arrive as lone surrogates.
    """
    if sum(map(_is_no_text, text)) > _MOST_BROKEN:
        return _("(no text)")
    lines = [line.partition("): ")[2] or line for line in text.splitlines()]
    place = next((i for i, line in enumerate(lines) if '"invocation": {' in line), None)
    if place is None:
        return ""
    opens = [line for line in lines[:place] if line.startswith(("[", "{"))]
    return _last(opens[0]) if opens else _last("\n".join(lines[place + 1 :]))


def _is_no_text(sign: str) -> bool:
    return "\udc80" <= sign <= "\udcff"


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
    if told := _told(event.err, *_LOOK) or _told(event.out, *_LOOK):
        return fault_of(told[0], {"host": host, **_groups(told[1])})
    if event.rc == 9:
        told = _told(text, *_HOME)
        detail = _last(event.err or event.out)
        return fault(told[0] if told else "home_not_writable", host=host, detail=detail)
    if not (event.out + event.err).strip():
        return fault("login_script", host=host)
    if "\narch=" not in event.out.replace("\r", ""):
        # The shell that is there did not run a line of it.
        detail = _last(event.out) or _last(event.err) or _last(event.msg)
        return fault("no_command", host=host, detail=detail)
    return _of_pythons(event)


def _of_pythons(event: Event) -> Fault:
    """Return why no Python of a host will do, by what each came to."""
    host = event.host
    pythons = re.findall(r"^found=(\d[\d.]+)\s*$", event.out, re.MULTILINE)
    if slow := re.search(r"^slow=(\S+)", event.out, re.MULTILINE):
        return fault("host_stuck", host=host, slow=slow[1])
    broken = re.findall(r"^broken=(\S[^\r\n]*?):? *\r?$", event.out, re.MULTILINE)
    code = "python_partial" if broken else "python_missing"
    code = "python_too_old" if pythons else code
    said: dict[str, Value] = {"host": host, "found": ", ".join(dict.fromkeys(pythons)),
                              "detail": _last("; ".join(broken))}  # fmt: skip
    if denied := next((b for b in broken if b.endswith("denied")), None):
        said["denied"] = denied.partition(":")[0]
    return fault_of(code, said)


def of_task(event: Event) -> Fault:
    """Return why pushing or starting the agent failed."""
    text = f"{event.out}\n{event.err}\n{event.msg}"
    if code := _in_any_task(event, text):
        return fault(code, host=event.host)
    if noise := _noise(text):
        return fault("login_noise", host=event.host, detail=noise)
    detail = _last(event.err) or _last(event.msg) or _last(event.out)
    return of_agent(event.host, text, detail, step=event.task, rc=event.rc)


def of_agent(host: str, text: str, detail: str, *, step: str = "", rc: int | None = None) -> Fault:
    """Return why the agent did not work, by what it and the host's Python said."""
    if told := _told(text, *_AGENT):
        code, found = told
        return fault_of(code, {"host": host, "detail": "", **_groups(found)})
    return unnamed(host, text, _last(detail), step=step, rc=rc)


def of_resources(host: str, text: str) -> Fault | None:
    """Return which disk or limit is used up or broken, where a text tells of one."""
    if told := _told(text, "host_limit", "disk_full", "home_broken"):
        return fault(told[0], host=host, detail=_last(told[1].groupdict().get("detail", "")))
    return None


def _in_any_task(event: Event, text: str) -> str:
    """Return the fault that any task may end with; empty: none of these."""
    if told := _told(text, *_SUDO):
        return told[0]
    return "host_stuck" if event.rc is None and _told(event.msg, "host_stuck") else ""


def _told(text: str, *codes: str) -> tuple[str, re.Match[str]] | None:
    return causes.told(text, codes, causes.FLEET)


def _groups(found: re.Match[str]) -> dict[str, Value]:
    """Return what the places of a sentence are filled with."""
    return {name: _last(said) for name, said in found.groupdict().items() if said}


def _last(text: str) -> str:
    """Return the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(c if c.isprintable() else "?" for c in lines[-1][:300]) if lines else ""
