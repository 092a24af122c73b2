"""The command line: verbs are loaded only when they are called."""

from __future__ import annotations

import importlib
import io
import sys
from typing import Any

import click

from setup_assistant import __version__, words
from setup_assistant.words import _, msg

# verb → (module, short help). The help of the group must not import the verbs.
VERBS = {
    "up": ("setup_assistant.cli.up", msg("The whole road: from this machine to a proved answer.")),
    "probe": ("setup_assistant.cli.probe", msg("Show what is true of this machine.")),
    "plan": ("setup_assistant.cli.plan", msg("Show what would be installed here, and why.")),
    "estimate": ("setup_assistant.cli.estimate", msg("Predict the GPU memory a model needs.")),
    "download": ("setup_assistant.cli.download", msg("Download a model's weights, verified.")),
    "mirror": ("setup_assistant.cli.mirror", msg("Serve downloaded models to other machines.")),
    "verify": ("setup_assistant.cli.verify", msg("Ask a model questions with known answers.")),
    "rehearse": (
        "setup_assistant.cli.rehearse",
        msg("Prove that a model fits, with dummy weights."),
    ),
    "doctor": ("setup_assistant.cli.doctor", msg("Find out what is wrong, and what mends it.")),
    "report": ("setup_assistant.cli.report", msg("Show the report of a site.")),
    "env": ("setup_assistant.cli.env", msg("List or remove environments.")),
    "recipes": ("setup_assistant.cli.recipes", msg("Check the recipes plans are made from.")),
    "completion": (
        "setup_assistant.cli.completion",
        msg("Complete commands and options in your shell."),
    ),
    "uninstall": ("setup_assistant.cli.uninstall", msg("Remove what this tool has made.")),
}


class _Verbs(click.Group):
    """A group that imports a verb's module on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, str(text)) for name, (_module, text) in VERBS.items()])


def main(argv: list[str] | None = None) -> None:
    """Run the command line; exits with one of `errors.Exit`."""
    arguments = sys.argv[1:] if argv is None else argv
    words.use_printable_language(_language_flag(arguments))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A C-locale terminal gets `?` instead of a crash.
            stream.reconfigure(errors="replace")
    group = _group()
    try:
        group.main(arguments, prog_name="setup-assistant", standalone_mode=False)
    except click.exceptions.Exit as error:
        raise SystemExit(error.exit_code) from None
    except click.ClickException as error:
        raise SystemExit(_usage(error)) from None
    except (click.Abort, KeyboardInterrupt):
        raise SystemExit(130) from None


def _group() -> click.Group:
    @click.group(
        cls=_Verbs,
        invoke_without_command=True,
        help=_(
            "From a bare GPU machine to a verified Qwen2-VL answer, with one command.\n\n"
            "Without a command it asks a few questions and does everything."
        ),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    @click.option("--lang", metavar="en|zh_CN", help=_("Language of every sentence."))
    @click.version_option(__version__, prog_name="setup-assistant")
    @click.pass_context
    def group(ctx: click.Context, lang: str | None) -> None:  # noqa: ARG001 - read from argv
        if ctx.invoked_subcommand is None:
            from setup_assistant.cli.wizard import command

            ctx.invoke(command)

    return group


def _usage(error: click.ClickException) -> int:
    """Show a wrong command line as an error with its remedy, exit status 2."""
    from setup_assistant.cli import common, show
    from setup_assistant.errors import SetupError
    from setup_assistant.result import Problem, Result

    show.configure(as_json=common.json_wanted(), quiet=False, verbose=False)
    context: Any = getattr(error, "ctx", None)
    path = context.command_path.removeprefix("setup-assistant").strip() if context else ""
    failure = SetupError("usage", detail=error.format_message(), verb=path)
    return int(
        common.finish(
            Result(path or "setup-assistant", exit_code=failure.exit, errors=(Problem.of(failure),))
        )
    )


def _language_flag(arguments: list[str]) -> str | None:
    for i, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
        if argument == "--lang" and i + 1 < len(arguments):
            return arguments[i + 1]
    return None


if __name__ == "__main__":
    main()
