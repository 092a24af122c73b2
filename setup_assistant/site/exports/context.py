"""The files that every export lays beside its own: lock, test model, scripts, installer."""

from __future__ import annotations

import json
from pathlib import Path

from setup_assistant.catalog import canary as canary_recipe
from setup_assistant.catalog import smoke
from setup_assistant.catalog.canary import Canary
from setup_assistant.host import paths
from setup_assistant.site.exports.source import Source
from setup_assistant.site.layout import Layout
from setup_assistant.site.scripts import render_scripts
from setup_assistant.verify.child import INSIDE
from setup_assistant.verify.request import Wanted, build
from setup_assistant.verify.surroundings import own_variables

# Where everything lies in an image and on a new machine, and where its weights are expected.
ROOT = "/opt/qwen2-vl"
MODELS = "/models"
_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def template(name: str, **places: str) -> str:
    """Return a template with its places (`@NAME@`) filled in."""
    text = (_TEMPLATES / f"{name}.in").read_text(encoding="utf-8")
    for place, value in places.items():
        text = text.replace(f"@{place}@", value)
    return text


def shared(source: Source, *, root: str, weights: str, device: str) -> dict[str, bytes]:
    """Return name → content of the shared files.

    Args:
        source: what is exported.
        root: the folder that they will lie in.
        weights: the folder of the weights, as the scripts will find it.
        device: where the test model is asked; cpu where no card can be had, as at a build.
    """
    canary = canary_recipe.load(paths.recipes_folder())
    layout = Layout(Path(root), weights_override=weights)
    scripts = render_scripts(source.plan, layout, paths.recipes_folder())
    ours, theirs = json.dumps(str(canary.folder))[1:-1], json.dumps(f"{root}/check/canary")[1:-1]
    texts = {
        "requirements.lock": source.lock,
        "install.sh": template("install.sh", PYTHON=source.python),
        "check/check.py": template("check.py"),
        "check/request.json": _request(source, canary, device),
        **{f"scripts/{name}": text.replace(ours, theirs) for name, text in scripts.items()},
    }
    found = {name: text.encode() for name, text in texts.items()}
    for path in sorted(INSIDE.glob("*.py")):
        found[f"check/inside/{path.name}"] = path.read_bytes()
    for name in sorted(canary.sums):
        found[f"check/canary/{name}"] = (canary.folder / name).read_bytes()
    return found


def _request(source: Source, canary: Canary, device: str) -> str:
    """Return what check.py asks; paths begin with @HERE@, whatever folder that will be."""
    wanted = Wanted(plan=source.plan, device=device)
    request = build(wanted, canary, smoke.load(paths.recipes_folder()))
    variables = own_variables(
        Path("@SCRATCH@"), reader=source.plan.decoder.reader, device=device, gpus=()
    )
    variables |= dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
    text = json.dumps({"variables": variables, "request": request}, indent=1, ensure_ascii=False)
    return text.replace(json.dumps(str(canary.folder))[1:-1], "@HERE@/canary") + "\n"
