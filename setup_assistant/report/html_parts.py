"""The tables and lists of the HTML report."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from setup_assistant.choose.plan import Plan
from setup_assistant.machine.facts import Machine
from setup_assistant.machine.verdicts import said
from setup_assistant.messages import Message, msg
from setup_assistant.report import labels
from setup_assistant.report.charts import device_bytes, terms
from setup_assistant.report.labels import LIMITS
from setup_assistant.report.markup import Html, Part, el, table
from setup_assistant.report.receipt import CheckLine, Receipt
from setup_assistant.report.sections import (
    because_message,
    machine_rows,
    onward,
    plan_rows,
    size_rows,
)
from setup_assistant.times_text import took
from setup_assistant.units_text import memory_text, size_text
from setup_assistant.verify import causes
from setup_assistant.verify.results import PASSED

if TYPE_CHECKING:
    from setup_assistant.report.receipt import Beside


def top(receipt: Receipt, headline: Message) -> Html:
    """Return the head of the page: outcome, key figures, switches."""
    passed = sum(c.status in PASSED for c in receipt.checks)
    good = receipt.status == "done" and passed == len(receipt.checks)
    spent = sum(s.seconds or 0 for s in receipt.steps)
    measured, device = receipt.memory.measured_bytes, device_bytes(receipt)
    when = receipt.when.replace("T", " ").replace("Z", " UTC")
    tiles = [
        _tile(msg("Checks passed"), f"{passed} / {len(receipt.checks)}"),
        _tile(msg("Peak memory"), f"{memory_text(measured)} / {memory_text(device)}"),
        _tile(msg("Time"), took(spent)),
        _tile(msg("On disk"), size_text(_on_disk(receipt))),
    ]
    after = onward(receipt)
    return el(
        "header",
        el("div", el("p", "Setup Assistant ", receipt.tool_version, class_="brand"), switches(),
           class_="bar-top"),
        el("h1", el("span", "✓" if good else "!", class_=f"seal {'good' if good else 'bad'}"), " ",
           headline),
        el("p", labels.model(receipt), " · ", when, class_="muted"),
        el("p", after[0], labels.COLON, el("code", after[1])) if after else None,
        el("div", *tiles, class_="tiles"),
        class_="top",
    )  # fmt: skip


def terms_table(plan: Plan | None) -> Html | None:
    """Return the terms of the predicted memory, folded away."""
    found = terms(plan) if plan else []
    if not found:
        return None
    return el("details", el("summary", msg("Terms of the prediction")), table(found))


def speeds(receipt: Receipt, machine: Machine | None) -> Html | None:
    """Return where things came from and how fast the sources answered."""
    rows: list[tuple[Part, ...]] = []
    weights = next((s.seconds for s in receipt.steps if s.name == "weights"), None)
    size = receipt.sizes.weights_on_disk_bytes
    if weights and size:
        speed = _speed(size / weights)
        rows.append((labels.field("weights"), msg("average of this run"), "-", speed))
    for source in machine.sources if machine else ():
        if not source.reachable:
            continue
        speed = _speed(source.bytes_per_second) if source.bytes_per_second else "-"
        rows.append((labels.field(source.leg), f"{source.name} ({source.url})",
                     took(source.seconds), speed))  # fmt: skip
    silent = sum(not s.reachable for s in machine.sources) if machine else 0
    note = (
        el("p", msg("{count} other [source|sources] did not answer from here.", count=silent),
           class_="muted") if silent else None
    )  # fmt: skip
    columns = (msg("For"), msg("Source"), msg("Answers after"), msg("Speed"))
    drawn = table(rows, columns) if rows else None
    title = el("h3", msg("Sources and download speeds"))
    return el("div", title, drawn, note) if rows or note else None


def findings(receipt: Receipt, beside: Beside) -> Html:
    """Return what is wrong or deserves attention, each with its remedy."""
    failed = [c for c in receipt.checks if c.status == "fail"]
    cards = [_finding("bad", because_message(c), (c.name, *c.evidence), _remedy(c)) for c in failed]
    for verdict in beside.machine.verdicts if beside.machine else ():
        sentence, remedy = said(verdict)
        cards.append(_finding("bad", sentence, verdict.evidence, remedy))
    warnings = labels.that_concern(beside.plan) if beside.plan else ()
    cards += [_finding("idle", w.message, (), None) for w in warnings]
    if not cards:
        cards.append(el("p", msg("Nothing is wrong.")))
    return el("div", *cards)


def machine_table(receipt: Receipt, machine: Machine | None) -> Html:
    """Return what is true of the machine."""
    rows: list[tuple[Part, ...]] = [*machine_rows(receipt)]
    for disk in machine.disks if machine else ():
        free = msg("{size} free", size=size_text(disk.free_bytes or 0))
        said = el("span", free, " · ", el("code", disk.path))
        rows.append((labels.field(f"disks.{disk.role}"), said))
    tools = machine.tools if machine else ()
    rows += [(t.name, el("span", t.version or "", " ", el("code", t.path))) for t in tools]
    return table(rows)


def plan_table(receipt: Receipt, plan: Plan | None) -> Html:
    """Return what was planned, and where each part comes from."""
    rows: list[tuple[Part, ...]] = [*plan_rows(receipt)]
    if plan:
        rows.append((labels.field("sources.packages"), plan.sources.packages))
        if receipt.sizes.weights_bytes:
            rows.append((labels.field("sources.weights"), plan.sources.weights))
    return table([*rows, *size_rows(receipt)])


def reasons(plan: Plan | None) -> Html | None:
    """Return why each line of the plan is as it is."""
    if plan is None or not plan.reasons:
        return None
    return el(
        "div", el("h3", msg("Why")), table((labels.field(r.about), r.message) for r in plan.reasons)
    )


def packages(receipt: Receipt) -> Html:
    """Return the chosen versions, and every installed package folded away."""
    chosen = [(el("code", name), version) for name, version in receipt.plan.versions.items()]
    rest = sorted(receipt.environment.packages.items())
    listed = el("p", *(el("code", f"{n} {v}") for n, v in rest), class_="packages")
    count = msg("All {count} installed packages", count=len(rest))
    return el("div", table(chosen), el("details", el("summary", count), listed))


def sums_table(sums: Mapping[str, str]) -> Html | None:
    """Return the SHA-256 of the files that decide the outcome."""
    if not sums:
        return None
    rows = [(el("code", name), el("code", value, class_="sum")) for name, value in sums.items()]
    return el("div", el("h3", "SHA-256"), table(rows))


def reproduce(receipt: Receipt, beside: Beside) -> Html:
    """Return the commands that lead here again, as they work from any folder of this machine."""

    def word(name: str) -> str:
        return shlex.quote(str(PurePath(beside.site, name)))

    prefix = shlex.quote(receipt.environment.prefix)
    site = f" --site {shlex.quote(beside.site)}" if beside.site else ""
    steps = (
        (msg("Ask the model about pictures and clips"), f"setup-assistant ask{site}"),
        (msg("Serve it to programs and to the browser"), f"setup-assistant serve{site}"),
        (msg("The same plan again, or on another machine with this file copied there"),
         f"setup-assistant up --yes --answers {word('answers.toml')}"),
        (msg("The same packages in an environment of your own"),
         f"python3 -m pip install -r {word('requirements.txt')}"),
        (msg("The same checks again on this machine"),
         f"setup-assistant verify --env {prefix}"),
    )  # fmt: skip
    return el("ol", *(el("li", said, el("pre", el("code", line))) for said, line in steps))


def limits(receipt: Receipt) -> Html | None:
    """Return what the model itself cannot do; of the test model nothing need be said."""
    if labels.is_test(receipt):
        return None
    return el("ul", *(el("li", limit) for limit in LIMITS))


def _finding(look: str, sentence: Message, evidence: Iterable[str], remedy: Part) -> Html:
    lines = [el("li", el("code", e)) for e in evidence if e]
    mend = el("p", el("b", msg("What to do")), labels.COLON, remedy) if remedy else None
    return el("article", el("p", el("b", sentence)), el("ul", *lines), mend,
              class_=f"finding {look}")  # fmt: skip


def _remedy(check: CheckLine) -> Part:
    """Return the remedy in both languages where its values are known, else as it was said."""
    if causes.known(check.cause):
        found = causes.remedy(check.cause, check.values)
        if "?" not in found.args.values():
            return found
    return check.remedy


def _tile(label: Message, value: Part) -> Html:
    return el("div", el("span", label), el("b", value), class_="tile")


def switches() -> Html:
    """Return the buttons for language and light."""
    return el(
        "nav",
        el("button", "English", data_set_lang="en", type="button"),
        el("button", "中文", data_set_lang="zh", type="button"),
        el("span", class_="gap"),
        el("button", msg("Light"), data_set_theme="light", type="button"),
        el("button", msg("Dark"), data_set_theme="dark", type="button"),
    )


def _speed(bytes_per_second: float) -> str:
    return f"{size_text(round(bytes_per_second))}/s"


def _on_disk(receipt: Receipt) -> int:
    sizes = receipt.sizes
    return (sizes.environment_on_disk_bytes or 0) + (sizes.weights_on_disk_bytes or 0)
