"""What is found wrong with the canary's files, with a model folder, and in a rehearsal, whole."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import struct
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from setup_assistant.catalog import canary as canary_recipe
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.memory import Setting
from setup_assistant.choose.rehearsal_trials import trials
from setup_assistant.host import files, paths
from setup_assistant.verify import causes, child, run
from setup_assistant.verify.files_check import FilesReport, canary_files
from setup_assistant.verify.model_files import compared_with, model_files
from setup_assistant.verify.rehearse import Place, rehearse
from setup_assistant.verify.request import Wanted
from setup_assistant.verify.results import Check
from setup_assistant.weights import folder_record
from setup_assistant.weights.model_folder import INDEX
from tests.recorded import compare

KEPT = Path(__file__).with_name("recorded_findings.txt")
FakeEnv = Callable[[str], Path]


def told(report: FilesReport, folder: Path) -> str:
    """Return a report as text: its checks, whom it blames, and what it stops."""
    lines = [f"stops: {report.stops}"]
    for check in report.checks:
        said = {k: v for k, v in asdict(check).items() if v and k != "seconds"}
        lines.append(f"check: {json.dumps(said)}")
    lines += [
        f"blame: {path}: {fault.cause} {fault.stops}" for path, fault in report.blames.items()
    ]
    return "\n".join(lines).replace(str(folder), "FOLDER")


def safetensors(path: Path, **tensors: bytes) -> None:
    """Write tensors of 16-bit numbers."""
    header, at = {}, 0
    for name, data in tensors.items():
        header[name] = {"dtype": "F16", "shape": [len(data) // 2],
                        "data_offsets": [at, at + len(data)]}  # fmt: skip
        at += len(data)
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(tensors.values()))


ONES = b"\1\2" * 4
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder of a model in two shards."""
    made = tmp_path / "model"
    made.mkdir()
    for name in ("config.json", "preprocessor_config.json"):
        (made / name).write_text("{}")
    (made / "vocab.json").write_text('{"a": 0, "b": 1}')
    safetensors(made / SHARDS[0], a=ONES, b=ONES)
    safetensors(made / SHARDS[1], c=ONES)
    index(made, a=SHARDS[0], b=SHARDS[0], c=SHARDS[1])
    return made


def index(folder: Path, **names: str) -> None:
    (folder / INDEX).write_text(json.dumps({"weight_map": names}))


def swapped(folder: Path) -> None:
    index(folder, a=SHARDS[1], b=SHARDS[0], c=SHARDS[1])


def pickled(folder: Path) -> None:
    for name in (*SHARDS, INDEX):
        (folder / name).unlink()
    (folder / "pytorch_model.bin").write_bytes(b"x")


def flawed(folder: Path) -> None:
    safetensors(folder / SHARDS[0], a=ONES, b=bytes(8192))
    safetensors(folder / SHARDS[1], c=ONES + b"\0\x7c" + ONES)


