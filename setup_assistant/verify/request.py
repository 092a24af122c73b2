"""What the child is asked to do, as one JSON value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup_assistant.catalog import checks, models
from setup_assistant.catalog.canary import Canary
from setup_assistant.catalog.smoke import LANGUAGES, Smoke
from setup_assistant.choose.model_names import find
from setup_assistant.choose.plan import Plan

# The canary's kernels are so small that a second thread only waits for the first: measured on
# two busy cores, 0.02 s a question with one thread, 0.8 s with two.
_CANARY_THREADS = 1
# qwen-vl-utils refuses a cap below its own minimum of 128 tokens of 28 x 28 pixels.
_VIDEO_MIN_PIXELS = 128 * 28 * 28


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be verified. `model` is None for the canary, else a model folder.

    `images` are paths or URLs, `videos` paths, of the person's own, asked with `question`, or
    with the usual question in `language`. `device` is auto, cpu or cuda.
    """

    model: Path | None = None
    plan: Plan | None = None
    images: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    question: str | None = None
    language: str = "en"
    device: str = "auto"
    dtype: str | None = None

    @property
    def place(self) -> str:
        """The device to use: what was asked for, else the plan's."""
        if self.device == "auto" and self.plan is not None:
            return self.plan.placement.device
        return self.device

    @property
    def precision(self) -> str | None:
        """The dtype to use, or None for the device's usual one.

        The canary always runs in float32 on a CPU: that is how its logits were recorded.
        """
        if self.dtype or self.plan is None:
            return self.dtype
        on_cpu = self.place == "cpu"
        return None if on_cpu and self.model is None else self.plan.model.dtype


def build(
    wanted: Wanted, canary: Canary, smoke: Smoke, blocked_by: str | None = None
) -> dict[str, Any]:
    """Return the request; `blocked_by` is the cause for which the model must not be loaded."""
    is_canary = wanted.model is None
    cases = canary_cases(canary, smoke) if is_canary else real_cases(wanted, canary, smoke)
    most = smoke.limits.canary_new_tokens if is_canary else smoke.limits.new_tokens
    return {
        **how(wanted, canary, smoke),
        "max_new_tokens": most,
        "reference": str(canary.reference) if is_canary else None,
        "tolerance": {"float32": canary.header.logits_atol, **smoke.tolerance},
        "served": str(canary.folder),
        "blocked_by": blocked_by,
        "cases": [*cases, *_own_cases(wanted, smoke)],
    }


def how(wanted: Wanted, canary: Canary, smoke: Smoke) -> dict[str, Any]:
    """Return what every program is told: the model, where it runs and how, and the decoder."""
    plan = wanted.plan
    clip = next(name for case in canary.cases if case.kind == "video" for name in case.files)
    return {
        "raised": checks.load().raised,
        "model": str(wanted.model or canary.model),
        "device": wanted.place,
        "dtype": wanted.precision,
        "threads": None if wanted.model else _CANARY_THREADS,
        "max_memory": max_memory(plan),
        "quantization": plan.model.quantization if plan and wanted.model else "none",
        "reader": plan.decoder.reader if plan else None,
        "decoder_package": plan.decoder.package if plan else smoke.decoder.package,
        "clip": str(canary.folder / clip),
    }


def canary_cases(canary: Canary, smoke: Smoke) -> list[dict[str, Any]]:
    """Return every recorded case, and one by URL per language.

    The first case of a kind and language has the plain name, e.g. `image-en`; the others keep
    the name they were recorded under, e.g. `image-jpg-en`.
    """
    out: list[dict[str, Any]] = []
    named: set[tuple[str, str]] = set()
    by_url = []
    for case in canary.cases:
        first = (case.kind, case.language) not in named
        named.add((case.kind, case.language))
        entry = {
            "name": f"{case.kind}-{case.language}" if first else case.id,
            "case": case.id,
            "kind": case.kind,
            "language": case.language,
            "files": [str(canary.folder / name) for name in case.files],
            "question": case.question,
            "answer": case.answer,
            "limits": _limits(case.kind, len(case.files), smoke, None),
        }
        out.append(entry)
        if first and case.kind == "image":
            by_url.append(_by_url(entry, case.files))
    return [*out, *by_url]


