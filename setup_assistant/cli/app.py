"""The command line: verbs are loaded only when they are called."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from setup_assistant import __version__, messages
from setup_assistant.cli.terminal import click_messages, help_text
from setup_assistant.host.program import NAME
from setup_assistant.messages import _, msg

# The variable by which a shell asks for completions, whatever the program is called here.
COMPLETE = "_SETUP_ASSISTANT_COMPLETE"
# verb → (module, short help). The help of the group must not import the verbs.
VERBS = {
    "up": (
        "setup_assistant.cli.up.command",
        msg("Do everything, from this machine to a verified answer."),
    ),
    "probe": (
        "setup_assistant.cli.probe.command",
        msg("Show this machine: driver, GPUs, memory, tools, sources."),
    ),
    "plan": (
        "setup_assistant.cli.plan.command",
        msg("Show what would be installed here, and why."),
    ),
    "estimate": (
        "setup_assistant.cli.estimate.command",
        msg("Predict the GPU memory a model needs."),
    ),
    "download": (
        "setup_assistant.cli.download.command",
        msg("Download a model's weights, verified."),
    ),
    "mirror": ("setup_assistant.cli.mirror", msg("Serve downloaded models to other machines.")),
    "verify": (
        "setup_assistant.cli.verify.command",
        msg("Ask a model questions with known answers."),
    ),
    "rehearse": (
        "setup_assistant.cli.verify.rehearse",
        msg("Prove that a model fits, with dummy weights."),
    ),
    "doctor": (
        "setup_assistant.cli.doctor.command",
        msg("Find out what is wrong, and how to fix it."),
    ),
    "bundle": (
        "setup_assistant.cli.bundle.command",
        msg("Carry everything to machines without internet."),
    ),
    "fleet": ("setup_assistant.cli.fleet.command", msg("The same on many machines, over SSH.")),
    "ask": ("setup_assistant.cli.ask.command", msg("Ask the installed model about pictures.")),
    "serve": ("setup_assistant.cli.serve", msg("Serve the installed model to programs.")),
    "report": ("setup_assistant.cli.report", msg("Show the report of a site.")),
    "env": ("setup_assistant.cli.env.command", msg("List or remove environments.")),
    "export": (
        "setup_assistant.cli.export.command",
        msg("Write the plan as an image, a job or user data."),
    ),
    "recipes": (
        "setup_assistant.cli.recipes.command",
        msg("Check the data that plans are made from."),
    ),
    "completion": (
        "setup_assistant.cli.completion",
        msg("Complete commands and options in your shell."),
    ),
    "help": ("setup_assistant.cli.help", msg("Read a page about using this tool.")),
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
        if COMPLETE in os.environ:
            from setup_assistant.cli import completing

            completing.offer(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from difflib import get_close_matches

            close = get_close_matches(args[0], VERBS, n=1)
            if not close:
                raise
            known = _("No such command {name}. Did you mean {close}?", name=args[0], close=close[0])
            ctx.fail(known)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, str(text)) for name, (_module, text) in VERBS.items()])


def main(argv: list[str] | None = None) -> None:
    """Run the command line; exits with one of `errors.Exit`."""
    arguments = sys.argv[1:] if argv is None else argv
    _give_streams()
    _hear_the_end()
    wanted = _language_flag(arguments)
    known = wanted is not None and messages.is_language(wanted)
    messages.use_printable_language(wanted if known else None)
    click_messages.speak()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A C-locale terminal gets `?` instead of a crash.
            stream.reconfigure(errors="replace")
    click.Context.formatter_class = help_text.Formatter
    group = _group()
    try:
        if wanted is not None and not known:
            raise click.BadParameter(_("write en or zh_CN, not {given}", given=wanted),
                                     param_hint="'--lang'")  # fmt: skip
        group.main(arguments, prog_name=NAME, complete_var=COMPLETE, standalone_mode=False)
    except click.exceptions.Exit as error:
        raise SystemExit(error.exit_code) from None
    except click.ClickException as error:
        raise SystemExit(_usage(error)) from None
    except (click.Abort, KeyboardInterrupt):
        raise SystemExit(_interrupted()) from None


def _give_streams() -> None:
    """Stand in for streams that the caller has closed: what is printed there is lost."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115


def _hear_the_end() -> None:
    """Let a request to end, or a lost line, end a run as Ctrl-C does: tidily and with a sentence.

    Left alone where somebody else decides, e.g. `nohup`.
    """

    def interrupt(*_signal: object) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)


def _group() -> click.Group:
    @click.group(
        cls=_Verbs,
        invoke_without_command=True,
        help=_(
            "From a bare GPU machine to a verified Qwen2-VL answer, with one command.\n\n"
            "Without a command it asks a few questions and does everything."
        ),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        options_metavar=_("[OPTIONS]"),
        subcommand_metavar=_("[COMMAND] [ARGS]..."),
    )
    @click.option("--lang", metavar="en|zh_CN", help=_("Language of every sentence."))
    @click.option(
        "--machine",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help=_("Walk the wizard for another machine, saved by probe --save: nothing is done here."),
    )
    @click.version_option(__version__, prog_name="setup-assistant")
    @click.pass_context
    def group(ctx: click.Context, lang: str | None, machine: Path | None) -> None:  # noqa: ARG001 - lang is read from argv
        if ctx.invoked_subcommand is None:
            from setup_assistant.cli.wizard.command import command

            ctx.invoke(command, machine=machine)
        elif machine is not None:
            raise click.UsageError(
                _("--machine FILE stands behind the command, as in plan --machine FILE")
            )

    return group


def _usage(error: click.ClickException) -> int:
    """Show a wrong command line as an error with its remedy, exit status 2."""
    from setup_assistant.cli import common
    from setup_assistant.cli.result import Problem, Result
    from setup_assistant.cli.terminal import show
    from setup_assistant.errors import SetupError

    show.configure(as_json=common.json_wanted(), quiet=False, verbose=False)
    context: Any = getattr(error, "ctx", None)
    path = context.command_path.removeprefix(NAME).strip() if context else ""
    failure = SetupError("usage", detail=_sentence(error), verb=path or "--help")
    problem = Problem.of(failure)
    # Without a verb there is one --help, not two.
    problem = replace(problem, hint=problem.hint.replace("--help --help", "--help"))
    name = path or "setup-assistant"
    return int(common.finish(Result(name, exit_code=failure.exit, errors=(problem,))))


def _interrupted() -> int:
    """Say what an interruption means that came before or after a verb's own work."""
    from setup_assistant.cli import common
    from setup_assistant.cli.terminal import show

    show.configure(as_json=common.json_wanted(), quiet=False, verbose=False)
    return int(common.finish(common.interrupted("setup-assistant")))


def _sentence(error: click.ClickException) -> str:
    """Return what is wrong, ended as the language ends a sentence."""
    said = " ".join(error.format_message().split())
    if messages.language() == "zh_CN":
        return said.removesuffix(".").removesuffix("。") + "。"
    return said if said.endswith((".", "?", ")")) else said + "."


def _language_flag(arguments: list[str]) -> str | None:
    for i, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
        if argument == "--lang" and i + 1 < len(arguments):
            return arguments[i + 1]
    return None


if __name__ == "__main__":
    main()
