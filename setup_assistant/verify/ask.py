"""Questions to a model that stays loaded, inside an environment."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup_assistant.catalog import canary as canary_recipe
from setup_assistant.catalog import smoke as smoke_recipe
from setup_assistant.catalog.smoke import Smoke
from setup_assistant.choose.plan import Plan
from setup_assistant.errors import SetupError
from setup_assistant.host.dialogue import Dialogue
from setup_assistant.host.prefix import python_in
from setup_assistant.host.program import spell
from setup_assistant.verify import causes, child, surroundings
from setup_assistant.verify.request import Wanted, how, picture_limits, video_limits, within

# What qwen-vl-utils is told to read as a video; everything else is read as a picture.
VIDEO_SUFFIXES = frozenset({".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".mpg", ".mpeg"})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer. `cut`: it ended because `max_new_tokens` were reached.

    Times in seconds; `tokens_per_second` counts from the first token, None where there was one
    only; `peak_memory_bytes` as `results.Check` has it; `thinned` says which clip was read with
    fewer frames than its length asks for.
    """

    text: str
    tokens: int
    cut: bool
    seconds: float
    first_token_seconds: float
    tokens_per_second: float | None
    prompt_tokens: int
    peak_memory_bytes: int | None
    thinned: str = ""


class Loaded:
    """A loaded model. `device` and `dtype` are what it runs in, `seconds` what loading took."""

    def __init__(
        self,
        dialogue: Dialogue,
        plan: Plan | None,
        smoke: Smoke,
        on_looked: Callable[[], None] = lambda: None,
    ) -> None:
        self._child, self._plan, self._smoke = dialogue, plan, smoke
        reply(dialogue, "looked", "ask")
        on_looked()
        ready = reply(dialogue, "ready", "ask")
        self.device, self.dtype = str(ready["device"]), str(ready["dtype"])
        self.seconds = float(ready["seconds"])

    def ask(
        self,
        files: Sequence[str],
        question: str,
        *,
        max_new_tokens: int,
        on_piece: Callable[[str], None],
    ) -> Answer:
        """Ask about pictures and clips (paths or URLs), within the plan's limits.

        Raises:
            SetupError: `ask_failed`; the next question may still be asked.
        """
        pictures = sum(not is_video(path) for path in files)
        self._child.send(
            {
                "content": [self._part(path, pictures) for path in files],
                "within": within("video" if pictures < len(files) else "image", self._plan),
                "question": question,
                "max_new_tokens": max_new_tokens,
            }
        )
        said = reply(self._child, "answer", "ask", on_piece)
        said.pop("event")
        return Answer(**said)

    def _part(self, path: str, pictures: int) -> dict[str, Any]:
        if is_video(path):
            return {**_named(path), **video_limits(self._smoke, self._plan)}
        return {**_named(path), **picture_limits(self._plan, pictures)}


def reply(
    dialogue: Dialogue,
    wanted: str,
    check: str,
    on_piece: Callable[[str], None] = lambda _text: None,
) -> dict[str, Any]:
    """Return the event `wanted` of a program; pieces of an answer before it are told.

    Raises:
        SetupError: `ask_failed` for a fault, or where the program ended.
    """
    for said in dialogue.replies():
        event = said.get("event")
        if event == wanted:
            return said
        if event == "piece":
            on_piece(str(said.get("text", "")))
        elif event == "fault":
            raise failed(str(said.get("cause")), dict(said.get("values", {})))
    raise failed("child-failed", {"check": check, "detail": dialogue.last_words() or "-"})


def _named(path: str) -> dict[str, str]:
    kind = "video" if is_video(path) else "image"
    return {"type": kind, kind: path}


def is_video(path: str) -> bool:
    """Whether a path or URL names a clip, by its ending."""
    return Path(path.partition("?")[0]).suffix.lower() in VIDEO_SUFFIXES


@contextlib.contextmanager
def loaded(
    env: Path,
    model: Path,
    *,
    plan: Plan | None = None,
    device: str = "auto",
    dtype: str | None = None,
    canary: bool = False,
    files: Sequence[str] = (),
    on_looked: Callable[[], None] = lambda: None,
) -> Iterator[Loaded]:
    """Load a model folder in `env` and keep it loaded while the block runs.

    Args:
        env: prefix of the environment.
        model: folder of the weights.
        plan: decoder, device, GPUs, dtype, pixel caps.
        device: auto, cpu or cuda.
        dtype: by default the plan's, or the device's usual one.
        canary: `model` is the test model, which runs in one thread.
        files: what will be asked about first, looked at before the model is loaded.
        on_looked: called when they are fit, and loading begins.

    Raises:
        SetupError: `ask_failed`, with the cause; `not_writable`.
    """
    smoke = smoke_recipe.load()
    wanted = Wanted(model=None if canary else model, plan=plan, device=device, dtype=dtype)
    request = {
        **how(wanted, canary_recipe.load(), smoke),
        "model": str(model),
        "content": [_named(path) for path in files],
    }
    with inside(env, "converse", wanted) as dialogue:
        dialogue.send(request)
        yield Loaded(dialogue, plan, smoke, on_looked)


@contextlib.contextmanager
def inside(env: Path, program: child.Program, wanted: Wanted) -> Iterator[Dialogue]:
    """Run one of the programs in `verify/inside` in an environment while the block runs.

    Raises:
        SetupError: `ask_failed` where its Python does not start, `not_writable`.
    """
    argv = child.command(python_in(env), program)
    with surroundings.scratch_folder() as scratch:
        variables = surroundings.planned(scratch, wanted.plan, wanted.place)
        try:
            dialogue = Dialogue(argv, env=variables, cwd=scratch)
        except OSError as error:
            detail = error.strerror or str(error)
            raise failed("python-broken", {"python": str(argv[0]), "detail": detail}) from error
        try:
            yield dialogue
        finally:
            dialogue.close()


def failed(cause: str, values: dict[str, Any]) -> SetupError:
    """Return the error of a model that could not be asked, by its cause."""
    # Whose files they are is not known here; the command says it as far as it is.
    folder = values.get("folder", "DIR")
    values.setdefault("command", f"setup-assistant download MODEL --to {folder}")
    cause = cause if causes.known(cause) else "question-failed"
    return SetupError(
        "ask_failed",
        cause=str(causes.sentence(cause, values)),
        remedy=spell(str(causes.remedy(cause, values))),
    )
