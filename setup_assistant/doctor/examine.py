"""From what the person named to a case: the machine is probed here."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setup_assistant.doctor.case import QWEN, TORCH_ONLY, Case
from setup_assistant.host import paths
from setup_assistant.machine.probe import probe


def open_case(
    env: Path | None,
    model: Path | None,
    *,
    live: bool,
    root: Path = Path("/"),
    purpose: str | None = None,
) -> Case:
    """Return the case of an environment and a model folder, on this machine.

    Args:
        env: the environment's prefix, or None.
        model: the model's folder, or None.
        live: whether sources may be visited and the environment's interpreter started.
        root: where /proc, /sys, /etc and /lib are looked for.
        purpose: what the environment is for; by default Qwen2-VL inside a site or with a model
            folder, else torch alone.
    """
    with ThreadPoolExecutor(1) as pool:
        probing = pool.submit(probe, sources=live, root=root, deadline=8.0)
        # Loaded while the probe waits for the driver, not after it.
        import setup_assistant.doctor.diagnose  # noqa: F401

        machine = probing.result()
    from setup_assistant.doctor.gather import opened

    case = Case(
        machine=machine,
        # Not resolved: a link is the environment's name.
        prefix=env.expanduser().absolute() if env else None,
        folder=model.expanduser().absolute() if model else None,
        variables=dict(os.environ),
        root=root,
        cwd=Path.cwd(),
        live=live,
        purpose=purpose or (QWEN if env is None or model or in_site(env) else TORCH_ONLY),
    )
    return opened(case)


def in_site(env: Path) -> bool:
    """Whether an environment is that of a site."""
    return (env.expanduser().absolute().parent / "plan.json").is_file()


def usual_environment() -> Path | None:
    """Return the environment to look at where none was named: the active one, else the site's."""
    named = active_environment()
    if named is not None and _holds_torch(named):
        return named
    own = paths.default_site() / "env"
    return own if own.is_dir() else None


def active_environment() -> Path | None:
    """Return the environment that is active in the person's shell."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        value = os.environ.get(name)
        if value and Path(value).is_dir():
            return Path(value)
    return None


def _holds_torch(prefix: Path) -> bool:
    from setup_assistant.host.prefix import site_packages

    folders = site_packages(prefix)
    return any((f / "torch").is_dir() or any(f.glob("torch-*.dist-info")) for f in folders)
