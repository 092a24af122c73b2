"""Every way out of the program: a planted secret and a control sequence reach none of them."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.cli.common import finish, guard
from setup_assistant.cli.fleet.text import write_report
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import ask_lines, show
from setup_assistant.cli.terminal.ask import Choice, Extras
from setup_assistant.cli.terminal.live_table import LiveTable
from setup_assistant.cli.terminal.progress import PROGRESS_FILE, Progress
from setup_assistant.doctor import public_report
from setup_assistant.errors import SetupError
from setup_assistant.fleet.answers import outcome_of
from setup_assistant.fleet.outcome import Outcome
from setup_assistant.fleet.record import Record
from setup_assistant.host import log, paths
from setup_assistant.mirror.server import MirrorServer
from setup_assistant.mirror.shelf import Shelf
from setup_assistant.site import sharing
from setup_assistant.site.layout import Layout
from setup_assistant.site.receipts import read_receipt, write_receipt
from setup_assistant.site.write import write_site
from setup_assistant.steps.ledger import Ledger
from tests.fleet.test_answers import done, said
from tests.hub.fixtures import MODEL, write_model
from tests.report.samples import checks, receipt
from tests.site.samples import machine, plan, wishes

TOKEN = "hf_PlantedPlantedPlanted42"
PASSWORD = "pl4ntedPassword"
URL = f"https://mallory:{PASSWORD}@hub.example/x?token={PASSWORD}"
TITLE = "\x1b]0;owned\x07\u202e\x9b31m"
SAID = f"{TITLE}it said {TOKEN}\\n at {URL}, password: {PASSWORD}"


def clean(text: str, *, planted: bool = True) -> None:
    """Assert that nothing planted is left, and that it was planted here at all."""
    assert TOKEN not in text
    assert PASSWORD not in text
    assert not set(text) & {"\x1b", "\x07", "\u202e", "\x9b"}
    assert "owned" not in text
    assert "it said" in text or not planted


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def mode() -> Any:
    yield show.configure
    show.configure(as_json=False, quiet=False, verbose=False)


PRINTED: dict[str, Callable[[], None]] = {
    "line": lambda: show.line(SAID),
    "command": lambda: show.command(SAID),
    "note": lambda: show.note(SAID),
    "verbatim": lambda: show.verbatim(SAID),
    "heading": lambda: show.heading(SAID),
    "prompt": lambda: show.prompt(SAID),
    "problem": lambda: show.problem(SAID, SAID),
    "facts": lambda: show.facts([(SAID, SAID)]),
    "table": lambda: show.table([[SAID, SAID]], headings=[SAID, SAID]),
    "live table": lambda: LiveTable([SAID]).update([[SAID]], SAID),
}


@pytest.mark.parametrize("name", PRINTED)
def test_printed(name: str, capsys: pytest.CaptureFixture[str], mode: Any) -> None:
    mode(as_json=False, quiet=False, verbose=True)
    PRINTED[name]()
    out, err = capsys.readouterr()
    clean("".join((out + err).split("\n")).replace(" " * 2, ""), planted=False)
    assert out + err


FORGED = "RTX 4090\n✓ everything is proved\r✓ and\u2028✓ more"
LINES: dict[str, Callable[[], None]] = {
    "line": lambda: show.line(FORGED),
    "indented": lambda: show.line(f"    {FORGED}"),
    "command": lambda: show.command(FORGED),
    "note": lambda: show.note(FORGED),
    "heading": lambda: show.heading(FORGED),
    "problem": lambda: show.problem(FORGED, FORGED),
    "facts": lambda: show.facts([("GPU", FORGED)]),
    "table": lambda: show.table([[FORGED]]),
}


@pytest.mark.parametrize("name", LINES)
def test_text_from_outside_begins_no_line(
    name: str, capsys: pytest.CaptureFixture[str], mode: Any
) -> None:
    mode(as_json=False, quiet=False, verbose=True)
    LINES[name]()
    lines = [x.strip() for x in "".join(capsys.readouterr()).splitlines()]
    assert not [x for x in lines if x.startswith("✓")]


def test_a_question(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.readline", lambda: "1\n", raising=False)
    ask_lines.select(SAID, [Choice("a", SAID)], default="a", extras=Extras(why=bool))
    clean(capsys.readouterr().out)


def test_the_envelope_and_events(capsys: pytest.CaptureFixture[str], mode: Any) -> None:
    mode(as_json=True, quiet=False, verbose=False)
    data = {"said": SAID, "argv": ["--token", PASSWORD], "token": PASSWORD, SAID: [SAID]}
    finish(Result("probe", data, errors=(Problem("x", SAID, SAID),)))
    show.event({"event": "tell", "text": SAID, "password": PASSWORD})
    out, err = capsys.readouterr()
    for text in (out, err):
        clean(text.replace("\\u001b]0;owned\\u0007", ""))
        json.loads(text)


def test_an_error_and_the_log(capsys: pytest.CaptureFixture[str], mode: Any) -> None:
    def fail() -> Result:
        log.debug("child: %s", SAID)
        raise SetupError("internal", detail=SAID, log="-")

    mode(as_json=False, quiet=False, verbose=False)
    try:
        finish(guard("probe", fail))
        path = log.current()
        assert path is not None
        clean(path.read_text(encoding="utf-8"))
    finally:
        log.stop()
    clean(capsys.readouterr().err)


def test_the_ledger(tmp_path: Path) -> None:
    Ledger(tmp_path / "l").record("weights", "failed", detail=SAID, argv=["--password", PASSWORD])
    text = (tmp_path / "l").read_text(encoding="utf-8")
    assert TOKEN not in text
    assert PASSWORD not in text


def test_a_site_and_its_reports(tmp_path: Path) -> None:
    card = machine().gpus[0]
    probed = dataclasses.replace(
        machine(), gpus=(dataclasses.replace(card, name=f"RTX {TITLE} {TOKEN}"),)
    )
    wanted = dataclasses.replace(wishes(), mirror=URL)
    layout = Layout(tmp_path / "site")
    write_site(plan(), probed, wanted, layout, paths.recipes_folder())
    made = receipt(canary=checks(answer=SAID, cause=None), machine=probed)
    write_receipt(layout, made)
    for file in layout.root.rglob("*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            assert TOKEN not in text, file
            assert PASSWORD not in text, file
    clean(layout.report.read_text(encoding="utf-8"))
    clean(layout.report_html.read_text(encoding="utf-8"), planted=False)
    shared, _beside = sharing.shared(layout, read_receipt(layout), None)
    text = json.dumps(shared.__class__ and dataclasses.asdict(shared), default=str)
    for gone in (TOKEN, PASSWORD, "mallory", str(tmp_path)):
        assert gone not in text


def test_the_doctors_report() -> None:
    finding = {"id": "x", "status": "fail", "evidence": [{"source": "log", "value": SAID}]}
    text = public_report.report({"findings": [finding]}, {})
    for gone in (TOKEN, PASSWORD, "mallory", "hub.example"):
        assert gone not in text


@pytest.mark.parametrize("form", [".json", ".csv", ".html"])
def test_a_rooms_answers_and_report(tmp_path: Path, form: str) -> None:
    errors = [{"code": "x", "message": SAID, "hint": SAID}]
    found = outcome_of(said(done(code=1, errors=errors, data={"said": SAID})), "n")
    clean(f"{found.reason} {found.remedy}")  # type: ignore[union-attr]
    hosts = [found.to_json()] if isinstance(found, Outcome) else []
    hosts[0] |= {"reason": SAID, "remedy": SAID}
    data = {"verb": "up", "inventory": SAID, "when": "", "hosts": hosts, "groups": [],
            "failed": ["pc"], "changed": [], "rerun": SAID, "seconds": 1.0}  # fmt: skip
    path = tmp_path / f"room{form}"
    write_report(path, data)
    text = path.read_text(encoding="utf-8")
    assert TOKEN not in text
    assert PASSWORD not in text


def test_a_rooms_record(tmp_path: Path) -> None:
    record = Record((str(tmp_path / "inventory"),))
    record.begin("up", ["pc"])
    record.end(
        [
            {
                "name": "pc",
                "host": "pc",
                "status": "failed",
                "machine": SAID,
                "reason": SAID,
                "code": "x",
            }
        ]
    )
    written = [p for p in Path(os.environ["SETUP_ASSISTANT_CACHE"]).rglob("*") if p.is_file()]
    assert written
    assert all(TOKEN not in path.read_text(encoding="utf-8") for path in written)


def test_progress_for_who_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRESS_FILE, str(tmp_path / "p"))
    progress = Progress()
    progress.begin(SAID)
    progress.end()
    text = (tmp_path / "p").read_text(encoding="utf-8")
    assert TOKEN not in text
    assert PASSWORD not in text


def test_the_mirrors_log(tmp_path: Path) -> None:
    write_model(tmp_path / "shelf" / MODEL)
    path = log.start("mirror-serve")
    assert path is not None
    try:
        with MirrorServer(("127.0.0.1", 0), Shelf(tmp_path / "shelf")) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=600)
            line.request(
                "GET", f"/api/v1/models/{MODEL}/repo?FilePath=x&token={PASSWORD}&h={TOKEN}"
            )
            assert line.getresponse().status == 404
            line.close()
            server.shutdown()
            thread.join()
    finally:
        log.stop()
    text = path.read_text(encoding="utf-8")
    assert "FilePath=x" in text
    assert TOKEN not in text
    assert PASSWORD not in text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "limit_reached"),
        (RuntimeError("can't start new thread"), "limit_reached"),
        (OSError(24, "Too many open files"), "limit_reached"),
        (RuntimeError("another"), "internal"),
    ],
)
def test_a_limit_of_the_account_is_no_fault_of_ours(error: Exception, code: str) -> None:
    def fail() -> Result:
        raise error

    assert [e.code for e in guard("probe", fail).errors] == [code]
