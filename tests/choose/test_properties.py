"""What must hold on every machine, however odd.

Every day a few machines are drawn; with SETUP_ASSISTANT_TEST_SEARCH=1, as at night, many.
"""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setup_assistant.catalog.torch import Build, cuda_of
from setup_assistant.choose.plan import Plan
from setup_assistant.errors import Exit, SetupError
from setup_assistant.machine.facts import Machine
from setup_assistant.versions import at_least, numbers, within
from tests.choose.described import described, known, planned, reached

DRIVERS = (
    "450.80.02", "460.32.03", "470.223.02", "510.47.03", "515.105.01", "520.61.05", "525.60.13",
    "525.60.11", "530.30.02", "535.104.05", "545.23.08", "550.54.15", "555.42.06", "560.35.05",
    "565.57.01", "570.26", "575.57.08", "580.65.06", "590.48.01", "595.58.03", "610.43.02",
    "615.71.09",
)  # fmt: skip
WINDOWS_DRIVERS = ("452.39", "472.50", "516.31", "528.33", "537.13", "560.94", "572.61", "581.29")
PARTS = ("3.7", "5.0", "5.2", "6.0", "6.1", "7.0", "7.2", "7.5", "8.0", "8.6", "8.7", "8.9",
         "9.0", "10.0", "10.3", "11.0", "12.0", "12.1")  # fmt: skip
SIZES = (2048, 4096, 6144, 8192, 11264, 12288, 16384, 24576, 32607, 49152, 81920, 143771)
PLATFORMS = (("Linux", "x86_64"), ("Linux", "aarch64"), ("Windows", "x86_64"))
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14", None)
GLIBCS = (None, "2.17", "2.27", "2.28", "2.35")
# Restated here, so that the table and the code cannot be wrong together.
FLOORS = {"Linux": {13: "580", 12: "525.60.13", 11: "450.80.02"},
          "Windows": {13: "580", 12: "528.33", 11: "452.39"}}  # fmt: skip
SOLE = {"5.3", "6.2", "7.2", "8.7", "10.1", "11.0"}

