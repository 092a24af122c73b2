"""What every verb shares: `--json`, `--lang`, the log, and errors mapped to exit statuses."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click

from setup_assistant import words
from setup_assistant.cli import show
from setup_assistant.errors import Exit, SetupError
from setup_assistant.result import Problem, Result
from setup_assistant.words import _


def verb(
    name: str,
    *,
    summary: str,
    examples: tuple[str, ...] = (),
) -> Callable[[Callable[..., Result]], click.Command]:
    """Make a click command of a function that returns a `Result`.

    Adds `--json`, `--lang`, `--verbose`, `--quiet`, the log file, and the one place where
    errors become exit statuses. `examples` are shown at the end of `--help`, and run by a test.
    """

    def decorate(function: Callable[..., Result]) -> click.Command:
        @functools.wraps(function)
        def body(as_json: bool, lang: str | None, verbose: bool, quiet: bool, **kw: Any) -> None:  # noqa: ANN401
            if lang:
                words.use_printable_language(lang)
            show.configure(as_json=as_json, quiet=quiet, verbose=verbose)
            raise SystemExit(int(finish(guard(name, lambda: function(**kw)))))

        command = click.command(
            name.rsplit(" ", maxsplit=1)[-1],
            help=summary,
            epilog=_epilog(examples),
            short_help=summary.split("\n", maxsplit=1)[0],
        )(body)
        command.params.extend(_common_options())
        return command

    return decorate


def guard(name: str, call: Callable[[], Result]) -> Result:
    """Run a verb's function; every failure becomes a `Result`."""
    from setup_assistant.host import log

    log.start(name.replace(" ", "-"))
    log.debug("argv: %s", " ".join(sys.argv))
    try:
        return call()
    except SetupError as error:
        log.exception("failed", error)
        return Result(name, exit_code=error.exit, errors=(Problem.of(error),))
    except KeyboardInterrupt as error:
        log.exception("interrupted", error)
        return _failed(name, SetupError("interrupted", command=_same_command()))
    except click.ClickException:
        raise
    except BrokenPipeError:
        return Result(name, exit_code=Exit.FAILED)
    except Exception as error:  # noqa: BLE001 - the one place that maps errors to statuses
        log.exception("internal", error)
        detail = f"{type(error).__name__}: {error}"
        return _failed(name, SetupError("internal", detail=detail, log=str(log.current() or "-")))


def finish(result: Result) -> Exit:
    """Show a result once, as text or as the envelope; return its exit status."""
    if show.is_json():
        show.envelope(result.envelope())
        return result.exit_code
    if result.text:
        result.text()
    for problem in result.errors:
        show.problem(problem.message, problem.hint)
    return result.exit_code


def json_wanted() -> bool:
    """Whether the command line asks for JSON, even where it cannot be parsed."""
    return "--json" in sys.argv[1:]


def _failed(name: str, error: SetupError) -> Result:
    return Result(name, exit_code=error.exit, errors=(Problem.of(error),))


def _same_command() -> str:
    import shlex

    from setup_assistant.host.program import program

    return f"{program()} {shlex.join(sys.argv[1:])}"


def _common_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--json", "as_json"],
            is_flag=True,
            help=_("Print one JSON envelope on standard output and nothing else."),
        ),
        click.Option(["--lang"], metavar="en|zh_CN", help=_("Language of every sentence.")),
        click.Option(["--verbose", "-v"], is_flag=True, help=_("Show more detail.")),
        click.Option(["--quiet", "-q"], is_flag=True, help=_("Show results and errors only.")),
    ]


def _epilog(examples: tuple[str, ...]) -> str:
    if not examples:
        return ""
    from setup_assistant.host.program import spell

    return "\b\n" + _("Examples:") + "\n" + "\n".join(f"  {spell(e)}" for e in examples)
