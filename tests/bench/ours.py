"""What `plan` chooses for a machine of the bench."""

from __future__ import annotations

from setup_assistant.errors import Exit, SetupError
from tests.bench.machines import Box
from tests.bench.oracle import Answer
from tests.choose.described import plan_for


def choice(box: Box) -> Answer:
    """Return the choice through the same code as `plan --driver … --gpu …`."""
    specs = [f"{c.name},{c.part},{c.mib},{int(c.mib * 0.97)}" for c in box.cards]
    about = {"system": box.system, "arch": box.arch, "python": box.python, "glibc": box.glibc}
    try:
        plan = plan_for(box.driver, *specs, ram_gib=64, **about)
    except SetupError as error:
        return Answer(error=error.code if error.exit == Exit.CANNOT else f"!{error.code}")
    return Answer(
        torch=plan.torch.version,
        build=plan.torch.build,
        python=plan.python,
        torchvision=plan.torchvision.version,
        left_out=tuple(int(i) for i in plan.left_out),
        native=plan.torch.compatibility == "native",
    )
