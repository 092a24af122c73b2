"""Whether CUDA itself starts: what the driver's own library answers, in a child.

The management library may see every card while CUDA cannot use one: only this tells.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from setup_assistant.doctor.check import NOT_HERE, Check, Look, NotHere, Trouble, trouble
from setup_assistant.doctor.finding import Layer
from setup_assistant.messages import Message, msg

if TYPE_CHECKING:
    from setup_assistant.doctor.case import Case

_CHILD = Path(__file__).with_name("cuda_child.py")
# Seconds, below the limit of a check. A first cuInit wakes cards up, which takes several.
_DEADLINE = 12.0
_UNSET = ("unset LD_LIBRARY_PATH",)


@dataclass(frozen=True, kw_only=True)
class Cuda:
    """What the CUDA library answered.

    `code` is the result of cuInit (or of counting devices), None where it never answered;
    `version` the CUDA version it supports, e.g. "12.2"; `died` the signal or "timeout" that
    ended the question.
    """

    path: str = ""
    version: str | None = None
    code: int | None = None
    count: int = 0
    text: str = ""
    died: str = ""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One way in which CUDA does not start. `codes` follow cuda.h (CUresult)."""

    layer: Layer
    codes: tuple[int, ...]
    cause: Message
    advice: Message
    commands: tuple[str, ...] = ()
    root: bool = False
    reboot: bool = False
    shell: bool = True
    needs: tuple[str, ...] = ()


_ROWS: dict[str, _Row] = {
    "cuda-stub": _Row(
        layer="driver", codes=(34,),
        cause=msg("The CUDA toolkit's stub stands in place of the driver's libcuda: {path}"),
        advice=msg("Leave the toolkit's stubs folder out of the loader's path."),
        commands=_UNSET,
    ),
    "fabric-manager": _Row(
        layer="driver", codes=(802,),
        cause=msg("The GPUs are not connected yet: NVSwitch's fabric manager does not run."),
        advice=msg("Install the fabric manager of the driver's branch, and start it."),
        commands=("sudo systemctl enable --now nvidia-fabricmanager",), root=True,
    ),
    "cuda-driver-mismatch": _Row(
        layer="driver", codes=(803,),
        cause=msg("libcuda ({path}) and the kernel module are of different driver releases."),
        advice=msg("Reboot after an update of the driver; in a container, leave its own libcuda "
                   "out of the loader's path."),
        commands=("sudo reboot",), root=True, reboot=True,
    ),
    "mps-down": _Row(
        layer="driver", codes=(805, 806, 807),
        cause=msg("CUDA's multi-process service (MPS) does not answer."),
        advice=msg("Start it again, or take CUDA_MPS_PIPE_DIRECTORY away."),
        commands=("unset CUDA_MPS_PIPE_DIRECTORY",),
    ),
    "cuda-unknown-error": _Row(
        layer="driver", codes=(3, 999),
        cause=msg("CUDA cannot start: the nvidia_uvm module is missing or in trouble, often "
                  "after sleep."),
        advice=msg("Load the module again; in a container, start it again with --gpus all."),
        commands=("sudo rmmod nvidia_uvm", "sudo modprobe nvidia_uvm"), root=True,
    ),
    "gpu-memory-fault": _Row(
        layer="gpu", codes=(214,),
        cause=msg("A GPU's memory has a hardware fault (uncorrectable ECC error)."),
        advice=msg("Reboot; if it returns, take the card out of use."),
        commands=("nvidia-smi -q -d ECC,PAGE_RETIREMENT,ROW_REMAPPER", "sudo reboot"),
        root=True, reboot=True,
    ),
    "gpu-busy": _Row(
        layer="gpu", codes=(46,),
        cause=msg("Another process holds the GPU for itself alone (exclusive mode)."),
        advice=msg("End that process, or switch the compute mode to default."),
        commands=("nvidia-smi", "sudo nvidia-smi -c 0"), root=True,
    ),
    "cuda-memory": _Row(
        layer="gpu", codes=(2,),
        cause=msg("CUDA cannot start: memory ran out, of the GPU or of this process."),
        advice=msg("Close what uses the GPU, and look at the limit of virtual memory."),
        commands=("nvidia-smi", "ulimit -v unlimited"),
    ),
    "cuda-no-device": _Row(
        layer="gpu", codes=(100, 101),
        cause=msg("The driver's CUDA library finds no GPU that it can use."),
        advice=msg("Check power and seating; in a container or virtual machine, pass the GPU "
                   "through (--gpus all)."),
        commands=("nvidia-smi -L", "ls -l /dev/nvidia*"),
        needs=("no-devices", "mig-empty", "gpu-lost", "gpu-unreachable", "gpu-forbidden"),
    ),
}  # fmt: skip
_OTHER = msg("CUDA cannot start: error {code} ({text}).")
_XID = msg("Look for Xid lines in the output of dmesg, then reboot.")
_DMESG = ("sudo dmesg | grep -i xid", "sudo reboot")
# 804 has a check of its own, which also looks at the folders.
_KNOWN = {0, 804, *(code for row in _ROWS.values() for code in row.codes)}


