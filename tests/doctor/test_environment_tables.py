"""The interpreter, what stands around it, and who owns a file: every case of each look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.catalog.causes import Remedy
from setup_assistant.doctor import (
    environment,
    install_words,
    limits,
    owners,
    package_names,
    situation,
    variables,
)
from tests.doctor.body import LIBRARY, Body
from tests.doctor.tables import Rows, Tables, case_of
from tests.recorded import names

table = Tables(Path(__file__).with_name("recorded_environment.txt"))
NOWHERE = {"prefix": None, "install": None}


@table
def interpreters(body: Body) -> Rows:
    for check in limits.CHECKS:  # what they say otherwise is of this machine
        yield f"{check.id}, no environment", check.look(case_of(body, **NOWHERE))
    for check in environment.CHECKS:
        yield f"{check.id}, no environment", check.look(case_of(body, **NOWHERE))
        yield f"{check.id}, sound", check.look(case_of(body))
    python, settings = body.env / "bin/python", body.env / "pyvenv.cfg"
    real, text = python.readlink(), settings.read_text()
    body.file(settings, text.replace(f"home = {real.parent}", "home = /gone/bin"))
    yield "its home is gone", environment.python_moved(case_of(body))
    body.file(settings, "version = 3.11.7\n")
    yield "no home is named", environment.python_moved(case_of(body))
    settings.unlink()
    for own in ("lib/python3.11/os.py", "Lib/os.py", "python311._pth", "conda-meta/history"):
        yield f"no settings, before {own}", environment.python_elsewhere(case_of(body))
        file = body.file(body.env / own, "")
        yield f"no settings, but {own}", environment.python_elsewhere(case_of(body))
        file.unlink()
        if own.startswith("conda"):
            yield "of conda", environment.given_again(case_of(body))
            file.parent.rmdir()
    body.file(settings, text)
    for minor in ("3.12", "3.13"):
        (body.env / f"lib/python{minor}/site-packages").mkdir(parents=True)
    yield "packages of three Pythons", environment.python_mismatch(case_of(body))
    body.packages.rename(body.folder / "away")
    yield "packages of two others", environment.python_mismatch(case_of(body))
    python.unlink()
    yield "no interpreter", environment.python_missing(case_of(body))
    body.file(python, "#!/bin/sh\n").chmod(0o755)
    yield "an interpreter of no name", environment.python_mismatch(case_of(body))
    python.unlink()
    python.symlink_to("/gone/python3.11")
    yield "a link to nowhere", environment.python_moved(case_of(body))
    yield "a link is there", environment.python_missing(case_of(body))


@table
def wheels_and_systems(body: Body) -> Rows:
    wheel = body.packages / "numpy-2.3.1.dist-info/WHEEL"
    system = body.machine.system
    for tags in (("manylinux_2_28",), ("manylinux_2_39", "manylinux_2_36"), ("manylinux_2_39",),
                 ("manylinux_2_39", "linux")):  # fmt: skip
        body.file(wheel, "".join(f"Tag: cp311-cp311-{tag}_x86_64\n" for tag in tags))
        yield f"glibc 2.36: {tags}", environment.glibc_too_old(case_of(body))
    musl = replace(body.machine, system=replace(system, glibc=None))
    yield "no glibc", environment.glibc_too_old(case_of(body, machine=musl))
    for files, tag in (("numpy/a.so,,1", "cp36-cp36m-manylinux_2_17_x86_64"),
                       ("numpy/libn.so,,1", "cp36-cp36m-manylinux_2_17_x86_64"),
                       ("numpy/libn.so,,1", "cp36-cp36m-manylinux_2_17_aarch64"),
                       ("numpy/a.so,,1", "cp311-cp311-manylinux_2_17_x86_64")):  # fmt: skip
        body.file(wheel, f"Tag: {tag}\n")
        body.file(wheel.with_name("RECORD"), f"{files}\n")
        yield f"{tag}, {files}", environment.wheel_tags(case_of(body))
    body.file(wheel, "Tag: cp310-cp310-any\nTag: cp311-cp311-any\n")
    yield "one of two tags fits", environment.wheel_tags(case_of(body))
    for arch in ("x86_64", "AMD64", "aarch64"):
        for flags in ((), ("avx",), ("avx2",), ("sse2",), ("avx", "avx2")):
            there = replace(system, arch=arch, cpu_flags=flags)
            answer = environment.cpu_instructions(
                case_of(body, machine=replace(body.machine, system=there))
            )
            yield f"{arch} {flags}", answer
    (body.folder / "=4.40").mkdir()
    yield "a folder of such a name", environment.redirected_output(case_of(body))
    body.file(body.folder / "=4.45", "Collecting")
    body.file(body.folder / "=4.46", "Collecting")
    yield "two such files", environment.redirected_output(case_of(body))


@table
def variables_of_the_shell(body: Body) -> Rows:
    for check in variables.CHECKS:
        yield f"{check.id}, no environment", check.look(case_of(body, **NOWHERE))
        yield f"{check.id}, sound", check.look(case_of(body))
    own, other = body.packages, body.folder / "other"
    body.file(other / "PIL.py", "")
    for value in (str(own), f"{own}:{other}", f":{other}", str(body.folder), f"{other}:{own}"):
        yield f"PYTHONPATH={value}", variables.pythonpath(case_of(body, {"PYTHONPATH": value}))
    for value in (str(body.env), "/opt/python"):
        yield f"PYTHONHOME={value}", variables.pythonhome(case_of(body, {"PYTHONHOME": value}))
    library = body.file(other / "libcublas.so.12", "")
    plain = body.file(other / "libjemalloc.so.2", "")
    for value in (f"{plain}", f"{library}", f"{plain}:/gone/a.so", f"libjemalloc.so {library}",
                  "libjemalloc.so"):  # fmt: skip
        yield f"LD_PRELOAD={value}", variables.preload(case_of(body, {"LD_PRELOAD": value}))
    for value in ("0", "1", "2", "3", "yes"):
        case = case_of(body, {"PYTHONOPTIMIZE": value})
        yield f"PYTHONOPTIMIZE={value}", variables.python_optimize(case)
    body.file(body.folder / "torch.py", "")
    yield "torch.py here", variables.shadowed(case_of(body))
    body.file(body.folder / "scripts/av.py", "")
    yield "and av.py beside the scripts", variables.shadowed(case_of(body))


@table
def packages_of_the_home(body: Body) -> Rows:
    settings = body.env / "pyvenv.cfg"
    open_ = settings.read_text().replace("= false", "= true")
    home = body.folder / "home/.local/lib/python3.11/site-packages"
    base = body.folder / "base/lib/python3.11/site-packages"
    (home / "av").mkdir(parents=True)
    (base / "numpy").mkdir(parents=True)
    yield "an environment that isolates", variables.user_site(case_of(body))
    body.file(settings, open_)
    yield "one that does not", variables.user_site(case_of(body))
    for more in ({"PYTHONNOUSERSITE": "1"}, {"PYTHONUSERBASE": str(body.folder / "base")},
                 {"HOME": "/nowhere"}):  # fmt: skip
        yield f"one that does not, {more}", variables.user_site(case_of(body, more))


@table
def owners_of_files(body: Body) -> Rows:
    install = case_of(body).install
    assert install is not None
    body.file(body.packages / "six.py", "")
    away = body.folder / "link"
    away.symlink_to(body.packages)
    for place in (f"{body.packages}/PIL/__init__.py", f"{body.packages}/PIL/gone.py",
                  f"{body.packages}/six.py", f"{body.packages}/My_Own/a/b.py",
                  f"{body.folder}/PIL/__init__.py", f"{away}/PIL/a.py"):  # fmt: skip
        yield place, owners.owner_of(install, place)
    for start in ("PIL/__init__.py,", "PIL/", "IL/", "gone/"):
        yield start, owners.brought_by(install, start)
    record = body.packages / "pillow-12.0.0.dist-info/RECORD"
    body.file(record, "PIL/__init__.py,sha256=x,0\nPIL/_lib.so,sha256=x,64\nPIL/a.py,sha256=x,\n"
              "PIL/b.py,md5=x,1\nPIL/c.py,sha256=x\n")  # fmt: skip
    install = case_of(body).install
    assert install is not None
    for name in ("__init__.py", "_lib.so", "a.py", "b.py", "c.py"):
        yield f"changed {name}", owners.changed(install, f"{body.packages}/PIL/{name}")
    yield "absent", owners.absent(install.by_name["pillow"])
    for large in (False, True):
        found = [(d.name, f) for d, f in owners.edited(install, ("pillow",), large=large)]
        yield f"edited, large {large}", found
    (body.packages / "PIL/_lib.so").write_bytes(LIBRARY + b"1")
    yield "of another size", [f for _d, f in owners.edited(install, ("pillow",))]


@table
def installs_as_they_are(body: Body) -> Rows:
    (body.packages / "~ld").mkdir()
    info = body.packages / "numpy-2.3.1.dist-info"
    body.file(info / "RECORD", (
        "numpy/core/a.so.1.2,sha256=x,7\r\nnumpy/b.so,,\nsix.py,,1\nnumpy/c.py,x,2\n"
        "numpy/core/d.py,,3\ncertifi/cacert.pem,,4\nother/cacert.pem,,4\nnumpy/e.sound,,5\n"
        "transformers/models/qwen2_vl/m.py,,6\ntransformers/models/auto/a.py,,6\n"
        "transformers/models/bert/m.py,,6\nnumpy/f.py,,x\n"))  # fmt: skip
    body.file(info / "METADATA", "Name: numpy\nRequires-Dist: a ; x\nRequires-Dist:b\n\n"
              "Requires-Dist: not this\n")  # fmt: skip
    body.file(info / "WHEEL", "Tag: one\nTag:   two \nNo-Tag: three\n")
    body.file(info / "entry_points.txt", "[some.group]\na = b\n")
    install = case_of(body).install
    assert install is not None
    dist = install.by_name["numpy"]
    yield "recorded", [(f.removeprefix(f"{body.packages}/"), n) for f, n in dist.recorded()]
    yield "requires, tags", (list(dist.requires()), dist.tags(), dist.text("gone"))
    yield "leftovers", [p.name for p in install.leftovers]
    yield "offering", [[d.name for d in install.offering(g)] for g in ("some.group", "group")]
    yield "holds", [install.holds(m) for m in ("PIL", "six", "gone")]
    body.file(body.packages / "torch/version.py", "debug = False\ncuda: Optional[str] = '13.0'\n")
    yield "cuda", case_of(body).install.cuda  # type: ignore[union-attr]
    body.file(body.packages / "torch/version.py", "xcuda = '12.6'\ncuda = None\n")
    yield "no cuda", case_of(body).install.cuda  # type: ignore[union-attr]


COMMANDS = (
    "pip install a", "uv pip install --python /e/bin/python a==1 'b<2'", "pip uninstall a",
    "/e/bin/python -m pip install -U a", "python -m other.module pip install a", "rm -- pip",
    "pip install --upgrade --no-deps --force-reinstall a -f /w --find-links /v",
    "uv pip install -p /e --reinstall --no-index a --extra-index-url x --index-url",
    "pip install --index-url x --python", "pip",
)  # fmt: skip
VALUES = ("1.2", "3.12", "3", ">=1.0,<2", "cu126", "cu1", "cpu", "owner/name", "env.yml", "8.9",
          "/usr/lib/x", "535", "535.104.05", "https://h.example/a.git", "A_NAME", "name[x]>=1",
          "yaml", "cv2", "no way", "-e")  # fmt: skip


@table
def words_of_commands(body: Body) -> Rows:
    for command in COMMANDS:
        asked = install_words.installing(command)
        yield command, asked and (asked, asked.names)
        yield f"held: {command}", install_words.held(command, {"a": "9", "b": "8"})
    for module in ("'cv2'", "google.protobuf", "google.cloud", "Some_Module.part", "swift"):
        yield module, package_names.package_of(module)
    for name in ("torch", "torchvision", "triton", "xformers", "flash-attn", "peft"):
        asks = package_names.installed(name, ">=1")
        yield f"for {name}", (asks, package_names.request(replace(asks, name=name)))
    for place in (*package_names._FORMS, "module", "package"):
        taken = [v for v in VALUES if package_names.filled(f"{{{place}}}", {place: v})]
        yield f"{{{place}}} takes", taken
    line = Remedy(need="run", name="{package}", posix="a {file} b {model}", windows="c {gone} d",
                  debian="e", value="{version}x")  # fmt: skip
    yield "named", package_names.named(line, {"file": "env.yml", "model": "a/b", "package": "p"})
    yield "named oddly", package_names.named(line, {"file": "; rm", "model": "a/b"})
    for name in ("Fedora Linux 40", "Red Hat Enterprise Linux", "Arch Linux", "CachyOS", "Ubuntu",
                 "Linux Mint 22", "Pop!_OS 22", "Debian GNU/Linux", "Kali", "Alpine"):  # fmt: skip
        yield name, situation.family(name)
    yield "shells", [situation.shell(name) for name in ("Linux", "Darwin", "Windows")]


@pytest.mark.parametrize("name", list(table.makers))
def test_each_case_of_a_look_is_answered_as_before(
    body: Body, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(body.folder / "base")
    table.compare(name, body)


def test_no_table_is_kept_that_is_made_no_more() -> None:
    assert names(table.kept) == set(table.makers)
