"""Where a run failed without a known reason: what variables, metadata and hooks tell."""

from __future__ import annotations

import base64
import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor import runtime, situation
from setup_assistant.doctor.case import TORCH_ONLY, Case
from setup_assistant.doctor.check import NOT_HERE, Trouble
from setup_assistant.doctor.diagnose import concluded, diagnose
from setup_assistant.doctor.finding import Finding
from setup_assistant.doctor.gather import opened
from setup_assistant.doctor.package_files import files_changed
from setup_assistant.doctor.reason import why
from setup_assistant.doctor.torch_run import TorchRun, run
from setup_assistant.verify.results import Check, Verification
from tests.doctor.body import LIBRARY, Body


def reason(case: Case, cause: str = "import-failed", *lines: str) -> Trouble:
    found = why(opened(case), cause, lines)
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


def test_what_nothing_here_needs_is_a_warning(body: Body) -> None:
    body.install("gradio", "gradio", "4.0.0", requires=("ffmpy", "numpy<2"))
    found = next(f for f in body.diagnose().findings if f.id == "dependency-version")
    assert found.status == "warn"
    assert ("gradio", "ffmpy") in found.evidence
    assert ("gradio", "numpy<2") in found.evidence


def test_what_is_asked_for_and_there_is_put_anew(body: Body) -> None:
    install = opened(body.case()).install
    assert install is not None
    there, other = "pip install -U numpy==2.3.1", "pip install numpy==2.3.0 pillow==12.0.0"
    (command,) = situation.pinned((there,), "", install)
    assert command.endswith(" --reinstall --no-deps numpy==2.3.1")
    assert situation.pinned((other, "unset A"), "", install) == (other, "unset A")


def test_a_package_beside_moves_and_not_what_it_asks_for(body: Body) -> None:
    body.install("torchaudio", "torchaudio", "2.5.1", requires=("torch==2.5.1", "numpy"))
    found = next(f for f in body.diagnose().findings if f.id == "dependency-version")
    assert found.status == "warn"
    assert found.fix is not None
    assert found.fix.commands[0].endswith(" --upgrade torchaudio torch==2.8.0+cu126")


def test_a_torch_without_its_record(body: Body) -> None:
    body.remove("torch-*.dist-info")
    found = next(f for f in body.diagnose().findings if f.id == "dependency-version")
    assert ("torch", "absent") in found.evidence
    assert found.fix is not None
    assert "--index-url https://download.pytorch.org/whl/cu126" in found.fix.commands[0]


