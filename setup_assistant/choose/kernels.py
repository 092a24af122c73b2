"""Which parts a build's code runs on."""

from __future__ import annotations

from collections.abc import Iterable

from setup_assistant.catalog.torch import Jetson
from setup_assistant.versions import at_least, numbers


def code_runs(code: str, part: str, build_cuda: str, jetson: Jetson) -> bool:
    """Whether code compiled for `code` runs on a `part` (both as "8.6").

    NVIDIA's rule: the same major and a minor not below the code's. Jetson parts run only code
    of their own number, except some of them in builds from CUDA 13.2 on. 10.1 became 11.0.
    """
    if {code, part} == {"10.1", "11.0"}:
        return True
    if part in jetson.only_own or code in jetson.only_own:
        shared = part in jetson.unified and at_least(build_cuda, jetson.unified_from)
        return code == part or (shared and _same_major(code, part))
    return _same_major(code, part)


def runs(
    codes: Iterable[str],
    ptx: str | None,
    part: str,
    *,
    build_cuda: str,
    jetson: Jetson,
    driver_compiles: bool,
) -> bool:
    """Whether a wheel has something that runs on `part`.

    `ptx` is compiled by the driver when first used, which needs a driver not older than the
    build's CUDA (`driver_compiles`): minor-version compatibility does not cover it.
    """
    if any(code_runs(code, part, build_cuda, jetson) for code in codes):
        return True
    if ptx is None or not driver_compiles or part in jetson.only_own:
        return False
    return numbers(part) >= numbers(ptx)


def _same_major(code: str, part: str) -> bool:
    c, p = numbers(code), numbers(part)
    return c[0] == p[0] and p[1] >= c[1]
