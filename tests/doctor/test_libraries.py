"""Libraries: read from their headers, followed as the loader would, built by a real compiler."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor import elf
from setup_assistant.doctor.loader import Linked, Loader, system_folders
from tests.doctor.body import LIBRARY, Body

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
pytestmark = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux", reason="needs Linux and a C compiler"
)


def build(path: Path, *needs: Path, rpath: str = "", flags: tuple[str, ...] = ()) -> Path:
    """Build a library that needs others, with a search path of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = [f"-L{n.parent}" for n in needs] + [f"-l:{n.name}" for n in needs]
    search = [f"-Wl,--disable-new-dtags,-rpath,{rpath}"] if rpath else []
    subprocess.run(
        [str(COMPILER), "-shared", "-fPIC", "-nostdlib", "-x", "c", "/dev/null", "-o", str(path),
         f"-Wl,-soname,{path.name}", "-Wl,--no-as-needed", *search, *flags, "-x", "none", *found],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


def test_needs_and_paths_are_read(tmp_path: Path) -> None:
    inner = build(tmp_path / "libinner.so.1")
    outer = build(tmp_path / "libouter.so", inner, rpath="$ORIGIN/../x:/opt/y")
    said = elf.read(outer)
    assert said.fault == ""
    assert said.soname == "libouter.so"
    assert said.needed == ("libinner.so.1",)
    assert said.rpath == ("$ORIGIN/../x", "/opt/y")
    assert said.runpath == ()
    late = build(tmp_path / "liblate.so", inner, flags=("-Wl,--enable-new-dtags,-rpath,/z",))
    assert elf.read(late).runpath == ("/z",)


def table(wide: bool, order: str) -> bytes:
    """A library that is called `liby.so` and needs `libx.so`, of either width and order."""
    names = b"\0libx.so\0liby.so\0"
    word, head = ("Q" if wide else "I"), (64 if wide else 52)
    entry, at = (56 if wide else 32), 256
    tags = [(1, 1), (14, 9), (5, at + 128), (10, len(names)), (0, 0)]
    dynamic = b"".join(struct.pack(f"{order}{word}{word}", *tag) for tag in tags)

    def segment(kind: int, offset: int, size: int) -> bytes:
        if wide:
            return struct.pack(f"{order}IIQQQQQQ", kind, 4, offset, offset, 0, size, size, 1)
        return struct.pack(f"{order}IIIIIIII", kind, offset, offset, 0, size, size, 4, 1)

    ident = b"\x7fELF" + bytes([1 + wide, 1 if order == "<" else 2, 1]) + bytes(9)
    rest = struct.pack(
        f"{order}HHI{word}{word}{word}IHHHHHH", 3, 62 if wide else 3, 1, 0, head, 0, 0, head,
        entry, 2, 0, 0, 0,
    )  # fmt: skip
    data = ident + rest + segment(1, 0, 512) + segment(2, at, len(dynamic))
    data = data.ljust(at, b"\0") + dynamic
    return (data.ljust(at + 128, b"\0") + names).ljust(512, b"\0")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("wide", [True, False])
def test_tables_of_every_width_and_order_are_read(tmp_path: Path, wide: bool, order: str) -> None:
    (tmp_path / "x.so").write_bytes(table(wide, order))
    said = elf.read(tmp_path / "x.so")
    assert (said.fault, said.soname, said.needed) == ("", "liby.so", ("libx.so",))


@pytest.mark.parametrize("data", [b"", b"<html>", LIBRARY[:40], b"\x7fELF" + bytes(60)])
def test_what_is_no_library_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.so").write_bytes(data)
    said = elf.read(tmp_path / "x.so")
    assert said.fault or not said.machine.startswith("x86")


def test_no_cut_of_a_library_raises(tmp_path: Path) -> None:
    whole = build(tmp_path / "libouter.so", build(tmp_path / "libinner.so")).read_bytes()
    for size in range(0, len(whole), 997):
        path = tmp_path / f"cut{size}.so"
        path.write_bytes(whole[:size])
        elf.read(path)
    for at in range(16, 400, 7):
        path = tmp_path / f"bent{at}.so"
        path.write_bytes(whole[:at] + b"\xff\xff" + whole[at + 2 :])
        elf.read(path)


def test_versions_offered_and_asked_for_are_read() -> None:
    found = [f / "libstdc++.so.6" for f in system_folders(Path("/"), "x86_64")]
    path = next((p for p in found if p.is_file()), None)
    if path is None:
        pytest.skip("no libstdc++ here")
    said = elf.read(path)
    assert "GLIBCXX_3.4" in said.defines
    assert any(v.startswith("GLIBC_2") for v in said.wants["libc.so.6"])


def load(path: Path, **settings: list[Path]) -> dict[str, Linked]:
    loader = Loader(machine=elf.read(path).machine, **settings)  # type: ignore[arg-type]
    loader.load(path)
    return {link.name: link for link in loader.links}


def test_the_order_of_the_loader(tmp_path: Path) -> None:
    inner = build(tmp_path / "own/libinner.so")
    shutil.copytree(tmp_path / "own", tmp_path / "variable")
    early = build(tmp_path / "libearly.so", inner, rpath="$ORIGIN/own")
    late = build(
        tmp_path / "liblate.so", inner, flags=("-Wl,--enable-new-dtags,-rpath,$ORIGIN/own",)
    )
    plain = build(tmp_path / "libplain.so", inner)
    variable = [tmp_path / "variable"]
    assert load(early, variable=variable)["libinner.so"].how == "own"
    assert load(late, variable=variable)["libinner.so"].how == "variable"
    assert load(late)["libinner.so"].how == "own"
    assert load(plain)["libinner.so"].path is None
    assert load(plain, system=[tmp_path / "own"])["libinner.so"].how == "system"


def test_a_library_of_another_machine_is_passed_over(tmp_path: Path) -> None:
    inner = build(tmp_path / "own/libinner.so")
    outer = build(tmp_path / "libouter.so", inner, rpath="$ORIGIN/own")
    data = bytearray(inner.read_bytes())
    data[18:20] = b"\xb7\x00"
    inner.write_bytes(bytes(data))
    assert elf.read(inner).machine == "aarch64"
    assert load(outer)["libinner.so"].path is None


def test_folders_of_the_system_are_read_from_its_settings(tmp_path: Path) -> None:
    (tmp_path / "etc/ld.so.conf.d").mkdir(parents=True)
    (tmp_path / "etc/ld.so.conf").write_text("include /etc/ld.so.conf.d/*.conf\n# x\n/opt/a\n")
    (tmp_path / "etc/ld.so.conf.d/b.conf").write_text("/opt/b\n")
    for name in ("opt/a", "opt/b", "usr/lib", "usr/lib/x86_64-linux-gnu"):
        (tmp_path / name).mkdir(parents=True)
    found = [str(f.relative_to(tmp_path)) for f in system_folders(tmp_path, "x86_64")]
    assert found == ["opt/b", "opt/a", "usr/lib/x86_64-linux-gnu", "usr/lib"]


def _with_torch(body: Body, *, rpath: str = "$ORIGIN/../../nvidia/cudnn/lib") -> Path:
    cudnn = build(body.packages / "nvidia/cudnn/lib/libcudnn.so.9")
    build(body.packages / "torch/lib/libtorch_global_deps.so", cudnn, rpath=rpath)
    return cudnn


def test_a_missing_library_is_named_with_its_package(body: Body) -> None:
    cudnn = _with_torch(body)
    assert not body.diagnose().failed
    cudnn.unlink()
    first = body.diagnose().failed[0]
    assert first.id == "library-missing"
    assert first.fix is not None
    assert "nvidia-cudnn-cu12==9.10.2.21" in first.fix.commands[0]


def test_a_library_of_garbage_is_damaged(body: Body) -> None:
    cudnn = _with_torch(body)
    cudnn.write_bytes(bytes(cudnn.stat().st_size))
    assert body.diagnose().failed[0].id == "library-damaged"


def test_a_library_for_another_machine(body: Body) -> None:
    _with_torch(body)
    body.machine = replace(body.machine, system=replace(body.machine.system, arch="x86_64"))
    data = bytearray(LIBRARY)
    data[18:20] = b"\xb7\x00"
    (body.packages / "tokenizers/_lib.so").write_bytes(bytes(data))
    first = body.diagnose().failed[0]
    assert first.id == "library-machine"
    assert "aarch64" in str(first.cause)


def test_a_foreign_folder_matters_only_where_it_wins(body: Body, tmp_path: Path) -> None:
    cudnn = _with_torch(body)
    foreign = tmp_path / "cuda/lib64"
    foreign.mkdir(parents=True)
    shutil.copy(cudnn, foreign / cudnn.name)
    found = body.diagnose(LD_LIBRARY_PATH=str(foreign))
    assert "library-path" not in [f.id for f in found.findings if f.status in ("warn", "fail")]
    build(body.packages / "torch/lib/libtorch_global_deps.so", cudnn)
    found = body.diagnose(LD_LIBRARY_PATH=str(foreign))
    assert "library-path" in [f.id for f in found.findings if f.status == "warn"]
    (foreign / cudnn.name).write_bytes(b"not a library")
    first = body.diagnose(LD_LIBRARY_PATH=str(foreign)).failed[0]
    assert first.id == "library-path"
    assert first.fix is not None
    assert first.fix.commands == ("unset LD_LIBRARY_PATH",)
