"""Driver, cards, CUDA and network: every case of each look."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor import (
    builds,
    cuda,
    driver,
    gpu,
    network,
)
from setup_assistant.doctor.cuda_answer import Cuda
from setup_assistant.host.http_errors import CAUSES
from setup_assistant.machine.facts import Driver, Process, Source
from tests.doctor.body import CARD, GIB, Body
from tests.doctor.tables import Rows, Tables, case_of
from tests.recorded import names

table = Tables(Path(__file__).with_name("recorded_machine.txt"))
NOWHERE = {"prefix": None, "install": None}
KERNEL = "6.8.0-45-generic"


@table
def modules_of_the_driver(body: Body) -> Rows:
    looks = (driver.secure_boot, driver.module_off, driver.module_not_built)
    yield from ((look.__name__, look(case_of(body))) for look in looks)
    body.verdicts("driver_not_loaded")
    yield from ((f"{look.__name__}, not loaded", look(case_of(body))) for look in looks)
    body.file(body.root / "proc/sys/kernel/osrelease", f"{KERNEL}\n")
    yield "no folder of the kernel", driver.module_not_built(case_of(body))
    here = body.root / "lib/modules" / KERNEL
    here.mkdir(parents=True)
    yield "an empty folder", driver.module_not_built(case_of(body))
    (body.root / "var/lib/dkms/nvidia").mkdir(parents=True)
    yield "known to DKMS", driver.module_not_built(case_of(body))
    other = body.file(here.parent / "6.8.0-31-generic/extra/nvidia.ko.zst", "")
    yield "built for another", driver.module_not_built(case_of(body))
    inside = replace(body.machine.system, container="docker")
    contained = replace(body.machine, system=inside)
    yield "in a container", driver.module_not_built(case_of(body, machine=contained))
    efi = body.root / "sys/firmware/efi/efivars"
    efi.mkdir(parents=True)
    (efi / "SecureBoot-8be4").write_bytes(b"\x06\0\0\0\1")
    yield "Secure Boot, not built", driver.secure_boot(case_of(body))
    shutil.copytree(other.parent, here / "extra")
    yield "built", driver.module_not_built(case_of(body))
    yield "Secure Boot", driver.secure_boot(case_of(body))
    (efi / "SecureBoot-8be4").write_bytes(b"\1\0\0\0\0")
    yield "no Secure Boot", driver.secure_boot(case_of(body))
    for folder, line in (("lib/modprobe.d", "alias nvidia off"),
                         ("etc/modprobe.d", "  blacklist nvidia \n"),
                         ("etc/modprobe.d", "#blacklist nvidia\nblacklist nv\n")):  # fmt: skip
        file = body.file(body.root / folder / "x.conf", line)
        yield f"{folder}: {line!r}", driver.module_off(case_of(body))
        file.unlink()


@table
def verdicts_of_the_probe(body: Body) -> Rows:
    for name in ("nvidia_smi_missing", "driver_slow", "nvml_error"):
        for cards in ((), (CARD,)):
            body.verdicts("nvml_hangs", name, gpus=cards)
            yield f"{name}, {len(cards)} cards", driver.of_verdict(name)(case_of(body))
    for name in ("driver_not_loaded", "driver_missing", "nvml_missing", "nvml_error"):
        body.verdicts(name)
        yield f"{name} is not loaded", driver._unloaded(case_of(body))


@table
def drivers_and_builds(body: Body) -> Rows:
    yield "no environment", driver.driver_too_old(case_of(body, **NOWHERE))
    for version, known, source in (("535.1", "12.2", "nvml"), ("580.1", "13.0", "nvml"),
                                   (None, "12.8", None), ("470.1", "11.4", "table"),
                                   (None, None, None)):  # fmt: skip
        there = Driver(version=version, cuda=known, cuda_source=source)
        body.machine = replace(body.machine, driver=there)
        for torch, build, vision in (("2.11.0", "cu130", "0.26.0"), ("2.8.0", "cu126", "0.23.0"),
                                     ("2.8.0", "cpu", "0.23.0")):  # fmt: skip
            body.torch(torch, build, pair=vision)
            label = f"driver {version}, CUDA {known}, torch {torch}+{build}"
            yield label, driver.driver_too_old(case_of(body))
    told = Cuda(path="/l/libcuda.so.1", version="12.4", code=0, count=1)
    yield "the library's word", case_of(body, cuda=told).driver_cuda
    folder = body.file(body.folder / "cuda-12/compat/libcuda.so.1", "").parent
    other = body.file(body.folder / "other/libcuda.so.1", "").parent
    for value in ("", f":{folder}", str(other), f"{folder}/gone"):
        case = case_of(body, {"LD_LIBRARY_PATH": value})
        for answer in (None, told, replace(told, code=804), replace(told, code=999)):
            for version in (None, "580.1"):
                machine = replace(body.machine, driver=Driver(version=version))
                said = driver.cuda_compat(replace(case, machine=machine, cuda=answer))
                code = answer and answer.code
                yield f"LD_LIBRARY_PATH={value}, driver {version}, code {code}", said


@table
def answers_of_cuda(body: Body) -> Rows:
    checks = (*cuda.DRIVER_CHECKS, *cuda.GPU_CHECKS)
    yield "not asked", {c.look(case_of(body)) for c in checks}
    case = case_of(body)
    for code in (None, 0, 2, 3, 34, 46, 100, 214, 719, 802, 803, 804, 805, 999):
        for count, text, died in ((1, "", ""), (0, "said", ""), (0, "", "signal 11")):
            more = (count, text, died)
            found = Cuda(path="/l/libcuda.so.1", code=code, count=count, text=text, died=died)
            for check in checks:
                answer = check.look(replace(case, cuda=found))
                if answer is not None:
                    yield f"{code} {more}: {check.id}", answer
    for path in ("/l", "/x::/l/../l", "/k"):
        case = case_of(body, {"LD_LIBRARY_PATH": path}, cuda=Cuda(path="/l/libcuda.so.1", code=803))
        yield f"LD_LIBRARY_PATH={path}", case.foreign_libcuda
        yield f"LD_LIBRARY_PATH={path}, 803", [c.look(case) for c in checks if "mism" in c.id]
    yield "what comes before", [(c.id, c.needs, c.gathers) for c in checks]


@table
def cards(body: Body) -> Rows:
    hidden = replace(CARD, usable=False, note="Hidden by CUDA_VISIBLE_DEVICES.")
    lost = replace(CARD, usable=False, note="Lost.")
    other = replace(hidden, vendor="amd")
    for label, found in (("hidden", (hidden,)), ("one left", (CARD, hidden)), ("lost", (lost,)),
                         ("another's", (other,)), ("none", ())):  # fmt: skip
        body.machine = replace(body.machine, gpus=found)
        for value in ({}, {"CUDA_VISIBLE_DEVICES": ""}, {"CUDA_VISIBLE_DEVICES": "1"}):
            yield f"{label}, {value}", gpu.visible_devices(case_of(body, value))
    on = [replace(CARD, mig="on", index=n, usable=False, name=f"A100 {n}") for n in range(3)]
    cut = replace(CARD, mig="1g.10gb", index=0)
    for found in ((CARD,), (replace(CARD, mig="off"),), (on[0], cut), (on[1], cut),
                  (on[0], cut, on[2]), (replace(on[0], vendor="amd"),)):  # fmt: skip
        body.machine = replace(body.machine, gpus=tuple(found))
        yield f"MIG {[(g.index, g.mig) for g in found]}", gpu.mig_empty(case_of(body))
    busy = (Process(pid=7, name="python"), Process(pid=8))
    for total, free, who in ((20, 2.9, busy), (20, 3, busy), (20, 0, ()), (0, 0, ()),
                             (20, None, ()), (None, 1, ())):  # fmt: skip
        card = replace(CARD, index=4, memory_total_bytes=total and int(total * GIB), processes=who,
                       memory_free_bytes=free if free is None else int(free * GIB))  # fmt: skip
        body.machine = replace(body.machine, gpus=(CARD, card))
        yield f"{free} of {total} GiB free", gpu.gpu_memory(case_of(body))
    body.machine = replace(body.machine, gpus=())
    yield "no card", gpu.gpu_memory(case_of(body))


@table
def kernels_for_cards(body: Body) -> Rows:
    parts = ("5.0", "6.1", "7.0", "8.6", "8.7", "9.0", "12.0", "12.1", None)
    for torch, build, vision in (
        ("2.8.0", "cu126", "0.23.0"),
        ("2.8.0", "cu999", "0.23.0"),
        ("9.9.0", "cu126", "0.24.0"),
        ("2.8.0", "cpu", "0.1"),
    ):
        body.torch(torch, build, pair=vision)
        case = case_of(body)
        for part in parts:
            card = replace(CARD, name=f"card {part}", compute_capability=part)
            for arch, known in (("x86_64", "12.2"), ("aarch64", "13.0")):
                system = replace(body.machine.system, arch=arch)
                machine = replace(body.machine, gpus=(CARD, card), system=system,
                                  driver=Driver(version="580.1", cuda=known))  # fmt: skip
                answer = gpu.no_kernel(replace(case, machine=machine))
                if answer not in (None, "not-here"):
                    yield f"{torch}+{build}, {part}, {arch}, CUDA {known}", answer
    twice = replace(body.machine, gpus=(CARD, replace(CARD, compute_capability="6.1"), CARD))
    yield "parts", builds.parts(case_of(body, machine=twice))
    rows = [builds.release_of(v) for v in ("2.8.9", "2.8", "9.9.0")]
    yield "releases", [row and row.torch for row in rows]
    yield "nowhere", builds.swap_commands(case_of(body, **NOWHERE))


@table
def sources_and_proxies(body: Body) -> Rows:
    for check in network.CHECKS:
        yield f"{check.id}, sound", check.look(case_of(body))
        nobody = replace(body.machine, sources=())
        yield f"{check.id}, no source asked", check.look(case_of(body, machine=nobody))
    names_of = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    plain = body.file(body.folder / "plain.pem", "no certificate")
    whole = body.file(body.folder / "whole.pem", "x\n-----BEGIN CERTIFICATE-----\n")
    for path in (plain, whole, body.folder, body.folder / "gone"):
        for name in names_of:
            answer = network.certificate_file(case_of(body, {name: str(path)}))
            yield f"{name}={path}", answer
    both = {"SSL_CERT_FILE": str(whole), "CURL_CA_BUNDLE": str(plain), "PIP_CERT": ""}
    yield "a whole one and another", network.certificate_file(case_of(body, both))
    proxy = {"http_proxy": "http://a.example:1"}
    for cause, said in CAUSES.items():
        if not cause.startswith(("certificate-", "proxy-", "login", "http-401")):
            continue
        for well in (False, True):
            row = Source(leg="packages", name="a", url="https://a", reachable=False,
                         reason=said.english)  # fmt: skip
            every = [replace(row, url=f"https://{n}") for n in range(5)]
            every += [replace(row, reason=None, reachable=well)]
            case = case_of(body, proxy, machine=replace(body.machine, sources=tuple(every)))
            for check in network.CHECKS[2:]:
                if isinstance(answer := check.look(case), (str, type(None))):
                    continue
                yield f"{cause}, {well}: {check.id}", answer
                direct = replace(case, variables={})
                yield f"{cause}, {well}, no proxy: {check.id}", check.look(direct) == answer


@pytest.mark.parametrize("name", list(table.makers))
def test_each_case_of_a_look_is_answered_as_before(body: Body, name: str) -> None:
    table.compare(name, body)


def test_no_table_is_kept_that_is_made_no_more() -> None:
    assert names(table.kept) == set(table.makers)
