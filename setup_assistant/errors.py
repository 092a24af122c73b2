"""Every way to fail: one code, one exit status, one sentence, one remedy.

Raise `SetupError("code", name=value)`; `cli.common` alone maps it to an exit status and an
entry of the `errors` list. Codes are stable: other programs match on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from setup_assistant.words import Message, Value, msg


class Exit(IntEnum):
    """The exit statuses of every verb."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PARTLY = 3
    CANNOT = 4
    INTERRUPTED = 130


@dataclass(frozen=True)
class ErrorKind:
    """One row of the table: what happened and what mends it."""

    exit: Exit
    sentence: Message
    remedy: Message


ERRORS: dict[str, ErrorKind] = {
    # --- use ------------------------------------------------------------------------------
    "usage": ErrorKind(
        Exit.USAGE,
        msg("{detail}"),
        msg("Run: setup-assistant {verb} --help"),
    ),
    "unanswered": ErrorKind(
        Exit.USAGE,
        msg("There is no terminal to ask in, and {flag} was not given."),
        msg(
            "Answer it on the command line, replay answers with --answers FILE, or take the "
            "defaults with --yes."
        ),
    ),
    "no_terminal": ErrorKind(
        Exit.USAGE,
        msg("The wizard asks questions, and there is no terminal to ask them in."),
        msg("Take the defaults with: setup-assistant up --yes"),
    ),
    "answers_invalid": ErrorKind(
        Exit.USAGE,
        msg("{file}: {detail}"),
        msg("Correct that key in {file}, or leave the file out."),
    ),
    "file_missing": ErrorKind(
        Exit.USAGE,
        msg("{path} does not exist (given as {flag})."),
        msg("Check the path given as {flag}."),
    ),
    "file_invalid": ErrorKind(
        Exit.FAILED,
        msg("{path} cannot be read: {detail}"),
        msg("Correct or remove {path}, then run the command again."),
    ),
    "recipe_invalid": ErrorKind(
        Exit.FAILED,
        msg("The recipe {file} is not valid: {detail}"),
        msg("Correct that key, or restore the file with: git checkout -- recipes"),
    ),
    "proof_unknown": ErrorKind(
        Exit.USAGE,
        msg("No proof of recipes/stacks.toml has the name, stack or torch release {name}."),
        msg("Use one of: {known}."),
    ),
    "mirror_unknown": ErrorKind(
        Exit.USAGE,
        msg("{given} is no mirror: neither an address nor one of {known}."),
        msg(
            "Give an address, for one leg as packages=URL, torch=URL, conda=URL or weights=URL, "
            "or one of those names."
        ),
    ),
    "model_unknown": ErrorKind(
        Exit.USAGE,
        msg("No recipe knows the model {model}."),
        msg("Use one of: {known}."),
    ),
    # --- this machine ---------------------------------------------------------------------
    "interrupted": ErrorKind(
        Exit.INTERRUPTED,
        msg("Interrupted. Nothing that was finished is lost."),
        msg("Resume with: {command}"),
    ),
    "internal": ErrorKind(
        Exit.FAILED,
        msg("Something went wrong inside Setup Assistant: {detail}"),
        msg("The full trace is in {log}; please report it."),
    ),
    "no_space": ErrorKind(
        Exit.CANNOT,
        msg("{path} has {free} free; this needs {need}."),
        msg("Free some space there, or choose another folder with {flag}."),
    ),
    "not_writable": ErrorKind(
        Exit.CANNOT,
        msg("{path} cannot be written: {detail}"),
        msg("Choose another folder with {flag}, or ask for write permission there."),
    ),
    # --- choice ---------------------------------------------------------------------------
    "driver_unknown": ErrorKind(
        Exit.CANNOT,
        msg("The driver of {gpu} is not known, so no CUDA build can be chosen."),
        msg("Name it with --driver, or plan for the CPU with --gpus none."),
    ),
    "driver_missing": ErrorKind(
        Exit.CANNOT,
        msg("{gpu} is there, but no NVIDIA driver works."),
        msg("Install driver branch {branch} and reboot, or use the CPU with --gpus none."),
    ),
    "driver_too_old": ErrorKind(
        Exit.CANNOT,
        msg("Driver {driver} is too old for every torch build that has kernels for {gpu}."),
        msg("Install driver branch {branch}, which still supports it, and reboot."),
    ),
    "driver_too_new": ErrorKind(
        Exit.CANNOT,
        msg("Driver {driver} no longer drives {gpu}: branch {branch} is the last that does."),
        msg("Install driver branch {branch} instead and reboot, or use the CPU with --gpus none."),
    ),
    "gpu_unusable": ErrorKind(
        Exit.CANNOT,
        msg("{gpu} cannot be used now: {reason}"),
        msg("Mend that first (setup-assistant probe says more), or use --gpus none."),
    ),
    "mig_empty": ErrorKind(
        Exit.CANNOT,
        msg("{gpu} is in MIG mode, but has no slices to use."),
        msg("Create a slice (nvidia-smi mig -cgi … -C) or switch MIG off, or use --gpus none."),
    ),
    "gpu_not_found": ErrorKind(
        Exit.USAGE,
        msg("No usable GPU is called {gpu}."),
        msg("Use one of: {known}."),
    ),
    "gpu_jetson": ErrorKind(
        Exit.CANNOT,
        msg("{gpu} (compute capability {part}) is a Jetson part: ordinary wheels lack its code."),
        msg("Use the torch wheels that NVIDIA makes for JetPack, or the CPU with --gpus none."),
    ),
    "gpu_too_old": ErrorKind(
        Exit.CANNOT,
        msg("No torch wheel of these years has kernels for {gpu} (compute capability {part})."),
        msg("A newer driver does not help: use another GPU, or the CPU with --gpus none."),
    ),
    "gpu_no_kernels": ErrorKind(
        Exit.CANNOT,
        msg("No {platform} wheel that fits has kernels for {gpu} (compute capability {part})."),
        msg("A newer driver does not help: use another GPU, or the CPU with --gpus none."),
    ),
    "cards_apart": ErrorKind(
        Exit.CANNOT,
        msg("No torch build has kernels for all of these at once: {gpus}."),
        msg("Name fewer with --gpus, or leave it out to let the tool choose."),
    ),
    "no_cuda_platform": ErrorKind(
        Exit.CANNOT,
        msg("There are no CUDA builds of torch for {platform}."),
        msg("Use the CPU with --gpus none."),
    ),
    "strict_cuda": ErrorKind(
        Exit.CANNOT,
        msg("No torch build that runs here keeps to CUDA {cuda}, as --strict-cuda asks."),
        msg(
            "Leave out --strict-cuda: torch {torch} with {build} runs by minor-version "
            "compatibility."
        ),
    ),
    "torch_unreachable": ErrorKind(
        Exit.CANNOT,
        msg("Only the package index answers, and it has no torch build that runs on {gpu}."),
        msg("Give a mirror of PyTorch's wheels: --mirror https://…/{{build}}"),
    ),
    "python_unsupported": ErrorKind(
        Exit.CANNOT,
        msg("No torch wheel fits Python {python}."),
        msg("Use a Python from {first} to {last}: --python VERSION."),
    ),
    "python_unfit": ErrorKind(
        Exit.CANNOT,
        msg("No torch wheel for Python {python} has kernels for {gpu}."),
        msg("Use another Python: --python {other}"),
    ),
    "gpu_unknown": ErrorKind(
        Exit.CANNOT,
        msg("It is not known what {gpu} is: neither a driver nor a table tells its capability."),
        msg(
            "Describe it with plan --driver VERSION --gpu NAME,CC,TOTAL_MIB,FREE_MIB, or use the "
            "CPU with --gpus none."
        ),
    ),
    "python_incomplete": ErrorKind(
        Exit.CANNOT,
        msg("Not every package that is needed has a wheel for Python {python}."),
        msg("Use another Python: --python {other}"),
    ),
    "glibc_too_old": ErrorKind(
        Exit.CANNOT,
        msg("The C library here (glibc {glibc}) is too old for the torch that {gpu} needs."),
        msg("Use a newer system, or a container of one: glibc 2.28 or newer."),
    ),
    "no_wheel": ErrorKind(
        Exit.CANNOT,
        msg("No torch wheel fits {platform} with Python {python} and glibc {glibc}."),
        msg("Use another Python (--python), or a newer system."),
    ),
    "model_too_new": ErrorKind(
        Exit.CANNOT,
        msg("{model} needs transformers {need}; the newest that runs here is {have}."),
        msg("Choose another model, or a newer Python with --python."),
    ),
    "model_does_not_fit": ErrorKind(
        Exit.CANNOT,
        msg("{model} needs {need} of GPU memory; {have} can be used here."),
        msg("The largest that fits is {other}: --model {other}"),
    ),
    "memory_too_small": ErrorKind(
        Exit.CANNOT,
        msg("{model} needs {need} of main memory; {have} can be used here."),
        msg("Free some memory, or try the canary: --model canary"),
    ),
    "kernels_missing": ErrorKind(
        Exit.CANNOT,
        msg("The quantized kernels that {model} needs are not known to run on {gpus}."),
        msg("Choose the model without AWQ or GPTQ in its name."),
    ),
    "picture_refused": ErrorKind(
        Exit.USAGE,
        msg("{flag} {what}: the model's own processor refuses it: {detail}"),
        msg("{remedy}"),
    ),
    # --- environment ----------------------------------------------------------------------
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
    "environment_differs": ErrorKind(
        Exit.FAILED,
        msg("{path} was made by somebody else, and these packages would change: {detail}"),
        msg("Agree to that with {flag}, or take another folder."),
    ),
    "prefix_unsuited": ErrorKind(
        Exit.USAGE,
        msg("A conda environment cannot lie in {path}: its files take {character} for their own."),
        msg("Choose another folder with --env, or use --backend uv."),
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
    # --- weights --------------------------------------------------------------------------
    "weights_unreachable": ErrorKind(
        Exit.PARTLY,
        msg("The weights of {model} are not here yet: {url} cannot be reached ({detail})."),
        msg("When the network or a hub is there, resume with: {command}"),
    ),
    "weights_interrupted": ErrorKind(
        Exit.PARTLY,
        msg("The download of {model} from {url} broke off: {detail}."),
        msg("What arrived is kept. Resume with: {command}"),
    ),
    "weights_unknown": ErrorKind(
        Exit.FAILED,
        msg("{url} has no model {model}."),
        msg("Check the spelling of the id, or name another hub with MODELSCOPE_ENDPOINT."),
    ),
    "weights_denied": ErrorKind(
        Exit.FAILED,
        msg("{url} does not give {model} to everyone."),
        msg("Ask for access there, and set {variable} to your access token."),
    ),
    "weights_listing": ErrorKind(
        Exit.FAILED,
        msg("The list of files for {model} is refused: {detail}."),
        msg("Nothing was written. Check the hub's address, or use another hub."),
    ),
    "weights_damaged": ErrorKind(
        Exit.FAILED,
        msg("{path} from {url} arrived damaged twice: it is not the file that was listed."),
        msg("The other files are kept. Try again later, or use another hub."),
    ),
    "weights_contradicts": ErrorKind(
        Exit.FAILED,
        msg("{url} lists {path} with another sha256 than the one that is known for {model}."),
        msg("Nothing was taken from there. Use another hub, or ask who runs this one."),
    ),
    "weights_size": ErrorKind(
        Exit.FAILED,
        msg("{path} at {url} has another size than the one that was listed."),
        msg("It may be changing there, or is not whole: try again later, or use another hub."),
    ),
    "weights_incomplete": ErrorKind(
        Exit.FAILED,
        msg("The hub's copy of {model} is not complete: {missing} is missing."),
        msg("Use another hub, or tell the model's owner."),
    ),
    "weights_failed": ErrorKind(
        Exit.FAILED,
        msg("The download from {url} failed: {detail}"),
        msg("Run the same command again: what arrived is kept. If it stays, report it."),
    ),
    "client_missing": ErrorKind(
        Exit.FAILED,
        msg("{python} cannot load modelscope-hub, the download client."),
        msg("Name an environment that has it with --env, or make one with: setup-assistant up"),
    ),
    "mirror_empty": ErrorKind(
        Exit.USAGE,
        msg("{path} holds no model: no folder there has a config.json."),
        msg("Name the folder of a downloaded model, or the folder that holds such folders."),
    ),
    "mirror_address": ErrorKind(
        Exit.FAILED,
        msg("Nothing can be served at {host}, port {port}: {detail}"),
        msg("Choose another port with --port, or an address of this machine with --host."),
    ),
    # --- road -----------------------------------------------------------------------------
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
    # --- environments ---------------------------------------------------------------------
    "env_unknown": ErrorKind(
        Exit.USAGE,
        msg("No known environment has the name or folder {name}."),
        msg("Use one of: {known}."),
    ),
    "env_ambiguous": ErrorKind(
        Exit.USAGE,
        msg("Several environments are called {name}: {prefixes}."),
        msg("Give the folder instead of the name."),
    ),
    "env_none": ErrorKind(
        Exit.USAGE,
        msg("{path} holds no conda environment and no virtual environment."),
        msg("Name the folder that holds conda-meta or pyvenv.cfg."),
    ),
    "env_broken": ErrorKind(
        Exit.FAILED,
        msg("The Python of {path} does not run: {detail}"),
        msg("Make another environment with: setup-assistant up"),
    ),
    "nothing_previous": ErrorKind(
        Exit.FAILED,
        msg("There is no earlier environment of {path} to go back to."),
        msg("Only an upgrade keeps the earlier one: setup-assistant env upgrade"),
    ),
    "env_not_ours": ErrorKind(
        Exit.FAILED,
        msg("{path} was not made by Setup Assistant, so it is not replaced by a newer one."),
        msg("Make an environment of its own beside it with: setup-assistant up"),
    ),
    "env_in_use": ErrorKind(
        Exit.FAILED,
        msg("{path} is in use by {programs}."),
        msg("End them first, then run the same command again."),
    ),
    "env_active": ErrorKind(
        Exit.FAILED,
        msg("{prefix} is in use here ({reason} points to it), so it is not removed."),
        msg("Leave it first, with deactivate or conda deactivate, or use another terminal."),
    ),
    "env_is_base": ErrorKind(
        Exit.FAILED,
        msg("{prefix} is conda's base environment: without it conda itself is gone."),
        msg("To remove conda, follow its own documentation."),
    ),
    "env_not_removed": ErrorKind(
        Exit.FAILED,
        msg("{prefix} could not be removed: {detail}"),
        msg("Close the programs that use it, check its permissions, and run the command again."),
    ),
    "site_missing": ErrorKind(
        Exit.USAGE,
        msg("There is no site in {path}."),
        msg("Name the folder with --site, or make one with: setup-assistant up"),
    ),
    "site_busy": ErrorKind(
        Exit.FAILED,
        msg("Another run is working in {path}."),
        msg("Wait until it ends, then run the command again."),
    ),
    # --- fleet ----------------------------------------------------------------------------
    "engine_missing": ErrorKind(
        Exit.FAILED,
        msg("Many machines at once need Ansible, which is not installed beside this tool."),
        msg("Install it with: {command}"),
    ),
    "inventory_invalid": ErrorKind(
        Exit.USAGE,
        msg("The inventory {path} cannot be read: {detail}"),
        msg("Correct it; Ansible's ini and yaml forms are read."),
    ),
    "inventory_empty": ErrorKind(
        Exit.USAGE,
        msg("No host in {path} is meant by {limit}."),
        msg("Check the names in the inventory and --limit."),
    ),
    "fleet_unfinished": ErrorKind(
        Exit.PARTLY,
        msg("{failed} of {total} hosts are not done: {hosts}."),
        msg("Each has its reason and remedy in the table. Then: {command}"),
    ),
    "fleet_failed": ErrorKind(
        Exit.FAILED,
        msg("None of the {total} hosts is done."),
        msg("Each has its reason and remedy in the table. Then: {command}"),
    ),
    # --- bundle ---------------------------------------------------------------------------
    "bundle_missing": ErrorKind(
        Exit.FAILED,
        msg("The bundle is not whole: {path} is missing from {folder}."),
        msg("Copy it from where the bundle was made, or name every stick's folder."),
    ),
    "bundle_damaged": ErrorKind(
        Exit.FAILED,
        msg("{path} is not the file that the bundle's manifest lists."),
        msg("Copy that file again from where the bundle was made. Nothing was installed."),
    ),
    "bundle_invalid": ErrorKind(
        Exit.FAILED,
        msg("{path} is not the manifest of a bundle: {detail}"),
        msg("Copy the bundle again from where it was made."),
    ),
    "bundle_signature": ErrorKind(
        Exit.FAILED,
        msg("The signature in {path} is not one of this manifest by this key: {detail}"),
        msg("Do not use this bundle. Ask whoever made it for theirs, and for their public key."),
    ),
    "bundle_unsigned": ErrorKind(
        Exit.FAILED,
        msg("The bundle could not be signed with {key}: {detail}"),
        msg("Name an SSH key of yours with --sign, or leave it out."),
    ),
    "bundle_unresolved": ErrorKind(
        Exit.FAILED,
        msg("No set of wheels was found for {hosts}: {detail}"),
        msg("Leave these machines out, or give a mirror with --mirror."),
    ),
    "bundle_fetch": ErrorKind(
        Exit.PARTLY,
        msg("{url} could not be fetched: {detail}"),
        msg("Run the same command again: what arrived is kept."),
    ),
    "bundle_unfit": ErrorKind(
        Exit.CANNOT,
        msg("The bundle has nothing for this machine, which needs {need}; it has: {have}."),
        msg("Make it again with this machine among those it is for: bundle create --machine."),
    ),
    "bundle_empty": ErrorKind(
        Exit.CANNOT,
        msg("A bundle can be made for none of these machines: {detail}"),
        msg("Plan for one of them to see what it needs: setup-assistant plan --machine FILE"),
    ),
    # --- doctor ---------------------------------------------------------------------------
    "doctor_found": ErrorKind(Exit.FAILED, msg("{cause}"), msg("{remedy}")),
}


class SetupError(Exception):
    """A failure with a sentence for the person and a remedy."""

    def __init__(self, code: str, /, **args: Value) -> None:
        self.code = code
        self.args_ = args
        self.kind = ERRORS[code]
        super().__init__(self.message.english)

    @property
    def exit(self) -> Exit:
        """The exit status this failure ends in."""
        return self.kind.exit

    @property
    def message(self) -> Message:
        """What happened."""
        return Message(self.kind.sentence.template, self.args_)

    @property
    def hint(self) -> Message:
        """What mends it."""
        return Message(self.kind.remedy.template, self.args_)
