"""What every export is made from and lays beside its own files.

It is made from a plan and a lock that others can install from; beside it lie that lock, the test
model, scripts and an installer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant.catalog import canary as canary_recipe
from setup_assistant.catalog import drivers, smoke
from setup_assistant.catalog.canary import Canary
from setup_assistant.choose import locked
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.target_platform import host_of
from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import _
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_site
from setup_assistant.site.requirements import pins
from setup_assistant.site.scripts import render_scripts
from setup_assistant.verify.child import INSIDE
from setup_assistant.verify.request import Wanted, build
from setup_assistant.verify.surroundings import own_variables

# pip's options that name where packages come from.
_PLACES = re.compile(
    r"^(?:--(?:index-url|extra-index-url|find-links)|-[if])[ =]*(\S+)", re.MULTILINE
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A plan without the names of its machine's cards, and its lock.

    `python` is "3.12"; `arch` x86_64 or aarch64; `weights` the folder of the weights here.
    """

    plan: Plan
    lock: str
    python: str
    arch: str
    weights: Path


def read_source(site: Path, lock: Path | None = None) -> Source:
    """Return what is exported of a site.

    Args:
        site: the folder of the deployment.
        lock: a lock to take instead of the site's own.

    Raises:
        SetupError: `export_refused` for a lock that others cannot install from, and what reading
            the site raises.
    """
    read = read_site(site)
    path = lock or read.layout.packages_lock
    text = files.read_text(path, "--lock" if lock else "--site")
    python, platform = locked.made_for(text) or (read.plan.python, _platform(read.machine))
    if fault := _fault(text, platform, read.plan):
        raise SetupError("export_refused", path=str(path), detail=fault)
    placement = replace(read.plan.placement, gpus=())
    return Source(
        plan=replace(read.plan, placement=placement),
        lock=text,
        python=python,
        arch=platform.partition("-")[2],
        weights=read.layout.weights(read.plan.model.modelscope_id).absolute(),
    )


def _platform(machine: Machine) -> str:
    return host_of(machine, drivers.load()).platform


def _fault(text: str, platform: str, plan: Plan) -> str | None:
    """Return why nobody else could install a plan from a lock."""
    if not platform.startswith("Linux-"):
        return _("it is for {platform}, and exports run on Linux.", platform=platform)
    local = [
        place for place in _PLACES.findall(text) if not place.startswith(("http://", "https://"))
    ]
    if local:
        return _("it takes packages from {place}, which only this machine has.", place=local[0])
    bare = [entry for entry in _requirements(text) if "--hash=" not in entry]
    if bare:
        return _("it has no hash for {name}.", name=bare[0])
    has = locked.pins(text)
    for pin in pins(plan):
        name, _equal, version = pin.partition("==")
        if has.get(name) != version:
            return _("the plan wants {pin}, and it has {has}.", pin=pin, has=has.get(name, "-"))
    return None


def _requirements(text: str) -> Iterator[str]:
    """Yield each requirement of a lock, its continued lines joined."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith(("#", "--", "-i", "-f")):
            yield line.strip()


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
