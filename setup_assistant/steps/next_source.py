"""Go on with the next source of a leg where one fails while the environment is built."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from setup_assistant.choose.plan import Fallback, Plan
from setup_assistant.errors import SetupError
from setup_assistant.messages import msg
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.ledger import Ledger

# What a source that died, or answers with errors, ends in.
_OF_SOURCES = frozenset({"packages_unreachable", "wheel_missing"})
_URL = re.compile(r"https?://[^\s`'\"),]+")
_OPTIONS = {
    "packages": ("--index-url",),
    "torch": ("--extra-index-url", "--find-links"),
}


def install(job: Job, plan: Plan, ledger: Ledger, put: Callable[[Job], None]) -> None:
    """Install; where a source fails, say so and install from the next one of its leg.

    Raises:
        SetupError: what the first source failed with, where no other is left.
    """
    here = {
        "packages": plan.sources.packages,
        "torch": plan.torch.find_links or plan.torch.index_url,
    }
    left = list(plan.sources.fallbacks)
    first: SetupError | None = None
    while True:
        try:
            return put(job)
        except SetupError as error:
            first = first or error
            fallback = None if _bound(job) else following(error, here, left)
            if error.code not in _OF_SOURCES or fallback is None:
                raise first from None
        left.remove(fallback)
        job = moved(job, here[fallback.leg], fallback)
        ledger.record(
            "environment", "source", leg=fallback.leg, failed=here[fallback.leg], url=fallback.url
        )
        text = msg("{old} failed; going on with {new}.", old=here[fallback.leg], new=fallback.url)
        job.tell.result(text, ok=True)
        here[fallback.leg] = fallback.url


def _bound(job: Job) -> bool:
    """Whether the person has said where the packages come from, file by file."""
    return bool(job.given_lock or job.offline or job.wheelhouse)


def following(error: SetupError, here: dict[str, str], left: Sequence[Fallback]) -> Fallback | None:
    """Return the source to go on with: of the leg whose server the failure names."""
    words = str(error)
    failed = {urlsplit(u).netloc for u in _URL.findall(words)}
    legs = [leg for leg, url in here.items() if urlsplit(url).netloc in failed]
    if len(legs) != 1:
        # Wheels may lie on another host than their index: the package tells the leg.
        legs = ["torch" if re.search(r"\b(?:torch|nvidia|triton)", words) else "packages"]
    return next((f for f in left if f.leg in legs), None) or next(iter(left), None)


def moved(job: Job, old: str, fallback: Fallback) -> Job:
    """Return the job with the lines of its requirements that name a source naming another."""
    option = _option(fallback)
    lines = []
    for line in job.requirements.read_text(encoding="utf-8").splitlines():
        name, _blank, url = line.partition(" ")
        same = name in _OPTIONS[fallback.leg] and url.rstrip("/") == old.rstrip("/")
        lines.append(f"{option} {fallback.url}" if same else line)
    path = job.scratch / "requirements.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return replace(job, requirements=path)


def _option(fallback: Fallback) -> str:
    if fallback.leg == "packages":
        return "--index-url"
    return "--find-links" if fallback.form == "find-links" else "--extra-index-url"
