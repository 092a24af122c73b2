"""The check `decoder`: which reader qwen_vl_utils takes for a clip, and that it reads one."""

from __future__ import annotations

import importlib.util

from inside.explain import text_of
from inside.lines import JSON, Fault
from inside.versions import version_of


def check(planned: str | None, package: str, clip: str) -> JSON:
    """Return the fields of the check `decoder`.

    Args:
        planned: the reader of the plan ("decord", ...), or None where there is no plan.
        package: the distribution to name when a decoder has to be installed.
        clip: path of a clip that is known to be good.
    """
    from qwen_vl_utils import vision_process

    chosen = getattr(vision_process, "get_video_reader_backend", lambda: "torchvision")()
    installed = [
        name for name in ("torchcodec", "decord") if importlib.util.find_spec(name) is not None
    ]
    readers = getattr(vision_process, "VIDEO_READER_BACKENDS", {})
    evidence = [
        f"qwen-vl-utils {(version_of(('qwen-vl-utils',)) or ('', '?'))[1]} takes {chosen}",
        f"installed: {', '.join(installed) or 'no decoder of its own'}",
    ]
    asked = {"video": clip, "fps": 1.0}
    try:
        # A release without the table reads through torchvision alone, and gives the frames alone.
        frames = readers[chosen](asked)[0] if readers else vision_process.fetch_video(asked)
    except Exception as error:
        if not readers:
            raise Fault("reader-too-old", text_of(error), *evidence) from error
        raise blame(error, chosen, installed, evidence, package) from error
    evidence.append(f"{chosen} read {len(frames)} frames of {tuple(frames.shape[1:])}")
    if planned and planned != chosen:
        evidence.append(f"the plan names {planned}")
    return {"evidence": evidence, "reader": chosen}


def blame(
    error: Exception, chosen: str, installed: list[str], evidence: list[str], package: str
) -> Fault:
    """Return the fault behind a clip that could not be read."""
    said = text_of(error)
    other = next((name for name in installed if name != chosen), "")
    if chosen not in installed:
        # Either the forced reader is gone, or none is left but torchvision's, which ended.
        cause = "decoder-missing"
    else:
        cause = "decoder-hidden" if other else "decoder-broken"
    return Fault(
        cause,
        said,
        *evidence,
        package=package,
        reader=chosen,
        detail=said,
        other=next((name for name in installed if name != chosen), ""),
    )
