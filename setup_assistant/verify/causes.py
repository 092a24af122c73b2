"""Every cause a check can name: a sentence, and what mends it.

The order is the order of blame: where several checks fail, the cause nearest the top is the
primary one, since what stands below it may be its consequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setup_assistant.messages import Message, Value, msg


@dataclass(frozen=True)
class Cause:
    """What is wrong, and what mends it."""

    sentence: Message
    remedy: Message


_REINSTALL = msg("Install it again: {command}")
_REBUILD = msg("Build the environment again with setup-assistant up, or name another with --env.")
_DOWNLOAD = msg("Get its files again: {command}")
_RESTORE = msg("Put it back: {command}")

CAUSES: dict[str, Cause] = {
    # --- the environment itself -------------------------------------------------------------
    "python-missing": Cause(msg("{prefix} has no Python interpreter."), _REBUILD),
    "python-broken": Cause(msg("The interpreter {python} does not start: {detail}"), _REBUILD),
    # --- packages ---------------------------------------------------------------------------
    "library-path": Cause(
        msg("{variable} puts foreign libraries before those of the environment: {detail}"),
        msg("Everything imports without it. Run: unset {variable}"),
    ),
    "torchvision-mismatch": Cause(
        msg("torchvision {torchvision} does not fit torch {torch}; {wanted} does."), _REINSTALL
    ),
    "package-missing": Cause(msg("{package} is not installed."), msg("Install it: {command}")),
    "dependency-version": Cause(
        msg("{package} does not accept the version of another package; it needs {need}."),
        _REINSTALL,
    ),
    "transformers-mismatch": Cause(
        msg("transformers {transformers} (with torch {torch}) does not provide {need}."),
        msg("Install a version that does: {command}"),
    ),
    "illegal-instruction": Cause(
        msg("The processor lacks an instruction that {package} needs (signal SIGILL)."),
        msg("In a virtual machine, pass the host's processor through; else use another machine."),
    ),
    "import-failed": Cause(
        msg("{package} is installed but cannot be imported: {detail}"), _REINSTALL
    ),
    # --- the device -------------------------------------------------------------------------
    "cpu-build": Cause(
        msg("torch {torch} is a CPU build; it cannot use the GPU."),
        msg("Install the build for the GPU: run setup-assistant up again."),
    ),
    "driver-too-old": Cause(
        msg("The NVIDIA driver is too old for torch {torch}: {detail}"),
        msg("Run setup-assistant plan: it chooses a build that this driver runs."),
    ),
    "no-driver": Cause(
        msg("torch finds no NVIDIA driver: {detail}"),
        msg("Install the driver; in a container, pass the GPU through (--gpus all)."),
    ),
    "driver-mismatch": Cause(
        msg("libcuda and the kernel module are of different driver releases (error 803)."),
        msg(
            "Reboot after an update of the driver; in a container, leave its own libcuda out of "
            "LD_LIBRARY_PATH."
        ),
    ),
    "cuda-compat": Cause(
        msg("A CUDA compatibility library is used on a card that does not allow it (error 804)."),
        msg("Leave the compat folder out of LD_LIBRARY_PATH, or update the driver."),
    ),
    "fabric-manager": Cause(
        msg("The GPUs are not connected yet: NVSwitch's fabric manager does not run."),
        msg("Install the fabric manager of the driver's branch, and start it."),
    ),
    "cuda-unknown": Cause(
        msg("CUDA cannot start: {detail}"),
        msg("Run: sudo modprobe nvidia_uvm - or reboot; in a container, start it again."),
    ),
    "gpu-memory-fault": Cause(
        msg("A GPU's memory has a hardware fault (uncorrectable ECC error)."),
        msg("Reboot; if it returns, take the card out of use."),
    ),
    "gpu-busy": Cause(
        msg("Another process holds the GPU for itself alone (exclusive mode)."),
        msg("End that process, or switch the compute mode to default."),
    ),
    "no-gpu": Cause(
        msg("torch {torch} sees no GPU that it can use."),
        msg("Check CUDA_VISIBLE_DEVICES, then run: setup-assistant probe"),
    ),
    "no-kernel": Cause(
        msg("torch {torch} has no kernels for {gpu}."),
        msg("Run setup-assistant plan: it chooses a build with kernels for every GPU."),
    ),
    "wrong-kernel": Cause(
        msg("{operation} in {dtype} on {device} gives wrong numbers."),
        msg("Install torch again; if it stays, test the GPU's memory with another program."),
    ),
    "device-failed": Cause(
        msg("A first calculation on {gpu} failed: {detail}"),
        msg("Run: setup-assistant probe"),
    ),
    # --- files of the model -----------------------------------------------------------------
    "config-missing": Cause(
        msg("{folder} has no config.json: it is not a model folder, or it is not complete."),
        _DOWNLOAD,
    ),
    "config-invalid": Cause(msg("{file} cannot be read: {detail}"), _DOWNLOAD),
    "model-file-missing": Cause(msg("{file} is missing in {folder}."), _DOWNLOAD),
    "weights-truncated": Cause(msg("{file} is cut short or damaged: {detail}"), _DOWNLOAD),
    "weights-changed": Cause(
        msg("{file} is not the file that was recorded: its content has changed."),
        _DOWNLOAD,
    ),
    "canary-file-missing": Cause(msg("The canary's file {file} is missing."), _RESTORE),
    "fixtures-swapped": Cause(
        msg("{first} and {second} have changed places: each holds the other's content."), _RESTORE
    ),
    "fixture-changed": Cause(
        msg("{file} is not the recorded one: its content has changed."), _RESTORE
    ),
    "weights-incomplete": Cause(
        msg("{count} weights are in no file; the first is {first}."), _DOWNLOAD
    ),
    "weights-dropped": Cause(
        msg("{count} weights of the files have no place in the model; the first is {first}."),
        msg(
            "This transformers reads such a checkpoint wrongly: take the model without AWQ or "
            "GPTQ in its name, or another version of transformers."
        ),
    ),
    "model-unreadable": Cause(msg("The model cannot be loaded: {detail}"), _DOWNLOAD),
    "offloaded": Cause(
        msg("A part of the model was put outside the GPU: it does not fit."),
        msg("Choose a smaller or quantized model, or give it more GPUs."),
    ),
    # --- video ------------------------------------------------------------------------------
    "decoder-missing": Cause(
        msg("The video decoder is missing: {package} is not installed."),
        msg("Install it: {command}"),
    ),
    "decoder-hidden": Cause(
        msg("The video decoder {reader} cannot be used, and it hides {other}, which is installed."),
        msg("Set FORCE_QWENVL_VIDEO_READER={other}, or remove {reader}."),
    ),
    "decoder-broken": Cause(
        msg("The video decoder {reader} cannot be used: {detail}"),
        msg("Install the usual one: {command}, and set FORCE_QWENVL_VIDEO_READER={usual}"),
    ),
    # --- ends of the process ----------------------------------------------------------------
    "out-of-memory": Cause(
        msg("Memory ran out: {detail}"),
        msg("Close other programs on the device, or choose a smaller model or --max-pixels."),
    ),
    "killed": Cause(
        msg("The system killed the check {check}, most likely because memory ran out."),
        msg("Close other programs, or choose a smaller model."),
    ),
    "crashed": Cause(
        msg("The check {check} crashed ({signal})."),
        msg("Run it again; if it crashes again, build the environment again."),
    ),
    "timeout": Cause(
        msg("The check {check} was still running after {seconds} s."),
        msg("Run it again with a longer --deadline."),
    ),
    "child-failed": Cause(
        msg("The checks ended early, during {check}: {detail}"),
        msg("Run it again with --verbose; the log has every line."),
    ),
    # --- answers ----------------------------------------------------------------------------
    "url-failed": Cause(
        msg("The picture could not be fetched from {url}: {detail}"),
        msg("Check the address; a proxy must leave 127.0.0.1 alone (NO_PROXY)."),
    ),
    "loopback-down": Cause(
        msg("Not asked: this machine's own network interface (lo) is down."),
        msg("Bring it up with: ip link set lo up"),
    ),
    "input-unreadable": Cause(
        msg("{file} cannot be read: {detail}"),
        msg("Convert it to PNG, JPEG or H.264 MP4, or name another file."),
    ),
    "not-a-number": Cause(
        msg("The model computes values that are not numbers."),
        msg("Use another dtype: --dtype float32, or bfloat16 where the GPU has it."),
    ),
    "wrong-answer": Cause(
        msg("{check}: the answer is “{answer}”, it must be “{expected}”."),
        msg("The environment computes something else than it must. Build it again, or run doctor."),
    ),
    "empty-answer": Cause(
        msg("{check}: the model says nothing."),
        msg("Check the weights; run setup-assistant verify --model canary to tell both apart."),
    ),
    "repeating": Cause(
        msg("{check}: the model repeats itself: “{answer}”"),
        msg("Check the weights; run setup-assistant verify --model canary to tell both apart."),
    ),
    "not-seen": Cause(
        msg("{check}: the answer does not mention {words}: “{answer}”"),
        msg("Check the weights; run setup-assistant verify --model canary to tell both apart."),
    ),
    "logits-differ": Cause(
        msg("{check}: the answer is right, but its numbers are off by {distance}."),
        msg("Up to {allowed} is allowed. Another kernel or a lower precision is in use."),
    ),
    "prompt-too-long": Cause(
        msg("The question comes to {count} pixels or tokens; {most} fit into what was planned."),
        msg("Give fewer or smaller pictures, a shorter clip, or a shorter question."),
    ),
    "question-failed": Cause(
        msg("The question of {check} could not be asked: {detail}"),
        msg("Run it again with --verbose; the log has the whole trace."),
    ),
}

_RANK = {name: rank for rank, name in enumerate(CAUSES)}


def rank(cause: str | None) -> int:
    """Return the place of a cause in the order of blame; unknown ones come last."""
    return _RANK.get(cause or "", len(_RANK))


def sentence(cause: str, values: Mapping[str, Value]) -> Message:
    """Return what is wrong."""
    return _message(CAUSES[cause].sentence, values)


def remedy(cause: str, values: Mapping[str, Value]) -> Message:
    """Return what mends it."""
    return _message(CAUSES[cause].remedy, values)


class _Known(dict[str, Value]):
    """Values of a sentence; one that the checks could not learn reads as `?`."""

    def __missing__(self, key: str) -> str:
        return "?"


def _message(template: Message, values: Mapping[str, Value]) -> Message:
    import string

    names = [name for _t, name, _s, _c in string.Formatter().parse(template.template) if name]
    known = _Known(values)
    return Message(template.template, {name: known[name] for name in names})
