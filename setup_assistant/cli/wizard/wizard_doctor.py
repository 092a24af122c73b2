"""The wizard's third way: something is broken. Finds out what, and mends it where agreed."""

from __future__ import annotations

from pathlib import Path

from setup_assistant.cli.doctor import command as doctor
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import ask, show
from setup_assistant.cli.terminal.question import Back, Choice, Extras
from setup_assistant.cli.wizard.background_probe import Looking
from setup_assistant.cli.wizard.found import show_found
from setup_assistant.doctor.case import QWEN
from setup_assistant.errors import SetupError
from setup_assistant.host import paths, sites
from setup_assistant.messages import _

# More than these make no list to choose from.
_MOST = 4


def find_out(looking: Looking) -> Result:
    """Ask what is broken, examine it, and offer to mend what is found.

    Raises:
        Back: at the first question.
    """
    show_found(looking.cards(), planning=False)
    while True:
        what = _what()
        try:
            if what == "other":
                return doctor.examine(_environment(), fix=True, purpose=QWEN)
            if what == "error":
                return _explained()
            return doctor.examine(None if what == "machine" else Path(what), fix=True, purpose=QWEN)
        except Back:
            continue


def known_environments() -> list[Path]:
    """Return the environments of the sites on this machine, the usual one first."""
    usual = paths.default_site() / "env"
    found = [usual, *(site / "env" for site in sites.all())]
    return [env for env in dict.fromkeys(found) if env.is_dir()][:_MOST]


def _what() -> str:
    known = known_environments()
    choices = [Choice(str(env), _("The environment {path}", path=str(env))) for env in known]
    other = _("Another environment") if known else _("An environment")
    choices += [
        Choice("other", other),
        Choice("error", _("I have an error message")),
        Choice("machine", _("This machine: driver, cards, network, disk")),
    ]
    why = ask.told(
        _("An environment: its packages, from outside and from inside, and the machine below it."),
        _("An error message: its cause and its remedy, from the text alone."),
        _("This machine: without any environment."),
        _("Nothing is changed before you agree to it."),
    )
    return ask.select(
        _("What is broken?"), choices, default=choices[0].value, flag="doctor --env",
        extras=Extras(why=why, back=True),
    )  # fmt: skip


def _environment() -> Path:
    default = str(paths.default_site() / "env")
    why = ask.told(
        _("The folder that holds bin/python, e.g. of a conda environment or a .venv."),
        _("conda env list and setup-assistant env list show where yours are."),
    )
    given = ask.text(_("Which environment (its folder)?"), default=default, flag="--env",
                     extras=Extras(why=why, back=True), wrong=_wrong)  # fmt: skip
    return paths.typed(given)


def _wrong(given: str) -> str | None:
    try:
        if paths.typed(given).is_dir():
            return None
    except SetupError as error:
        return str(error.message)
    return _("{path} is no folder; give the one that holds bin or Scripts.", path=given)


def _explained() -> Result:
    why = ask.told(
        _("The whole text, from the first line of the trouble to its end: the cause often stands "
          "above the last line."),
        _("It is compared with known causes here; nothing is sent anywhere."),
    )  # fmt: skip
    said = ask.paste(_("What does it say?"), flag="--explain", why=why)
    show.line()
    return doctor.explain_text(said)
