"""A receipt as titled tables: what every form of the report shows, in the language in use."""

from __future__ import annotations

from dataclasses import dataclass

from setup_assistant.messages import Message, _, msg
from setup_assistant.report import apart, labels
from setup_assistant.report.labels import LIMITS
from setup_assistant.report.receipt import CheckLine, Receipt
from setup_assistant.times_text import duration
from setup_assistant.units_text import memory_text, size_text
from setup_assistant.verify import causes
from setup_assistant.verify.results import PASSED

Rows = tuple[tuple[str, ...], ...]
# Label and value, in both languages where they are words.
Pairs = list[tuple[Message | str, Message | str]]


@dataclass(frozen=True, kw_only=True)
class Section:
    """One table. Without `columns` it is a list of label and value; `notes` follow it."""

    title: str
    rows: Rows = ()
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


_STATUS: dict[str, Message] = {
    "ok": msg("ok"),
    "fail": msg("failed"),
    "skipped": msg("skipped"),
    "blocked": msg("blocked"),
}


def sections(receipt: Receipt) -> tuple[Section, ...]:
    """Return the report's sections in reading order; empty ones are left out."""
    found = (
        _result(receipt),
        _checks(receipt),
        _memory(receipt),
        Section(title=_("Machine"), rows=_said(machine_rows(receipt))),
        Section(
            title=_("Plan"),
            rows=_said(plan_rows(receipt))
            + tuple(v for v in receipt.plan.versions.items() if v[0] != "torch"),
            notes=tuple(map(str, receipt.plan.warnings)),
        ),
        _steps(receipt),
        Section(title=_("Sizes"), rows=_said(size_rows(receipt))),
        _environment(receipt),
        Section(
            title=_("Known limits of the model (not faults of the installation)"),
            notes=() if labels.is_test(receipt) else tuple(str(limit) for limit in LIMITS),
        ),
    )
    return tuple(s for s in found if s.rows or s.notes)


def headline(receipt: Receipt) -> Message:
    """Return the outcome in one sentence."""
    passed, total = sum(c.status in PASSED for c in receipt.checks), len(receipt.checks)
    count = {"passed": passed, "total": total}
    if receipt.status == "partial":
        return msg("Partly done: {passed} of {total} checks passed.", **count)
    if passed < total:
        return msg("Done, with trouble: {passed} of {total} checks passed.", **count)
    if labels.is_test(receipt):
        return msg("Environment proved: all {total} checks passed. No real model is here yet.",
                   total=total)  # fmt: skip
    return msg("Done: all {total} checks passed.", total=total)


def status_message(status: str) -> Message:
    """Return a check's status."""
    return _STATUS.get(status, Message(status))


def onward(receipt: Receipt) -> tuple[Message, str] | None:
    """Return what comes next, and its command; None where everything is there."""
    if receipt.next:
        return msg("Resume with"), receipt.next
    if labels.is_test(receipt):
        return msg("Next, a real model"), labels.command_for_real(receipt)
    return None


def _result(receipt: Receipt) -> Section:
    rows = [
        (_("Outcome"), str(headline(receipt))),
        (_("Model"), str(labels.model(receipt))),
        (_("When"), receipt.when),
        (_("Setup Assistant"), receipt.tool_version),
    ]
    if after := onward(receipt):
        rows.append((str(after[0]), after[1]))
    return Section(title=_("Result"), rows=tuple(rows))


def _checks(receipt: Receipt) -> Section:
    columns = (
        _("Check"), _("Language"), _("Status"), _("Expected"), _("Answer"),
        _("Time"), _("Device"), _("Peak memory"), _("Logits distance"),
    )  # fmt: skip
    rows = tuple(_check(c) for c in receipt.checks)
    return Section(title=_("Checks"), rows=rows, columns=columns if rows else ())


def _check(check: CheckLine) -> tuple[str, ...]:
    where = " ".join(part for part in (check.device, check.dtype) if part)
    distance = "-" if check.logits_distance is None else f"{check.logits_distance:.2g}"
    return (
        check.name,
        check.language or "-",
        str(status_message(check.status)),
        check.expected or "-",
        (check.answer or "").strip() or str(because_message(check)),
        duration(check.seconds),
        where or "-",
        memory_text(check.peak_memory_bytes),
        distance,
    )


