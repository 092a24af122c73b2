"""Break one environment in ten ways, and print what each diagnosis says of it, side by side.

    python -m tests.bench.doctor_faults ENVIRONMENT

Others: `pip check`, torch's collect_env, `transformers env`, `accelerate env`, and env-doctor and
cuda-doctor where they are on PATH. A cell is crash, silence, facts, or the cause that was named.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.verify import farm

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 180


def _version(env: Path, package: str, version: str) -> None:
    farm.write(farm.unfold(env, package) / "version.py", f"__version__ = '{version}'\n")


def _half(env: Path, package: str) -> None:
    farm.write(farm.unfold(env, package) / "__init__.py", "raise ImportError('half an update')")


def _without_cudnn(env: Path) -> None:
    farm.remove(env, "nvidia_cudnn*.dist-info")
    (farm.unfold(env, "nvidia") / "cudnn").unlink()


BREAKS: dict[str, Callable[[Path], None]] = {
    "decoder removed": lambda e: farm.remove(e, "decord", "decord2-*.dist-info"),
    "torchvision removed": lambda e: farm.remove(e, "torchvision", "torchvision-*.dist-info"),
    "torchvision for CPU": lambda e: _version(e, "torchvision", "0.0.1+cpu"),
    "cuDNN removed": _without_cudnn,
    "torch half removed": lambda e: farm.remove(e, "torch"),
    "torch overlaid": lambda e: _version(e, "torch", "1.13.1"),
    "accelerate half updated": lambda e: _half(e, "accelerate"),
    "regex removed": lambda e: farm.remove(e, "regex", "regex-*.dist-info"),
    "leftover ~orch": lambda e: (farm.packages(e) / "~orch").mkdir(),
    "pillow removed": lambda e: farm.remove(e, "PIL", "pillow-*.dist-info"),
}
OTHERS: dict[str, tuple[str, ...]] = {
    "pip check": ("{python}", "-m", "pip", "check"),
    "collect_env": ("{python}", "-m", "torch.utils.collect_env"),
    "transformers env": ("{python}", "-m", "transformers.cli.transformers", "env"),
    "accelerate env": ("{python}", "-m", "accelerate.commands.accelerate_cli", "env"),
    "env-doctor": ("env-doctor", "check"),
    "cuda-doctor": ("cuda-doctor", "doctor"),
}


def other(words: tuple[str, ...], env: Path) -> str:
    """Return what another program made of it."""
    command = [w.replace("{python}", str(env / "bin" / "python")) for w in words]
    if not shutil.which(command[0]):
        return "not here"
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)
    if "Traceback" in done.stderr + done.stdout:
        return "crash"
    if "No module named" in done.stderr:
        return "not here"
    return "complains" if done.returncode else "facts" if len(done.stdout) > 200 else "silence"


def ours(env: Path) -> str:
    """Return the first finding that fails."""
    command = [sys.executable, "-m", "setup_assistant.cli.app", "doctor", "--json"]
    done = subprocess.run([*command, "--env", str(env)], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=LIMIT)  # fmt: skip
    failed = [f for f in json.loads(done.stdout)["data"]["findings"] if f["status"] == "fail"]
    return f"cause: {failed[0]['id']}" if failed else "silence"


def row(*cells: str) -> None:
    """Print one row."""
    sys.stdout.write(" | ".join(cells) + "\n")
    sys.stdout.flush()


def main() -> None:
    original = Path(sys.argv[1]).absolute()
    row("fault", *OTHERS, "doctor")
    for name, break_ in BREAKS.items():
        with tempfile.TemporaryDirectory() as folder:
            env = farm.copy_environment(original, Path(folder) / "env")
            try:
                break_(env)
            except AssertionError as error:
                row(name, f"skipped: {error}")
                continue
            cells = [other(words, env) for words in OTHERS.values()]
            row(name, *cells, ours(env))


if __name__ == "__main__":
    main()
