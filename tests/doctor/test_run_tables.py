"""What a run in an environment comes to: whose fault it is, what it proves, what mends it."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor import assign, diagnose, examine, reason, runtime
from setup_assistant.doctor.assign import Verdict
from setup_assistant.doctor.finding import Diagnosis, Finding, Fix
from setup_assistant.doctor.surroundings import Seen, Surroundings
from setup_assistant.doctor.torch_run import TorchRun
from setup_assistant.doctor.watched import Link, Watched, _inside
from setup_assistant.messages import msg
from setup_assistant.verify.results import Check, Verification
from tests.doctor.body import Body
from tests.doctor.tables import Rows, Tables, case_of
from tests.recorded import names

table = Tables(Path(__file__).with_name("recorded_runs.txt"))
WELL = Seen(failed=None)


def checked(*rows: tuple[str, str, str], **more: object) -> Verification:
    checks = tuple(
        Check(
            name=f"{kind} one",
            kind=kind,
            status=status,  # type: ignore[arg-type]
            cause=cause,
            **more,
        )
        for kind, status, cause in rows
    )  # type: ignore[arg-type]
    return Verification(model="m", env="", seconds=1.0, status="fail", checks=checks)


@table
def checks_of_a_run(body: Body) -> Rows:
    told = {"evidence": ("one", "two"), "values": {"package": "numpy", "command": "pip x"}}
    for check in runtime.CHECKS:
        yield f"{check.id}: {check.needs} {check.gathers}", check.look(case_of(body))
    for rows in ((("imports", "fail", "package-missing"),), (("imports", "ok", ""),),
                 (("imports", "skipped", ""),), (("image", "fail", "not-seen"),),
                 (("image", "fail", "wrong-answer"), ("video", "fail", "crashed")),
                 (("model", "fail", "of-tomorrow"),), (("device", "fail", "no-kernel"),),
                 (("decoder", "fail", "decoder-hidden"),)):  # fmt: skip
        for more in (told, {}, {"values": {"package": "cv2"}}):
            ran = checked(*rows, **more)
            case = case_of(body, verification=ran)
            for check in runtime.CHECKS:
                if (answer := check.look(case)) != "not-here":
                    yield f"{rows} {list(more)}: {check.id}", answer
    body.with_model = True
    case = case_of(body, model_run=checked(("model", "fail", "weights-truncated")))
    yield "its own model", runtime._own_model(case)
    for ran in (TorchRun(ok=True, device="cuda"), TorchRun(ok=False, device="cpu", text=""),
                TorchRun(ok=False, device="cuda", text="a\nError: x", last="timm")):  # fmt: skip
        case = case_of(body, torch_run=ran)
        yield f"{ran}", runtime._torch(case)
        yield f"{ran}: on a card", runtime.ran_on_gpu(case)
    for device, status in (("cuda:0", "ok"), ("cpu", "ok"), ("cuda:0", "fail"), (None, "ok")):
        ran = checked(("image", status, ""), device=device)
        yield f"{device} {status}: on a card", runtime.ran_on_gpu(case_of(body, verification=ran))
    for name in ("device", "device one"):
        ran = replace(ran, checks=(Check(name=name, status="fail", cause="no-kernel"),))
        answer = runtime._look(("device",))(case_of(body, verification=ran))
        yield f"{name}, of no kind", answer
    yield "ids", runtime.ids()[-8:]


ROWS = (
    ("driver-too-old", "driver", "fail", "proven"), ("no-kernel", "gpu", "fail", "proven"),
    ("library-missing", "packages", "fail", "proven"), ("disk-tight", "disk", "warn", "proven"),
    ("disk-full", "disk", "fail", "proven"), ("weights-zeros", "weights", "fail", "inferred"),
    ("nvml-error", "driver", "fail", "proven"), ("leftovers", "packages", "ok", "proven"),
    ("dependency-version", "packages", "fail", "proven"),
    ("duplicates", "packages", "blocked", "proven"),
)  # fmt: skip
LIVE = {
    "nothing ran": (), "all ran": (("live-imports", "ok"), ("live-device", "skipped")),
    "all was skipped": (("live-imports", "skipped"),),
    "the card failed": (("live-imports", "ok"), ("live-no-kernel", "fail")),
    "a question failed": (("live-imports", "ok"), ("live-question-failed", "fail")),
    "an import failed": (("live-import-failed", "fail"),),
}  # fmt: skip


@table
def findings_and_what_a_run_proves(body: Body) -> Rows:
    static = [Finding(id=i, layer=y, status=s, confidence=c)  # type: ignore[arg-type]
              for i, y, s, c in ROWS]  # fmt: skip
    for label, live in LIVE.items():
        for device in ("cpu", "cuda"):
            case = case_of(body, torch_run=TorchRun(ok=True, device=device))
            ran = [Finding(id=i, layer="runtime", status=s) for i, s in live]  # type: ignore[arg-type]
            for first in (static, static[3:6], [*ran, *static[3:5]]):
                found = diagnose.concluded([*first, *(ran if ran[:1] != first[:1] else [])], case)
                yield f"{label}, {device}, {len(first)}", "; ".join(
                    " ".join(filter(None, (f.id, f.status, f.confidence, f.primary * "first",
                                           f.consequence_of and f"of {f.consequence_of}",
                                           *(v for _s, v in f.evidence))))
                    for f in found)  # fmt: skip


@table
def halves_at_fault(body: Body) -> Rows:
    home = body.packages
    for name in ("mine", "other"):
        body.install(name, name, "1.0")
    text = b"x = 1\n"
    total = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")
    (home / "numpy/__init__.py").write_bytes(text)
    body.file(home / "numpy-2.3.1.dist-info/RECORD", f"numpy/__init__.py,sha256={total},6\n")
    install = case_of(body).install
    assert install is not None
    script, numpy = ("/w/s.py", 3, "<module>"), (str(home / "numpy/__init__.py"), 9, "f")
    mine, python = (str(home / "mine/a.py"), 7, "g"), ("/usr/lib/python3.11/json/x.py", 1, "h")
    sound = Diagnosis(findings=())

    def ran(*frames: tuple[str, int, str], **more: object) -> Watched:
        link = Link(kind="ValueError", text="odd" * 100, frames=frames)
        made = Watched(command=("python", "-B", "/w/s.py", "x"), code=1, chain=(link,))
        return replace(made, **more)  # type: ignore[arg-type]

    def told(run: Watched, found: Diagnosis = sound, fresh: bool | None = None,
             harmful: tuple[str, ...] = (), env: object = install) -> str:  # fmt: skip
        verdict: Verdict = assign.assign(
            run, found, env, lambda: fresh,  # type: ignore[arg-type]
            lambda modules: not set(harmful) <= set(modules) if harmful else True,
        )  # fmt: skip
        return " | ".join((verdict.half, verdict.blamed, *map(str, verdict.reasons)))

    yield "it ended well", told(ran(script, code=0))
    for label, frames in (("script", (script,)), ("numpy", (script, numpy)), ("none", ()),
                          ("mine", (script, mine, numpy)), ("python", (script, python)),
                          ("frozen", (script, ("<frozen importlib>", 1, "f")))):  # fmt: skip
        yield f"raised in {label}", told(ran(*frames))
        yield f"raised in {label}, no environment", told(ran(*frames), env=None)
    yield "no exception", told(ran(chain=(), err="a\n\nSegmentation fault\n", code=-11))
    modules = {"mine": mine[0], "other": str(home / "other/__init__.py"), "numpy": numpy[0]}
    for harmful in ((), ("mine",), ("other",), ("mine", "other")):
        yield f"harmful {harmful}", told(ran(script, modules=modules), harmful=harmful)
    for layer in ("driver", "gpu", "environment", "packages", "weights", "network", "runtime"):
        row = Finding(id=f"a-{layer}", layer=layer, status="fail",  # type: ignore[arg-type]
                      cause=msg("It is so.") if layer != "gpu" else None)  # fmt: skip
        for fresh in (None, True, False) if layer == "runtime" else (None,):
            found = Diagnosis(findings=(row,))
            yield f"{layer}, fresh {fresh}", told(ran(script, numpy), found, fresh)
    (home / "numpy/__init__.py").write_text("x = 2\n")
    yield "numpy was changed", told(ran(script, numpy))


@table
def reasons_behind_a_failure(body: Body) -> Rows:
    home = body.packages
    person = Seen(failed="torch", error=f"ImportError: x ({home}/PIL/__init__.py)",
                  frames=(f"{home}/torch/a.py", f"{home}/gradio/b.py"))  # fmt: skip
    body.install("gradio", "gradio", "4.0")
    for cause in ("import-failed", "package-missing", "no-kernel", "wrong-answer"):
        for alone in (None, person, WELL):
            case = case_of(body, surroundings=Surroundings(person=person, alone=alone))
            yield f"{cause}, alone {alone and alone.failed}", reason.why(case, cause, ("x",))
    body.remove("gradio*")
    body.install("gradio", "gradio", "4.0", requires=("ffmpy>=1", "numpy>=1"))
    case = case_of(body, surroundings=Surroundings(person=person))
    yield "a plugin that lacks something", reason.why(case, "import-failed", ("x",))
    yield "no environment", reason.why(case_of(body, install=None), "import-failed", ())
    install = case_of(body).install
    assert install is not None
    for error in (f"x ({home}/a.py)", f"x ({home}/a.py) y", "module 'PIL.b' has no attribute 'c'",
                  "module 'gone' has no attribute 'c'"):  # fmt: skip
        yield error, list(reason._told(install, error))
    for line in ("Fatal Python error: Segmentation fault", "Fatal Python error: none",
                 "python ended with signal 6", "python ended with signal 15"):  # fmt: skip
        yield line, [reason._died(cause, (line,)) for cause in ("crashed", "import-failed")]
    for name, needs in (
        ("peft", ("numpy<2",)),
        ("timm", ("torch==1",)),
        ("torchaudio", ("torch<2",)),
    ):
        body.install(name, name, "1.0", requires=needs)
        yield f"and {name}", reason.why(case_of(body), "import-failed", ())


@table
def programs_under_a_watch(body: Body) -> Rows:
    out = Path("/o")
    for words in ("python s.py a", "python3.11 -X utf8 -W error -B s.py", "python -m s", "python -",
                  "python -c x", "python", "python -B", "torchrun s.py", "/e/bin/python.exe s.py",
                  "python -X"):  # fmt: skip
        inside = _inside(words.split(), out)
        yield words, " ".join("CHILD" if "watch_child" in w else w for w in inside)


@table
def environments_that_are_meant(body: Body) -> Rows:
    for place in ("torch", "gone"):
        yield place, examine._holds_torch(body.env)
        body.remove(place) if place == "torch" else None
    body.remove("torch-*.dist-info")
    yield "no torch", examine._holds_torch(body.env)
    fix = Fix(advice=msg("Do it."), commands=("a",), needs_root=True)
    row = Finding(id="x", layer="disk", status="warn", evidence=(("a", "b"),), fix=fix,
                  cause=msg("Why."), consequence_of="y", links=("l",), primary=True)  # fmt: skip
    yield "as JSON", json.dumps(row.to_json())


@pytest.mark.parametrize("name", list(table.makers))
def test_each_case_of_a_run_is_judged_as_before(body: Body, name: str) -> None:
    table.compare(name, body)


def test_no_table_is_kept_that_is_made_no_more() -> None:
    assert names(table.kept) == set(table.makers)
