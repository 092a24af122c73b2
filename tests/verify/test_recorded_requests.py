"""All that a child inside an environment is told, and the commands that mend it, whole."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.catalog import canary, smoke
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.memory import Setting
from setup_assistant.choose.model_names import find
from setup_assistant.choose.plan import Placement, Plan
from setup_assistant.choose.rehearsal_trials import trials
from setup_assistant.host import paths
from setup_assistant.verify import installs, rehearse, request, serve, surroundings
from setup_assistant.verify.request import Wanted
from tests.recorded import compare
from tests.site import samples

KEPT = Path(__file__).with_name("recorded_requests.txt")
CANARY, SMOKE = canary.load(), smoke.load()
MODEL = Path("/models/qwen")
CPU = Placement(device="cpu")
CARDS = Placement(device="cuda", gpus=("GPU-1", "GPU-2"), max_memory_bytes=(7, 9))


def planned(placement: Placement = CPU, **model: Any) -> Plan:
    base = samples.plan(placement=placement)
    return replace(base, model=replace(base.model, **model))


def text(value: Mapping[str, Any]) -> str:
    """Return a request, one line for each of its values and each of its cases."""
    # How exceptions are read is compared by the tests of the catalogue.
    said = {k: v for k, v in value.items() if k not in ("raised", "cases", "architecture")}
    lines = [*sorted(said.items()), *(("case", case) for case in value.get("cases", ()))]
    made = "\n".join(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in lines)
    return made.replace(str(CANARY.folder), "CANARY").replace(str(paths.recipes_folder()), "R")


SMALL = planned(max_pixels=90_000, pictures=2, video_total_pixels=800_000, video_max_frames=16,
                max_prompt_tokens=2048)  # fmt: skip
QWEN3 = planned(id="Qwen/Qwen3-VL-2B-Instruct")
OWN: dict[str, Any] = {"images": ("/a.png", "/b.png", "/c.png"), "videos": ("/d.mp4",)}
ASKED: dict[str, Wanted] = {
    "the canary": Wanted(),
    "the canary of a plan": Wanted(plan=planned()),
    "a model": Wanted(model=MODEL),
    "a model on cards": Wanted(model=MODEL, plan=planned(CARDS, quantization="awq")),
    "a model with little room": Wanted(model=MODEL, plan=SMALL, **OWN),
    "a model of larger patches": Wanted(model=MODEL, plan=QWEN3),
    "one's own files": Wanted(**OWN, language="zh"),
    "one's own question": Wanted(images=("/a.png",), question="Who?", device="cpu", dtype="x"),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_request_is_as_it_was_recorded(name: str) -> None:
    compare(KEPT, {name: text(request.build(ASKED[name], CANARY, SMOKE))})


@pytest.mark.parametrize(
    ("name", "kind"), [("canary", "none"), ("Qwen/Qwen2-VL-2B-Instruct-AWQ", "awq"),
                       ("Qwen/Qwen3-VL-2B-Instruct", "none")],
)  # fmt: skip
def test_a_rehearsal_is_as_it_was_recorded(name: str, kind: str) -> None:
    model = find(load_all().models, name)
    assert model is not None
    assert model.quantization == kind
    asked = trials(model.vision, max_pixels=90_000, total_pixels=800_000, text_tokens=8,
                   new_tokens=2, pictures=2)  # fmt: skip
    place = rehearse.Place(env=Path("/e"), device="cuda", gpus=("GPU-1",), limits=(7, 9))
    setting = Setting(dtype="float16", part="8.6")
    compare(KEPT, {f"rehearsal of {name}": text(
        rehearse._request(model, tuple(asked), setting, place)
    )})  # fmt: skip


def test_a_server_is_as_it_was_recorded() -> None:
    order = serve.Order(
        env=Path("/e"), model=MODEL, name="shown", plan=planned(CARDS), packages=Path("/p"),
        host="127.0.0.1", port=8000, token="secret",
    )  # fmt: skip
    told = text(serve._request(order, Wanted(model=MODEL, plan=order.plan)))
    inside = str(Path(serve.__file__).parent)
    compare(KEPT, {"a server": told.replace(inside, "VERIFY")})


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("a card", {"reader": "decord", "device": "cuda", "gpus": ("GPU-1", "GPU-2")}),
        ("every card", {"reader": None, "device": "auto", "gpus": ()}),
        ("no card", {"reader": None, "device": "cpu", "gpus": ("GPU-1",)}),
    ],
)
def test_variables_are_as_they_were_recorded(
    name: str, about: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = surroundings.own_variables(Path("/scratch"), **about)
    compare(KEPT, {f"variables of {name}": "\n".join(f"{k}={v}" for k, v in sorted(own.items()))})
    monkeypatch.setenv("FORCE_QWENVL_VIDEO_READER", "of the shell")
    monkeypatch.setenv("NO_PROXY", "lab.example")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("GPTQMODEL_TORCH_EXTENSIONS_DIR", raising=False)
    found = surroundings.environment(Path("/scratch"), **about)
    assert found["GPTQMODEL_TORCH_EXTENSIONS_DIR"] == str(paths.cache_folder() / "kernels")
    assert found["NO_PROXY"] == "lab.example,127.0.0.1,localhost"
    assert found["no_proxy"] == "127.0.0.1,localhost"
    assert found.get("FORCE_QWENVL_VIDEO_READER") == about["reader"]
    assert own.items() <= found.items()
    monkeypatch.setenv("GPTQMODEL_TORCH_EXTENSIONS_DIR", "/mine")
    again = surroundings.environment(Path("/scratch"), **about)
    assert again["GPTQMODEL_TORCH_EXTENSIONS_DIR"] == "/mine"


PIP = {
    "pip": "lib/python3.12/site-packages/pip/__init__.py",
    "pip of 64 bits": "lib64/python3.12/site-packages/pip/__init__.py",
    "pip of Windows": "Lib/site-packages/pip/__init__.py",
}


@pytest.mark.parametrize("name", [*PIP, "uv on the path", "uv of this tool"])
def test_commands_are_as_they_were_recorded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix, programs = tmp_path / "env", tmp_path / "bin"
    programs.mkdir()
    if name in PIP:
        (prefix / PIP[name]).parent.mkdir(parents=True)
        (prefix / PIP[name]).touch()
    elif name == "uv on the path":
        (programs / "uv").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(sys, "executable", "THIS")
    made = [
        installs.install_command(prefix, "a==1", "b"),
        installs.install_command(prefix, "a", again=True, index_url="https://lab.example/simple"),
        installs.uninstall_command(prefix, "a"),
    ]
    compare(KEPT, {f"commands of {name}": "\n".join(made).replace(str(tmp_path), "")})


def test_what_goes_with_a_torch_is_as_it_was_recorded() -> None:
    plan = planned(CARDS)
    links = replace(plan, torch=samples.torch(find_links="https://lab.example/whl"))
    lines = []
    for torch in ("2.9.1+cu128", "2.9.0", "2.11.0+cpu", "2.11.1", "1.0.0", "2.4.1", "2.4.3"):
        pair = [installs.torchvision_for(torch, p) for p in (plan, None)]
        index = [
            installs.torch_index(torch, metadata, p)
            for metadata in ("2.9.1+cu128", "2.9.1") for p in (plan, links, None)
        ]  # fmt: skip
        lines.append(f"{torch}: {pair} {index}")
    packages = [
        f"{package}: {[installs.requirement(package, p) for p in (plan, None)]}"
        for package in ("accelerate", "nobodys")
    ]
    compare(KEPT, {"what goes with a torch": "\n".join((*lines, *packages))})


@pytest.mark.parametrize(
    ("checkout", "command"),
    [(True, "git -C ROOT checkout -- 'ROOT/recipes/a b'"),
     (False, "THIS -m pip install --force-reinstall --no-deps setup-assistant")],
)  # fmt: skip
def test_the_test_model_is_brought_back(
    checkout: bool, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "recipes/a b"
    folder.mkdir(parents=True)
    if checkout:
        (tmp_path / ".git").mkdir()
    monkeypatch.setattr(sys, "executable", "THIS")
    assert re.sub(re.escape(str(tmp_path)), "ROOT", installs.restore_command(folder)) == command
