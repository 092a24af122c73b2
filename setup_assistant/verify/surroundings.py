"""What the child finds around it: variables, caches and a home that leave no trace."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.choose.plan import Plan
from setup_assistant.host import files, own_folders, paths, run, temporary

# Everything a library of the target may want to write goes into a folder that is removed.
_CACHES = (
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_MODULES_CACHE",
    "TRANSFORMERS_CACHE",
    "TORCH_HOME",
    "TORCHINDUCTOR_CACHE_DIR",
    "TORCH_EXTENSIONS_DIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "MODELSCOPE_CACHE",
    "TRITON_CACHE_DIR",
    "CUDA_CACHE_PATH",
    "NUMBA_CACHE_DIR",
    "MPLCONFIGDIR",
)
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",
    "DO_NOT_TRACK": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TORCHVISION_WARN_WHEN_EXTENSION_LOADING_FAILS": "1",
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
}
_KERNELS = "GPTQMODEL_TORCH_EXTENSIONS_DIR"
_LOOPBACK = "127.0.0.1,localhost"


def own_variables(
    scratch: Path, *, reader: str | None, device: str, gpus: tuple[str, ...]
) -> dict[str, str]:
    """Return what is set for the child; caches and home lie in `scratch`, nothing is fetched."""
    extra = {name: str(scratch / "cache") for name in _CACHES}
    extra |= {"HOME": str(scratch), "USERPROFILE": str(scratch), "TMPDIR": str(scratch)}
    extra |= _OFFLINE
    if reader:
        extra["FORCE_QWENVL_VIDEO_READER"] = reader
    if device == "cpu":
        extra["CUDA_VISIBLE_DEVICES"] = ""
    elif gpus:
        extra["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    return extra


def environment(
    scratch: Path, *, reader: str | None, device: str, gpus: tuple[str, ...]
) -> dict[str, str]:
    """Return all of the child's variables: its own, and what is harmless of this process's."""
    extra = own_variables(scratch, reader=reader, device=device, gpus=gpus)
    # What gptqmodel compiles at first use takes minutes: it is kept from one check to the next.
    kernels = os.environ.get(_KERNELS) or str(paths.cache_folder() / "kernels")
    extra[_KERNELS] = kernels
    for name in ("NO_PROXY", "no_proxy"):
        # The loopback server must never be asked for through a proxy.
        extra[name] = ",".join(filter(None, (os.environ.get(name), _LOOPBACK)))
    variables = run.clean_environment(extra)
    if not reader:
        variables.pop("FORCE_QWENVL_VIDEO_READER", None)
    return variables


def planned(scratch: Path, plan: Plan | None, device: str) -> dict[str, str]:
    """Return all of the child's variables on a device, with the decoder and GPUs of a plan."""
    reader, gpus = (plan.decoder.reader, plan.placement.gpus) if plan else (None, ())
    return environment(scratch, reader=reader, device=device, gpus=gpus)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder in this tool's cache for one run, and remove it; also those of killed runs."""
    above = paths.cache_folder() / "verify"
    with contextlib.ExitStack() as stack:
        try:
            own_folders.make_below(paths.cache_folder(), above)
            folder = stack.enter_context(temporary.folder("run", above=above))
            (folder / "cache").mkdir()
        except OSError as error:
            raise files.refusal(error, above, flag="SETUP_ASSISTANT_CACHE", named=False) from error
        yield folder
