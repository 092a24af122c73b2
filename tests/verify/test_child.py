"""How the end of the child is understood; an interpreter made of a shell script plays it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.choose.plan import Placement
from setup_assistant.host import paths
from setup_assistant.verify import child
from setup_assistant.verify.results import Check, Verification
from setup_assistant.verify.run import verify
from tests.site import samples

Maker = Callable[[str], Path]


def lines(*events: dict[str, object]) -> str:
    return "\n".join(f"echo {shlex.quote(json.dumps(e))}" for e in events)


def imports_ok() -> dict[str, object]:
    return {"event": "check", "name": "imports", "kind": "imports", "status": "ok"}


def start(name: str) -> dict[str, object]:
    return {"event": "start", "name": name}


def named(found: Verification, name: str) -> Check:
    return next(c for c in found.checks if c.name == name)


@pytest.mark.parametrize(
    ("number", "cause"),
    [("ILL", "cpu-instructions"), ("KILL", "killed"), ("SEGV", "crashed"), ("ABRT", "crashed")],
)
def test_death_by_signal_is_a_result(fake_env: Maker, number: str, cause: str) -> None:
    script = f"cat >/dev/null\n{lines(imports_ok(), start('device'))}\nkill -{number} $$"
    found = verify(fake_env(script))
    assert (found.status, found.cause) == ("fail", cause)
    assert named(found, "device").status == "fail"
    assert named(found, "imports").status == "ok"
    after = {c.status for c in found.checks if c.kind in {"model", "decoder", "image", "video"}}
    assert after == {"blocked"}
    assert named(found, "image-en").cause == "device"


def test_a_hang_names_the_check_under_way(fake_env: Maker) -> None:
    script = f"cat >/dev/null\n{lines(imports_ok(), start('model'))}\nexec sleep 60"
    found = verify(fake_env(script), deadline=2.5)
    assert found.cause == "timeout"
    assert found.evidence == "The check model was still running after 2.5 s."
    assert named(found, "model").status == "fail"


def test_what_was_ended_at_its_limit_did_not_die_by_itself(fake_env: Maker) -> None:
    hint = {"event": "hint", "cause": "import-crash", "evidence": ["while importing torchvision"],
            "values": {"package": "torchvision", "detail": "it died"}}  # fmt: skip
    script = f"cat >/dev/null\n{lines(start('imports'), hint)}\nexec sleep 600"
    found = named(verify(fake_env(script), deadline=1.0), "imports")
    assert found.cause == "timeout"
    assert found.values == {"check": "imports", "package": "torchvision", "seconds": 1.0}


@pytest.mark.parametrize(("most", "cause"), [(1000.0, "child-failed"), (1.0, "timeout")])
def test_what_computes_is_slow_and_not_stuck(fake_env: Maker, most: float, cause: str) -> None:
    """It has more to compute than the time that it is given; only a limit of one's own holds."""
    busy = "i=0; while [ $i -lt 2000000 ]; do i=$((i + 1)); done"
    env = fake_env(f"cat >/dev/null\n{lines(start('imports'))}\n{busy}\nexit 3")
    told: list[Check] = []
    variables = {**os.environ, "TMPDIR": str(env)}
    child.talk(env, {"checks": ["imports"], "cases": []}, 1.0, variables, told.append, most=most)
    assert [c.cause for c in told] == [cause]


def test_what_sleeps_is_stuck_for_the_patient_too(fake_env: Maker) -> None:
    env = fake_env(f"cat >/dev/null\n{lines(start('imports'))}\nexec sleep 600")
    told: list[Check] = []
    variables = {**os.environ, "TMPDIR": str(env)}
    child.talk(env, {"checks": ["imports"], "cases": []}, 1.0, variables, told.append, most=1000.0)
    assert [c.cause for c in told] == ["timeout"]


def test_the_hint_is_the_cause_of_a_crash(fake_env: Maker) -> None:
    hint = {
        "event": "hint", "cause": "torchvision-mismatch", "evidence": ["demands torch ==2.13.0"],
        "values": {"torch": "2.15.0+cu132", "torchvision": "0.28.0", "build": "cu132"},
    }  # fmt: skip
    script = f"cat >/dev/null\n{lines(start('imports'), hint)}\nkill -ABRT $$"
    found = verify(fake_env(script))
    assert found.cause == "torchvision-mismatch"
    assert "torchvision 0.28.0 does not fit torch 2.15.0+cu132" in found.evidence
    assert "0.29.2" in found.evidence
    assert found.remedy is not None
    assert "torchvision==0.29.2" in found.remedy
    assert "demands torch ==2.13.0" in named(found, "imports").evidence


def test_an_interpreter_that_does_not_start(fake_env: Maker) -> None:
    found = verify(fake_env("echo 'libpython3.12.so.1.0: cannot open' >&2; exit 127"))
    assert found.cause == "python-broken"
    assert "libpython3.12.so.1.0" in found.evidence


