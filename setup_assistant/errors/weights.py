"""Weights: listing, download, mirror."""

from __future__ import annotations

from setup_assistant.errors.kinds import ErrorKind, failed, partly, usage
from setup_assistant.messages import msg

ERRORS: dict[str, ErrorKind] = {
    "weights_unreachable": partly(
        msg("The weights of {model} are not here yet: {url} cannot be reached ({detail})."),
        msg("When the network or a hub is there, resume with: {command}"),
    ),
    "weights_interrupted": partly(
        msg("The download of {model} from {url} broke off: {detail}."),
        msg("What arrived is kept. Resume with: {command}"),
    ),
    "weights_unknown": failed(
        msg("{url} has no model {model}."),
        msg("Check the spelling of the id, or name another hub with --source."),
    ),
    "weights_denied": failed(
        msg("{url} does not give {model} to everyone."),
        msg("Ask for access there, and set {variable} to your access token."),
    ),
    "weights_token": failed(
        msg(
            "{url} does not give {model} to everyone, and {variable} was not sent there: it is "
            "another host than the hub's own, or the connection is not encrypted."
        ),
        msg(
            "If the token is meant for that server, add: --token-to {address} (or set "
            "SETUP_ASSISTANT_TOKEN_TO={address})"
        ),
    ),
    "weights_listing": failed(
        msg("The list of files for {model} is refused: {detail}."),
        msg("Nothing was written. Check the hub's address, or use another hub."),
    ),
    "weights_damaged": failed(
        msg("{path} from {url} arrived damaged twice: it is not the file that was listed."),
        msg("The other files are kept. Try again later, or use another hub."),
    ),
    "weights_contradicts": failed(
        msg("{url} lists {path} with another sha256 than the one that is known for {model}."),
        msg("Nothing was taken from there. Use another hub, or ask who runs this one."),
    ),
    "weights_size": failed(
        msg("{path} at {url} has another size than the one that was listed."),
        msg("It may be changing there, or is not whole: try again later, or use another hub."),
    ),
    "weights_incomplete": failed(
        msg("The hub's copy of {model} is not complete: {missing} is missing."),
        msg("Use another hub, or tell the model's owner."),
    ),
    "weights_failed": failed(
        msg("The download from {url} failed: {detail}"),
        msg("Run the same command again: what arrived is kept. If it stays, report it."),
    ),
    "mirror_empty": usage(
        msg("{path} holds no model: no folder there has a config.json."),
        msg("Name the folder of a downloaded model, or the folder that holds such folders."),
    ),
    "mirror_address": failed(
        msg("Nothing can be served at {host}, port {port}: {detail}"),
        msg("Choose another port with --port, or an address of this machine with --host."),
    ),
}