def ask(variables: Mapping[str, str]) -> Cuda | None:
    """Ask the CUDA library in a child; None where there is none."""
    from setup_assistant.host import run

    # Hidden cards have a finding of their own.
    env = {k: v for k, v in variables.items() if k != "CUDA_VISIBLE_DEVICES"}
    done = run.run([sys.executable, "-I", "-S", _CHILD], deadline=_DEADLINE, env=env)
    said: dict[str, Any] = {}
    for line in done.out.splitlines():
        said |= json.loads(line)
    if "path" not in said:
        return None
    number = said.get("version")
    died = str(msg("no answer in time")) if done.timed_out else ""
    if done.code < 0 and not done.timed_out:
        died = str(msg("signal {number}", number=-done.code))
    return Cuda(
        path=str(said["path"]),
        version=f"{number // 1000}.{number % 1000 // 10}" if number else None,
        code=said.get("code"),
        count=said.get("count", 0),
        text=said.get("text", ""),
        died="" if "code" in said else died or str(msg("no answer")),
    )


def _look(row: _Row) -> Look:
    def look(case: Case) -> Trouble | NotHere | None:
        found = case.cuda
        if found is None:
            return NOT_HERE
        code = 100 if found.code == 0 and not found.count else found.code
        if code not in row.codes:
            return None
        commands = row.commands
        if case.foreign_libcuda and 803 in row.codes:
            # Brought along by somebody: no reboot mends that.
            commands = _UNSET
        return trouble(*_evidence(found), path=found.path, commands=commands)

    return look


def _evidence(found: Cuda) -> tuple[tuple[str, str], ...]:
    return ((f"cuInit in {found.path}", f"{found.code} {found.text}".strip()),)


def _failed(case: Case) -> Trouble | NotHere | None:
    """Ask for codes that no other check knows."""
    found = case.cuda
    if found is None:
        return NOT_HERE
    if found.died or found.code in _KNOWN:
        return None
    return trouble(*_evidence(found), code=found.code, text=found.text or "?", commands=_DMESG)


def _hangs(case: Case) -> Trouble | NotHere | None:
    """Look whether the question itself hung or died."""
    found = case.cuda
    if found is None:
        return NOT_HERE
    if not found.died:
        return None
    return trouble((f"cuInit in {found.path}", found.died), detail=found.died, commands=_DMESG)


def _checks(layer: Layer) -> tuple[Check, ...]:
    return tuple(
        Check(id=name, layer=row.layer, cause=row.cause, advice=row.advice, look=_look(row),
              needs=row.needs, root=row.root, reboot=row.reboot, own_shell=row.shell)
        for name, row in _ROWS.items() if row.layer == layer
    )  # fmt: skip


DRIVER_CHECKS = (
    Check(id="cuda-hangs", layer="driver", look=_hangs, advice=_XID, root=True, reboot=True,
          cause=msg("The driver's CUDA library did not answer: {detail}.")),
    *_checks("driver"),
    Check(id="cuda-failed", layer="driver", look=_failed, cause=_OTHER, advice=_XID, root=True,
          reboot=True),
)  # fmt: skip
GPU_CHECKS = _checks("gpu")
