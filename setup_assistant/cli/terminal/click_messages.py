"""click's own texts in the language in use.

click asks gettext for them under its own name, in the language of the environment; it offers no
other way in. `--lang` must win, and no variable may be set that child processes would see, so
its modules are given our translation of the same templates.
"""

from __future__ import annotations

import sys

import click

from setup_assistant.messages import msg, translated

# Every template of click that a person can meet here; a test compares them with click's own.
TEXTS = (
    msg("Usage:"),
    msg("Options"),
    msg("Commands"),
    msg("Positional arguments"),
    msg("[OPTIONS]"),
    msg("COMMAND [ARGS]..."),
    msg("[COMMAND] [ARGS]..."),
    msg("Show this message and exit."),
    msg("Show the version and exit."),
    msg("%(prog)s, version %(version)s"),
    msg("default: {default}"),
    msg("env var: {var}"),
    msg("required"),
    msg("(dynamic)"),
    msg("Aborted!"),
    msg("Error: {message}"),
    msg("Try '{command} {option}' for help."),
    msg("Invalid value: {message}"),
    msg("Invalid value for {param_hint}: {message}"),
    msg("Missing command."),
    msg("Missing argument"),
    msg("Missing option"),
    msg("Missing parameter"),
    msg("Missing {param_type}"),
    msg("Missing parameter: {param_name}"),
    msg("No such option {name!r}."),
    msg("No such option: {name}"),
    msg("No such command {name!r}."),
    msg("Did you mean {possibility}?"),
    msg("(Possible options: {possibilities})"),
    msg("(Did you mean one of: {possibilities}?)"),
    msg("Got unexpected extra argument ({args})"),
    msg("Got unexpected extra arguments ({args})"),
    msg("Choose from:\n\t{choices}"),
    msg("{value!r} is not {choice}."),
    msg("{value!r} is not one of {choices}."),
    msg("{value!r} is not a valid {number_type}."),
    msg("{value} is not in the range {range}."),
    msg("{value!r} is not a valid boolean. Recognized values: {states}"),
    msg("Takes {nargs} values but 1 was given."),
    msg("Takes {nargs} values but {len} were given."),
    msg("Argument {name!r} takes {nargs} values."),
    msg("Option {name!r} does not take a value."),
    msg("Option {name!r} requires an argument."),
    msg("Option {name!r} requires {nargs} arguments."),
    msg("file"),
    msg("directory"),
    msg("path"),
    msg("{name} {filename!r} does not exist."),
    msg("{name} {filename!r} is a file."),
    msg("{name} {filename!r} is a directory."),
    msg("{name} {filename!r} is not readable."),
    msg("{name} {filename!r} is not writable."),
    msg("{name} {filename!r} is not executable."),
    msg("unknown error"),
    msg("Could not open file {filename!r}: {message}"),
)


# What click calls "float range" is a number.
_KINDS = {
    "FloatParamType": msg("number"),
    "FloatRange": msg("number"),
    "IntParamType": msg("whole number"),
    "IntRange": msg("whole number"),
}


def speak() -> None:
    """Make click speak the language in use, whatever it is by then."""
    for kind, said in _KINDS.items():
        if hasattr(click.types, kind):
            getattr(click.types, kind).name = str(said)
    for name in ("core", "decorators", "exceptions", "formatting", "parser", "types"):
        module = sys.modules.get(f"click.{name}")
        for asked, ours in (("_", translated), ("ngettext", _plural)):
            if module is not None and hasattr(module, asked):
                setattr(module, asked, ours)


def _plural(one: str, many: str, count: int) -> str:
    return translated(one if count == 1 else many)