quick = settings(
    max_examples=300 if os.environ.get("SETUP_ASSISTANT_TEST_SEARCH") else 15,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@st.composite
def machines(draw: st.DrawFn, *, most: int = 3, least: int = 1) -> Machine:
    system, arch = draw(st.sampled_from(PLATFORMS))
    specs = []
    for part in draw(st.lists(st.sampled_from(PARTS), min_size=least, max_size=most)):
        total = draw(st.sampled_from(SIZES))
        specs.append(f"GPU {part},{part},{total},{int(total * draw(st.floats(0.6, 0.98)))}")
    return described(
        draw(st.sampled_from(WINDOWS_DRIVERS if system == "Windows" else DRIVERS)),
        *specs,
        system=system,
        arch=arch,
        python=draw(st.sampled_from(PYTHONS)),
        ram_gib=draw(st.sampled_from((16, 64, 256))),
        glibc=draw(st.sampled_from(GLIBCS)) if system == "Linux" else None,
    )


def attempt(machine: Machine, **wishes: object) -> Plan | None:
    """Return the plan, or None where the machine cannot, with a remedy."""
    try:
        return planned(machine, **wishes)
    except SetupError as error:
        refusal = error
    assert refusal.exit == Exit.CANNOT
    assert refusal.hint.english
    return None


def build_of(plan: Plan) -> Build | None:
    release = next(r for r in known().torch.release if r.torch == plan.torch.version)
    return next((b for b in release.builds if b.tag == plan.torch.build), None)


def has_code(codes: tuple[str, ...], ptx: str | None, part: str, cuda: str) -> bool:
    if part in SOLE:
        same = part in codes or (part == "10.1" and "11.0" in codes)
        unified = part in {"7.2", "8.7"} and at_least(cuda, "13.2")
        if same or not unified:
            return same
    own = numbers(part)
    if any(numbers(c)[0] == own[0] and numbers(c)[1] <= own[1] for c in codes if c not in SOLE):
        return True
    return ptx is not None and own >= numbers(ptx)


@quick
@given(machines(), st.booleans())
def test_the_pair_exists_starts_and_has_kernels(machine: Machine, strict: bool) -> None:
    plan = attempt(machine, strict_cuda=strict)
    if plan is None:
        return
    assert not plan.torch.version.startswith("2.9.")
    build = build_of(plan)
    assert build is not None, "machines with NVIDIA GPUs get CUDA builds"
    cuda = cuda_of(build.tag)
    driver = machine.driver.version or ""
    assert at_least(driver, FLOORS[machine.system.os][numbers(cuda)[0]])
    name = build.aarch64 if machine.system.arch == "aarch64" else build.x86_64
    assert name is not None, "a wheel for this architecture"
    kept = [g for g in machine.gpus if str(g.index) not in plan.left_out]
    assert kept
    for gpu in kept:
        assert has_code(known().torch.kernels[name], build.ptx, gpu.compute_capability or "", cuda)
    assert set(plan.placement.gpus) <= {str(g.index) for g in kept}
    native = at_least(machine.driver.cuda or "", cuda)
    assert (plan.torch.compatibility == "native") == native
    assert native or not strict


@quick
@given(machines())
def test_the_packages_around_it_fit(machine: Machine) -> None:
    plan = attempt(machine)
    if plan is None:
        return
    release = next(r for r in known().torch.release if r.torch == plan.torch.version)
    stack = next(s for s in known().stacks.stack if s.id == plan.stack)
    assert plan.torchvision.version == release.torchvision
    assert within(plan.python, release.python)
    assert within(plan.python, stack.python)
    assert at_least(plan.torch.version, stack.torch_min)
    if machine.system.glibc:
        assert at_least(machine.system.glibc, release.glibc)


@quick
@given(machines())
def test_no_newer_torch_was_possible(machine: Machine) -> None:
    """Nothing newer in the table starts here with kernels for the same cards."""
    plan = attempt(machine)
    if plan is None or plan.left_out:
        return
    for release in known().torch.release:
        if release.torch == plan.torch.version:
            break
        if release.avoid or not within(plan.python, release.python):
            continue
        if machine.system.glibc and not at_least(machine.system.glibc, release.glibc):
            continue
        for build in release.builds:
            name = build.aarch64 if machine.system.arch == "aarch64" else build.x86_64
            cuda = cuda_of(build.tag)
            floor = FLOORS[machine.system.os][numbers(cuda)[0]]
            if name is None or not at_least(machine.driver.version or "", floor):
                continue
            if build.tag == "cu129" and machine.system.os == "Windows":
                continue  # for Linux only since 2.9.1
            native = at_least(machine.driver.cuda or "", cuda)
            codes = known().torch.kernels[name]
            ptx = build.ptx if native and machine.system.os == "Linux" else None
            assert not all(
                has_code(codes, ptx, g.compute_capability or "", cuda if native else "0.0")
                for g in machine.gpus
            ), f"{release.torch}+{build.tag} would run"


@quick
@given(machines(), st.data())
def test_same_facts_same_plan(machine: Machine, data: st.DataObject) -> None:
    first = attempt(machine)
    assert attempt(machine) == first
    shuffled = data.draw(st.permutations(machine.gpus))
    assert attempt(replace(machine, gpus=tuple(shuffled))) == first


@quick
@given(machines(most=2), st.integers(1, 60_000), st.sampled_from(["try", "images", "video"]))
def test_more_memory_never_means_a_smaller_model(
    machine: Machine, more_mib: int, purpose: str
) -> None:
    def rank(plan: Plan) -> tuple[int, int]:
        model = next(m for m in known().models if m.id == plan.model.id)
        wide = model.quantization == "none"
        place = plan.placement.device == "cuda"
        return (int(model.size.rstrip("B")) if place else 0, int(wide and place))

    extra = more_mib << 20
    richer = replace(
        machine,
        gpus=tuple(
            replace(
                g,
                memory_total_bytes=(g.memory_total_bytes or 0) + extra,
                memory_free_bytes=(g.memory_free_bytes or 0) + extra,
            )
            for g in machine.gpus
        ),
    )
    before, after = attempt(machine, purpose=purpose), attempt(richer, purpose=purpose)
    if before is None:
        return
    assert after is not None
    if before.left_out != after.left_out:
        return  # other cards, other kernels
    assert rank(after) >= rank(before)


@quick
@given(machines())
def test_the_plan_fits_what_is_free(machine: Machine) -> None:
    plan = attempt(machine)
    if plan is None or plan.placement.device == "cpu":
        return
    free = sum(
        g.memory_free_bytes or 0 for g in machine.gpus if str(g.index) in plan.placement.gpus
    )
    assert plan.model.budget_bytes is not None
    assert plan.model.budget_bytes < free
    assert plan.model.need_bytes < free
    assert plan.model.max_pixels >= 64 * 784
    parts = [g.compute_capability or "" for g in machine.gpus
             if str(g.index) in plan.placement.gpus]  # fmt: skip
    if any(not at_least(part, "8.0") for part in parts):
        assert plan.model.dtype == "float16"


@quick
@given(
    st.sampled_from([*PLATFORMS, ("Darwin", "arm64"), ("Darwin", "x86_64")]),
    st.sampled_from(("3.9", "3.10", "3.11", "3.12", None)),
    st.booleans(),
    st.booleans(),
)
def test_no_gpu_never_a_cuda_index_unless_nothing_else_answers(
    platform: tuple[str, str],
    python: str | None,
    packages: bool,
    torch: bool,
) -> None:
    names = (["packages/pypi"] if packages else []) + (["torch/pytorch"] if torch else [])
    machine = described(None, system=platform[0], arch=platform[1], python=python, ram_gib=32)
    plan = attempt(replace(machine, sources=reached(*names)))
    if plan is None:
        return
    assert plan.placement.device == "cpu"
    assert "/cu" not in plan.torch.index_url
    if torch or not packages:
        assert plan.torch.build == "cpu"


# Written by hand: the last driver branch of each generation (NVIDIA's Unix driver archive).
LAST = {"3.7": 470, "5.0": 580, "5.2": 580, "6.0": 580, "6.1": 580, "7.0": 580}
# What each remedy has the person change, and nothing else.
DRIVER_REMEDIES = {
    "driver_too_old", "driver_too_new", "driver_before_card", "driver_before_card_open"
}  # fmt: skip
PYTHON_REMEDIES = {"python_unfit", "python_incomplete"}


@quick
@given(machines(least=1), st.booleans())
def test_whoever_follows_the_remedy_gets_a_plan(machine: Machine, pinned: bool) -> None:
    wished = machine.system.python if pinned else None
    try:
        planned(machine, python=wished)
    except SetupError as error:
        refusal = error
    else:
        return
    if refusal.code in DRIVER_REMEDIES:
        said = refusal.args_
        branch = int(said.get("least", said["branch"]))  # type: ignore[arg-type]
        ends = [LAST[g.compute_capability or ""] for g in machine.gpus
                if g.compute_capability in LAST]  # fmt: skip
        if refusal.code == "driver_too_new":
            assert branch == min(ends)
        elif ends and len(machine.gpus) == 1:
            assert branch <= min(ends)
        mended = replace(machine, driver=replace(machine.driver, version=f"{branch}.99", cuda=None))
        again = _refusal(mended, wished)
        # Another hurdle may stand behind it, but never the driver once more.
        assert again not in DRIVER_REMEDIES or len({g.compute_capability for g in machine.gpus}) > 1
    elif refusal.code in PYTHON_REMEDIES:
        assert _refusal(machine, str(refusal.args_["other"])) is None
    elif refusal.code == "glibc_too_old":
        newer = replace(machine, system=replace(machine.system, glibc="2.39"))
        assert _refusal(newer, wished) != "glibc_too_old"


def _refusal(machine: Machine, python: str | None) -> str | None:
    try:
        planned(machine, python=python)
    except SetupError as error:
        return error.code
    return None
