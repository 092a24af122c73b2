"""What the system forbids, and what Python runs by itself when it starts."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.diagnose import diagnose
from setup_assistant.doctor.finding import Finding
from tests.doctor.body import WITH_GPU, Body, skip_where_the_system_has, sound


def look(body: Body, name: str) -> Finding:
    return diagnose(body.case(), only=name).findings[0]


@pytest.fixture
def few_addresses() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.usefixtures("few_addresses")
def test_a_limit_of_addresses_stops_a_cuda_build_only(body: Body) -> None:
    found = look(body, "address-space")
    assert found.status == "fail"
    assert "6.00 GiB" in str(found.cause)
    body.torch("2.8.0", "cpu", pair="0.23.0")
    assert look(body, "address-space").status == "ok"


def test_a_disk_without_exec_is_named(body: Body) -> None:
    mounts = [Path(line.split()[1]) for line in Path("/proc/mounts").read_text().splitlines()]
    there = [m for m in mounts if os.access(m, os.W_OK) and os.statvfs(m).f_flag & os.ST_NOEXEC]
    if not there:
        pytest.skip("no disk of this machine is mounted so that this user may write")
    assert look(body, "no-exec").status == "ok"
    with tempfile.TemporaryDirectory(dir=there[0]) as folder:
        found = look(sound(Path(folder)), "no-exec")
    assert found.status == "fail"
    assert found.fix is not None
    assert found.fix.needs_root
    assert not found.fix.automatic


def test_a_cache_that_others_filled_may_be_read_only(body: Body) -> None:
    blocked = body.file(body.folder / "file", "")
    assert diagnose(body.case(HF_HOME=str(blocked)), only="cache-read-only").failed
    if os.getuid() != 0:
        shared = body.folder / "shared"
        body.file(shared / "hub/x", "")
        shared.chmod(0o555)
        found = diagnose(body.case(HF_HOME=str(shared)), only="cache-read-only").findings[0]
        assert found.status == "warn"


@pytest.fixture
def env(tmp_path: Path) -> Path:
    command = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")]
    subprocess.run(command, check=True)
    return tmp_path / "env"


def started(env: Path, name: str = "startup-hook") -> Finding:
    machine = replace(WITH_GPU, gpus=())
    case = Case(machine=machine, prefix=env, folder=None, variables={}, root=env, cwd=env)
    return diagnose(case, only=name).findings[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sitecustomize.py", "raise SystemExit('refused')\n"),
        ("zz_hook.pth", "import sys; sys.exit(3)\n"),
        ("aa_hook.pth", "import os; os._exit(4)\n"),
        ("bb_hook.pth", "/opt/lab\n\udcff\udcfe\n"),
    ],
)
def test_a_file_that_ends_python_as_it_starts_is_moved_aside(
    env: Path, name: str, text: str
) -> None:
    skip_where_the_system_has(name)
    packages = next(env.glob("lib/python3*/site-packages"))
    (packages / "harmless.pth").write_text("import sys; sys.harmless = True\n")
    record = packages / "harmless-1.0.dist-info"
    record.mkdir()
    (record / "RECORD").write_text("harmless.pth,,\n")
    assert started(env).status == "ok"
    (packages / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    found = started(env)
    assert found.status == "fail"
    assert found.fix is not None
    assert found.fix.automatic
    for command in found.fix.commands:
        subprocess.run(command, shell=True, check=True)
    assert started(env).status == "ok"
    assert (packages / f"{name}.off").exists()


def _utf_16(env: Path) -> None:
    settings = env / "pyvenv.cfg"
    settings.write_bytes(settings.read_text().encode("utf-16"))


def _cut_short(env: Path) -> None:
    python = env / "bin/python"
    start = python.read_bytes()[:3000]
    python.unlink()
    python.write_bytes(start)
    python.chmod(0o755)


def _not_executable(env: Path) -> None:
    python = env / "bin/python"
    whole = python.read_bytes()
    python.unlink()
    python.write_bytes(whole)
    python.chmod(0o644)


@pytest.mark.parametrize("harm", [_utf_16, _cut_short, _not_executable])
def test_an_interpreter_that_does_not_start_is_given_again(
    env: Path, harm: Callable[[Path], None]
) -> None:
    packages = next(env.glob("lib/python3*/site-packages"))
    (packages / "own.py").write_text("x = 1\n")
    assert started(env, "python-broken").status == "ok"
    harm(env)
    found = started(env, "python-broken")
    assert found.status == "fail"
    assert ("pyvenv.cfg" in str(found.evidence)) == (harm is _utf_16)
    assert found.fix is not None
    assert found.fix.automatic
    for command in found.fix.commands:
        subprocess.run(command, shell=True, check=True)
    assert started(env, "python-broken").status == "ok"
    done = subprocess.run([env / "bin/python", "-c", "import own, sys; print(sys.prefix)"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == str(env)


def test_a_python_without_a_part_is_named(env: Path, tmp_path: Path) -> None:
    assert started(env, "python-without-part").status == "ok"
    python = env / "bin/python"
    real = python.resolve()
    python.unlink()
    lacks = "case $* in *_lzma*) echo 'ModuleNotFoundError: _lzma' >&2; exit 1;; esac"
    python.write_text(f'#!/bin/sh\n{lacks}\nexec {real} "$@"\n')
    python.chmod(0o755)
    found = started(env, "python-without-part")
    assert found.status == "fail"
    assert "lzma" in str(found.cause)
    assert found.fix is not None
    subprocess.run(found.fix.commands[0], shell=True, check=True)
    assert started(env, "python-without-part").status == "ok"


def test_a_python_that_never_starts_is_not_blamed_on_a_hook(env: Path) -> None:
    (env / "bin/python").unlink()
    (env / "bin/python").write_text("#!/bin/sh\nexit 1\n")
    (env / "bin/python").chmod(0o755)
    packages = next(env.glob("lib/python3*/site-packages"))
    (packages / "sitecustomize.py").write_text("x = 1\n")
    assert started(env).status in ("ok", "blocked")
