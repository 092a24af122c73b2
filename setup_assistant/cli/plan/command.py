"""`plan`: what would be installed here, or on a machine described, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli.common import verb, written_to
from setup_assistant.cli.result import Result
from setup_assistant.cli.up.wishes import wish_options
from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.catalog.recipes import Recipes
    from setup_assistant.choose.plan import Plan
    from setup_assistant.machine.facts import Machine


@verb(
    "plan",
    summary=_(
        "Show what would be installed here, and why.\n\n"
        "With --machine FILE it plans for a saved machine. With --driver, --gpu or --system it "
        "plans for one that is only described: every source then counts as reachable."
    ),
    examples=(
        "setup-assistant plan",
        "setup-assistant plan --machine machine.json --model Qwen/Qwen2-VL-7B-Instruct",
        "setup-assistant plan --machine machine.json --driver 580.95.05",
        'setup-assistant plan --driver 535.104.05 --gpu "RTX 4090,8.9,24564,23900" --json',
    ),
)
@click.option(
    "--machine",
    "machine_file",
    type=click.Path(path_type=Path),
    help=_("A machine saved by probe --save."),
)
@click.option("--driver", metavar="VERSION", help=_("What if the NVIDIA driver were this."))
@click.option(
    "--gpu",
    "specs",
    multiple=True,
    metavar="NAME,CC,TOTAL_MIB,FREE_MIB",
    help=_("What if this GPU were there (repeatable); --gpus chooses among those that are."),
)
@click.option(
    "--system",
    type=click.Choice(["Linux", "Windows", "Darwin"], case_sensitive=False),
    help=_("Its system."),
)
@click.option(
    "--arch",
    type=click.Choice(["x86_64", "aarch64", "arm64", "amd64"], case_sensitive=False),
    help=_("Its CPU."),
)
@click.option(
    "--ram", type=click.FloatRange(min=0, min_open=True), metavar="GIB", help=_("Its main memory.")
)
@click.option("--glibc", metavar="X.Y", help=_("Its C library (Linux)."))
@click.option(
    "--save", "-o", type=click.Path(path_type=Path), help=_("Also write the plan to a file.")
)
@wish_options
def command(
    machine_file: Path | None,
    save: Path | None,
    **given: Any,  # noqa: ANN401 - what is described, and one flag per wish
) -> Result:
    """Show the plan."""
    described = {
        key: given.pop(key) for key in ("driver", "specs", "system", "arch", "ram", "glibc")
    }
    recipes: list[Recipes] = []
    machine = _machine(machine_file, described, given, lambda: recipes.append(_ready()))
    plan = _make(machine, given, recipes[0] if recipes else _ready())
    data = _data(plan, save)
    return Result("plan", data, text=lambda: _show(plan, machine))


def _machine(
    file: Path | None,
    described: dict[str, Any],
    flags: dict[str, Any],
    meanwhile: Callable[[], None],
) -> Machine:
    """Return the saved machine, the described one, or this one (`meanwhile` it is asked)."""
    if file is not None:
        driver = described.pop("driver")
        if _is_given(described):
            raise SetupError(
                "usage", detail=_("--machine and a described machine exclude each other"),
                verb="plan",
            )  # fmt: skip
        return _with_driver(saved_machine(file), driver)
    if _is_given(described):
        from setup_assistant.cli.plan.what_if import machine_of

        return machine_of(
            driver=described["driver"],
            specs=described["specs"],
            system=described["system"] or "Linux",
            arch=described["arch"],
            # The Python of a described machine is its own, not a wish for another.
            python=flags.pop("python", None),
            ram_gib=described["ram"],
            glibc=described["glibc"],
        )
    from setup_assistant.machine.probe import probe

    return probe(meanwhile=meanwhile)


def _with_driver(machine: Machine, driver: str | None) -> Machine:
    """Return a saved machine as it would be with another driver, or with one that it lacks."""
    if driver is None:
        return machine
    from setup_assistant.cli.plan.what_if import driver_of

    return replace(machine, driver=driver_of(driver))


def _is_given(described: dict[str, Any]) -> bool:
    """Whether anything of a machine was described, if only as an empty word."""
    return any(value not in {None, ()} for value in described.values())


def saved_machine(file: Path) -> Machine:
    """Return a machine from `probe --save`, or from the envelope of `probe --json`.

    Raises:
        SetupError: `file_missing`, or `file_invalid` for anything else.
    """
    from setup_assistant import frozen_json
    from setup_assistant.host import files
    from setup_assistant.machine.facts import Machine as Kind

    value = files.read_json(file, "--machine")
    if isinstance(value, dict) and "data" in value:
        value = value["data"]
    # Without this check any JSON object would pass for a machine that nothing is known of.
    kind = value.get("schema") if isinstance(value, dict) else None
    if kind != Kind().schema:
        detail = _("it is not a machine saved by probe --save")
        raise SetupError("file_invalid", path=str(file), detail=detail)
    return frozen_json.from_builtins(value, Kind, str(file))


def _ready() -> Recipes:
    """Load all that a plan is made with; the driver's answer takes as long."""
    from setup_assistant.catalog.recipes import load_all
    from setup_assistant.choose import plan_json, planner  # noqa: F401 - loaded for later

    return load_all()


def _make(machine: Machine, flags: dict[str, Any], recipes: Recipes) -> Plan:
    from setup_assistant.choose.planner import make_plan
    from setup_assistant.choose.wishes import Wishes

    given = {key: value for key, value in flags.items() if value is not None}
    return make_plan(machine, Wishes(**given), recipes)


def _data(plan: Plan, save: Path | None) -> dict[str, Any]:
    from setup_assistant.choose.plan_json import to_json

    data = to_json(plan)
    if save is not None:
        from setup_assistant.host import files
        from setup_assistant.host.secrets import redact_json

        with written_to("--save"):
            files.write_json(save, redact_json(data))
    return data


def _show(plan: Plan, machine: Machine) -> None:
    from setup_assistant.cli.plan.text import show_plan

    show_plan(plan, machine)
