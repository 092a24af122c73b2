"""The settings that are written into an environment are what pip, uv and conda read."""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path

from setup_assistant.choose.plan import Plan
from setup_assistant.site.mirror_settings import mirror_settings, missing, write_into
from tests.site.samples import plan

MIRROR = "https://mirrors.example/anaconda/cloud/conda-forge"


def mirrored() -> Plan:
    base = plan()
    sources = replace(base.sources, packages="https://mirrors.example/simple", conda=MIRROR)
    return replace(base, sources=sources)


def test_pip_reads_them(tmp_path: Path) -> None:
    prefix = tmp_path / "有 空格"
    venv.create(prefix, with_pip=False, symlinks=True)
    assert [p.name for p in write_into(prefix, mirrored())] == ["pip.conf", "uv.toml", ".condarc"]
    code = "import sys; from pip._internal.cli.main import main; sys.exit(main())"
    site = Path(__import__("pip").__file__).parents[1]
    done = subprocess.run(
        [prefix / "bin" / "python", "-c", code, "config", "list"],
        capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(site), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert "global.index-url='https://mirrors.example/simple'" in done.stdout
    assert "https://download.pytorch.org/whl/cu128" in done.stdout


def test_uv_reads_them(tmp_path: Path) -> None:
    import uv

    write_into(tmp_path, mirrored())
    done = subprocess.run(
        [uv.find_uv_bin(), "--config-file", tmp_path / "uv.toml", "pip", "compile", "--offline",
         "--python", sys.executable, "--verbose", "-"],
        input="nothing-of-this-name", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "failed to parse" not in done.stderr.lower()
    assert "https://mirrors.example/simple" in done.stderr


def test_uv_asks_the_package_index_before_the_others() -> None:
    text = mirror_settings(mirrored())["uv.toml"]
    urls = [line.split('"')[1] for line in text.splitlines() if line.startswith("url = ")]
    assert urls[0] == urls[-1] == "https://mirrors.example/simple"
    assert len(urls) > 2
    assert 'index-strategy = "unsafe-first-match"' in text


def test_conda_reads_one_channel_through_the_mirror() -> None:
    from ruamel.yaml import YAML

    value = YAML(typ="safe", pure=True).load(mirror_settings(mirrored())[".condarc"])
    assert value == {
        "channels": ["conda-forge"],
        "custom_channels": {"conda-forge": "https://mirrors.example/anaconda/cloud"},
        "default_channels": [],
    }


def test_credentials_never_reach_them() -> None:
    base = plan()
    secret = "https://me:word@index.example/simple"
    sources = replace(base.sources, packages=secret, conda="https://me:word@c.example/conda-forge")
    written = mirror_settings(replace(base, sources=sources))
    assert ".condarc" not in written
    assert "word" not in "".join(written.values())


def test_what_somebody_else_wrote_stays(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://mine.example\n")
    assert missing(tmp_path, mirrored()) == ["uv.toml", ".condarc"]
    assert [p.name for p in write_into(tmp_path, mirrored())] == ["uv.toml", ".condarc"]
    assert missing(tmp_path, mirrored()) == []
    assert "mine.example" in (tmp_path / "pip.conf").read_text()
    # Ours are written again with a new plan.
    write_into(tmp_path, plan())
    assert "pypi.org" in (tmp_path / "uv.toml").read_text()
