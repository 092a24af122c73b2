"""Machine, wishes and recipes become a plan. Pure: the same facts give the same plan."""

from __future__ import annotations

from setup_assistant.catalog.recipes import Recipes
from setup_assistant.catalog.stacks import Quantizer
from setup_assistant.choose import alternatives, model_reasons, wheel_notes
from setup_assistant.choose.backend import choose_backend, pythons
from setup_assistant.choose.candidates import CANARY, Ground
from setup_assistant.choose.model import choose_model
from setup_assistant.choose.plan import (
    Decoder,
    Fallback,
    Package,
    Plan,
    Platform,
    Sources,
    Torch,
)
from setup_assistant.choose.planned_cards import planned_cards
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.sizes import room_for_weights, sizes, warn_of_disks, warn_of_memory
from setup_assistant.choose.source_legs import Legs
from setup_assistant.choose.sources import choose_sources
from setup_assistant.choose.target_platform import Host, host_of
from setup_assistant.choose.torch_builds import Pair, Question
from setup_assistant.choose.wheels import CURRENT, Answer, choose_wheel
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import msg
from setup_assistant.versions import at_least, not_above

# What is worth mending whatever the Python, before it is said that nothing helps.
_MENDABLE = frozenset({"driver_too_old", "glibc_too_old", "strict_cuda"})


def make_plan(machine: Machine, wishes: Wishes, recipes: Recipes) -> Plan:
    """Return the plan for a machine.

    Raises:
        SetupError: this machine cannot (exit 4, with the remedy), or a wish that is unknown.
    """
    if machine.system.musl:
        raise SetupError("musl_system")
    notes = Notes()
    host = host_of(machine, recipes.drivers)
    legs = choose_sources(machine, wishes, recipes, notes)
    backend = choose_backend(machine, wishes, legs, notes)
    cards, gone = planned_cards(machine, wishes, host, recipes, notes)
    # Where nothing at all answers, nothing is lost by a choice of builds.
    only_default = legs.packages.reachable and not legs.torch.reachable
    questions = [
        Question(
            recipes=recipes,
            host=host,
            python=python,
            cards=tuple(cards),
            strict=wishes.strict_cuda,
            only_default=only_default,
            may_leave_out=not wishes.gpus,
        )
        for python in pythons(machine, wishes, backend, recipes)
    ]
    question, answer = _wheel(questions, wishes, notes)
    wheel_notes.tell(answer, host, notes)
    if machine.driver.cuda_source == "cuda-compat" and answer.cards:
        wheel_notes.tell_compat(machine.driver, notes)
    ground = Ground(
        recipes=recipes,
        host=host,
        pair=answer.pair,
        family=wishes.family,
        disk=room_for_weights(machine, recipes, answer.pair, wishes),
    )
    model, placement, pick = choose_model(ground, answer.cards, machine.memory, wishes, notes)
    model_reasons.tell(ground, pick, model, wishes, notes)
    quantizer = ground.quantizer(pick.model, pick.cards)
    pair = answer.pair
    wanted = sizes(recipes, pair, pick.model, quantizer, legs)
    warn_of_disks(machine, wanted, notes)
    if pick.cards and pick.model.id != CANARY:
        warn_of_memory(machine, notes)
    return Plan(
        torch=_torch(recipes, host, pair, legs),
        torchvision=Package(name="torchvision", version=pair.release.torchvision),
        transformers=Package(name="transformers", version=pair.stack.transformers),
        accelerate=Package(name="accelerate", version=pair.stack.accelerate),
        qwen_vl_utils=Package(name="qwen-vl-utils", version=pair.stack.qwen_vl_utils),
        modelscope=Package(name="modelscope", version=pair.stack.modelscope),
        decoder=Decoder(
            package=pair.decoder.package, version=pair.decoder.version, reader=pair.decoder.reader
        ),
        extra_packages=_extra(recipes, pair, quantizer),
        model=model,
        placement=placement,
        backend=backend,
        python=pair.python,
        sources=_sources(machine, legs, pair),
        sizes=wanted,
        reasons=tuple(notes.reasons),
        warnings=tuple(notes.warnings),
        alternatives=(
            *alternatives.models(ground, pick, answer.cards, wishes.purpose),
            *alternatives.wheels(question, answer),
        ),
        left_out=tuple(c.id for c in (*gone, *answer.left_out)),
        stack=pair.stack.id,
        platform=Platform(os=host.os, arch=host.arch, glibc=host.glibc or ""),
    )


