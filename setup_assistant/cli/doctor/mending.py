"""Mend what the doctor found: one root cause after the other, with consent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from setup_assistant.cli.doctor import text as doctor_text
from setup_assistant.cli.terminal import show
from setup_assistant.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from setup_assistant.doctor.case import Case
    from setup_assistant.doctor.finding import Diagnosis, Finding
    from setup_assistant.doctor.fix import Attempt
    from setup_assistant.host.prefix import Change


# How often what one remedy brought to light is mended as well.
_ROUNDS = 12


# What a run took back to a warning, and packages ask for all the same.
_MENDED_WARNINGS = ("nvidia-missing", "dependency-version")
# Layers of findings whose remedies change the environment.
_OF_ENVIRONMENT = ("environment", "packages", "runtime")


def end_what_was_begun(env: Path) -> None:
    """Take back a repair that was killed."""
    from setup_assistant.host import kept_environment

    if kept_environment.is_kept(env):
        kept_environment.put_back(env)
        show.note(_("A repair of {env} was interrupted: every file is as it was before.",
                    env=str(env)))  # fmt: skip


def mend_all(
    found: Diagnosis,
    look: Callable[[str | None], Diagnosis],
    only: str | None,
    cases: Sequence[Case],
    *,
    yes: bool,
    dry_run: bool = False,
) -> tuple[Diagnosis, tuple[Attempt, ...]]:
    """Mend one root cause, look at everything again, and mend what is then the first.

    Returns what was found last, and what was tried.
    """
    from setup_assistant.cli.terminal import ask
    from setup_assistant.doctor import compare, situation
    from setup_assistant.doctor.fix import mend, roots_of

    def agree(finding: Finding, changes: tuple[Change, ...]) -> bool:
        doctor_text.show_finding(finding)
        doctor_text.show_changes(changes)
        said = _("What stands above is changed, and nothing else; then it is looked at again, "
                 "and what did not mend is taken back.")  # fmt: skip
        why = ask.told(said)
        return yes or ask.confirm(_("Do this now?"), default=False, flag="--yes", why=why)

    def judge(finding: Finding) -> str:
        nonlocal found
        now = compare.state(prefix, look(only))
        why = compare.why_back(finding, before, now, pins)
        found = found if why else now.found
        return why

    tried: dict[tuple[str, tuple[str, ...]], Attempt] = {}
    for _round in range(_ROUNDS):
        finding = next((f for f in _mendable(found) if _open(f, tried)), None)
        if finding is None:
            break
        prefix = cases[-1].prefix if finding.layer in _OF_ENVIRONMENT else None
        pins = situation.site_pins(prefix)[0] if prefix else {}
        before = compare.state(prefix, found)
        attempt = mend(
            finding,
            agree=agree,
            judge=judge,
            tell=show.note,
            roots=roots_of(finding, cases[-1]),
            prefix=prefix,
            dry_run=dry_run,
        )
        tried[_key(finding)] = attempt
        doctor_text.show_attempt(attempt)
    return found, tuple(tried.values())


def _mendable(found: Diagnosis) -> Iterator[Finding]:
    """Yield what fails, then what an answer's packages ask for, though it could be done without."""
    yield from found.failed
    yield from (f for f in found.findings if f.status == "warn" and f.confidence == "inferred"
                and f.id in _MENDED_WARNINGS)  # fmt: skip


def _key(finding: Finding) -> tuple[str, tuple[str, ...]]:
    return finding.id, finding.fix.commands if finding.fix else ()


def _open(finding: Finding, tried: Mapping[tuple[str, tuple[str, ...]], Attempt]) -> bool:
    """Whether a finding is a root cause whose remedy was not tried yet."""
    return finding.consequence_of is None and _key(finding) not in tried
