"""The packages, continued: releases of others that do harm beside torch."""

from __future__ import annotations

import re
import shlex

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.finding import Status
from setup_assistant.doctor.packages import FIRST, NO_PYTHON
from setup_assistant.verify.installs import install_command
from setup_assistant.versions import at_least

layer = Layered("packages")


@layer.check("numpy-too-new", needs=(*NO_PYTHON, "torch-missing"))
def numpy_too_new(case: Case) -> Trouble | NotHere | None:
    """Compare NumPy's major with what torch up to 2.2 accepts."""
    install = case.install
    numpy = install.version("numpy") if install else None
    if install is None or install.torch is None or not numpy:
        return NOT_HERE
    if at_least(install.torch.version, "2.3") or not at_least(numpy, "2"):
        return None
    return trouble(("numpy", numpy), ("torch/version.py", install.torch.version),
                   commands=(install_command(install.prefix, "numpy<2"),),
                   torch=install.torch.version, numpy=numpy)  # fmt: skip


@layer.check("pynvml-shadow", needs=NO_PYTHON)
def pynvml_shadow(case: Case) -> Trouble | NotHere | None:
    """Look for PyPI's `pynvml`, whose module hides the maintained one."""
    install = case.install
    version = install.version("pynvml") if install else None
    if install is None or version is None:
        return NOT_HERE if install is None else None
    # From 12 on it is a shell around nvidia-ml-py, and only deprecated.
    shell = at_least(version, "12") and bool(install.by_name.get("nvidia-ml-py"))
    status: Status = "warn" if shell else "fail"
    remove = shlex.join(["rm", "-r", "--", str(install.by_name["pynvml"].info)])
    commands = (remove, install_command(install.prefix, "nvidia-ml-py", again=True))
    return trouble(("pynvml", version), commands=commands, version=version, status=status)


@layer.check("mkl-too-new", needs=FIRST, refutable=True)
def mkl_too_new(case: Case) -> Trouble | NotHere | None:
    """Read conda's records; MKL 2024.1 dropped iJIT_NotifyEvent."""
    install = case.install
    if install is None:
        return NOT_HERE
    meta = install.prefix / "conda-meta"
    records = {p.name: p for p in meta.glob("*.json")} if meta.is_dir() else {}
    torch = next((n for n in sorted(records) if re.match(r"pytorch-[0-9]", n)), None)
    mkl = next((m for n in sorted(records) if (m := re.match(r"mkl-(\d[\d.]*)-", n))), None)
    if not torch or not mkl:
        return NOT_HERE
    release = torch.removeprefix("pytorch-")
    if not at_least(mkl[1], "2024.1") or at_least(release, "2.3"):
        return None
    command = f"conda install -p '{install.prefix}' 'mkl<2024.1'"
    return trouble((torch, "conda"), (mkl[0], "conda"), mkl=mkl[1], commands=(command,))


CHECKS = tuple(layer.checks)
