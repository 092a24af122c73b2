"""Environments and sites that exist: adopt, upgrade, activate, remove, and what is not removed."""

from __future__ import annotations

from setup_assistant.errors.kinds import ErrorKind, failed, partly, usage
from setup_assistant.messages import msg

ERRORS: dict[str, ErrorKind] = {
    "env_unknown": usage(
        msg("No known environment has the name or folder {name}."), msg("Use one of: {known}.")
    ),
    "env_ambiguous": usage(
        msg("Several environments are called {name}: {prefixes}."),
        msg("Give the folder instead of the name."),
    ),
    "env_none": usage(
        msg("{path} holds no conda environment and no virtual environment."),
        msg("Name the folder that holds conda-meta or pyvenv.cfg."),
    ),
    "env_broken": failed(
        msg("The Python of {path} does not run: {detail}"),
        msg("Make another environment with: setup-assistant up"),
    ),
    "env_unfinished": partly(
        msg("A run that was stopped left {path} half replaced; nothing is lost."),
        msg("End it with: {command}"),
    ),
    "nothing_previous": failed(
        msg("There is no earlier environment of {path} to go back to."),
        msg("Only an upgrade keeps the earlier one: setup-assistant env upgrade"),
    ),
    "env_not_ours": failed(
        msg("{path} was not made by Setup Assistant, so it is not replaced by a newer one."),
        msg("Make an environment of its own beside it with: setup-assistant up"),
    ),
    "env_in_use": failed(
        msg("{path} is in use by {programs}."),
        msg("End them first, then run the same command again."),
    ),
    "env_active": failed(
        msg("{prefix} is in use here ({reason} points to it), so it is not removed."),
        msg("Leave it first, with deactivate or conda deactivate, or use another terminal."),
    ),
    "env_is_base": failed(
        msg("{prefix} is conda's base environment: without it conda itself is gone."),
        msg("To remove conda, follow its own documentation."),
    ),
    "site_missing": usage(
        msg("There is no site in {path}."),
        msg("Name the folder with --site, or make one with: setup-assistant up"),
    ),
    "site_busy": failed(
        msg("Another run is working in {path}."),
        msg("Wait until it ends, then run the command again."),
    ),
    "removal_refused": failed(
        msg("{path} is not removed: {detail}."),
        msg("Look at it, and remove it by hand if you want it gone."),
    ),
    "not_removed": failed(
        msg("{path} could not be removed: {detail}"),
        msg("Close the programs that use it, check its permissions, and run the command again."),
    ),
}
