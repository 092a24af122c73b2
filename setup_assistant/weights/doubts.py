"""What could not be compared with anything, as sentences."""

from __future__ import annotations

from setup_assistant.messages import Message, msg
from setup_assistant.weights.folder_record import Manifest


def doubts(record: Manifest, unasked: str = "") -> tuple[Message, ...]:
    """Return what remains unproved of a folder's files.

    Args:
        record: what lies in the folder.
        unasked: why no source could be asked; "" where one was, or was not needed.
    """
    found = []
    by_record = sum(k.checked == "record" for k in record.files)
    by_size = sum(k.checked == "size" for k in record.files)
    if by_record:
        found.append(
            msg(
                "{count} files are what the record beside them says; there was nothing else to "
                "compare them with.",
                count=by_record,
            )
        )
    elif unasked:
        found.append(msg("No source answered: compared with the sums of the download alone."))
    if unasked:
        found.append(msg("{detail}", detail=unasked))
    if by_size:
        text = msg("The hub names no sha256 for {count} files: only sizes agree.", count=by_size)
        found.append(text)
    return tuple(found)
