"""The wheel carries what the tool needs: recipes, catalogs, templates, scripts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.e2e
def test_the_installed_wheel_plans_in_chinese(tmp_path: Path) -> None:
    uv, prefix = find_uv_bin(), tmp_path / "env"
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env["HOME"] = str(tmp_path)

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=900,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(uv, "build", "--quiet", "--wheel", "--out-dir", tmp_path / "dist", ROOT)
    run(uv, "venv", "--quiet", "--python", sys.executable, prefix)
    run(uv, "pip", "install", "--quiet", "--python", prefix / "bin" / "python",
        *(tmp_path / "dist").glob("*.whl"))  # fmt: skip
    tool = prefix / "bin" / "setup-assistant"
    shown = run(tool, "plan", "--driver", "535.104.05", "--gpu", "RTX 4090,8.9,24564,23900",
                "--lang", "zh_CN")  # fmt: skip
    assert "方案" in shown
    assert "Qwen/Qwen2-VL-7B-Instruct" in shown
    installed = {p.name for p in prefix.rglob("recipes/canary/**/*")}
    assert {"model.safetensors", "cases.toml", "red-circle.png"} <= installed