def real_cases(wanted: Wanted, canary: Canary, smoke: Smoke) -> list[dict[str, Any]]:
    """Return the built-in pictures and clips as any real model must describe them."""
    out: list[dict[str, Any]] = []
    for scene in smoke.scene:
        for language in LANGUAGES:
            entry = {
                "name": f"{scene.name}-{language}",
                "kind": scene.kind,
                "language": language,
                "files": [str(canary.folder / name) for name in scene.files],
                "question": smoke.questions[scene.kind][language],
                "words": [list(group) for group in scene.words[language]],
                "limits": _limits(scene.kind, len(scene.files), smoke, wanted.plan),
                "within": within(scene.kind, wanted.plan),
            }
            out.append(entry)
            if scene.name == "image":
                out.append(_by_url(entry, scene.files))
    return out


def _own_cases(wanted: Wanted, smoke: Smoke) -> list[dict[str, Any]]:
    """Return the person's own pictures, each and together, and clips."""
    groups: list[tuple[str, str, Sequence[str]]] = [
        (f"own-image-{n}", "image", (path,)) for n, path in enumerate(wanted.images, 1)
    ]
    if len(wanted.images) > 1:
        groups.append(("own-multi-image", "multi-image", wanted.images))
    groups += [(f"own-video-{n}", "video", (path,)) for n, path in enumerate(wanted.videos, 1)]
    usual: Any = smoke.questions
    return [
        {
            "name": name,
            "kind": kind,
            "language": wanted.language,
            "files": list(paths),
            "question": wanted.question or usual[kind][wanted.language],
            "own": True,
            "limits": _limits(kind, len(paths), smoke, wanted.plan),
            "within": within(kind, wanted.plan),
        }
        for name, kind, paths in groups
    ]


def _by_url(entry: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the same question about the same picture, fetched over HTTP."""
    return {
        **entry,
        "name": f"image-url-{entry['language']}",
        "kind": "image-url",
        "served": list(names),
    }


def video_limits(smoke: Smoke, plan: Plan | None) -> dict[str, Any]:
    """Return the pixels and frames of a clip, as they go into the message beside it.

    As in the tutorial, or less where the plan has less room.
    """
    cap = smoke.limits.video_max_pixels
    if plan:
        cap = min(cap, plan.model.max_pixels)
    limits: dict[str, Any] = {"max_pixels": cap, "fps": smoke.limits.video_fps}
    if cap < _VIDEO_MIN_PIXELS:
        limits["min_pixels"] = cap
    if plan is None:
        return {**limits, "max_frames": smoke.limits.video_max_frames}
    limits["total_pixels"] = plan.model.video_total_pixels
    return {**limits, "max_frames": plan.model.video_max_frames}


def within(kind: str, plan: Plan | None) -> dict[str, int]:
    """Return what all files of a question may come to, and the whole prompt; {} without a plan."""
    if plan is None:
        return {}
    model = plan.model
    pixels = model.video_total_pixels if kind == "video" else model.max_pixels * model.pictures
    found = {"pixels": pixels, "patch": patch(model.id)}
    return {**found, "tokens": model.max_prompt_tokens} if model.max_prompt_tokens else found


def patch(model: str) -> int:
    """Return the side of a patch in pixels; Qwen2-VL's for models that nobody knows."""
    found = find(models.load(), model)
    return found.vision.patch if found else 14


def _limits(kind: str, count: int, smoke: Smoke, plan: Plan | None) -> dict[str, Any]:
    """Return what goes into the message beside the file.

    Where there are more pictures than were planned for, each gets its share of them all.
    """
    return video_limits(smoke, plan) if kind == "video" else picture_limits(plan, count)


def picture_limits(plan: Plan | None, count: int) -> dict[str, Any]:
    """Return the pixels of each of so many pictures; {} without a plan."""
    if plan is None:
        return {}
    share = plan.model.max_pixels * plan.model.pictures // count
    return {"max_pixels": min(plan.model.max_pixels, share)}


def max_memory(plan: Plan | None) -> dict[str, int] | None:
    """Return the bytes that each planned GPU may hold, by its index; None without a limit."""
    if plan is None or not plan.placement.max_memory_bytes:
        return None
    return {str(i): size for i, size in enumerate(plan.placement.max_memory_bytes)}
