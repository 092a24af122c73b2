"""What a shell is offered for the values that only this machine knows: sites, environments, models.

Imported only while a shell asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click
from click.shell_completion import CompletionItem

Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
_BESIDES = {"up": ("auto", "canary"), "verify": ("canary",)}
# Verbs whose --model is a folder of weights.
_FOLDERS = ("ask", "doctor", "verify")


def offer(command: click.Command) -> None:
    """Let the options and arguments of a command be completed by what they name."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            offer(inner)
    for parameter in command.params:
        kind = _KINDS.get((parameter.param_type_name, parameter.name or ""))
        if kind is not None:
            parameter._custom_shell_complete = kind  # noqa: SLF001 - the options stand elsewhere


def _sites(
    _context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    from setup_assistant.host import sites

    return _fitting((str(site) for site in sites.all()), begun) or _folders(begun)


def _environments(
    _context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    from setup_assistant.site.environments import known

    everything = known()
    if parameter.param_type_name == "argument":  # `env activate NAME`, or a folder
        return _fitting((e.name for e in everything), begun) or _folders(begun)
    return _fitting((e.prefix for e in everything), begun) or _folders(begun)


def _models(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    from setup_assistant.catalog import models
    from setup_assistant.host import paths

    verb = context.info_name or ""
    if verb in _FOLDERS:
        return _fitting(_BESIDES.get(verb, ()), begun) or _folders(begun)
    ids = [model.id for model in models.load(paths.recipes_folder())]
    return _fitting((*_BESIDES.get(verb, ()), *ids), begun)


def _fitting(names: Iterator[str] | tuple[str, ...], begun: str) -> list[CompletionItem]:
    """Return the names that begin so; those of models also by what follows their owner."""
    wanted = begun.lower()
    fits = (n for n in names if n.lower().startswith(wanted) or _last(n).startswith(wanted))
    return [CompletionItem(name) for name in dict.fromkeys(fits)]


def _last(name: str) -> str:
    return "" if name.startswith("/") else name.rpartition("/")[2].lower()


def _folders(begun: str) -> list[CompletionItem]:
    return [CompletionItem(begun, type="dir")]


_KINDS: dict[tuple[str, str], Offer] = {
    ("option", "site"): _sites,
    ("option", "env"): _environments,
    ("argument", "name"): _environments,
    ("option", "model"): _models,
    ("argument", "model"): _models,
}
