"""Break one environment in many ways, and print what each diagnosis says of it, side by side.

    python -m tests.bench.doctor_faults ENVIRONMENT [NAME...]

Others: `pip check`, `uv pip check`, torch's collect_env, and the doctors of the package index, each
in a venv of its own, at the pin below, run by the environment's interpreter: they look at the
Python that runs them. What each says of the whole environment is taken away first. A cell is

    crash      it ended in a traceback
    silence    it says what it said of the whole environment
    facts      something it prints has changed, but what is broken is not named
    names it   what is broken is named, without a command that mends it
    remedy     what is broken is named, and a command that mends it

and the seconds that it took. The last column names those whose cell is better than this doctor's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.doctor.real_faults import Break, Patient, copy

LIMIT = 180
OURS = "doctor"
# Pin → the arguments that make it look at everything.
PEERS = {
    "env-doctor==0.3.5": "check",
    "cuda-doctor==0.2.0": "diagnose",
    "gpu-doctor==1.0.0": "--check",
    "ai-infradr==0.1.0": "--verbose",
}
_WORTH = ("names it", "remedy")
_TIME = re.compile(r"\b[\d.]+ ?m?s\b")
_MENDS = re.compile(r"\b(?:re)?install\b|\bpip\b|\brm -r|\buv\b|\bunset\b", re.IGNORECASE)
_ENTRY = (
    "import sys; sys.path.append({folder!r}); sys.argv = [{name!r}, {verb!r}]; "
    "from importlib.metadata import entry_points as found; "
    "next(e for e in found(group='console_scripts') if e.name == {name!r}).load()()"
)
_REFUSES = """import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "torch" + "vision": raise ImportError("not allowed here")
sys.meta_path.insert(0, Finder())
"""


def _version(p: Patient, package: str, version: str) -> None:
    p.replace(p.packages / package / "version.py", f"__version__ = '{version}'\n")


def _record(p: Patient, name: str, version: str, *requires: str, entry: str = "") -> None:
    info = p.packages / f"{name}-{version}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    p.replace(info / "METADATA", head + "".join(f"Requires-Dist: {r}\n" for r in requires))
    p.replace(info / "entry_points.txt", entry)
    names = (f"{name}/__init__.py", *(f"{info.name}/{n}" for n in ("METADATA", "RECORD")))
    p.replace(info / "RECORD", "".join(f"{n},,\n" for n in names))


def _module(p: Patient, name: str, text: str) -> None:
    (p.packages / name).mkdir()
    p.replace(p.packages / name / "__init__.py", text)


def _plugin(p: Patient) -> None:
    _module(p, "torch_npu", "import torch_npu.missing\n")
    _record(p, "torch_npu", "2.5.1", entry="[torch.backends]\nx = torch_npu:load\n")


def _beside(p: Patient, name: str) -> None:
    p.replace(p.folder / name, "items = []\n")


def _old_first(p: Patient) -> str:
    (p.folder / "old").mkdir()
    p.replace(p.folder / "old" / "regex.py", "V0 = 1\n")
    return str(p.folder / "old")


def _pth(p: Patient) -> None:
    folder = _old_first(p)
    p.replace(p.packages / "00_lab.pth", f"import sys; sys.path.insert(0, {folder!r})\n")


def _without_the_model(p: Patient) -> None:
    p.pip("uninstall", "transformers", "qwen-vl-utils", "accelerate", "decord2", "modelscope")
    p.pip("uninstall", "nvidia-cublas")


# What breaks it, and what a right answer names.
BREAKS: dict[str, tuple[Break, str]] = {
    "decoder removed": (lambda p: p.remove("decord", "decord2-*.dist-info"), "deco"),
    "torchvision removed": (
        lambda p: p.remove("torchvision", "torchvision-*.dist-info"), "torchvision"),
    "torchvision for CPU": (lambda p: _version(p, "torchvision", "0.0.1+cpu"), "torchvision"),
    "torchvision 0.20": (
        lambda p: p.pip("install", "--no-deps", "torchvision==0.20.1"), "torchvision"),
    "cuDNN removed": (lambda p: p.remove("nvidia/cudnn", "nvidia_cudnn*.dist-info"), "cudnn"),
    "cuSPARSELt's files gone": (lambda p: p.remove("nvidia/cusparselt"), "cusparselt"),
    "torch half removed": (lambda p: p.remove("torch"), "torch"),
    "torch overlaid": (lambda p: _version(p, "torch", "1.13.1"), "torch"),
    "accelerate half updated": (
        lambda p: p.replace(p.packages / "accelerate/__init__.py", "raise ImportError('half')\n"),
        "accelerate"),
    "packaging emptied": (
        lambda p: p.replace(p.packages / "packaging/version.py", ""), "packaging"),
    "regex removed": (lambda p: p.remove("regex", "regex-*.dist-info"), "regex"),
    "sympy too old": (lambda p: p.pip("install", "--no-deps", "sympy==1.12"), "sympy"),
    "leftover ~orch": (lambda p: (p.packages / "~orch").mkdir(), "orch"),
    "package alone": (lambda p: _record(p, "librosa", "0.10.2", "numba>=0.51"), "librosa"),
    "plugin of torch broken": (_plugin, "torch.npu"),
    "queue.py beside": (lambda p: _beside(p, "queue.py"), r"queue\.py"),
    "PYTHONPATH with regex": (
        lambda p: p.variables.update(PYTHONPATH=_old_first(p)), "PYTHONPATH"),
    "TORCH_LOGS misspelt": (lambda p: p.variables.update(TORCH_LOGS="+dynmo"), "TORCH_LOGS"),
    ".pth with regex": (_pth, r"00_lab\.pth"),
    "sitecustomize refuses": (
        lambda p: p.replace(p.packages / "sitecustomize.py", _REFUSES), "sitecustomize"),
    "pyvenv.cfg gone": (lambda p: (p.env / "pyvenv.cfg").unlink(), r"pyvenv\.cfg"),
    "cuBLAS gone, no Qwen": (_without_the_model, "cublas"),
}  # fmt: skip


def peers(folder: Path) -> dict[str, str]:
    """Install each peer into a venv of its own; return its name and the folder of its packages."""
    found = {}
    for pin in PEERS:
        name = pin.partition("==")[0]
        uv, env = [sys.executable, "-m", "uv", "--quiet"], folder / name
        subprocess.run([*uv, "venv", "--python", sys.executable, str(env)], check=True)
        subprocess.run([*uv, "pip", "install", "--python", str(env), pin], check=True)
        found[name] = str(next(env.glob("lib/python3*/site-packages")))
    return found


def others(env: Path, folders: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the command lines of the other programs for one environment."""
    python = str(env / "bin" / "python")
    found = {
        "pip check": [python, "-m", "pip", "check"],
        "uv pip check": [sys.executable, "-m", "uv", "pip", "check", "--python", python],
        "collect_env": [python, "-m", "torch.utils.collect_env"],
    }
    for pin, verb in PEERS.items():
        name = pin.partition("==")[0]
        entry = _ENTRY.format(folder=folders[name], name=name, verb=verb)
        found[name] = [python, "-c", entry]
    return found


