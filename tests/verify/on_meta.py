"""Run inside the built environment: parameters of every architecture, built on no device."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "setup_assistant" / "verify"))

import torch  # noqa: E402
import transformers  # noqa: E402
from inside.dummies import configuration  # type: ignore[import-not-found] # noqa: E402


def main() -> None:
    out = {}
    for name, architecture in json.loads(sys.stdin.read()).items():
        config = configuration(architecture)
        with torch.device("meta"):
            model = getattr(transformers, architecture["class"])._from_config(config)
        out[name] = sum(p.numel() for p in model.parameters())
    sys.stdout.write(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