def because_message(check: CheckLine) -> Message:
    """Return why a check did not pass, as a sentence; `-` where nothing is known."""
    if causes.known(check.cause):
        return causes.sentence(check.cause, check.values)
    return Message(check.cause or "-")


def _memory(receipt: Receipt) -> Section:
    m = receipt.memory
    return Section(
        title=_("Memory of the model"),
        rows=(
            (_("Predicted · rehearsed · measured"), apart.together(m)),
            *_known(
                (_("Predicted by formula"), m.predicted_bytes),
                (_("Rehearsed with dummy weights"), m.rehearsed_bytes),
                (str(labels.measured_with(receipt)), m.measured_bytes),
                (_("Predicted for what it was asked"), m.asked_bytes),
                (_("Available for it"), m.budget_bytes),
            ),
        ),
        notes=tuple(str(found) for found in (apart.finding(receipt),) if found),
    )


def machine_rows(receipt: Receipt) -> Pairs:
    """Return what is true of the machine."""
    m = receipt.machine
    cuda = m.cuda or "-"
    driver = msg("{driver} (CUDA {cuda})", driver=m.driver, cuda=cuda) if m.driver else msg("none")
    cards = [
        msg(
            "{name}, {memory}, compute capability {capability}",
            name=gpu.name,
            memory=memory_text(gpu.memory_total_bytes),
            capability=gpu.compute_capability or "-",
        )
        for gpu in m.gpus
    ]
    return [
        (msg("System"), " ".join(p for p in (m.distribution or m.os, m.arch) if p)),
        (msg("CPU"), m.cpu or "-"),
        (msg("Main memory"), memory_text(m.memory_bytes)),
        (msg("Driver"), driver),
        *((msg("GPU"), card) for card in cards or [msg("none")]),
    ]


def plan_rows(receipt: Receipt) -> Pairs:
    """Return what was planned."""
    p = receipt.plan
    how = [x for x in (p.model.quantization, p.model.dtype) if x not in ("", "none")]
    return [
        (msg("Model"), labels.model(receipt)),
        (labels.field("model.dtype"), " ".join(how)),
        (msg("Pixel cap"), f"{p.model.max_pixels / 1e6:.2f} MP"),
        (msg("Runs on"), labels.runs_on(receipt)),
        (msg("Engine"), p.backend),
        ("torch", f"{p.torch.version} {p.torch.build} ({p.torch.index_url})"),
    ]


def size_rows(receipt: Receipt) -> Pairs:
    """Return what was expected to lie on the disk, and what lies there."""
    s = receipt.sizes
    found = (
        (msg("Packages to download"), s.packages_download_bytes),
        (msg("Packages installed, expected"), s.packages_installed_bytes),
        (msg("Environment on disk"), s.environment_on_disk_bytes),
        (msg("Weights, expected"), s.weights_bytes or None),
        (msg("Weights on disk"), s.weights_on_disk_bytes),
    )
    return [(label, size_text(count)) for label, count in found if count is not None]


def _steps(receipt: Receipt) -> Section:
    rows = tuple((str(labels.step(s.name)), duration(s.seconds)) for s in receipt.steps)
    total = sum(s.seconds or 0 for s in receipt.steps)
    return Section(title=_("Steps"), rows=(*rows, (_("Together"), duration(total))) if rows else ())


def _environment(receipt: Receipt) -> Section:
    e = receipt.environment
    rows = [(_("Folder"), e.prefix), ("python", e.python or "-")]
    rows += sorted(e.packages.items())
    notes = [
        _("{name}: {was} → {now}, changed by hand", name=name, was=was or "-", now=now or "-")
        for name, (was, now) in sorted(e.by_hand.items())
    ]
    notes += [
        _("{name}: {was} → {now}, as the plan needs it", name=name, was=was or "-", now=now or "-")
        for name, (was, now) in sorted(e.put_back.items())
    ]
    return Section(title=_("Environment"), rows=tuple(rows), notes=tuple(notes))


def _said(pairs: Pairs) -> Rows:
    return tuple((str(label), str(value)) for label, value in pairs)


def _known(*pairs: tuple[str, int | None]) -> Rows:
    return tuple((label, memory_text(count)) for label, count in pairs if count is not None)
