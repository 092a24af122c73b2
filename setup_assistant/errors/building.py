"""The environment step and the road of `up`."""

from __future__ import annotations

from setup_assistant.errors.kinds import ErrorKind, Exit
from setup_assistant.messages import msg

ERRORS: dict[str, ErrorKind] = {
    # --- environment ------------------------------------------------------------------
    "environment_foreign": ErrorKind(
        Exit.FAILED,
        msg("{path} is not empty and was not made by Setup Assistant; it is left alone."),
        msg("Choose another folder with --env, or move that one away."),
    ),
    "environment_of_site": ErrorKind(
        Exit.FAILED,
        msg("{path} is the environment of the site {site}, which needs other packages."),
        msg("Choose another folder with --env, or remove that site with uninstall."),
    ),
    "file_exists": ErrorKind(
        Exit.FAILED,
        msg("{path} is already there, and is left as it is."),
        msg("Name another folder, or replace it with {flag}."),
    ),
    "export_refused": ErrorKind(
        Exit.USAGE,
        msg("{path} cannot be exported: {detail}"),
        msg("Give the requirements.lock of a finished site with --lock."),
    ),
    "environment_differs": ErrorKind(
        Exit.FAILED,
        msg("{path} was made by somebody else, and these packages would change: {detail}"),
        msg("Agree to that with {flag}, or take another folder."),
    ),
    "ask_failed": ErrorKind(
        Exit.FAILED,
        msg("The model could not answer: {cause}"),
        msg("{remedy}"),
    ),
    "input_unsuited": ErrorKind(
        Exit.USAGE,
        msg("{path} is no file: it cannot be asked about."),
        msg("Name a picture or a clip."),
    ),
    "port_taken": ErrorKind(
        Exit.FAILED,
        msg("Port {port} of {host} cannot be used: {detail}"),
        msg("Choose another one with --port."),
    ),
    "server_unproved": ErrorKind(
        Exit.CANNOT,
        msg("No server was proved with transformers {transformers}."),
        msg("Use setup-assistant ask, or bring it up to date with setup-assistant env upgrade."),
    ),
    "model_absent": ErrorKind(
        Exit.USAGE,
        msg("There are no weights in {path}."),
        msg("Finish it with: setup-assistant up --yes --site {site}"),
    ),
    "prefix_unsuited": ErrorKind(
        Exit.USAGE,
        msg("A conda environment cannot lie in {path}: its files take {character} for their own."),
        msg("Choose another folder with --env, or use --backend uv."),
    ),
    "prefix_divided": ErrorKind(
        Exit.USAGE,
        msg("An environment in {path} could not be used: {character} divides the search path."),
        msg("Choose a folder without it, with --site or --env."),
    ),
    "environment_failed": ErrorKind(
        Exit.FAILED,
        msg("{engine} could not make the environment: {detail}"),
        msg("Try another engine with --backend, e.g. --backend uv."),
    ),
    "backend_missing": ErrorKind(
        Exit.FAILED,
        msg("{backend} was not found on this machine."),
        msg("Install it, or use --backend uv, which comes with Setup Assistant."),
    ),
    "conda_terms": ErrorKind(
        Exit.FAILED,
        msg("{engine} asks to accept terms of service first: {detail}"),
        msg(
            "Setup Assistant takes packages from conda-forge alone, which has none. Use "
            "--backend rattler, or take the other channels out of your .condarc."
        ),
    ),
    "rattler_missing": ErrorKind(
        Exit.FAILED,
        msg("py-rattler, which makes conda environments without conda, is not here: {detail}"),
        msg("Install it with: {command} Or use --backend uv, which comes with Setup Assistant."),
    ),
    "packages_unreachable": ErrorKind(
        Exit.PARTLY,
        msg("The packages could not be fetched: {detail}"),
        msg(
            "Check the connection or choose a mirror with --mirror, then run the same command "
            "again: what arrived is kept."
        ),
    ),
    "install_failed": ErrorKind(
        Exit.FAILED,
        msg("The packages could not be installed: {detail}"),
        msg("Run the same command again with --verbose to see every line."),
    ),
    "lock_unknown": ErrorKind(
        Exit.USAGE,
        msg("{path} names torch {torch}, which no recipe knows."),
        msg("Give the requirements.lock of a finished site, or update this tool."),
    ),
    "lock_elsewhere": ErrorKind(
        Exit.USAGE,
        msg("{path} was made for Python {python} on {platform}; this is {here}."),
        msg("Make a lock on a machine like this one, or plan anew without --lock."),
    ),
    "wheel_missing": ErrorKind(
        Exit.FAILED,
        msg("A package is not there, and the network may not be asked: {detail}"),
        msg("Put its wheel into the folder given as --wheelhouse, or run once without --offline."),
    ),
    "wheels_missing": ErrorKind(
        Exit.FAILED,
        msg("{path} lacks these wheels: {names}"),
        msg("Where the network may be used, fetch all of them with: {command}"),
    ),
    "hash_mismatch": ErrorKind(
        Exit.FAILED,
        msg("A package is not the one that the lock names: {detail}"),
        msg(
            "Do not use that source. Fetch the packages from the official index, or make the "
            "lock again by removing requirements.lock."
        ),
    ),
    "install_incomplete": ErrorKind(
        Exit.FAILED,
        msg("After the installation some packages are missing or have another version: {detail}"),
        msg("Remove the environment with setup-assistant env remove, then run up again."),
    ),
    "disk_filled": ErrorKind(
        Exit.PARTLY,
        msg("The disk that holds {path} is full."),
        msg("Free some space, then run the same command again: what arrived is kept."),
    ),
    # --- road -------------------------------------------------------------------------
    "step_unfinished": ErrorKind(
        Exit.FAILED,
        msg("The step {step} ended, but its own check does not pass."),
        msg("Run the same command again with --verbose; if it stays, report it."),
    ),
    "proof_failed": ErrorKind(
        Exit.FAILED,
        msg("{what} did not pass: {cause}"),
        msg("{remedy}"),
    ),
    "rehearsal_unfinished": ErrorKind(
        Exit.PARTLY,
        msg("The rehearsal of {model} took too long, which does not say whether it fits: {cause}"),
        msg("Give more time with --deadline, or smaller sizes with --max-pixels or --image."),
    ),
    "site_foreign": ErrorKind(
        Exit.USAGE,
        msg("{path} is not empty and is not a site of Setup Assistant; it is left alone."),
        msg("Choose an empty or new folder with --site."),
    ),
    "no_receipt": ErrorKind(
        Exit.USAGE,
        msg("{path} holds no receipt: nothing was finished there yet."),
        msg("Name the site with --site, or finish it with: setup-assistant up --site {path}"),
    ),
    "no_browser": ErrorKind(
        Exit.FAILED,
        msg("No browser could be started here."),
        msg("Copy {path} to a computer with a browser and open it there."),
    ),
}
