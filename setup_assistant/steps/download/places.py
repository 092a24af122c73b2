"""From what the person names as a source to the source itself."""

from __future__ import annotations

import os
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.steps.download.hubs import Address, Hub, HuggingFaceHub, ModelScopeHub
from setup_assistant.steps.download.local import FolderSource
from setup_assistant.steps.download.source import Source
from setup_assistant.steps.download.web import WebSource
from setup_assistant.words import _

MODELSCOPE, HUGGING_FACE = "modelscope", "huggingface"
_VARIABLES = {MODELSCOPE: "MODELSCOPE_ENDPOINT", HUGGING_FACE: "HF_ENDPOINT"}


def endpoint(kind: str, default: str) -> str:
    """Return a hub's address: the person's own (MODELSCOPE_ENDPOINT, HF_ENDPOINT), or `default`."""
    return with_scheme(os.environ.get(_VARIABLES.get(kind, ""), "").strip() or default)


def with_scheme(address: str) -> str:
    """Return a hub's address in full; without a scheme it means https."""
    return (address if "://" in address else f"https://{address}").rstrip("/")


def source_of(kind: str, address: str, *, model: str, resume: str, flag: str) -> Source:
    """Return the source of a kind ("modelscope", "huggingface", an address or a folder).

    Args:
        kind: what the person named.
        address: of the hub, where `kind` is one.
        model: its id.
        resume: the command that goes on later.
        flag: the option that chooses the target folder.

    Raises:
        SetupError: `usage` for a kind that is none of these.
    """
    hub: Hub
    if kind == MODELSCOPE:
        hub = ModelScopeHub(address)
    elif kind == HUGGING_FACE:
        hub = HuggingFaceHub(address)
    elif kind.startswith(("http://", "https://")):
        hub = Address(kind.rstrip("/"))
    elif Path(kind).expanduser().is_dir():
        return FolderSource(Path(kind).expanduser().absolute(), model=model, flag=flag)
    else:
        detail = _("--source is modelscope, huggingface, an address or a folder; not {given}.",
                   given=kind)  # fmt: skip
        raise SetupError("usage", detail=detail, verb="download")
    return WebSource(model=model, hub=hub, resume=resume, flag=flag)