def test_what_left_the_lock_goes_back_to_it(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    index = "https://download.pytorch.org/whl/cu126"
    pins = {"torch": "2.9.0+cu126", "numpy": "2.3.0", "nvidia-cudnn-cu12": "9.10.2.21"}
    monkeypatch.setattr(situation, "site_pins", lambda _prefix: (pins, index))
    body.remove("nvidia_cudnn_cu12-*.dist-info")
    found = body.diagnose().failed[0]
    assert found.id == "nvidia-missing"
    assert found.fix is not None
    (command,) = found.fix.commands
    assert command.endswith(f" torch==2.9.0+cu126 --index-url {index}")


def test_what_left_the_lock_is_behind_a_failure(
    body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = {"qwen-vl-utils": "0.0.15", "numpy": "2.3.1"}
    monkeypatch.setattr(situation, "site_pins", lambda _prefix: (pins, ""))
    found = reason(body.case(), "decoder-missing")
    assert found.cause == "packages-by-hand"
    assert found.commands[0].endswith(" qwen-vl-utils==0.0.15")
    assert why(opened(body.case()), "no-kernel", ()) is None


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
              "Name: torchvision\nVersion: 0.20.0\nRequires-Dist: torch ==2.5.0\n\n")  # fmt: skip
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


@pytest.mark.parametrize(
    ("name", "now", "wanted"),
    [("_lib.so", LIBRARY[:40] + bytes(24), None), ("_lib.so", bytes(64), "fail"),
     ("_lib.so", LIBRARY + b"stripped", None), ("__init__.py", b"x = 1\n", "warn"),
     ("__init__.py", None, None)],
)  # fmt: skip
def test_what_a_run_did_not_notice(
    body: Body, name: str, now: bytes | None, wanted: str | None
) -> None:
    info = next(body.packages.glob("pillow-*.dist-info"))
    place = body.packages / "PIL" / name
    held = base64.urlsafe_b64encode(hashlib.sha256(place.read_bytes()).digest()).decode()
    body.file(info / "RECORD", f"PIL/{name},sha256={held.rstrip('=')},{place.stat().st_size}\n")
    if now is None:
        place.unlink()
    else:
        place.write_bytes(now)
    ran = replace(opened(body.case()), torch_run=TorchRun(ok=True, device="cpu"))
    found = files_changed(ran)
    assert (found.status if isinstance(found, Trouble) else None) == wanted
    failed = replace(ran, torch_run=TorchRun(ok=False, device="cpu"))
    assert files_changed(failed) == NOT_HERE


@pytest.mark.parametrize(
    ("cause", "said", "named"),
    [("crashed", "", True), ("import-failed", "Fatal Python error: Segmentation fault", True),
     ("import-failed", "python ended with signal 11", True),
     ("import-failed", "python ended with signal 9", False),
     ("import-failed", "ImportError: no reason", False)],
)  # fmt: skip
def test_a_large_library_is_compared_where_python_died(
    body: Body, cause: str, said: str, named: bool
) -> None:
    info = next(body.packages.glob("torch-*.dist-info"))
    place, size = body.packages / "torch" / "lib" / "libtorch_cpu.so", 80 << 20
    with body.file(place, "").open("r+b") as file:
        file.truncate(size)
    body.file(info / "RECORD", f"torch/lib/{place.name},sha256=of-what-was-whole,{size}\n")
    found = why(opened(body.case()), cause, (said,))
    blamed = found is not None and found.cause == "files-missing"
    assert blamed == named
    if named:
        assert found is not None
        assert found.evidence[0][0] == str(place)
        assert "torch==" in found.commands[0]


@pytest.mark.parametrize(("share", "wanted"), [(1.0, "warn"), (0.9, "fail")])
def test_a_run_clears_a_library_that_was_stripped_and_not_one_cut_short(
    body: Body, share: float, wanted: str
) -> None:
    whole = Path(sys.executable).resolve().read_bytes()
    (body.packages / "PIL" / "_lib.so").write_bytes(whole[: int(len(whole) * share)])
    found = next(f for f in body.diagnose().findings if f.id == "files-missing")
    assert found.status == "fail"
    ran = Finding(id="live-torch", layer="runtime", status="ok")
    (first,) = [f for f in concluded([found, ran], body.case()) if f.id == "files-missing"]
    assert first.status == wanted


@pytest.mark.parametrize(
    ("pins", "commands"), [({}, 1), ({"torchcodec": "0.1"}, 0)], ids=["added", "of the lock"]
)
def test_what_hides_a_sound_decoder_goes_where_no_lock_has_it(
    body: Body, monkeypatch: pytest.MonkeyPatch, pins: dict[str, str], commands: int
) -> None:
    body.install("torchcodec", "torchcodec", "0.1")
    monkeypatch.setattr(situation, "site_pins", lambda _prefix: (pins, ""))
    check = Check(name="decoder", kind="decoder", status="fail", cause="decoder-hidden",
                  values={"reader": "torchcodec", "other": "decord"})  # fmt: skip
    ran = Verification(model="canary", env="", seconds=1.0, status="fail", checks=(check,))
    case = replace(opened(body.case()), verification=ran, gathered=frozenset({"verification"}))
    look = next(c for c in runtime.CHECKS if c.id == "live-decoder").look
    found = look(case)
    assert isinstance(found, Trouble)
    assert len(found.commands) == commands
    assert all("uninstall" in c and c.endswith("torchcodec") for c in found.commands)


def test_a_run_of_torch_names_what_it_could_not_import(body: Body) -> None:
    ran = TorchRun(ok=False, device="cpu", text="ImportError: tokenizers", last="transformers")
    look = next(c for c in runtime.CHECKS if c.id == "live-torch").look
    found = look(replace(opened(body.case()), torch_run=ran))
    assert isinstance(found, Trouble)
    assert found.values["package"] == "transformers"


@pytest.mark.parametrize(
    ("module", "asked"), [("yaml", "pyyaml==6.0"), ("PIL", "pillow==12.0.0"), ("cv2", "opencv-")]
)
def test_what_is_installed_for_a_module_is_called_as_the_index_has_it(
    body: Body, module: str, asked: str
) -> None:
    body.install("pyyaml", "yaml", "6.0")
    check = Check(name="imports", kind="imports", status="fail", cause="package-missing",
                  values={"package": module, "command": f"pip install {module}"})  # fmt: skip
    ran = Verification(model="canary", env="", seconds=1.0, status="fail", checks=(check,))
    case = replace(opened(body.case()), verification=ran, gathered=frozenset({"verification"}))
    look = next(c for c in runtime.CHECKS if c.id == "live-imports").look
    found = look(case)
    assert isinstance(found, Trouble)
    assert asked in found.commands[0]
