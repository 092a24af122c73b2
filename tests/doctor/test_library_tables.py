"""Compiled libraries: what each says, where the loader takes it from, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor import elf, environment, libraries, variables
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.gather import gather
from setup_assistant.doctor.linked import linked, roots
from setup_assistant.doctor.loader import Linked, Loader, system_folders
from tests.doctor.body import LIBRARY, Body
from tests.doctor.made_library import library
from tests.doctor.tables import Rows, Tables, case_of
from tests.recorded import names

table = Tables(Path(__file__).with_name("recorded_libraries.txt"))
WANTS = {"libc.so.6": ("GLIBC_2.2.5", "GLIBC_2.34"), "libm.so.6": ("GLIBC_2.29",)}


@table
def headers(body: Body) -> Rows:
    for wide in (True, False):
        for order in ("<", ">"):
            path = library(body.folder / "x.so", needed=("a.so", "b.so"), soname="s.so",
                           wants=WANTS, rpath="/a:$ORIGIN/b::", runpath="c",
                           defines=("V_1", "V_1.2"),
                           wide=wide, order=order)  # fmt: skip
            said = elf.read(path)
            wants = {name: sorted(found) for name, found in said.wants.items()}
            yield f"wide {wide}, {order}", (replace(said, wants=wants, defines=frozenset()),
                                            sorted(said.defines))  # fmt: skip
    data = path.read_bytes()
    for cut in (0, 3, 63, 64, 1000, len(data) - 1):
        path.write_bytes(data[:cut])
        said = elf.read(path)
        # What lies behind the colon are the words of this Python.
        yield f"the first {cut} bytes", replace(said, fault=said.fault.partition(":")[0])
    for number in (*elf.MACHINES, 8):
        yield f"machine {number}", elf.read(library(path, machine=number)).machine
    yield "not there", elf.read(body.folder / "gone.so")
    yield "a folder", elf.read(body.folder).fault
    yield "bare", elf.read(library(path))
    path.write_bytes(LIBRARY)
    yield "no tables", elf.read(path)


def loaded(path: Path, **settings: object) -> Iterator[str]:
    loader = Loader(machine="x86_64", **settings)  # type: ignore[arg-type]
    loader.load(path)
    yield from (f"{n.name} by {n.asked_by.name}: {n.path} {n.how}" for n in loader.links)
    yield f"loaded {sorted(loader.loaded)}"


@table
def ways_of_the_loader(body: Body) -> Rows:
    top = body.folder
    for place in ("own", "variable", "system", "torch"):
        library(top / place / "libin.so", needed=("libdeep.so",))
        library(top / place / "libdeep.so", machine=183 if place == "own" else 62)
    ways = {"variable": [top / "variable"], "system": [top / "system"], "own": [top / "torch"]}
    for paths in ({"rpath": "$ORIGIN/own"}, {"runpath": "${ORIGIN}/own"}, {"rpath": "own:x"},
                  {"rpath": str(top / "own"), "runpath": "/nowhere"}, {}):  # fmt: skip
        out = library(
            top / "libout.so",
            needed=("libin.so", "ld-linux-x86-64.so.2", "libin.so"),
            soname="libname.so",
            **paths,
        )  # type: ignore[arg-type]
        for chosen in ((), ("variable", "system", "own"), ("system", "own"), ("own",)):
            said = loaded(out, **{name: ways[name] for name in chosen})
            yield f"{paths} with {chosen}", "; ".join(said)
    own = library(top / "itself.so", needed=("libname.so", "itself.so"), soname="libname.so")
    yield "what it is called itself", "; ".join(loaded(own))


@table
def folders_of_the_system(body: Body) -> Rows:
    for name in ("lib", "lib64", "usr/lib", "usr/lib64", "usr/local/lib", "opt/a", "opt/b",
                 "usr/lib/aarch64-linux-gnu", "lib/x86_64-linux-gnu"):  # fmt: skip
        (body.root / name).mkdir(parents=True)
    body.file(body.root / "etc/ld.so.conf", "/opt/a # here\n#/opt/b\n/opt/gone\n/lib64\nopt/b\n"
              "include /etc/more/*.conf\ninclude\n")  # fmt: skip
    body.file(body.root / "etc/more/1.conf", "/opt/b\ninclude /etc/more/1.conf\n")
    for machine in ("x86_64", "aarch64", "riscv64"):
        yield machine, [str(f.relative_to(body.root)) for f in system_folders(body.root, machine)]


@table
def modules_that_are_loaded(body: Body) -> Rows:
    home = body.packages
    for place in ("torch/lib/libtorch_global_deps.so", "torch/_C.cpython-311.so", "cv2/b.so",
                  "torchvision/_C.so", "numpy/core/_multiarray_umath.c.so", "tokenizers/t.so",
                  "nvidia/cudnn/lib/libcudnn.so.9", "PIL/_imaging.c.so", "other/o.so"):  # fmt: skip
        library(home / place, needed=("libcudnn.so.9",))
    case = case_of(body, {"LD_LIBRARY_PATH": f"{home}/torch:"})
    assert case.install is not None
    yield "in this order", [str(p.relative_to(home)) for p in roots(case.install)]
    found = linked(case.install, case.machine.system, case.variables, case.root) or ()
    yield "taken from", [f"{n.name} {n.path} {n.how}" for n in found]
    windows = replace(case.machine.system, os="Windows")
    yield "on Windows", linked(case.install, windows, {}, case.root)
    yield "of nothing", linked(None, case.machine.system, {}, case.root)


def judged(case: Case, *links: Linked) -> Rows:
    case = replace(case, linked=links)
    for look in (libraries.library_damaged, libraries.library_machine, libraries.library_missing,
                 libraries.library_version, environment.glibc_too_old):  # fmt: skip
        yield look.__name__, look(case)


@table
def what_is_wrong_with_a_library(body: Body) -> Rows:
    home, case = body.packages, case_of(body)
    for look in (libraries.library_damaged, libraries.library_machine, libraries.library_missing,
                 libraries.library_version):  # fmt: skip
        yield f"{look.__name__}, not followed", look(case)
        yield f"{look.__name__}, no environment", look(replace(case, install=None, linked=()))
    own = home / "numpy/numpy.libs"
    asking = library(home / "numpy/a.so", needed=("libx.so",), rpath="/gone:$ORIGIN/numpy.libs",
                     runpath="$ORIGIN/late")  # fmt: skip
    nowhere = Linked(name="libx.so", asked_by=asking)
    yield from judged(case, nowhere)
    late = library(home / "numpy/late/libx.so", machine=40)
    yield from judged(case, nowhere)
    library(own / "libx.so", machine=183)
    yield from judged(case, nowhere)
    late.write_bytes(b"no library")
    yield from judged(case, replace(nowhere, path=late, how="own"), nowhere)
    foreign = body.file(body.folder / "far/libx.so", "of no package")
    yield from judged(case, replace(nowhere, path=foreign, how="system"))


LIBC = Linked(name="libc.so.6", asked_by=Path("/a"), path=Path("/lib/libc.so.6"), how="system")


@table
def libraries_that_are_nowhere(body: Body) -> Rows:
    body.install("opencv_python", "cv2", "4.12")
    body.install("av", "av", "15.0")
    home = body.packages

    def link(name: str, by: str) -> Linked:
        return Linked(name=name, asked_by=home / by / "_lib.so")

    odd, gl = link("libodd.so.3", "cv2"), link("libGL.so.1", "av")
    dnn, solver = link("libcudnn.so.9", "torch"), link("libcusolver.so.11", "torch")
    vision = link("libtorch.so", "torchvision")
    for links in ((odd, LIBC), (odd, replace(LIBC, path=None)), (gl, dnn, LIBC), (gl, odd, LIBC),
                  (dnn, dnn, solver), (vision, LIBC), (LIBC,)):  # fmt: skip
        answer = libraries.library_missing(case_of(body, linked=links))
        yield str([n.name for n in links]), answer
    body.remove("torchvision-*.dist-info")
    body.install("torchvision", "torchvision", "0.20.1", requires=("torch ==2.5.1",))
    for links in ((vision, LIBC), (vision, gl)):
        answer = libraries.library_missing(case_of(body, linked=links))
        yield f"of a torchvision that goes: {[n.name for n in links]}", answer
    for needs in (("nvidia-cudnn>=9", "nvidia-cublas-cu13==13.1"), ("nvidia-cusolver-cu11<12",)):
        body.torch("2.8.0", "cu118", pair="0.23.0")
        body.remove("torch-*.dist-info")
        body.install("torch", "torch", "2.8.0+cu118", requires=needs)
        install = case_of(body).install
        assert install is not None
        for name in (*(f"{n}.so.9" for n in libraries._CUDA), "libodd.so"):
            yield f"{needs}: {name}", libraries._cuda_package(install, name)
    for name, package in libraries._DEBIAN.items():
        yield name, package


@table
def versions_of_symbols(body: Body) -> Rows:
    system = library(body.folder / "sys/libstdc++.so.6", defines=("CXX_3.4", "CXX_3.4.9"))
    bare = library(body.folder / "sys/libbare.so.1")
    asks = {"libstdc++.so.6": ("CXX_3.4.9", "CXX_3.4.30", "CXX_3.4.4"), "libbare.so.1": ("B_1",),
            "libgone.so": ("G_1",)}  # fmt: skip
    library(body.packages / "tokenizers/t.so", wants=asks)
    links = (Linked(name="libbare.so.1", asked_by=system, path=bare, how="system"),
             Linked(name="libgone.so", asked_by=system))  # fmt: skip
    case = case_of(body)
    yield "not followed to it", libraries.library_version(replace(case, linked=links))
    for how in ("system", "variable", "own"):
        link = Linked(name=system.name, asked_by=bare, path=system, how=how)
        case = case_of(body, linked=(*links, link))
        yield f"by {how}", libraries.library_version(case)
    (body.env / "conda-meta").mkdir()
    yield "in conda", libraries.library_version(case)
    library(body.packages / "tokenizers/t.so", wants={"libstdc++.so.6": ("CXX_3.4.9",)})
    yield "defined", libraries.library_version(case)
    inner = library(body.folder / "in.so", wants={"libc.so.6": ("GLIBC_2.9", "GLIBC_2.40",
                                                                "GLIBC_PRIVATE", "GLIBC_ABI_2.99")
                                                  })  # fmt: skip
    for how in ("own", "system"):
        link = Linked(name="in.so", asked_by=bare, path=inner, how=how)
        yield f"glibc asked for by {how}", libraries.glibc_needed(case_of(body, linked=(link,)))
    library(body.packages / "tokenizers/t.so", wants={"libc.so.6": ("GLIBC_2.36", "GLIBC_2.4")})
    yield "as new as the system's", libraries.glibc_needed(case_of(body, linked=()))
    library(body.packages / "tokenizers/t.so", wants={"libc.so.6": ("GLIBC_2.37", "GLIBC_2.4")})
    yield "newer", environment.glibc_too_old(case_of(body, linked=()))
    musl = replace(body.machine, system=replace(body.machine.system, glibc=None))
    yield "no glibc", libraries.glibc_needed(case_of(body, linked=(), machine=musl))


@table
def libraries_of_a_variable(body: Body) -> Rows:
    far = body.folder / "cuda/lib64"
    found = [library(far / f"{name}.so.1") for name in ("libcudart", "libother", "libnccl")]
    value = {"LD_LIBRARY_PATH": f"{far}:{body.env}/lib::/gone"}
    links = tuple(Linked(name=p.name, asked_by=p, path=p, how="variable") for p in found)
    deps = body.packages / "torch/lib/libtorch_global_deps.so"
    for label, rpath in (("first", "$ORIGIN"), ("late", "")):
        library(deps, rpath=rpath)
        for taken in (None, (), links, (links[1],), (replace(links[0], how="system"),)):
            said = variables.library_path(case_of(body, value, linked=taken))
            count = None if taken is None else [(n.name, n.how) for n in taken]
            yield f"torch names its own {label}, taken {count}", said
    found[1].write_bytes(b"no library")
    yield "one is damaged", variables.library_path(case_of(body, value, linked=links))
    inside = library(body.env / "lib/libcudart.so.1")
    own = (Linked(name=inside.name, asked_by=inside, path=inside, how="variable"),)
    library(deps, rpath="$ORIGIN")
    yield "the environment's own", variables.library_path(case_of(body, value, linked=own))
    yield "gathered", len(gather(case_of(body, value), ("linked",)).linked or ())


@pytest.mark.parametrize("name", list(table.makers))
def test_each_case_of_a_look_is_answered_as_before(body: Body, name: str) -> None:
    table.compare(name, body)


def test_no_table_is_kept_that_is_made_no_more() -> None:
    assert names(table.kept) == set(table.makers)