@pytest.mark.parametrize(
    ("end", "said"),
    [("exit 3", "exit status 3"), ("kill -BUS $$", "SIGBUS"), ("kill -40 $$", "signal 40")],
)
def test_a_silent_end_is_told_by_its_status(fake_env: Maker, end: str, said: str) -> None:
    found = verify(fake_env(end))
    assert (found.cause, said in str(found.evidence)) == ("python-broken", True), found


def test_an_environment_without_interpreter(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    found = verify(tmp_path / "env")
    assert (found.status, found.cause) == ("fail", "python-missing")
    assert str(tmp_path / "env") in found.evidence


def test_an_early_end_and_noise_are_told_apart(fake_env: Maker) -> None:
    script = f"cat >/dev/null\necho noise\necho '[1]'\n{lines(imports_ok(), start('device'))}\n"
    found = verify(fake_env(script + "echo 'no more' >&2; exit 3"))
    assert found.cause == "child-failed"
    assert "no more" in found.evidence


def test_what_the_child_is_given(fake_env: Maker, tmp_path: Path, own_cache: Path) -> None:
    seen = tmp_path / "seen"
    script = f'cat >{seen}.json\nenv >{seen}.env\npwd >{seen}.pwd\necho "$@" >{seen}.argv'
    verify(fake_env(script), device="cpu")
    request = json.loads(Path(f"{seen}.json").read_text(encoding="utf-8"))
    assert request["device"] == "cpu"
    names = [case["name"] for case in request["cases"]]
    assert len(names) == len(set(names))
    assert {"image-en", "image-zh", "image-url-en", "image-url-zh", "multi-image-en",
            "multi-image-zh", "video-en", "video-zh"} <= set(names)  # fmt: skip
    given = Path(f"{seen}.env").read_text(encoding="utf-8")
    env = dict(line.partition("=")[::2] for line in given.splitlines())
    for name in ("HOME", "HF_HOME", "TORCH_HOME", "XDG_CACHE_HOME", "MODELSCOPE_CACHE",
                 "TRITON_CACHE_DIR", "MPLCONFIGDIR", "TMPDIR", "CUDA_CACHE_PATH"):  # fmt: skip
        assert env[name].startswith(str(own_cache)), name
    assert (env["HF_HUB_OFFLINE"], env["TRANSFORMERS_OFFLINE"]) == ("1", "1")
    assert env["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert env["CUDA_VISIBLE_DEVICES"] == ""
    assert "127.0.0.1" in env["no_proxy"]
    assert Path(f"{seen}.pwd").read_text(encoding="utf-8").startswith(str(own_cache))
    assert Path(f"{seen}.argv").read_text(encoding="utf-8").startswith("-I -X faulthandler ")
    assert list((own_cache / "verify").iterdir()) == []


def test_folders_of_killed_runs_are_swept(fake_env: Maker, own_cache: Path) -> None:
    dead = own_cache / "verify" / "run-999999999-abcd1234"
    dead.mkdir(parents=True)
    verify(fake_env("exit 1"))
    assert not dead.exists()


def test_a_damaged_file_takes_the_blame_for_wrong_answers(fake_env: Maker, recipes: Path) -> None:
    pictures = recipes / "canary" / "pictures"
    first, second = pictures / "red-circle.png", pictures / "blue-circle.jpeg"
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    wrong = {
        "event": "check", "name": "image-en", "kind": "image", "status": "fail",
        "files": [str(first)], "cause": "wrong-answer", "answer": "A blue circle.",
        "expected": "A red circle.", "values": {"check": "image-en"},
    }  # fmt: skip
    other = {**wrong, "name": "image-jpg-en", "files": [str(pictures / "red-square.jpg")]}
    script = f"cat >/dev/null\n{lines(imports_ok(), wrong, other, {'event': 'end'})}"
    found = verify(fake_env(script), recipes=recipes)
    assert named(found, "image-en").cause == "fixtures-swapped"
    assert named(found, "image-jpg-en").cause == "wrong-answer"
    assert found.cause == "fixtures-swapped"


def test_the_recipes_of_this_checkout_are_sound(fake_env: Maker) -> None:
    found = verify(fake_env("exit 1"), recipes=paths.recipes_folder())
    assert named(found, "weights").status == "ok"
    assert named(found, "fixtures").status == "ok"


def test_a_torchvision_that_was_not_planned(fake_env: Maker) -> None:
    """It may import, but of this pair nobody knows that it fits."""
    plan = samples.plan(placement=Placement(device="cpu"))
    held = {"torch": plan.torch.version, "torchvision": "0.25.0"}
    script = f"cat >/dev/null\n{lines({**imports_ok(), 'versions': held}, {'event': 'end'})}"
    found = verify(fake_env(script), plan=plan)
    assert found.cause == "torchvision-mismatch"
    assert "torchvision 0.25.0 does not fit torch 2.11.0; torchvision 0.26.0" in found.evidence


def test_the_planned_torchvision_passes(fake_env: Maker) -> None:
    plan = samples.plan(placement=Placement(device="cpu"))
    held = {"torch": plan.torch.version, "torchvision": "0.26.0+cu128"}
    script = f"cat >/dev/null\n{lines({**imports_ok(), 'versions': held}, {'event': 'end'})}"
    assert named(verify(fake_env(script), plan=plan), "imports").status == "ok"
