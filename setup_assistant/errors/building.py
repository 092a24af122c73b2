"""The environment step and the road of `up`."""

from __future__ import annotations

from setup_assistant.errors.kinds import ErrorKind, cannot, failed, partly, usage
from setup_assistant.messages import msg

ERRORS: dict[str, ErrorKind] = {
    # --- environment ------------------------------------------------------------------
    "environment_foreign": failed(
        msg("{path} is not empty and was not made by Setup Assistant; it is left alone."),
        msg("Choose another folder with --env, or move that one away."),
    ),
    "environment_of_site": failed(
        msg("{path} is the environment of the site {site}, which needs other packages."),
        msg("Choose another folder with --env, or remove that site with uninstall."),
    ),
    "file_exists": failed(
        msg("{path} is already there, and is left as it is."),
        msg("Name another folder, or replace it with {flag}."),
    ),
    "export_refused": usage(
        msg("{path} cannot be exported: {detail}"),
        msg("Give the requirements.lock of a finished site with --lock."),
    ),
    "environment_differs": failed(
        msg("{path} was made by somebody else, and these packages would change: {detail}"),
        msg("Agree to that with {flag}, or take another folder."),
    ),
    "ask_failed": failed(msg("The model could not answer: {cause}"), msg("{remedy}")),
    "input_unsuited": usage(
        msg("{path} is no file: it cannot be asked about."), msg("Name a picture or a clip.")
    ),
    "port_taken": failed(
        msg("Port {port} of {host} cannot be used: {detail}"),
        msg("Choose another one with --port."),
    ),
    "server_unproved": cannot(
        msg("No server was proved with transformers {transformers}."),
        msg("Use setup-assistant ask, or bring it up to date with setup-assistant env upgrade."),
    ),
    "model_absent": usage(
        msg("There are no weights in {path}."),
        msg("Finish it with: setup-assistant up --yes --site {site}"),
    ),
    "prefix_unsuited": usage(
        msg("A conda environment cannot lie in {path}: its files take {character} for their own."),
        msg("Choose another folder with --env, or use --backend uv."),
    ),
    "prefix_divided": usage(
        msg("An environment in {path} could not be used: {character} divides the search path."),
        msg("Choose a folder without it, with --site or --env."),
    ),
    "environment_failed": failed(
        msg("{engine} could not make the environment: {detail}"),
        msg("Try another engine with --backend, e.g. --backend uv."),
    ),
    "backend_missing": failed(
        msg("{backend} was not found on this machine."),
        msg("Install it, or use --backend uv, which comes with Setup Assistant."),
    ),
    "conda_terms": failed(
        msg("{engine} asks to accept terms of service first: {detail}"),
        msg(
            "Setup Assistant takes packages from conda-forge alone, which has none. Use "
            "--backend rattler, or take the other channels out of your .condarc."
        ),
    ),
    "rattler_missing": failed(
        msg("py-rattler, which makes conda environments without conda, is not here: {detail}"),
        msg("Install it with: {command} Or use --backend uv, which comes with Setup Assistant."),
    ),
    "packages_unreachable": partly(
        msg("The packages could not be fetched: {detail}"),
        msg(
            "Check the connection or choose a mirror with --mirror, then run the same command "
            "again: what arrived is kept."
        ),
    ),
    "install_failed": failed(
        msg("The packages could not be installed: {detail}"),
        msg("Run the same command again with --verbose to see every line."),
    ),
    "lock_unknown": usage(
        msg("{path} names torch {torch}, which no recipe knows."),
        msg("Give the requirements.lock of a finished site, or update this tool."),
    ),
    "lock_elsewhere": usage(
        msg("{path} was made for Python {python} on {platform}; this is {here}."),
        msg("Make a lock on a machine like this one, or plan anew without --lock."),
    ),
    "wheel_missing": failed(
        msg("A package is not there, and the network may not be asked: {detail}"),
        msg("Put its wheel into the folder given as --wheelhouse, or run once without --offline."),
    ),
    "wheels_missing": failed(
        msg("{path} lacks these wheels: {names}"),
        msg("Where the network may be used, fetch all of them with: {command}"),
    ),
    "hash_mismatch": failed(
        msg("A package is not the one that the lock names: {detail}"),
        msg(
            "Do not use that source. Fetch the packages from the official index, or make the "
            "lock again by removing requirements.lock."
        ),
    ),
    "install_incomplete": failed(
        msg("After the installation some packages are missing or have another version: {detail}"),
        msg("Remove the environment with setup-assistant env remove, then run up again."),
    ),
    "disk_filled": partly(
        msg("The disk that holds {path} is full."),
        msg("Free some space, then run the same command again: what arrived is kept."),
    ),
    # --- road -------------------------------------------------------------------------
    "step_unfinished": failed(
        msg("The step {step} ended, but its own check does not pass."),
        msg("Run the same command again with --verbose; if it stays, report it."),
    ),
    "proof_failed": failed(msg("{what} failed: {cause}"), msg("{remedy}")),
    "rehearsal_unfinished": partly(
        msg("The rehearsal of {model} took too long, which does not say whether it fits: {cause}"),
        msg("Give more time with --deadline, or smaller sizes with --max-pixels or --image."),
    ),
    "site_foreign": usage(
        msg("{path} is not empty and is not a site of Setup Assistant; it is left alone."),
        msg("Choose an empty or new folder with --site."),
    ),
    "no_receipt": usage(
        msg("{path} holds no receipt: nothing was finished there yet."),
        msg("Name the site with --site, or finish it with: setup-assistant up --site {path}"),
    ),
    "no_browser": failed(
        msg("No browser could be started here."),
        msg("Copy {path} to a computer with a browser and open it there."),
    ),
}
