"""README.txt holds: what it says to type is typed here, with the tools that everybody has."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.bundle.carried_python import CarriedPython, look_at
from setup_assistant.bundle.targets import kinds
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import own_folders
from setup_assistant.machine.facts import System
from tests.bundle.small import small
from tests.bundle.test_tampered import keys  # noqa: F401 - a fixture
from tests.choose.described import described


def typed(bundle: Path, word: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the lines of README.txt that hold a word, once each, in the bundle's folder."""
    text = (bundle / "README.txt").read_text()
    lines = dict.fromkeys(re.findall(rf"^    (.*{word}.*)$", text, re.MULTILINE))
    assert lines
    return subprocess.run(
        ["sh", "-ec", "\n".join(lines)], cwd=bundle, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


def test_stock_tools_prove_every_file_and_whose_it_is(
    tmp_path: Path,
    keys: Path,  # noqa: F811 - the fixture
) -> None:
    bundle = tmp_path / "有 空格"
    small(bundle, part_bytes=700, key=keys / "ours")
    assert typed(bundle, "sha256sum", tmp_path).returncode == 0
    prove = "(?:KEY.pub\\)|ssh-keygen)"
    shutil.copy(keys / "ours.pub", bundle / "KEY.pub")
    assert "Good" in typed(bundle, prove, tmp_path).stdout
    shutil.copy(keys / "theirs.pub", bundle / "KEY.pub")
    assert typed(bundle, prove, tmp_path).returncode != 0
    # Files and sums that somebody changed together.
    shutil.copy(keys / "ours.pub", bundle / "KEY.pub")
    sums = bundle / "SHA256SUMS"
    sums.write_text(sums.read_text().replace("README.txt", "README.md"))
    assert typed(bundle, prove, tmp_path).returncode != 0
    said = (bundle / "README.txt").read_text()
    assert "not signed" not in said
    assert (
        "    Linux x86_64, glibc ≥ 2.28, Python 3.11, NVIDIA driver ≥ 580.65.06: Qwen/a\n" in said
    )
    small(tmp_path / "plain")
    assert "not signed" in (tmp_path / "plain/README.txt").read_text()


@pytest.mark.parametrize(
    ("machine", "status", "said"),
    [("x86_64", 0, "x86_64 bundle verify ."), ("amd64", 0, "x86_64"), ("arm64", 4, "aarch64"),
     ("riscv64", 4, "riscv64")],
)  # fmt: skip
def test_the_launcher_takes_the_agent_of_the_processor(
    tmp_path: Path, machine: str, status: int, said: str
) -> None:
    bundle = tmp_path / 'it\'s a "stick"'
    small(bundle)
    agent = bundle / "agent/agent-x86_64.pyz"
    agent.write_text("import sys\nprint('x86_64', *sys.argv[1:])\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("uname", f"echo {machine}"), ("python3", "exit 1")):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    done = subprocess.run(
        ["sh", bundle / "run.sh", "bundle", "verify", "."], cwd=tmp_path,
        env={"PATH": f"{tools}:/usr/bin:/bin", "PYTHON": sys.executable, "CDPATH": "/"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr
    # Too old, or none at all: said, and not tried.
    (tools / "dirname").symlink_to(shutil.which("dirname") or "/usr/bin/dirname")
    without = subprocess.run(
        ["/bin/sh", bundle / "run.sh"], env={"PATH": str(tools)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert without.returncode == 4
    assert ("3.10" if status == 0 else said) in without.stderr


def python_archive(path: Path, text: bytes, name: str = "bin/python3.11") -> Path:
    """Write an archive as python-build-standalone makes them, of a program and its usual link."""
    with tarfile.open(path, "w:gz") as archive:
        program = tarfile.TarInfo(f"python/{name}")
        program.size, program.mode = len(text), 0o755
        archive.addfile(program, io.BytesIO(text))
        link = tarfile.TarInfo("python/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, "python3.11"
        archive.addfile(link)
    return path


def test_a_machine_without_python_takes_the_one_that_is_carried(tmp_path: Path) -> None:
    script = b"#!/bin/sh\necho carried $0 $@\n"
    python = CarriedPython(archive=python_archive(tmp_path / "p.tar.gz", script), arch="x86_64",
                           minor="3.11")  # fmt: skip
    bundle, home = tmp_path / 'it\'s a "stick"', tmp_path / "my home"
    small(bundle, part_bytes=700, python=python)
    assert "(Linux, with or without Python" in (bundle / "README.txt").read_text()
    other = replace(python, arch="aarch64")
    small(tmp_path / "other", python=other)
    said = (tmp_path / "other/README.txt").read_text()
    assert "(Linux, Python 3.10 or newer; on aarch64 with or without Python" in said
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "sed", "sha256sum", "mkdir", "tar", "gzip", "mv", "rm", "sh"):
        (tools / name).symlink_to(shutil.which(name) or name)
    (tools / "uname").write_text("#!/bin/sh\necho x86_64\n")
    (tools / "uname").chmod(0o755)

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", bundle / "run.sh", "bundle", "apply", "."], capture_output=True, text=True,
            env={"PATH": str(tools), "HOME": str(home)}, check=False,
        )  # fmt: skip

    first = run()
    assert first.stdout.startswith(f"carried {home}/.local/share/setup-assistant/python-")
    assert first.stdout.endswith("agent/agent-x86_64.pyz bundle apply .\n")
    assert run().stdout == first.stdout
    # `uninstall` reads which folders were made for it: where its own was there, none.
    own = home / ".local/share/setup-assistant"
    assert own_folders.made_above(next(own.iterdir())) == (own, *own.parents[:3])
    shutil.rmtree(next(own.iterdir()))
    run()
    assert own_folders.made_above(next(own.iterdir())) == ()
    # Damaged on the way: refused before anything of it runs.
    shutil.rmtree(home)
    (bundle / python.path).write_bytes(b"x" + (bundle / python.path).read_bytes())
    damaged = run()
    assert (damaged.returncode, damaged.stdout, list(tmp_path.glob("my home/*"))) == (
        1, f"{python.path}: FAILED\n", [])  # fmt: skip


@pytest.mark.parametrize("processor", [62, 183, 3])
def test_what_is_carried_is_a_python_for_a_known_processor(tmp_path: Path, processor: int) -> None:
    elf = b"\x7fELF".ljust(18, b"\0") + processor.to_bytes(2, "little")
    archive = python_archive(tmp_path / "p.tar.gz", elf)
    if processor == 3:
        with pytest.raises(SetupError, match="holds bin/python3"):
            look_at(archive)
        return
    found = look_at(archive)
    assert (found.arch, found.minor) == ({62: "x86_64", 183: "aarch64"}[processor], "3.11")


def test_what_is_no_archive_of_python_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "text.tar.gz").write_text("no archive")
    python_archive(tmp_path / "cut.tar.gz", b"\x7fELF" * 4000, "bin/other")
    for name, code in (("none", "file_missing"), ("text.tar.gz", "file_invalid"),
                       ("cut.tar.gz", "file_invalid")):  # fmt: skip
        with pytest.raises(SetupError, match=name) as refused:
            look_at(tmp_path / name)
        assert refused.value.code == code


def test_what_has_no_agent_is_left_out_before_anything_is_fetched() -> None:
    linux = described("535.104.05", "NVIDIA GeForce RTX 4090,8.9,24564,23900")
    windows = replace(linux, system=System(os="Windows", arch="x86_64", python="3.12"))
    found, left = kinds(
        [("a", linux), ("b", windows)], Wishes(model="canary"), linux.sources, load_all()
    )
    assert [k.hosts for k in found] == [("a",)]
    (other,) = left
    assert (other.host, "Windows" in other.reason) == ("b", True)
