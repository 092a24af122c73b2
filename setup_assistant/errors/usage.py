"""Wrong use of a verb, and files a person gave."""

from __future__ import annotations

from setup_assistant.errors.kinds import ErrorKind, failed, usage
from setup_assistant.messages import msg

ERRORS: dict[str, ErrorKind] = {
    # --- use --------------------------------------------------------------------------
    "usage": usage(msg("{detail}"), msg("Run: setup-assistant {verb} --help")),
    "unanswered": usage(
        msg("There is no terminal to ask in, and {flag} was not given."),
        msg("{remedy}"),
    ),
    "no_terminal": usage(
        msg("The wizard asks questions, and there is no terminal to ask them in."),
        msg("Take the defaults with: setup-assistant up --yes"),
    ),
    "answers_invalid": usage(
        msg("{file}: {detail}"), msg("Correct that key in {file}, or leave the file out.")
    ),
    "file_missing": usage(
        msg("{path} does not exist (given as {flag})."), msg("Check the path given as {flag}.")
    ),
    "file_invalid": failed(
        msg("{path} cannot be read: {detail}"),
        msg("Correct or remove {path}, then run the command again."),
    ),
    "several_machines": usage(
        msg("There are {count} machines in this text: {machines}."),
        msg("Choose one with --host and its number."),
    ),
    "recipe_invalid": failed(
        msg("The recipe {file} is not valid: {detail}"),
        msg("Correct that key, or restore the file with: git checkout -- recipes"),
    ),
    "proof_unknown": usage(
        msg("No proof of recipes/stacks.toml has the name, stack or torch release {name}."),
        msg("Use one of: {known}."),
    ),
    "candidate_refused": usage(
        msg("{given} is no candidate: it has to be {wanted}."),
        msg("See what is newer with: setup-assistant recipes check --online"),
    ),
    "mirror_unknown": usage(
        msg("{given} is no mirror: neither an address nor one of {known}."),
        msg(
            "Give an address, for one leg as packages=URL, torch=URL, conda=URL or weights=URL, "
            "or one of those names."
        ),
    ),
    "model_unknown": usage(msg("No recipe knows the model {model}."), msg("Use one of: {known}.")),
    # --- doctor -----------------------------------------------------------------------
    "doctor_found": failed(msg("{cause}"), msg("{remedy}")),
    "doctor_blind": failed(
        msg("These checks failed themselves; nothing is known of what they look at: {names}."),
        msg("Run it again with --verbose; where that fails too, send the report of --bundle FILE."),
    ),
}
