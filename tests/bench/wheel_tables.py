"""Compare the tables inside an installed torch with `recipes/torch.toml`.

    python -m tests.bench.wheel_tables --env PREFIX

PREFIX is an environment with torch 2.11 or newer, on any machine. torch's own tables name the
codes of each CUDA build, and which parts run each code. They may be older than the wheel they
are in: a difference is a reason to look, not a proof.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from setup_assistant.catalog import torch
from setup_assistant.choose.kernels import code_runs

PARTS = (50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90, 100, 103, 110, 120, 121)
INSIDE = """
import json, sys, torch
parts = json.loads(sys.argv[1])
codes = getattr(torch.cuda, "PYTORCH_RELEASES_CODE_CC", {})
plain = lambda v: {k: sorted(w) for k, w in v.items()} if isinstance(v, dict) else sorted(v)
def runs(name):
    table = getattr(torch.cuda, name, None) or {}
    return {str(code): [p for p in parts if p in rule] for code, rule in table.items()
            if hasattr(rule, "__contains__")}
print(json.dumps({
    "torch": torch.__version__,
    "codes": {str(k): plain(v) for k, v in codes.items()},
    "before": runs("DEVICE_REQUIREMENT"),
    "after": runs("DEVICE_REQUIREMENT_POST_JETSON_SBSA_UNIFICATION"),
}))
"""
ARCHES = ("x86_64", "aarch64")


def main() -> int:
    """Print every difference; exit 1 where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", type=Path, required=True)
    inside = _ask(parser.parse_args().env)
    version = inside["torch"].partition("+")[0]
    release = next((r for r in torch.load().release if r.torch == version), None)
    if release is None or not inside["codes"]:
        return _say(f"torch {version}: not in our recipe, or without tables (before 2.11)", 0)
    found = [*_codes(release, inside["codes"]), *_rules(inside["before"], "13.0")]
    found += _rules(inside["after"], torch.load().jetson.unified_from)
    for line in found:
        _say(line, 1)
    return _say(f"torch {inside['torch']}: {len(found)} differences", int(bool(found)))


def _ask(prefix: Path) -> dict[str, Any]:
    python = prefix / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = subprocess.run(
        [str(python), "-c", INSIDE, json.dumps(PARTS)], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _codes(release: torch.Release, told: dict[str, Any]) -> Iterator[str]:
    """Yield each build whose list of codes is another."""
    kernels = torch.load().kernels
    for build in release.builds:
        theirs = told.get(torch.cuda_of(build.tag))
        if theirs is None:
            yield f"{build.tag}: ours alone"
            continue
        for arch in ARCHES:
            name = getattr(build, arch)
            ours = [int(c.replace(".", "")) for c in kernels[name]] if name else []
            here = theirs.get(arch, []) if isinstance(theirs, dict) else theirs
            if ours != here and (arch == "x86_64" or isinstance(theirs, dict)):
                yield f"{build.tag} {arch}: torch says {here}, ours {ours}"


def _rules(told: dict[str, list[int]], cuda: str) -> Iterator[str]:
    """Yield each code that runs on other parts than our rule says."""
    jetson = torch.load().jetson
    for code, parts in told.items():
        ours = [p for p in PARTS if code_runs(_dotted(int(code)), _dotted(p), cuda, jetson)]
        if ours != parts:
            yield f"code {code} from CUDA {cuda}: torch says {parts}, ours {ours}"


def _dotted(number: int) -> str:
    return f"{number // 10}.{number % 10}"


def _say(line: str, code: int) -> int:
    sys.stdout.write(f"{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
