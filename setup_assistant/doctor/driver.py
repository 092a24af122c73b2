"""The driver: installed, loaded, of one version, open to this user, and new enough for torch."""

from __future__ import annotations

from pathlib import Path

from setup_assistant.doctor import cuda
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Check, Layered, Look, NotHere, Trouble, trouble
from setup_assistant.doctor.finding import Layer, Status
from setup_assistant.host import lenient
from setup_assistant.messages import msg

layer = Layered("driver")
# The probe's verdicts on the driver, the kernel's own words first: they outrank the rest.
_VERDICTS = (
    "nouveau_bound", "vfio_bound", "driver_missing", "nvidia_smi_missing", "driver_not_loaded",
    "nvml_missing", "driver_library_mismatch", "permission_denied", "blocked_by_os",
    "nvml_unknown_error", "nvml_error", "nvml_hangs", "nvidia_smi_crashed", "nvidia_smi_hangs",
    "libcuda_missing", "driver_slow",
)  # fmt: skip
# With these the GPUs can be used all the same.
_WORKS = {"nvidia_smi_missing", "driver_slow"}


def of_verdict(name: str) -> Look:
    """Return the look that repeats a verdict of the probe."""

    def look(case: Case) -> Trouble | NotHere | None:
        for verdict in case.machine.verdicts:
            if verdict.id == name:
                evidence = verdict.evidence or (verdict.sentence,)
                works = name in _WORKS and bool(case.gpus)
                status: Status = "warn" if works else "fail"
                found: list[tuple[object, object]] = [("probe", line) for line in evidence]
                return trouble(*found, status=status)
        return None

    return look


def verdict_check(name: str, layered: Layer) -> Check:
    """Return the check that stands for a verdict of the probe."""
    return Check(id=name.replace("_", "-"), layer=layered, look=of_verdict(name))


def _unloaded(case: Case) -> bool:
    """Whether there is an NVIDIA card whose kernel module is not loaded."""
    ids = {v.id for v in case.machine.verdicts}
    return bool(ids & {"driver_not_loaded", "driver_missing", "nvml_missing"})


@layer.check("secure-boot")
def secure_boot(case: Case) -> Trouble | NotHere | None:
    """Look for Secure Boot where the module is not loaded though it was built."""
    if not _unloaded(case) or not _modules(case.root):
        return NOT_HERE
    for path in sorted((case.root / "sys/firmware/efi/efivars").glob("SecureBoot-*")):
        if path.read_bytes()[-1:] == b"\x01":
            mok = "/var/lib/shim-signed/mok/MOK.der"
            commands = (f"sudo mokutil --import {mok}", "sudo reboot")
            return trouble((path, "1"), commands=commands, confidence="inferred")
    return None


@layer.check("module-off")
def module_off(case: Case) -> Trouble | NotHere | None:
    """Look for `alias nvidia off`, which prime-select intel writes."""
    if not _unloaded(case):
        return NOT_HERE
    for folder in ("etc/modprobe.d", "lib/modprobe.d"):
        for path in sorted((case.root / folder).glob("*.conf")):
            text = path.read_text(encoding="utf-8", errors="replace")
            lines = [s.strip() for s in text.splitlines()]
            if "alias nvidia off" in lines or "blacklist nvidia" in lines:
                commands = ("sudo prime-select on-demand", "sudo reboot")
                return trouble((path, "alias nvidia off"), commands=commands, file=str(path))
    return None


@layer.check("module-not-built")
def module_not_built(case: Case) -> Trouble | NotHere | None:
    """Look for the module among those of the running kernel."""
    kernel = _kernel(case.root)
    if not _unloaded(case) or not kernel or case.machine.system.container:
        return NOT_HERE
    folder = case.root / "lib/modules" / kernel
    if not folder.is_dir() or _modules(case.root):
        return None
    others = [p.name for p in (case.root / "lib/modules").iterdir() if _built(p)]
    if not others and not (case.root / "var/lib/dkms/nvidia").exists():
        return None
    commands = (f"sudo apt install linux-headers-{kernel}", "sudo dkms autoinstall")
    return trouble((folder, msg("no nvidia.ko")), (msg("other kernels"), ", ".join(others) or "-"),
                   commands=commands, kernel=kernel)  # fmt: skip


@layer.check("cuda-compat", refutable=True, gathers=("cuda",))
def cuda_compat(case: Case) -> Trouble | NotHere | None:
    """Ask CUDA (error 804), and look for another libcuda on LD_LIBRARY_PATH."""
    code = case.cuda.code if case.cuda else None
    if case.cuda is None and not case.machine.driver.version:
        return NOT_HERE
    if case.cuda and code == 804:
        return trouble(("cuInit", "804"), (case.cuda.path, case.cuda.version or "?"),
                       commands=("unset LD_LIBRARY_PATH",), folder=case.cuda.path)  # fmt: skip
    for entry in case.variables.get("LD_LIBRARY_PATH", "").split(":"):
        if entry and (Path(entry) / "libcuda.so.1").exists() and "compat" in entry:
            # On a data-centre card it works, and is what it is for.
            return trouble(("LD_LIBRARY_PATH", entry), commands=("unset LD_LIBRARY_PATH",),
                           confidence="inferred", folder=entry,
                           status="warn" if code == 0 else "fail")  # fmt: skip
    return None


@layer.check("driver-too-old", refutable=True, gathers=("cuda",))
def driver_too_old(case: Case) -> Trouble | NotHere | None:
    """Compare CUDA's majors: within one major any driver runs any build."""
    from setup_assistant.catalog import torch as builds
    from setup_assistant.doctor.builds import swap_commands

    install, driver, known = case.install, case.machine.driver, case.driver_cuda
    if install is None or not install.torch or not install.cuda or not known:
        return NOT_HERE
    need, have = (int(v.partition(".")[0]) for v in (install.cuda, known))
    if need <= have:
        return None
    floor = next((f for f in builds.load().floor if f.cuda == need), None)
    torch = f"{install.torch.version}+{install.torch.build}"
    return trouble(
        ("torch/version.py", f"cuda {install.cuda}"),
        (driver.cuda_source or "libcuda", f"CUDA {known}"),
        commands=swap_commands(case),
        torch=torch,
        need=f"{need}.0",
        driver=driver.version or "?",
        cuda=known,
        branch=floor.linux if floor else "?",
    )


def _kernel(root: Path) -> str:
    return lenient.text(root / "proc/sys/kernel/osrelease")


def _modules(root: Path) -> bool:
    return _built(root / "lib/modules" / _kernel(root))


def _built(folder: Path) -> bool:
    return any(folder.glob("**/nvidia.ko*")) if folder.is_dir() else False


# The probe's verdicts come after what explains them.
CHECKS = (
    *layer.checks[:3],
    *(verdict_check(name, "driver") for name in _VERDICTS),
    *cuda.DRIVER_CHECKS,
    *layer.checks[3:],
)
