"""A machine that cannot be read, or for which nothing runs."""

from __future__ import annotations

from setup_assistant.errors.kinds import ErrorKind, Exit, cannot, failed, usage
from setup_assistant.messages import msg

ERRORS: dict[str, ErrorKind] = {
    # --- this machine -----------------------------------------------------------------
    "interrupted": ErrorKind(
        Exit.INTERRUPTED,
        msg("Interrupted. Nothing that was finished is lost."),
        msg("Resume with: {command}"),
    ),
    "interrupted_early": ErrorKind(
        Exit.INTERRUPTED,
        msg("Interrupted. Nothing was changed."),
        msg("Start again with: {command}"),
    ),
    "internal": failed(
        msg("Something went wrong inside Setup Assistant: {detail}"),
        msg("The full trace is in {log}; please report it."),
    ),
    "limit_reached": cannot(
        msg("A limit of this account was reached: {detail}"),
        msg("See them with: ulimit -a. Raise that of processes, memory, open files or file size."),
    ),
    "no_space": cannot(
        msg("{path} has {free} free; this needs {need}."),
        msg("Free some space there, or choose another folder with {flag}."),
    ),
    "not_writable": cannot(
        msg("{path} cannot be written: {detail}"),
        msg("Choose another folder with {flag}, or ask for write permission there."),
    ),
    "path_unusable": cannot(
        msg("{path} cannot be used: {detail}"),
        msg("Name another place, or ask for permission there."),
    ),
    "home_unknown": ErrorKind(
        Exit.USAGE,
        msg("No home folder is known for this account, or for the one named after ~."),
        msg("Write the folder out, e.g. /data/qwen2-vl, or set HOME."),
    ),
    # --- choice -----------------------------------------------------------------------
    "driver_unknown": cannot(
        msg("The driver of {gpu} is not known, so no CUDA build can be chosen."),
        msg("Name it with --driver, or plan for the CPU with --gpus none."),
    ),
    "driver_missing": cannot(
        msg("{gpu} is there, but no NVIDIA driver works."),
        msg("Install driver branch {branch} and reboot, or use the CPU with --gpus none."),
    ),
    "driver_too_old": cannot(
        msg("Driver {driver} is too old for every torch build that has kernels for {gpu}."),
        msg("Install driver branch {branch}, which still supports it, and reboot."),
    ),
    "driver_too_new": cannot(
        msg("Driver {driver} no longer drives {gpu}: branch {branch} is the last that does."),
        msg("Install driver branch {branch} instead and reboot, or use the CPU with --gpus none."),
    ),
    "driver_before_card": cannot(
        msg("Driver {driver} does not drive {gpu}: branch {branch} is the first that does."),
        msg("Install driver branch {least} or newer and reboot, or use the CPU with --gpus none."),
    ),
    "driver_before_card_open": cannot(
        msg(
            "Driver {driver} does not drive {gpu}: branch {branch} is the first that does, with "
            "NVIDIA's open kernel modules."
        ),
        msg(
            "Install driver branch {least} or newer with its open kernel modules and reboot, or "
            "use the CPU with --gpus none."
        ),
    ),
    "gpu_occupied": cannot(
        msg(
            "{used} of {total} of {gpu} are in use by {users}: {model} needs {need}, and would "
            "fit after closing them."
        ),
        msg("Close those programs and run this again, or choose another GPU with --gpus."),
    ),
    "gpu_unusable": cannot(
        msg("{gpu} cannot be used now: {reason}"),
        msg("Fix that first (setup-assistant probe says more), or use --gpus none."),
    ),
    "mig_empty": cannot(
        msg("{gpu} is in MIG mode, but has no slices to use."),
        msg("Create a slice (nvidia-smi mig -cgi … -C) or switch MIG off, or use --gpus none."),
    ),
    "gpu_not_found": usage(msg("No usable GPU is called {gpu}."), msg("Use one of: {known}.")),
    "no_gpu": cannot(
        msg("--device cuda was asked for, and there is no GPU to use here."),
        msg("Leave it out to run on the CPU; the probe says what was found."),
    ),
    "gpu_jetson": cannot(
        msg("{gpu} (compute capability {part}) is a Jetson part: ordinary wheels lack its code."),
        msg("Use the torch wheels that NVIDIA makes for JetPack, or the CPU with --gpus none."),
    ),
    "gpu_too_old": cannot(
        msg("No torch wheel of these years has kernels for {gpu} (compute capability {part})."),
        msg("A newer driver does not help: use another GPU, or the CPU with --gpus none."),
    ),
    "gpu_no_kernels": cannot(
        msg("No {platform} wheel that fits has kernels for {gpu} (compute capability {part})."),
        msg("A newer driver does not help: use another GPU, or the CPU with --gpus none."),
    ),
    "cards_apart": cannot(
        msg("No torch build has kernels for all of these at once: {gpus}."),
        msg("Name fewer with --gpus, or leave it out to let the tool choose."),
    ),
    "musl_system": cannot(
        msg("This Linux uses musl in place of glibc: torch has no wheels for it."),
        msg("Use a system with glibc (Debian, Ubuntu, Fedora, Rocky), or a container of one."),
    ),
    "no_cuda_platform": cannot(
        msg("There are no CUDA builds of torch for {platform}."),
        msg("Use the CPU with --gpus none."),
    ),
    "strict_cuda": cannot(
        msg("No torch build that runs here keeps to CUDA {cuda}, as --strict-cuda asks."),
        msg(
            "Leave out --strict-cuda: torch {torch} with {build} runs by minor-version "
            "compatibility."
        ),
    ),
    "torch_unreachable": cannot(
        msg("Only the package index answers, and it has no torch build that runs on {gpu}."),
        msg("Give a mirror of PyTorch's wheels: --mirror https://…/{{build}}"),
    ),
    "python_unsupported": cannot(
        msg("No torch wheel fits Python {python}."),
        msg("Use a Python from {first} to {last}: --python VERSION."),
    ),
    "python_unfit": cannot(
        msg("No torch wheel for Python {python} has kernels for {gpu}."),
        msg("Use another Python: --python {other}"),
    ),
    "gpu_unknown": cannot(
        msg("It is not known what {gpu} is: neither a driver nor a table tells its capability."),
        msg(
            "Describe it with plan --driver VERSION --gpu NAME,CC,TOTAL_MIB,FREE_MIB, or use the "
            "CPU with --gpus none."
        ),
    ),
    "python_incomplete": cannot(
        msg("Not every package that is needed has a wheel for Python {python}."),
        msg("Use another Python: --python {other}"),
    ),
    "glibc_too_old": cannot(
        msg("The C library here (glibc {glibc}) is too old for the torch that {gpu} needs."),
        msg("Use a newer system, or a container of one: glibc 2.28 or newer."),
    ),
    "no_wheel": cannot(
        msg("No torch wheel fits {platform} with Python {python} and glibc {glibc}."),
        msg("Use another Python (--python), or a newer system."),
    ),
    "model_too_new": cannot(
        msg("{model} needs transformers {need}; the newest that runs here is {have}."),
        msg("Choose another model, or a newer Python with --python."),
    ),
    "model_does_not_fit": cannot(
        msg("{model} needs {need} of GPU memory; {have} can be used here."),
        msg("The largest that fits is {other}: --model {other}"),
    ),
    "memory_too_small": cannot(
        msg("{model} needs {need} of main memory; {have} can be used here."),
        msg("Free some memory, or try the canary: --model canary"),
    ),
    "kernels_missing": cannot(
        msg("The quantized kernels that {model} needs are not known to run on {gpus}."),
        msg("Choose the model without AWQ or GPTQ in its name."),
    ),
    "picture_refused": usage(
        msg("{flag} {what}: the model's own processor refuses it: {detail}"), msg("{remedy}")
    ),
}
