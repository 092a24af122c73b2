"""What files are packed in on their way: a saved mail, and gzip as `nvidia-bug-report` uses it."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

_HEAD = re.compile(rb"\A(?:From |[A-Z][A-Za-z-]{1,40}: )")
_CODED = re.compile(rb"^(?:MIME-Version|Content-Type|Content-Transfer-Encoding): ", re.MULTILINE)
_GZIP = b"\x1f\x8b"
# A report of nvidia-bug-report.sh unpacks to some 10 MB; more than this is something else.
_MOST = 64 << 20


def unpacked(data: bytes) -> tuple[bytes, ...]:
    """Return the texts in a file: those of a mail and its attachments, or the one it is."""
    if data.startswith(_GZIP):
        data = _inflated(data)
    head = data.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    # A mail without any mark of how it is written is plain text, and needs nothing done.
    if not (_HEAD.match(head) and _CODED.search(head)):
        return (data,)
    from email import message_from_bytes, policy

    # The policy makes EmailMessages, which the type of the function does not tell.
    message: EmailMessage = message_from_bytes(data, policy=policy.default)
    return tuple(_texts(message)) or (data,)


def _texts(message: EmailMessage) -> Iterator[bytes]:
    body = message.get_body(("plain", "html"))
    for part in (*([body] if body else []), *message.iter_attachments()):
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield _as_utf8(content, part.get_content_charset() or "utf-8")


def _as_utf8(content: bytes, charset: str) -> bytes:
    try:
        return content.decode(charset).encode()
    except (LookupError, UnicodeDecodeError):
        # An attachment's own encoding is found out later, as a file's is.
        return content


def _inflated(data: bytes) -> bytes:
    """Return what gzip packed, as far as it is whole."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, _MOST)
    except zlib.error:
        return data
