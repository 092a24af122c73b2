"""A container image, for Docker and its kin, for Apptainer and for development containers."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.messages import _
from setup_assistant.site.exports.source import MODELS, ROOT, Source, shared, template

_PLATFORMS = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}
_TAG = "qwen2-vl:1"
# registry/name:tag@digest, of the characters that the OCI's specification of references allows.
_IMAGE = re.compile(r"[a-z0-9][\w./:-]*(?<!:latest)(?::[\w.-]+|@sha256:[0-9a-f]{64})")


def base_of(source: Source, given: str | None) -> str:
    """Return the image to build on: the given one, else Python's own with Debian's libraries.

    Raises:
        SetupError: `usage` where the given one is not pinned.
    """
    if given is None:
        return f"python:{source.python}-slim-bookworm"
    if not _IMAGE.fullmatch(given) or re.search(r":latest(@|$)", given):
        detail = _("--base wants an image with a tag other than latest, or a digest: {given}",
                   given=given)  # fmt: skip
        raise SetupError("usage", detail=detail, verb="export dockerfile")
    return given


def dockerfile(source: Source, base: str) -> dict[str, bytes]:
    """Return a Dockerfile and all that it copies."""
    text = template("Dockerfile", BASE=base, ROOT=ROOT)
    return {"Dockerfile": text.encode(), **_shared(source)}


def docker_commands(source: Source, folder: Path) -> tuple[str, ...]:
    """Return the commands that build the image and ask it about a picture."""
    cards = "--gpus all " if source.plan.placement.device == "cuda" else ""
    mount = _mount(source, "readonly")
    platform = _PLATFORMS.get(source.arch, "linux/amd64")
    return (
        f"docker build --platform {platform} --tag {_TAG} {shlex.quote(str(folder))}",
        f"docker run --rm {cards}{mount}{_TAG}",
    )


def apptainer(source: Source, base: str) -> dict[str, bytes]:
    """Return a definition file and all that it copies."""
    text = template("apptainer.def", BASE=base, ROOT=ROOT)
    return {"qwen2-vl.def": text.encode(), **_shared(source)}


def apptainer_commands(source: Source, folder: Path) -> tuple[str, ...]:
    """Return the commands that build the image and ask it about a picture."""
    cards = "--nv " if source.plan.placement.device == "cuda" else ""
    return (
        f"cd {shlex.quote(str(folder))} && apptainer build qwen2-vl.sif qwen2-vl.def",
        f"apptainer run {cards}{_mount(source, 'ro')}qwen2-vl.sif",
    )


def devcontainer(source: Source, base: str) -> dict[str, bytes]:
    """Return a development container: the same image, with the weights mounted."""
    canary = source.plan.model.id == "canary"
    value = {
        "name": "Qwen2-VL",
        "build": {"dockerfile": "Dockerfile", "context": "."},
        "remoteUser": "qwen",
        "hostRequirements": {"gpu": "optional"},
        "mounts": [] if canary else [_bind(source, "readonly")],
        "customizations": {
            "vscode": {"settings": {"python.defaultInterpreterPath": f"{ROOT}/env/bin/python"}}
        },
    }
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    files = {"devcontainer.json": text.encode(), **dockerfile(source, base)}
    return {f".devcontainer/{name}": data for name, data in files.items()}


def _shared(source: Source) -> dict[str, bytes]:
    return shared(source, root=ROOT, weights=MODELS, device="cpu")


def _mount(source: Source, readonly: str) -> str:
    if source.plan.model.id == "canary":
        return ""
    return f"--mount {shlex.quote(_bind(source, readonly))} "


def _bind(source: Source, readonly: str) -> str:
    """Return a mount as Docker and Apptainer read it: fields as in CSV, so that a comma may be."""
    line = io.StringIO()
    fields = ("type=bind", f"source={source.weights}", f"target={MODELS}", readonly)
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()
