"""System, memory, disks and tools, read from trees of their own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from setup_assistant.machine import disks, host, kernel, tools

Tree = Callable[..., Path]
GIB = 1 << 30
MEMINFO = "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n"


def test_distribution_cpu_and_flags(tree: Tree) -> None:
    root = tree({
        "etc/os-release": 'NAME="Ubuntu"\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\n',
        "proc/cpuinfo": "model name\t: Some CPU @ 3GHz\nflags\t\t: fpu avx2 sse4_2 avx512f weird\n",
        "proc/sys/kernel/osrelease": "6.8.0-45-generic\n",
    })  # fmt: skip
    system = host.system(root)
    assert system.distribution == "Ubuntu 24.04.1 LTS"
    assert system.cpu == "Some CPU @ 3GHz"
    assert system.cpu_flags == ("avx2", "avx512f", "sse4_2")
    assert system.release == "6.8.0-45-generic"
    assert not system.wsl
    assert system.cpu_cores


def test_an_arm_processor(tree: Tree) -> None:
    system = host.system(tree({"proc/cpuinfo": "processor : 0\nFeatures : fp asimd i8mm bf16\n"}))
    assert system.cpu_flags == ("asimd", "bf16", "i8mm")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({".dockerenv": ""}, "docker"),
        ({"run/.containerenv": ""}, "podman"),
        ({"run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"),
        ({"proc/1/cgroup": "1:name=systemd:/kubepods/besteffort/pod1\n"}, "kubernetes"),
        ({"proc/1/cgroup": "4:memory:/docker/abc\n"}, "docker"),
        ({"proc/1/cgroup": "0::/init.scope\n"}, None),
    ],
)
def test_containers(tree: Tree, files: dict[str, str], expected: str | None) -> None:
    assert host.container(tree(files)) == expected


def test_a_pod_is_known_by_its_service(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert host.container(tree({".dockerenv": ""})) == "kubernetes"


@pytest.mark.parametrize(
    ("machine", "expected"),
    [("AMD64", "x86_64"), ("ARM64", "aarch64"), ("PPC64LE", "ppc64le"), ("", "unknown")],
)
def test_processors_are_named_as_wheels_name_them(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, machine: str, expected: str
) -> None:
    monkeypatch.setattr(host.platform, "machine", lambda: machine)
    assert host.system(tree({})).arch == expected


def test_memory_without_a_limit(tree: Tree) -> None:
    memory = host.memory(tree({"proc/meminfo": MEMINFO}))
    assert (memory.total_bytes, memory.available_bytes) == (16 * GIB, 8 * GIB)
    assert memory.limit_bytes is None


def test_a_limit_of_cgroup_v2_anywhere_above(tree: Tree) -> None:
    memory = host.memory(tree({
        "proc/meminfo": MEMINFO,
        "proc/self/cgroup": "0::/user.slice/job\n",
        "sys/fs/cgroup/memory.max": "max\n",
        "sys/fs/cgroup/user.slice/memory.max": f"{4 * GIB}\n",
        "sys/fs/cgroup/user.slice/memory.current": f"{3 * GIB}\n",
        "sys/fs/cgroup/user.slice/memory.stat": f"anon 1\ninactive_file {2 * GIB}\n",
        "sys/fs/cgroup/user.slice/job/memory.max": "max\n",
    }))  # fmt: skip
    assert memory.limit_bytes == 4 * GIB
    assert memory.available_bytes == 3 * GIB


def test_a_limit_of_cgroup_v1(tree: Tree) -> None:
    memory = host.memory(tree({
        "proc/meminfo": MEMINFO,
        "proc/self/cgroup": "5:cpu,cpuacct:/x\n3:memory:/docker/abc\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{2 * GIB}\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{GIB}\n",
        "sys/fs/cgroup/memory/memory.stat": f"total_inactive_file {GIB // 2}\n",
    }))  # fmt: skip
    assert (memory.limit_bytes, memory.available_bytes) == (2 * GIB, 3 * GIB // 2)


def test_the_unlimited_number_of_cgroup_v1_is_no_limit(tree: Tree) -> None:
    memory = host.memory(tree({
        "proc/meminfo": MEMINFO,
        "proc/self/cgroup": "3:memory:/\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }))  # fmt: skip
    assert memory.limit_bytes is None


def test_no_proc_at_all(tmp_path: Path) -> None:
    assert host.memory(tmp_path).total_bytes is None
    assert host.system(tmp_path).cpu is None
    assert kernel.read(tmp_path) == ()


@pytest.mark.parametrize(
    "text",
    [
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  535.104.05  Release Build",
    ],
)
def test_the_version_in_proc(tree: Tree, text: str) -> None:
    assert kernel.module_version(tree({"proc/driver/nvidia/version": text})) == "535.104.05"


def test_device_files_show_their_group(tree: Tree) -> None:
    root = tree({"dev/nvidia0": ""})
    (root / "dev/nvidia0").chmod(0o660)
    lines = kernel.device_groups(root)
    assert len(lines) == 1
    assert lines[0].startswith("/dev/nvidia0: mode 660, group ")


def test_disks_of_folders_that_do_not_exist_yet(tmp_path: Path) -> None:
    site, cache, temp = disks.read(tmp_path / "a" / "b")
    assert (site.role, cache.role, temp.role) == ("site", "cache", "temp")
    assert site.path == str(tmp_path / "a" / "b")
    usage = os.statvfs(tmp_path)
    assert site.total_bytes == usage.f_blocks * usage.f_frsize
    assert site.free_bytes
    assert site.free_bytes <= usage.f_bfree * usage.f_frsize


def _program(path: Path, output: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{output}'\n")
    path.chmod(0o755)
    return path


def _found(name: str) -> list[tuple[str, str | None]]:
    return [(t.path, t.version) for t in tools.read(5) if t.name == name]


def test_conda_in_a_usual_folder_with_its_version_from_its_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "home" / "miniforge3"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    conda = _program(root / "bin/conda", "not asked")
    (root / "conda-meta").mkdir()
    for name in ("conda-26.7.1-py312_0", "conda-libmamba-solver-25.1-py_0", "mamba-2.1.0-h1_0"):
        (root / "conda-meta" / f"{name}.json").write_text("{}")
    assert _found("conda") == [(str(conda), "26.7.1")]


def test_conda_named_by_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conda = _program(tmp_path / "own/bin/conda", "conda 24.5.0")
    monkeypatch.setenv("CONDA_EXE", str(conda))
    assert _found("conda") == [(str(conda), "24.5.0")]


def test_micromamba_on_path(no_programs: Path) -> None:
    program = _program(no_programs / "micromamba", "2.3.2")
    assert _found("micromamba") == [(str(program), "2.3.2")]
    assert _found("mamba") == []


def test_the_bundled_uv_is_found() -> None:
    [(path, version)] = _found("uv")
    assert Path(path).is_file()
    assert version
    assert re.fullmatch(r"[\d.]+", version)


def test_a_uv_is_taken_from_beside_python_its_package_or_the_path(
    tmp_path: Path, no_programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site/uv"
    package.mkdir(parents=True)
    inside = _program(package / "uv", "uv 0.9.1 (abc)")
    own = SimpleNamespace(find_uv_bin=lambda: str(inside))
    monkeypatch.setitem(sys.modules, "uv", own)
    found = SimpleNamespace(origin=str(package / "__init__.py"))
    spec = SimpleNamespace(util=SimpleNamespace(find_spec=lambda _name: found))
    monkeypatch.setattr(tools, "importlib", spec)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python"))
    assert _found("uv") == [(str(inside), "0.9.1")]
    (tmp_path / "site/uv-0.9.2.dist-info").mkdir()
    assert _found("uv") == [(str(inside), "0.9.2")]
    beside = _program(tmp_path / "bin/uv", "not asked")
    assert _found("uv") == [(str(beside), "0.9.2")]
    beside.chmod(0o644)

    def missing() -> str:
        raise FileNotFoundError

    own.find_uv_bin = missing
    assert _found("uv") == []
    on_path = _program(no_programs / "uv", "uv 0.8.0")
    assert _found("uv") == [(str(on_path), "0.8.0")]
    found.origin = None  # type: ignore[assignment]
    assert _found("uv") == [(str(on_path), "0.8.0")]
    _program(no_programs / "uv", "no number")
    assert _found("uv") == [(str(on_path), None)]


def test_musl_is_known_by_its_loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_glibc", lambda: None)
    assert not host.system(tmp_path).musl
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/ld-musl-x86_64.so.1").write_text("")
    assert host.system(tmp_path).musl
    monkeypatch.setattr(host, "_glibc", lambda: "2.31")
    assert not host.system(tmp_path).musl