DAMAGED: dict[str, Callable[[Path], object]] = {
    "nothing": lambda folder: folder,
    "no config": lambda f: (f / "config.json").unlink(),
    "a config that is no JSON": lambda f: (f / "config.json").write_text("<html>"),
    "a config that is a list": lambda f: (f / "config.json").write_text("[]"),
    "an index that is no JSON": lambda f: (f / INDEX).write_text("{"),
    "an index that leaves the folder": lambda f: index(f, a="../a.safetensors"),
    "no preprocessor": lambda f: (f / "preprocessor_config.json").unlink(),
    "the other preprocessor": lambda f: (f / "preprocessor_config.json").rename(
        f / "processor_config.json"
    ),
    "no tokenizer": lambda f: (f / "vocab.json").unlink(),
    "the other tokenizer": lambda f: (f / "vocab.json").rename(f / "tokenizer.json"),
    "a shard is missing": lambda f: (f / SHARDS[1]).unlink(),
    "a shard is missing beside pickled weights": lambda f: (f / SHARDS[1]).rename(f / "w.bin"),
    "pickled weights": pickled,
    "no weights at all": lambda f: [(f / name).unlink() for name in (*SHARDS, INDEX)],
    "a shard is cut": lambda f: os.truncate(f / SHARDS[0], 30),
    "a tensor lies elsewhere": swapped,
    "zeros, and numbers that are none": flawed,
    "a tokenizer of another model": lambda f: (f / "config.json").write_text('{"vocab_size": 1}'),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_is_wrong_with_a_model_folder(damage: str, folder: Path) -> None:
    DAMAGED[damage](folder)
    compare(KEPT, {f"model folder: {damage}": told(model_files(folder), folder)})


def test_each_file_of_a_record_is_compared(folder: Path) -> None:
    kept = [
        folder_record.Kept(path=p.name, size=p.stat().st_size, sha256=files.sha256(p),
                           mtime=p.stat().st_mtime_ns)
        for p in sorted(folder.iterdir())
    ]  # fmt: skip
    record = folder_record.Manifest(model="own", source="s", complete=True, files=tuple(kept))
    folder_record.save(folder, record)
    assert model_files(folder).stops is None
    assert compared_with(folder) == "record"
    gone = folder_record.Kept(path="gone.txt", size=1, sha256="0" * 64, mtime=1)
    other = replace(kept[0], sha256="1" * 64)
    folder_record.save(folder, replace(record, files=(gone, other, *kept[1:])))
    compare(KEPT, {"model folder: a record": told(model_files(folder), folder)})
    trusted = model_files(folder, trust_unchanged=True)
    assert [b.cause for b in trusted.blames.values()] == ["model-file-missing"]
    # A shard that the record lacks is compared with nothing.
    folder_record.save(folder, replace(record, files=tuple(k for k in kept if k.path != SHARDS[0])))
    assert compared_with(folder) == ""


def test_what_the_recipe_says_of_a_model_outranks_the_record(folder: Path) -> None:
    model = next(m for m in load_all().models if "model-00002-of-00002.safetensors" in m.sha256)
    assert set(SHARDS) <= set(model.sha256)
    kept = [
        folder_record.Kept(path=name, size=1, sha256=files.sha256(folder / name), mtime=1)
        for name in SHARDS
    ]
    record = folder_record.Manifest(
        model=model.modelscope_id, source="s", complete=True, files=tuple(kept)
    )
    folder_record.save(folder, record)
    assert compared_with(folder) == "recipe"
    (check,) = model_files(folder).checks
    assert (check.cause, check.files) == ("weights-changed", SHARDS)
    ours, theirs = (s[SHARDS[1]] for s in ({k.path: k.sha256 for k in kept}, model.sha256))
    assert check.evidence[1] == f"{SHARDS[1]}: sha256 {ours[:12]}…, expected {theirs[:12]}…"


CANARY: dict[str, Callable[[Path], object]] = {
    "a file of the model is missing": lambda f: (f / "model/vocab.json").unlink(),
    "its settings changed": lambda f: (f / "model/config.json").write_text("{}"),
    "its weights changed": lambda f: (f / "model/model.safetensors").write_bytes(b"x"),
    "a picture is missing": lambda f: (f / "pictures/red-circle.png").unlink(),
    "a picture changed": lambda f: (f / "pictures/red-circle.png").write_bytes(b"x"),
    "a picture is another": lambda f: shutil.copy(
        f / "pictures/red-square.jpg", f / "pictures/red-circle.png"
    ),
}


@pytest.mark.parametrize("damage", CANARY)
def test_what_is_wrong_with_the_canary(damage: str, tmp_path: Path) -> None:
    recipe = canary_recipe.load()
    copy = shutil.copytree(paths.recipes_folder() / "canary", tmp_path / "canary")
    CANARY[damage](copy)
    found = canary_files(replace(recipe, folder=copy))
    compare(KEPT, {f"canary: {damage}": told(found, copy)})


def test_two_reports_are_one() -> None:
    def one(name: str, stops: str | None) -> FilesReport:
        return FilesReport(checks=(Check(name=name, status="ok"),), blames={}, stops=stops)

    both = one("a", None) + one("b", "weights-changed")
    assert ([c.name for c in both.checks], both.stops) == (["a", "b"], "weights-changed")
    assert (one("a", "first") + one("b", "second")).stops == "first"


GIB = 1 << 30
CASE: dict[str, Any] = {"event": "check", "kind": "image", "status": "ok", "seconds": 2.5}
SAID: dict[str, tuple[dict[str, Any], ...]] = {
    "sound": (
        {**CASE, "name": "imports", "versions": {"torch": "2.9.1"}},
        {**CASE, "name": "build", "evidence": ["7 parameters", "cpu: the whole model"]},
        {**CASE, "name": "image", "peak_memory_bytes": GIB,
         "values": {"prompt_seconds": 1, "seconds_per_token": 0.25, "reserved_bytes": 5}},
        {**CASE, "name": "two-images", "peak_memory_bytes": 2 * GIB},
        {**CASE, "name": "video", "peak_memory_bytes": 3 * GIB},
    ),
    "nothing measured": ({**CASE, "name": "image"},),
    "a case failed": (
        {**CASE, "name": "image", "peak_memory_bytes": GIB},
        {**CASE, "name": "two-images", "status": "fail", "cause": "out-of-memory",
         "peak_memory_bytes": 2 * GIB, "values": {"detail": "CUDA out of memory"}},
        {**CASE, "name": "video", "status": "blocked", "cause": "two-images"},
    ),
    "an unknown cause": (
        {**CASE, "name": "build", "status": "fail", "cause": "nobody-knows",
         "values": {"check": "build", "detail": "odd"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_the_outcome_of_a_rehearsal(name: str, fake_env: FakeEnv) -> None:
    model = next(m for m in load_all().models if m.id.endswith("canary"))
    lines = "\n".join(f"echo {shlex.quote(json.dumps(s))}" for s in (*SAID[name], {"event": "end"}))
    asked = tuple(trials(model.vision, max_pixels=64 * 784, total_pixels=256 * 784,
                         text_tokens=8, new_tokens=2))  # fmt: skip
    heard: list[str] = []
    env = fake_env(lines)
    place = Place(env=env, device="cpu", budget=9)
    setting = Setting(dtype="float32", part=None)
    found = rehearse(model, asked, setting, place, on_case=lambda c: heard.append(c.name))
    said = asdict(found)
    assert said.pop("seconds") >= 0
    assert said.pop("env") == str(env)
    assert heard == [c.name for c in found.cases if c.status != "blocked"]
    sentence, remedy = said.pop("evidence"), said.pop("remedy")
    if found.cause:
        values = next(s["values"] for s in SAID[name] if s["status"] == "fail")
        assert sentence == str(causes.sentence(found.cause, values))
        assert remedy == str(causes.remedy(found.cause, values))
    else:
        assert (sentence, remedy) == ("", None)
    lines = "\n".join(f"{k}: {json.dumps(v)}" for k, v in said.items())
    compare(KEPT, {f"rehearsal: {name}": lines})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ()), (" \n\n", ()), ("a\n b \n\n", ("b",)),
        ('a\nFatal Python error: Aborted\nThread\n  File "x.py", line 1\n  File "y.py"\nend',
         ("Fatal Python error: Aborted", 'File "x.py", line 1')),
        ("said: Fatal Python error\nlast", ("last",)), ("x" * 401, ("x" * 400,)),
        ("Fatal Python error: no frames\nend", ("Fatal Python error: no frames",)),
        ('File "x.py"\nend', ("end",)),
    ],
)  # fmt: skip
def test_the_lines_of_an_error_output_that_say_most(text: str, told: tuple[str, ...]) -> None:
    assert child._tail(text) == told


def test_a_line_that_is_no_check_is_a_failed_one() -> None:
    heard: list[Check] = []
    talk = child.Talk(heard.append)
    talk.hear(json.dumps({"event": "check", "name": "image", "status": 7}))
    talk.hear(json.dumps({"event": "check", "status": []}))
    assert [(c.name, c.status, c.cause, c.values) for c in heard] == [
        (name, "fail", "child-failed", {"check": name}) for name in ("image", "?")
    ]
    assert talk.checks == heard


IMPORTS = {"event": "check", "name": "imports", "kind": "imports", "status": "fail",
           "cause": "import-failed", "evidence": ["e"],
           "values": {"package": "torch", "detail": "undefined symbol"}}  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "again", "cause"),
    [
        ({"LD_PRELOAD": "/a.so", "LD_LIBRARY_PATH": "/lib"}, "ok", "library-path"),
        ({"LD_LIBRARY_PATH": "/lib"}, "ok", "library-path"),
        ({"LD_LIBRARY_PATH": "/lib"}, "fail", "import-failed"),
        ({"LD_LIBRARY_PATH": "/lib"}, "", "import-failed"),
        ({"LD_LIBRARY_PATH": ""}, "ok", "import-failed"), ({}, "ok", "import-failed"),
    ],
)  # fmt: skip
def test_a_foreign_library_is_guilty_where_imports_succeed_without_it(
    variables: dict[str, str], again: str, cause: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked: list[Any] = []

    def talk(env: Path, request: Any, limit: Any, given: Any, tell: Any, **more: Any) -> Any:
        loader = {k: v for k, v in given.items() if k.startswith("LD_")}
        asked.append((request.get("only_imports"), limit, loader, more))
        heard = child.Talk(tell)
        said = {**IMPORTS, "status": again} if len(asked) > 1 else IMPORTS
        if said["status"]:
            heard.hear(json.dumps(said))
        if len(asked) == 1:
            heard.hear(json.dumps({**IMPORTS, "name": "device", "status": "blocked"}))
        return heard

    for name in ("LD_PRELOAD", "LD_LIBRARY_PATH"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(child, "talk", talk)
    told: list[Check] = []
    run._inside(tmp_path, Wanted(), {"cases": []}, (9.0, 4.0), told.append)
    assert [(c.name, c.cause) for c in told] == [("imports", cause), ("device", "import-failed")]
    suspects = {k: v for k, v in variables.items() if v}
    first, *rest = asked
    assert first == (None, 9.0, variables, {"most": 4.0})
    assert rest == ([(True, 180.0, {}, {})] if suspects else [])
    if cause == "library-path":
        assert told[0].evidence == (*(f"{k}={v}" for k, v in suspects.items()), "e")
        assert told[0].values == {"variable": " ".join(suspects), "detail": "undefined symbol"}


def test_the_time_of_a_worker_is_its_own_and_its_childrens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    times: list[tuple[float, ...]] = [(1.0, 2.0, 4.0, 8.0, 16.0)]

    def process(pid: int) -> Any:
        asked.append(pid)
        if not times:
            raise psutil.NoSuchProcess(pid)
        return SimpleNamespace(cpu_times=lambda: times[0])

    monkeypatch.setattr(psutil, "Process", process)
    worker = child._Worker()
    assert (worker.computed(), asked) == (0.0, [])
    worker.started(7)
    assert (worker.computed(), asked) == (15.0, [7])
    times.clear()  # it has ended
    assert worker.computed() == 15.0
