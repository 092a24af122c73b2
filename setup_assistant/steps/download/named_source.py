"""From what the person names as a source to the source itself."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from setup_assistant.errors import SetupError
from setup_assistant.host import tokens
from setup_assistant.host.http_errors import WebError
from setup_assistant.host.transfer.file_progress import Patience
from setup_assistant.messages import _
from setup_assistant.steps.download.hubs import Address, Hub, HuggingFaceHub, ModelScopeHub
from setup_assistant.steps.download.job import Source
from setup_assistant.steps.download.local import FolderSource, folder_of
from setup_assistant.steps.download.web import WebSource

MODELSCOPE, HUGGING_FACE = tokens.MODELSCOPE, tokens.HUGGING_FACE
HUBS = (MODELSCOPE, HUGGING_FACE)
# Where others have the same files.
_IMPATIENT = Patience(attempts=6, longest_retry_after=300.0)


def endpoint(kind: str, default: str) -> str:
    """Return a hub's address: the person's own (MODELSCOPE_ENDPOINT, HF_ENDPOINT), or `default`."""
    return with_scheme(own_address(kind) or default)


def with_scheme(address: str) -> str:
    """Return a hub's address in full; without a scheme it means https."""
    return (address if "://" in address else f"https://{address}").rstrip("/")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place that the person, or a recipe, names: its kind, and where a hub's address is."""

    kind: str
    address: str = ""


def places_of(kinds: Sequence[str], given: str | None, official: Mapping[str, str]) -> list[Place]:
    """Return where to look, in order.

    Without any wish that is ModelScope, and the other hubs that the recipes know for what it does
    not deliver; a hub or an address of the person's stands alone.

    Args:
        kinds: what the person named: "modelscope", "huggingface", addresses, folders.
        given: a hub's address from the command line.
        official: the addresses of the hubs by name, in order of preference.
    """
    if kinds or given or own_address(MODELSCOPE):
        named = kinds or (_kind_of(given),)
        return [_place(kind, given if kind in HUBS else None, official) for kind in named]
    found = [_place(MODELSCOPE, None, official)]
    if own_address(HUGGING_FACE):
        return [*found, _place(HUGGING_FACE, None, official)]
    # Where ModelScope is the nearest, so is the mirror.
    others = sorted((n for n in official if n != MODELSCOPE), key=lambda n: n == HUGGING_FACE)
    return [*found, *(Place(kind=HUGGING_FACE, address=official[n]) for n in others)]


def _kind_of(given: str | None) -> str:
    """Return the hub that an address alone means: the one whose address it is."""
    if given and tokens.belongs(HUGGING_FACE, with_scheme(given)):
        return MODELSCOPE if tokens.belongs(MODELSCOPE, with_scheme(given)) else HUGGING_FACE
    return MODELSCOPE


def _place(kind: str, given: str | None, official: Mapping[str, str]) -> Place:
    if given:
        return Place(kind=kind, address=with_scheme(given))
    return Place(kind=kind, address=endpoint(kind, official.get(kind, "")) if kind in HUBS else "")


def own_address(kind: str) -> str:
    """Return the address that the person's environment names for a hub; "" where it names none."""
    hub = tokens.HUBS.get(kind)
    return os.environ.get(hub.endpoint, "").strip() if hub else ""


def source_of(
    kind: str,
    address: str,
    *,
    model: str,
    resume: Sequence[str],
    flag: str,
    alone: bool = True,
    revision: str = "",
) -> Source:
    """Return the source of a kind ("modelscope", "huggingface", an address or a folder).

    Args:
        kind: what the person named.
        address: of the hub, where `kind` is one.
        model: its id.
        resume: the words of the command that goes on later.
        flag: the option that chooses the target folder.
        alone: whether it is the only one; else less patience is had with it.
        revision: a branch, tag or commit of the hub's; "" for its usual one.

    Raises:
        SetupError: `usage` for a kind that is none of these.
    """
    if kind not in HUBS and not kind.startswith(("http://", "https://")):
        return _folder_source(kind, model, flag, revision)
    try:
        if kind in HUBS and address:
            _check(address)
        base, logins = tokens.split_login(address if kind in HUBS else kind.rstrip("/"))
    except (ValueError, WebError) as error:
        raise _usage(_("{given} is no address.", given=address or kind)) from error
    return WebSource(
        model=model,
        hub=_hub(kind, base, revision),
        resume=shlex.join([*resume, *tokens.flags()]),
        flag=flag,
        patience=Patience() if alone else _IMPATIENT,
        logins=logins,
        revision=revision,
    )


def _check(address: str) -> None:
    """Refuse what paths cannot be put behind to make the addresses of a hub.

    Raises:
        ValueError, WebError: it is none.
    """
    (_scheme, host, _port) = tokens.addresses([address])[0]
    parts = urlsplit(address)
    if parts.query or parts.fragment or "\\" in address or address.rstrip("/").endswith(":"):
        raise ValueError(host)


def _hub(kind: str, base: str, revision: str) -> Hub:
    if kind == MODELSCOPE:
        return ModelScopeHub(base, revision)
    if kind == HUGGING_FACE:
        return HuggingFaceHub(base, revision)
    return Address(base, revision)


def _folder_source(kind: str, model: str, flag: str, revision: str) -> Source:
    root = Path(kind).expanduser()
    if not root.is_dir():
        raise _usage(
            _("--source is modelscope, huggingface, an address or a folder; not {given}.",
              given=kind)
        )  # fmt: skip
    if revision:
        raise _usage(_("--revision is for hubs; the folder {path} has one state.", path=kind))
    return FolderSource(folder_of(root.absolute(), model), model=model, flag=flag)


def _usage(detail: str) -> SetupError:
    return SetupError("usage", detail=detail, verb="download")
