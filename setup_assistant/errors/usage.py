"""Wrong use of a verb, and files a person gave."""

from __future__ import annotations

from setup_assistant.errors.kinds import ErrorKind, Exit
from setup_assistant.messages import msg

ERRORS: dict[str, ErrorKind] = {
    # --- use --------------------------------------------------------------------------
    "usage": ErrorKind(
        Exit.USAGE,
        msg("{detail}"),
        msg("Run: setup-assistant {verb} --help"),
    ),
    "unanswered": ErrorKind(
        Exit.USAGE,
        msg("There is no terminal to ask in, and {flag} was not given."),
        msg("{remedy}"),
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
    "several_machines": ErrorKind(
        Exit.USAGE,
        msg("There are {count} machines in this text: {machines}."),
        msg("Choose one with --host and its number."),
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
    "candidate_refused": ErrorKind(
        Exit.USAGE,
        msg("{given} is no candidate: it has to be {wanted}."),
        msg("See what is newer with: setup-assistant recipes check --online"),
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
    # --- doctor -----------------------------------------------------------------------
    "doctor_found": ErrorKind(Exit.FAILED, msg("{cause}"), msg("{remedy}")),
    "doctor_blind": ErrorKind(
        Exit.FAILED,
        msg("These checks failed themselves; nothing is known of what they look at: {names}."),
        msg("Run it again with --verbose; where that fails too, send the report of --bundle FILE."),
    ),
}