def _wheel(questions: list[Question], wishes: Wishes, notes: Notes) -> tuple[Question, Answer]:
    """Return the wheel of the first Python that has one; else raise why the first has none.

    A Python with a current wheel for every card comes before one that leaves a card out.
    """
    failures: list[SetupError] = []
    found: list[tuple[Question, Answer]] = []
    for question in questions:
        try:
            found.append((question, choose_wheel(question)))
        except SetupError as error:
            failures.append(error)
            continue
        if not found[0][1].left_out or _serves_all(found[-1][1]):
            break
    if not found:
        # A Python without wheels for this card says nothing of the driver; another may.
        raise next((f for f in failures if f.code in _MENDABLE), failures[0])
    question, answer = next((f for f in found if _serves_all(f[1])), found[0])
    _tell_python(question.python, questions[0].python, wishes, notes)
    return question, answer


def _serves_all(answer: Answer) -> bool:
    return not answer.left_out and at_least(answer.pair.torch, CURRENT)


def _tell_python(python: str, running: str, wishes: Wishes, notes: Notes) -> None:
    if wishes.python:
        message = msg("Python {python} was asked for.", python=python)
    elif python == running:
        message = msg("Python {python} has every wheel that is needed.", python=python)
    else:
        message = msg(
            "Python {python}, since {running} has no torch wheel that runs here.",
            python=python,
            running=running,
        )
    notes.because("python", message)


def _torch(recipes: Recipes, host: Host, pair: Pair, legs: Legs) -> Torch:
    size = recipes.torch.sizes[pair.build]
    # Wheels for macOS carry no build in their version: those of the package index are the same.
    default = pair.compatibility == "default-build" or host.os == "Darwin"
    url = legs.packages.url if default else legs.torch.address(pair.build)
    links = not default and legs.torch.form == "find-links"
    return Torch(
        version=pair.torch,
        build=pair.build,
        index_url=url,
        compatibility=pair.compatibility,
        find_links=url if links else None,
        download_bytes=size.download,
        installed_bytes=size.installed,
    )


def _extra(recipes: Recipes, pair: Pair, quantizer: Quantizer | None) -> tuple[Package, ...]:
    wanted = dict(quantizer.packages) if quantizer else {}
    for row in recipes.stacks.companion:
        if not_above(pair.torch, row.torch_max):
            wanted.update(row.packages)
    return tuple(Package(name=name, version=version) for name, version in wanted.items())


def _sources(machine: Machine, legs: Legs, pair: Pair) -> Sources:
    fallbacks = [Fallback(leg="packages", url=c.url, form=c.form) for c in legs.packages.others]
    if pair.compatibility != "default-build":
        fallbacks += [
            Fallback(leg="torch", url=c.address(pair.build), form=c.form) for c in legs.torch.others
        ]
    return Sources(
        packages=legs.packages.url,
        conda=legs.conda.url,
        weights=legs.weights.url,
        weights_reachable=legs.weights.reachable,
        extra_index_urls=tuple(c.url for c in legs.extra),
        with_credentials=tuple(c.url for c in (legs.packages, *legs.extra) if c.credentials),
        unanswered=legs.unanswered,
        left_out=tuple(s.url for s in machine.sources if s.leg == "extra" and not s.reachable),
        fallbacks=tuple(fallbacks),
    )