def said(command: list[str], patient: Patient) -> tuple[str, float]:
    """Run a program where the person works; return all that it said, and its seconds."""
    started = time.monotonic()
    variables = {**os.environ, **patient.variables}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT,
                              cwd=patient.folder, env=variables)  # fmt: skip
    except subprocess.TimeoutExpired:
        return "no answer in time", LIMIT
    spent = time.monotonic() - started
    return (done.stdout + done.stderr).replace(str(patient.env), "ENV"), spent


def verdict(text: str, before: str, word: str) -> str:
    """Return what a program's words are worth."""
    if "Traceback (most recent call last)" in text:
        return "crash"
    known = set(_TIME.sub("", before).splitlines())
    new = [n for n in _TIME.sub("", text).splitlines() if n.strip() and n not in known]
    if not new:
        return "silence"
    if not any(re.search(word, line, re.IGNORECASE) for line in new):
        return "facts"
    return "remedy" if any(_MENDS.search(line) for line in new) else "names it"


def ours(patient: Patient, need: str, word: str) -> tuple[str, float]:
    """Return what this doctor's first finding is worth; a warning counts where nothing fails."""
    program = Path(sys.executable).with_name("setup-assistant")
    text, spent = said([str(program), "doctor", "--json", "--env", str(patient.env), "--for", need],
                       patient)  # fmt: skip
    found = json.loads(text[text.index("{") :])["data"]["findings"]
    first = next((f for s in ("fail", "warn") for f in found if f["status"] == s), None)
    if first is None:
        return "silence", spent
    if not re.search(word, json.dumps([first["cause"], first["evidence"]]), re.IGNORECASE):
        return f"facts: {first['id']}", spent
    fix = first["fix"] or {}
    worth = "remedy" if fix.get("commands") or fix.get("advice") else "names it"
    return worth, spent


def better(cells: Mapping[str, tuple[str, float]]) -> str:
    """Return the programs that say more of a fault than this doctor; `-` where none does."""
    rank = {name: _WORTH.index(worth) + 1 if worth in _WORTH else 0
            for name, (worth, _seconds) in cells.items()}  # fmt: skip
    return ", ".join(n for n in rank if rank[n] > rank[OURS]) or "-"


def row(*cells: str) -> None:
    """Print one row."""
    sys.stdout.write(" | ".join(cells) + "\n")
    sys.stdout.flush()


def main() -> None:
    original, wanted = Path(sys.argv[1]).absolute(), sys.argv[2:]
    named: Counter[str] = Counter()
    # Beside the original: hard links reach no other disk.
    with tempfile.TemporaryDirectory(dir=original.parent) as above:
        folders = peers(Path(above))
        whole = Patient(env=original, model=Path(), folder=Path(above))
        before = {n: said(c, whole)[0] for n, c in others(original, folders).items()}
        row("fault", *before, OURS, "better")
        for name, (break_, word) in BREAKS.items():
            if wanted and name not in wanted:
                continue
            with tempfile.TemporaryDirectory(dir=above) as place:
                patient = copy(original, None, Path(place))
                break_(patient)
                cells = {}
                for other, command in others(patient.env, folders).items():
                    text, spent = said(command, patient)
                    cells[other] = verdict(text, before[other], word), spent
                need = "torch" if "no Qwen" in name else "qwen2-vl"
                cells[OURS] = ours(patient, need, word)
                named.update(n for n, (worth, _s) in cells.items() if worth in _WORTH)
                row(name, *(f"{worth} {spent:.1f} s" for worth, spent in cells.values()),
                    better(cells))  # fmt: skip
    row("named", *(str(named[n]) for n in (*before, OURS)))


if __name__ == "__main__":
    main()
