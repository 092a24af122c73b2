"""From what the person named to a case: the machine is probed here."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setup_assistant.doctor.case import Case
from setup_assistant.host import paths
from setup_assistant.machine.probe import probe


def open_case(env: Path | None, model: Path | None, *, live: bool, root: Path = Path("/")) -> Case:
    """Return the case of an environment and a model folder, on this machine.

    Args:
        env: the environment's prefix, or None.
        model: the model's folder, or None.
        live: whether sources may be visited and the environment's interpreter started.
        root: where /proc, /sys, /etc and /lib are looked for.
    """
    with ThreadPoolExecutor(1) as pool:
        probing = pool.submit(probe, sources=live, root=root, deadline=8.0)
        # Loaded while the probe waits for the driver, not after it.
        import setup_assistant.doctor.diagnose  # noqa: F401

        machine = probing.result()
    return Case(
        machine=machine,
        # Not resolved: a link is the environment's name.
        prefix=env.expanduser().absolute() if env else None,
        folder=model.expanduser().absolute() if model else None,
        variables=dict(os.environ),
        root=root,
        cwd=Path.cwd(),
        live=live,
    )


def usual_environment() -> Path | None:
    """Return the environment to look at where none was named: the site's, else the active one."""
    own = paths.default_site() / "env"
    if own.is_dir():
        return own
    from setup_assistant.host.prefix import torch

    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        value = os.environ.get(name)
        if value and torch(Path(value)) is not None:
            return Path(value)
    return None
