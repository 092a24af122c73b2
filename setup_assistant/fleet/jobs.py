"""From a verb of `fleet` to what each host is to do: command lines of this tool."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from setup_assistant import messages
from setup_assistant.bundle.remote import CONTROL
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.fleet.playbook import Job
from setup_assistant.fleet.verbs import Verb
from setup_assistant.host.secrets import without_login
from setup_assistant.messages import _

BUNDLE_TITLE = "fleet apply --bundle"
# The flag of each wish, where it is not its name.
_FLAGS = {"weights_source": "--source", "gpus": "--gpus"}


def job_of(
    verb: Verb, wishes: Mapping[str, Any], *, check: bool, become: bool, timeout: float
) -> Job:
    """Return the job of a verb.

    Args:
        verb: of `fleet`.
        wishes: what was given, by the fields of `Wishes`.
        check: change nothing: `apply` shows what it would do.
        become: work as root there.
        timeout: seconds for each host.
    """
    site = str(wishes.get("site") or "")
    commands = _commands(verb, wishes, site, check=check)
    return Job(
        title=f"fleet {verb}" + (" --check" if check and verb == "apply" else ""),
        commands=tuple((*c, *_language(), "--json") for c in commands),
        needs_uv=verb == "apply" and not check,
        # A machine that cannot be planned for still shows what it is.
        stop=verb not in {"plan", "report", "doctor"},
        become=become,
        timeout=timeout,
    )


def bundle_job(
    port: int,
    address: str,
    manifest: str,
    *,
    site: str,
    check: bool,
    become: bool,
    timeout: float,
) -> Job:
    """Return the job that sets a host up from a bundle which this machine serves.

    Args:
        port: of the server here.
        address: of this machine; empty: as each host's own SSH server sees it.
        manifest: the sum of the manifest, so that hosts take no other.
        site: folder of the deployment there; empty: the default.
        check: show the plan only.
        become: work as root there.
        timeout: seconds for each host.
    """
    url = f"http://{address or CONTROL}:{port}"
    command = ["bundle", "apply", url, "--manifest", manifest, *_language(), "--json"]
    command += ["--site", site] if site else []
    command += ["--dry-run"] if check else []
    return Job(
        title=BUNDLE_TITLE,
        commands=(tuple(command),),
        needs_uv=True,
        become=become,
        timeout=timeout,
        # The room's own server is not reached through a proxy.
        env={"NO_PROXY": "*", "no_proxy": "*"},
    )


def serving_job(port: int, manifest: str, rate: int, timeout: float) -> Job:
    """Return the job of the host that serves a bundle to the others.

    Args:
        port: of the server here, from which it takes the bundle.
        manifest: the sum of the manifest, so that it takes no other.
        rate: bytes a second for the whole room; 0: unbounded.
        timeout: seconds for the whole room.
    """
    command = ["bundle", "serve", f"http://{CONTROL}:{port}", "--manifest", manifest]
    command += ["--rate", str(rate)] if rate else []
    return Job(
        title="fleet apply --serve-from",
        commands=((*command, *_language(), "--json"),),
        timeout=timeout,
        env={"NO_PROXY": "*", "no_proxy": "*"},
    )


def _commands(
    verb: Verb, wishes: Mapping[str, Any], site: str, *, check: bool
) -> tuple[tuple[str, ...], ...]:
    at = ("--site", site) if site else ()
    given = arguments(wishes)
    there = ("--env", f"{site}/env") if site else ()
    lines: dict[Verb, tuple[tuple[str, ...], ...]] = {
        "probe": (("probe", *at),),
        "plan": (("probe", *at), ("plan", *given)),
        "apply": (("up", "--dry-run" if check else "--yes", *given),),
        "verify": (("verify", *at),),
        # Of what was never installed, that is said, beside what is wrong with the machine.
        "doctor": (("report", *at), ("doctor", *there)),
        "report": (("probe", *at), ("plan", *given), ("report", *at)),
        "uninstall": (("uninstall", "--dry-run" if check else "--yes", *at),),
    }
    return lines[verb]


def arguments(wishes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return wishes as flags.

    Raises:
        SetupError: `usage` where one holds a password, which would be on a command line.
    """
    found: list[str] = []
    for field in dataclasses.fields(Wishes):
        value = wishes.get(field.name)
        flag = _FLAGS.get(field.name, "--" + field.name.replace("_", "-"))
        for part in value if isinstance(value, (tuple, list)) else (value,):
            if part is None or part is False or part == "" or field.name == "language":
                continue
            if without_login(str(part)) != str(part):
                detail = _(
                    "{flag} holds a password, which every user of a host could read on its "
                    "command line; put it into the pip settings of the hosts instead.",
                    flag=flag,
                )
                raise SetupError("usage", detail=detail, verb="fleet")
            found += [flag] if part is True else [flag, str(part)]
    return tuple(found)


def _language() -> tuple[str, ...]:
    """Let hosts speak the language of this terminal, in what they say of themselves."""
    return ("--lang", messages.language()) if messages.language() != "en" else ()
