"""What every verb shares: `--json`, `--lang`, the log, and errors mapped to exit statuses."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from setup_assistant import messages
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import Exit, SetupError
from setup_assistant.messages import _


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
                messages.use_printable_language(lang)
            show.configure(as_json=as_json, quiet=quiet, verbose=verbose)
            _tell_of_variables()
            raise SystemExit(int(finish(guard(name, lambda: _called(function, kw)))))

        command = click.command(
            name.rsplit(" ", maxsplit=1)[-1],
            cls=_Verb,
            help=summary,
            epilog=_epilog(examples),
            short_help=summary.split("\n", maxsplit=1)[0],
            options_metavar=_("[OPTIONS]"),
        )(body)
        command.params.extend(_common_options())
        command.below = len(command.params)
        return command

    return decorate


def _called(function: Callable[..., Result], given: dict[str, Any]) -> Result:
    from setup_assistant.host.paths import check_name

    for value in given.values():
        if isinstance(value, Path):
            check_name(value)
    return function(**given)


def _tell_of_variables() -> None:
    """Name first what is set for another Python, and would stop whatever is started by hand."""
    if folder := os.environ.get("PYTHONHOME"):
        said = _("PYTHONHOME={folder} is set in this shell. It is kept from what this tool starts; "
                 "other Pythons fail by it: unset PYTHONHOME", folder=folder)  # fmt: skip
        show.note(said)


class _Verb(click.Command):
    """A command whose options stand in the order in which they are written, common ones last.

    Decorators above `@verb` reach a finished command, the lowest first; `below` counts the
    parameters that it had by then.
    """

    below = 0

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters in reading order."""
        *given, last = [*super().get_params(ctx)]
        late = given[self.below :]
        return [*reversed(late), *given[: self.below], last]


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
        return interrupted(name)
    except click.ClickException:
        raise
    except BrokenPipeError:
        return Result(name, exit_code=Exit.FAILED)
    except Exception as error:  # noqa: BLE001 - the one place that maps errors to statuses
        log.exception("internal", error)
        if refused := _refused(error):
            return _failed(name, refused)
        detail = f"{type(error).__name__}: {error}"
        return _failed(name, SetupError("internal", detail=detail, log=str(log.current() or "-")))


def interrupted(name: str) -> Result:
    """Return the result of a run that was interrupted: the same command goes on."""
    return _failed(name, SetupError("interrupted", command=same_command()))


def finish(result: Result) -> Exit:
    """Show a result once, as text or as the envelope; return its exit status."""
    try:
        _show(result)
    except BrokenPipeError:
        # The reader (`head`, a pager) has seen enough; what was done is done.
        show.nobody_reads()
    return result.exit_code


def _show(result: Result) -> None:
    if show.is_json():
        show.envelope(result.envelope())
        return
    if result.text:
        result.text()
    for problem in result.errors:
        show.problem(problem.message, problem.hint)


@contextlib.contextmanager
def written_to(flag: str) -> Iterator[None]:
    """Let an error about a file that cannot be written name the flag it was given with."""
    try:
        yield
    except SetupError as error:
        if error.code != "not_writable":
            raise
        raise SetupError(error.code, **{**error.args_, "flag": flag}) from error


def _refused(error: Exception) -> SetupError | None:
    """Return what a full disk or a place that is refused means; None for other errors.

    Nobody here knows whether the place was to be written or only read.
    """
    import errno

    # What pathlib says of ~nobody, and where HOME is unset.
    if isinstance(error, RuntimeError) and "home directory" in str(error):
        return SetupError("home_unknown")
    limits = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.EFBIG)
    no_thread = isinstance(error, RuntimeError) and "start new thread" in str(error)
    if no_thread or isinstance(error, MemoryError) or getattr(error, "errno", None) in limits:
        return SetupError("limit_reached", detail=str(error) or "memory")
    if not isinstance(error, OSError):
        return None

    from setup_assistant.host import files

    path = str(error.filename or "-")
    if error.errno in files.FULL:
        return files.refusal(error, Path(path))
    unusable = (*files.FORBIDDEN, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR)
    if error.errno not in unusable:
        return None
    return SetupError("path_unusable", path=path, detail=error.strerror or str(error))


def json_wanted() -> bool:
    """Whether the command line asks for JSON, even where it cannot be parsed."""
    return "--json" in sys.argv[1:]


def _failed(name: str, error: SetupError) -> Result:
    return Result(name, exit_code=error.exit, errors=(Problem.of(error),))


def same_command() -> str:
    """Return the command line of this run, as it can be pasted; the language stays the one read."""
    import shlex

    from setup_assistant.host.program import program

    given = [*sys.argv[1:]]
    spoken = any(a == "--lang" or a.startswith("--lang=") for a in given)
    return " ".join([program(), *map(shlex.quote, [*given, *([] if spoken else language_flag())])])


def language_flag() -> list[str]:
    """Return the words that keep the language in use where the terminal's is another."""
    language = messages.language()
    return [] if messages.of_environment() == language else ["--lang", language]


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
