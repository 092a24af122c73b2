"""What is not removed: because nothing proves it to be ours, or because the system refuses."""

from __future__ import annotations

from setup_assistant.errors.kinds import ErrorKind, failed
from setup_assistant.messages import msg

ERRORS: dict[str, ErrorKind] = {
    "removal_refused": failed(
        msg("{path} is not removed: {detail}."),
        msg("Look at it, and remove it by hand if you want it gone."),
    ),
    "not_removed": failed(
        msg("{path} could not be removed: {detail}"),
        msg("Close the programs that use it, check its permissions, and run the command again."),
    ),
}
