"""Break one environment in ten ways, and print what each diagnosis says of it, side by side.

    python -m tests.bench.doctor_faults ENVIRONMENT [SITE_PACKAGES_OF_THE_OTHERS]

Others: `pip check`, torch's collect_env, `transformers env`, `accelerate env`; and env-doctor and
cuda-doctor, run by the environment's own interpreter from the second folder, where they were
installed. What each says of the whole environment is taken away first. A cell is

    crash      it ended in a traceback
    silence    it says what it said of the whole environment
    facts      something it prints has changed, but what is broken is not named
    names it   what is broken is named, without a command that mends it
    remedy     what is broken is named, and a command that mends it
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.doctor.real_faults import Break, Patient, copy

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 180
_MENDS = re.compile(r"\b(?:re)?install\b|\bpip\b|\brm -r|\buv\b", re.IGNORECASE)


def _version(p: Patient, package: str, version: str) -> None:
    p.replace(p.packages / package / "version.py", f"__version__ = '{version}'\n")


def _half(p: Patient, package: str) -> None:
    p.replace(p.packages / package / "__init__.py", "raise ImportError('half an update')\n")


# What breaks it, and the word that a right answer names.
BREAKS: dict[str, tuple[Break, str]] = {
    "decoder removed": (lambda p: p.remove("decord", "decord2-*.dist-info"), "deco"),
    "torchvision removed": (
        lambda p: p.remove("torchvision", "torchvision-*.dist-info"), "torchvision"),
    "torchvision for CPU": (lambda p: _version(p, "torchvision", "0.0.1+cpu"), "torchvision"),
    "cuDNN removed": (lambda p: p.remove("nvidia/cudnn", "nvidia_cudnn*.dist-info"), "cudnn"),
    "torch half removed": (lambda p: p.remove("torch"), "torch"),
    "torch overlaid": (lambda p: _version(p, "torch", "1.13.1"), "torch"),
    "accelerate half updated": (lambda p: _half(p, "accelerate"), "accelerate"),
    "regex removed": (lambda p: p.remove("regex", "regex-*.dist-info"), "regex"),
    "leftover ~orch": (lambda p: (p.packages / "~orch").mkdir(), "orch"),
    "pillow removed": (lambda p: p.remove("PIL", "pillow-*.dist-info"), "pillow"),
}  # fmt: skip
_TRANSFORMERS = (
    "import sys; sys.argv = ['transformers', 'env']; "
    "from transformers.cli.transformers import main; main()"
)
_ENTRY = (
    "import sys; sys.path.append({folder!r}); sys.argv = [{name!r}, {verb!r}]; "
    "from importlib.metadata import entry_points as found; "
    "next(e for e in found(group='console_scripts') if e.name == {name!r}).load()()"
)


def others(env: Path, folder: str) -> dict[str, list[str]]:
    """Return the command lines of the other programs for one environment."""
    python = str(env / "bin" / "python")
    found = {
        "pip check": [python, "-m", "pip", "check"],
        "collect_env": [python, "-m", "torch.utils.collect_env"],
        "transformers env": [python, "-c", _TRANSFORMERS],
        "accelerate env": [python, "-m", "accelerate.commands.accelerate_cli", "env"],
    }
    for name, verb in (("env-doctor", "check"), ("cuda-doctor", "diagnose")):
        if folder:
            entry = _ENTRY.format(folder=folder, name=name, verb=verb)
            found[name] = [python, "-c", entry]
    return found


def said(command: list[str], env: Path) -> str:
    """Run a program; return all that it said, wherever the environment lies."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return "no answer in time"
    return (done.stdout + done.stderr).replace(str(env), "ENV")


def verdict(text: str, before: str, word: str) -> str:
    """Return what a program's words are worth."""
    if "Traceback (most recent call last)" in text:
        return "crash"
    known = set(before.splitlines())
    new = [line for line in text.splitlines() if line.strip() and line not in known]
    if not new:
        return "silence"
    if not any(word in line.lower() for line in new):
        return "facts"
    return "remedy" if any(_MENDS.search(line) for line in new) else "names it"


def ours(env: Path) -> str:
    """Return what this doctor says: its first failing finding, and whether a remedy stands by."""
    command = [sys.executable, "-m", "setup_assistant.cli.app", "doctor", "--json"]
    done = subprocess.run([*command, "--env", str(env)], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=LIMIT)  # fmt: skip
    failed = [f for f in json.loads(done.stdout)["data"]["findings"] if f["status"] == "fail"]
    if not failed:
        return "silence"
    return f"{'remedy' if failed[0]['fix'] else 'names it'}: {failed[0]['id']}"


def row(*cells: str) -> None:
    """Print one row."""
    sys.stdout.write(" | ".join(cells) + "\n")
    sys.stdout.flush()


def main() -> None:
    original = Path(sys.argv[1]).absolute()
    folder = sys.argv[2] if len(sys.argv) > 2 else ""
    wanted = sys.argv[3:]
    before = {name: said(command, original) for name, command in others(original, folder).items()}
    row("fault", *before, "doctor")
    for name, (break_, word) in BREAKS.items():
        if wanted and name not in wanted:
            continue
        # Beside the original: hard links reach no other disk.
        with tempfile.TemporaryDirectory(dir=original.parent) as above:
            patient = copy(original, None, Path(above))
            break_(patient)
            cells = [verdict(said(command, patient.env), before[other], word)
                     for other, command in others(patient.env, folder).items()]  # fmt: skip
            row(name, *cells, ours(patient.env))


if __name__ == "__main__":
    main()
