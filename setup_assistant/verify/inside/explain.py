"""From an exception to a cause. The first matching row wins; the order is from sure to vague."""

from __future__ import annotations

import re

from inside.lines import Fault

# (cause, pattern over "Type: text"). Groups of a pattern become values of the sentence.
_ROWS = (
    ("out-of-memory", r"OutOfMemoryError|CUDA out of memory|can't allocate memory|MemoryError"),
    ("out-of-memory", r"(?:CUDA error|Error 2): out of memory"),
    ("no-kernel", r"no kernel image is available"),
    ("driver-too-old", r"driver on your system is too old|driver version is insufficient"),
    ("driver-too-old", r"API call is not supported in the installed CUDA driver"),
    ("cuda-driver-mismatch", r"Error 803|unsupported display driver / cuda driver combination"),
    ("cuda-compat", r"Error 804|forward compatibility was attempted on non supported HW"),
    ("fabric-manager", r"Error 802|system not yet initialized"),
    ("cuda-unknown-error", r"CUDA unknown error|Error 999|CUDA driver initialization failed"),
    ("gpu-memory-fault", r"uncorrectable ECC error"),
    ("gpu-busy", r"devices?(?:\(s\))? (?:is/)?are busy or unavailable"),
    ("no-driver", r"Found no NVIDIA driver|libcuda\.so\S* cannot open"),
    ("cuda-no-device", r"No CUDA GPUs are available|no CUDA-capable device|invalid device ordinal"),
    ("cpu-build", r"Torch not compiled with CUDA"),
    ("torchvision-mismatch", r"operator torchvision::\w+ does not exist"),
    ("torchvision-mismatch", r"PyTorch and torchvision were compiled with different CUDA"),
    ("decoder-missing", r"torchvision\.io' has no attribute 'read_video'"),
    ("decoder-missing", r"No module named 'decord'|No module named 'torchcodec'"),
    ("decoder-broken", r"[Cc]ould not load libtorchcodec|DECORDError"),
    ("transformers-mismatch", r"KeyError: '(?P<need>qwen\w+)'"),
    ("transformers-mismatch", r"model type `(?P<need>\w+)` but Transformers does not recognize"),
    ("transformers-mismatch", r"cannot import name '(?P<need>Qwen\w+|Auto\w+)' from 'transformers"),
    ("package-missing", r"[Rr]equires? (?:the )?.?(?P<package>[Aa]ccelerate)\b"),
    ("transformers-mismatch", r"(?P<need>\w+) requires the PyTorch library"),
    ("package-missing", r"ModuleNotFoundError: No module named '(?P<package>[\w]+)"),
    ("weights-truncated", r"MetadataIncompleteBuffer|file not fully covered|InvalidOffset"),
    ("weights-truncated", r"InvalidHeader|HeaderToo(?:Large|Small)|header too (?:large|small)"),
    ("url-failed", r"^(?:ConnectionError|ProxyError|HTTPError|ConnectTimeout|ReadTimeout)\b"),
    ("url-failed", r"^(?:SSLError|InvalidURL|InvalidProxyURL|TooManyRedirects|Chunked\w+)\b"),
    ("input-unreadable", r"^(?:UnidentifiedImageError|DecompressionBombError|FileNotFoundError)\b"),
    ("input-unreadable", r"max_pixels of image must|absolute aspect ratio"),
)


def text_of(error: BaseException) -> str:
    """Return `Type: text` of an exception."""
    return f"{type(error).__name__}: {error}"


def explain(error: BaseException, otherwise: str = "question-failed", **values: object) -> Fault:
    """Return the `Fault` that an exception stands for."""
    chain, seen = error, []
    while chain is not None and len(seen) < 5:
        seen.append(chain)
        # The first error outranks what was raised while it was handled.
        chain = chain.__cause__ or chain.__context__
    for link in reversed(seen):
        for cause, pattern in _ROWS:
            found = re.search(pattern, text_of(link))
            if found:
                named = {
                    k: v.lower() if k == "package" else v for k, v in found.groupdict().items() if v
                }
                return Fault(cause, text_of(link), **{"detail": text_of(link), **values, **named})
    return Fault(otherwise, text_of(error), **{"detail": text_of(error), **values})
