"""A receipt as titled tables: what every form of the report shows, in the language in use."""

from __future__ import annotations

from dataclasses import dataclass

from setup_assistant.messages import Message, _, msg
from setup_assistant.report import apart, labels
from setup_assistant.report.labels import LIMITS
from setup_assistant.report.receipt import CheckLine, Receipt
from setup_assistant.times_text import duration
from setup_assistant.units_text import memory_text
from setup_assistant.verify import causes
from setup_assistant.verify.results import PASSED

Rows = tuple[tuple[str, ...], ...]


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
        _machine(receipt),
        _plan(receipt),
        _steps(receipt),
        _sizes(receipt),
        _environment(receipt),
        Section(
            title=_("Known limits of the model (not faults of the installation)"),
            notes=() if labels.is_test(receipt) else tuple(str(limit) for limit in LIMITS),
        ),
    )
    return tuple(s for s in found if s.rows or s.notes)


def headline(receipt: Receipt) -> Message:
    """Return the outcome in one sentence."""
    passed = sum(c.status in PASSED for c in receipt.checks)
    if receipt.status == "partial":
        return msg("Partly done: {passed} of {total} checks passed.", **_counts(receipt, passed))
    if passed < len(receipt.checks):
        return msg(
            "Done, with trouble: {passed} of {total} checks passed.", **_counts(receipt, passed)
        )
    if labels.is_test(receipt):
        return msg("Environment proved: all {total} checks passed. No real model is here yet.",
                   total=len(receipt.checks))  # fmt: skip
    return msg("Done: all {total} checks passed.", total=len(receipt.checks))


def status_message(status: str) -> Message:
    """Return a check's status."""
    return _STATUS.get(status, Message(status))


def status_word(status: str) -> str:
    """Return a check's status in the language in use."""
    return str(status_message(status))


def _counts(receipt: Receipt, passed: int) -> dict[str, int]:
    return {"passed": passed, "total": len(receipt.checks)}


def _result(receipt: Receipt) -> Section:
    rows = [
        (_("Outcome"), str(headline(receipt))),
        (_("Model"), str(labels.model(receipt))),
        (_("When"), receipt.when),
        (_("Setup Assistant"), receipt.tool_version),
    ]
    if receipt.next:
        rows.append((_("Resume with"), receipt.next))
    elif labels.is_test(receipt):
        rows.append((_("Next, a real model"), labels.command_for_real(receipt)))
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
        status_word(check.status),
        check.expected or "-",
        (check.answer or "").strip() or because(check),
        duration(check.seconds),
        where or "-",
        memory_text(check.peak_memory_bytes),
        distance,
    )


def because(check: CheckLine) -> str:
    """Return why a check did not pass, in the language in use; `-` where nothing is known."""
    return str(because_message(check))


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


def _machine(receipt: Receipt) -> Section:
    m = receipt.machine
    rows = [(_("System"), " ".join(p for p in (m.distribution or m.os, m.arch) if p))]
    if m.cpu:
        rows.append((_("CPU"), m.cpu))
    rows.append((_("Main memory"), memory_text(m.memory_bytes)))
    for gpu in m.gpus:
        capability = gpu.compute_capability or "-"
        rows.append(
            (
                _("GPU"),
                _(
                    "{name}, {memory}, compute capability {capability}",
                    name=gpu.name,
                    memory=memory_text(gpu.memory_total_bytes),
                    capability=capability,
                ),
            )
        )
    if not m.gpus:
        rows.append((_("GPU"), _("none")))
    if m.driver:
        rows.append((_("Driver"), _("{driver} (CUDA {cuda})", driver=m.driver, cuda=m.cuda or "-")))
    return Section(title=_("Machine"), rows=tuple(rows))


def _plan(receipt: Receipt) -> Section:
    p = receipt.plan
    rows = [
        (
            _("Model"),
            " ".join(
                x
                for x in (str(labels.model(receipt)), p.model.quantization, p.model.dtype)
                if x not in ("", "none")
            ),
        ),
        (_("Pixel cap"), f"{p.model.max_pixels / 1e6:.2f} MP"),
        (_("Runs on"), labels.runs_on(receipt)),
        (_("Engine"), p.backend),
        ("torch", f"{p.torch.version} {p.torch.build} ({p.torch.index_url})"),
    ]
    rows += [(name, version) for name, version in p.versions.items() if name != "torch"]
    return Section(title=_("Plan"), rows=tuple(rows), notes=tuple(map(str, p.warnings)))


def _steps(receipt: Receipt) -> Section:
    rows = tuple((str(labels.step(s.name)), duration(s.seconds)) for s in receipt.steps)
    total = sum(s.seconds or 0 for s in receipt.steps)
    return Section(title=_("Steps"), rows=(*rows, (_("Together"), duration(total))) if rows else ())


def _sizes(receipt: Receipt) -> Section:
    s = receipt.sizes
    return Section(
        title=_("Sizes"),
        rows=_known(
            (_("Packages to download"), s.packages_download_bytes),
            (_("Packages installed, expected"), s.packages_installed_bytes),
            (_("Environment on disk"), s.environment_on_disk_bytes),
            (_("Weights, expected"), s.weights_bytes or None),
            (_("Weights on disk"), s.weights_on_disk_bytes),
        ),
    )


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


def _known(*pairs: tuple[str, int | None]) -> Rows:
    return tuple((label, memory_text(count)) for label, count in pairs if count is not None)
