"""Where a run failed without a known reason: what variables, metadata and hooks tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from setup_assistant.doctor.case import TORCH_ONLY, Case
from setup_assistant.doctor.check import Trouble
from setup_assistant.doctor.diagnose import diagnose
from setup_assistant.doctor.gather import opened
from setup_assistant.doctor.reason import why
from setup_assistant.doctor.torch_run import run
from tests.doctor.body import Body


def reason(case: Case, cause: str = "import-failed", *lines: str, package: str = "") -> Trouble:
    found = why(opened(case), cause, lines, package)
    assert found is not None
    return found


def python(body: Body, text: str) -> None:
    body.file(body.folder / "base" / "bin" / "python3.11", text).chmod(0o755)


def test_a_package_that_is_not_needed_is_named_by_its_own_demands(body: Body) -> None:
    body.install("scikit_learn", "sklearn", "1.1.0", requires=("numpy<2,>=1.17",))
    found = reason(body.case())
    assert found.cause == "dependency-version"
    assert found.values["package"] == "scikit-learn 1.1.0"
    assert found.confidence == "inferred"
    assert "numpy==2.3.1" in found.commands[0]
    body.remove("scikit_learn-*.dist-info")
    body.install("torchaudio", "torchaudio", "2.1.0", requires=("torch==2.1.0",))
    assert "uninstall" in reason(body.case()).commands[0]


def test_a_hook_that_hides_a_package_is_named(body: Body) -> None:
    hook = body.file(body.packages / "sitecustomize.py", 'import sys\nsys.modules["PIL"] = None\n')
    found = reason(body.case(), "package-missing", package="pillow")
    assert found.cause == "startup-hides"
    assert found.values["file"] == str(hook)
    assert why(opened(body.case()), "package-missing", (), "absent") is None


def test_its_own_words_are_read_as_a_pasted_text_is(body: Body) -> None:
    said = "ImportError: x requires jinja2>=3.1.9 to be installed. Your version is 2.9.1."
    found = reason(body.case(), "question-failed", said)
    assert found.cause == "version-required"
    assert found.values["have"] == "2.9.1"
    assert "'jinja2>=3.1.9'" in found.commands[0]


def test_torch_alone_is_judged_without_the_models_packages(body: Body) -> None:
    body.remove("qwen_vl_utils", "qwen_vl_utils-*.dist-info", "transformers-*.dist-info")
    body.remove("transformers")
    body.torch("2.9.1", "cu126", pair="0.20.0")
    body.file(next(body.packages.glob("torchvision-*.dist-info")) / "METADATA",
              "Name: torchvision\nRequires-Dist: torch ==2.5.0\n\n")  # fmt: skip
    for purpose in (TORCH_ONLY, "qwen2-vl"):
        found = diagnose(replace(body.case(), purpose=purpose))
        assert found.failed[0].id == "torchvision-mismatch"
        missing = {f.id for f in found.failed} & {"package-missing", "decoder-missing"}
        assert bool(missing) == (purpose != TORCH_ONLY)


def test_a_run_tells_its_last_words(body: Body) -> None:
    python(body, "#!/bin/sh\necho first >&2\necho 'ImportError: libx.so.1' >&2\nexit 1\n")
    ran = run(body.env, (), "cpu", {})
    assert not ran.ok
    assert ran.text.splitlines()[-1] == "ImportError: libx.so.1"
    python(body, "#!/bin/sh\nkill -6 $$\n")
    assert "signal 6" in run(body.env, (), "cpu", {}).text


def test_docstrings_and_files_in_the_way_are_looked_for(body: Body) -> None:
    assert [f.id for f in body.diagnose(PYTHONOPTIMIZE="2").failed] == ["python-optimize"]
    assert not body.diagnose(PYTHONOPTIMIZE="1").failed
    own = body.file(Path(body.folder / "scripts" / "transformers.py"), "x = 1\n")
    first = body.diagnose().failed[0]
    assert first.id == "shadowed-by-own-file"
    assert str(own) in str(first.cause)
