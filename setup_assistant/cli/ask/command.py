"""`ask`: a question about pictures and clips to the installed model, or one after the other."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli import options
from setup_assistant.cli.ask.files import checked, names, split
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import ask as prompt
from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.errors import SetupError
from setup_assistant.host import paths
from setup_assistant.messages import _
from setup_assistant.times_text import duration
from setup_assistant.units_text import memory_text

if TYPE_CHECKING:
    from setup_assistant.choose.plan import Plan
    from setup_assistant.verify.ask import Answer, Loaded

_NEW_TOKENS = 512


@dataclass(frozen=True, kw_only=True)
class _Where:
    """What is asked: an environment, a model folder, and the plan that both come from."""

    env: Path
    model: Path
    plan: Plan | None
    canary: bool = False

    @property
    def name(self) -> str:
        """The model as a person knows it."""
        return "canary" if self.canary else self.model.name


@click.argument("words", nargs=-1, metavar="[PICTURE|CLIP]... [QUESTION]")
@click.option("--question", "questions", multiple=True, help=_("A question (repeatable)."))
@options.SITE
@options.ENV
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=_("Folder of other weights; by default the site's model."),
)
@options.DEVICE
@options.DTYPE
@click.option(
    "--new-tokens",
    type=click.IntRange(min=1),
    default=_NEW_TOKENS,
    show_default=True,
    help=_("Longest answer, in tokens."),
)
@verb(
    "ask",
    summary=_(
        "Ask the installed model about pictures and clips.\n\n"
        "Without a question it asks for one after the other; the model is loaded once."
    ),
    examples=(
        "setup-assistant ask cat.jpg 'What is in this picture?'",
        "setup-assistant ask before.png after.png 'What has changed?'",
        "setup-assistant ask clip.mp4 --site qwen2-vl --question 'What happens?'",
    ),
)
def command(
    *,
    words: tuple[str, ...],
    questions: tuple[str, ...],
    site: Path | None,
    env: Path | None,
    model: Path | None,
    device: str,
    dtype: str | None,
    new_tokens: int,
) -> Result:
    """Ask, and stream the answers."""
    from setup_assistant.verify.ask import loaded

    files, last = split(words)
    files = checked(files)
    wanted = [*([last] if last else []), *questions]
    if not wanted:
        prompt.need_terminal("--question")
    where = _where(site, env, model)
    answers: list[dict[str, Any]] = []
    loading = _("Loading {model}", model=where.name)
    first = _("Looking at {files}", files=", ".join(Path(f).name for f in files))
    with (
        busy(first if files else loading) as progress,
        loaded(
            where.env,
            where.model,
            plan=where.plan,
            device=device,
            dtype=dtype,
            canary=where.canary,
            files=files,
            on_looked=lambda: progress.begin(loading),
        ) as there,
    ):
        progress.end()
        show.note(
            _("{model} is loaded in {time} ({device}, {dtype}).", model=where.name,
              time=duration(there.seconds), device=there.device, dtype=there.dtype)
        )  # fmt: skip
        if wanted:
            answers.extend(_ask(there, files, q, new_tokens) for q in wanted)
        else:
            _loop(there, files, new_tokens, answers)
        data = {"model": str(where.model), "device": there.device, "dtype": there.dtype,
                "load_seconds": there.seconds, "answers": answers}  # fmt: skip
    return Result("ask", data)


def _where(site: Path | None, env: Path | None, model: Path | None) -> _Where:
    """Return what is asked; the site's plan counts where its environment is taken."""
    from setup_assistant.catalog import canary
    from setup_assistant.site.read import read_layout, read_plan

    layout = read_layout(site or paths.default_site())
    plan = read_plan(layout) if layout.plan.exists() else None
    prefix = env.expanduser().absolute() if env else layout.env
    if not prefix.exists():
        flag = "--env" if env else "--site"
        raise SetupError("file_missing", path=str(prefix), flag=flag)
    if model is not None:
        folder = model.expanduser().absolute()
        if not folder.is_dir():
            raise SetupError("file_missing", path=str(folder), flag="--model")
        return _Where(env=prefix, model=folder, plan=plan)
    if plan is None:
        raise SetupError("file_missing", path=str(layout.plan), flag="--model")
    if plan.model.id == "canary":
        show.note(
            _("This is the test model: it knows simple scenes only. For a real one: {command}",
              command=f"setup-assistant up --site {shlex.quote(str(layout.root))} --model auto")
        )  # fmt: skip
        return _Where(env=prefix, model=canary.load().model, plan=plan, canary=True)
    folder = layout.weights(plan.model.id)
    if not folder.is_dir():
        raise SetupError("model_absent", path=str(folder), site=str(layout.root))
    return _Where(env=prefix, model=folder, plan=plan)


def _ask(there: Loaded, files: list[str], question: str, new_tokens: int) -> dict[str, Any]:
    """Ask one question; stream the answer, then say what it took."""
    found = there.ask(files, question, max_new_tokens=new_tokens, on_piece=_piece)
    show.line()
    show.note(_took(found))
    return {"question": question, "files": files, **dataclasses.asdict(found)}


def _piece(text: str) -> None:
    show.streamed(text)
    show.event({"event": "piece", "text": text})


def _took(found: Answer) -> str:
    speed = "-" if found.tokens_per_second is None else f"{found.tokens_per_second:g}"
    said = _(
        "{tokens} tokens in {time}, {speed} tokens/s, memory {memory}",
        tokens=found.tokens,
        time=duration(found.seconds),
        speed=speed,
        memory=memory_text(found.peak_memory_bytes),
    )
    return f"{said}; {_('cut off: --new-tokens allows more')}" if found.cut else said


def _loop(there: Loaded, files: list[str], new_tokens: int, answers: list[dict[str, Any]]) -> None:
    """Ask for questions until an empty one; a failed one does not end it."""
    show.note(_("Type a question; an empty line ends. A line that names files asks about these."))
    while line := prompt.line(_("question")):
        named, question = split(tuple(_words(line)))
        try:
            if named:
                files[:] = checked(named)
                show.note(_("asking about {files}", files=", ".join(files)))
                if not question:
                    continue
                line = question
            answers.append(_ask(there, files, line, new_tokens))
        except SetupError as error:
            show.problem(str(error.message), str(error.hint))


def _words(line: str) -> list[str]:
    """Return the words of a typed line if it begins with a file, else the line whole."""
    try:
        words = shlex.split(line)
    except ValueError:
        return [line]
    count = next((i for i, w in enumerate(words) if not names(w, Path.is_file)), len(words))
    if not count:
        return [line]
    return [*words[:count], *([" ".join(words[count:])] if words[count:] else [])]
