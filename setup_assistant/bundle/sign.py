"""Signatures with the keys that everybody has: `ssh-keygen -Y`, in OpenSSH's own format."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from setup_assistant.bundle.manifest import LARGEST_MANIFEST, NAME, SIGNATURE, SUMS
from setup_assistant.errors import SetupError
from setup_assistant.host import files, run, temporary
from setup_assistant.messages import _

# In place of a signer: there is a signature, and nothing here that could check it.
UNCHECKED = "unchecked"
_ARMOR = re.compile(
    r"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END SSH SIGNATURE-----\n?"
)
_LARGEST_SIGNATURE = 64 << 10
_NOT_FOUND = 127
NAMESPACE = "setup-assistant-bundle"
WHO = "bundle"
_SECONDS = 30.0


def sign(folder: Path, key: Path) -> None:
    """Sign manifest and sums with a private key, or a public one whose agent has the private.

    No signature may be there yet: ssh-keygen does not replace one.

    Raises:
        SetupError: `bundle_unsigned` with ssh-keygen's words.
    """
    outcome = run.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", NAMESPACE, folder / NAME,
         folder / SUMS],
        deadline=_SECONDS,
    )  # fmt: skip
    if not outcome.ok:
        raise SetupError("bundle_unsigned", key=str(key), detail=outcome.err.strip()[-300:])


def check(manifest: Path, signature: Path | None, signer: Path | None) -> str:
    """Return who signed a manifest: the key's fingerprint, "" where nobody did.

    Where nobody in particular was asked for and ssh-keygen is not here, that is `UNCHECKED`.

    Args:
        manifest: the file that was signed.
        signature: beside it, or None where there is none.
        signer: a public key, or a file of allowed signers, that it must be from.

    Raises:
        SetupError: `bundle_signature` or `bundle_invalid`, naming the file.
    """
    if signature is None:
        if signer is None:
            return ""
        raise SetupError("bundle_signature", path=SIGNATURE, detail=_("there is none"))
    _check_armor(signature)
    text = _text(manifest)
    if signer is None:
        outcome = run.run(
            ["ssh-keygen", "-Y", "check-novalidate", "-n", NAMESPACE, "-s", signature],
            deadline=_SECONDS, stdin=text,
        )  # fmt: skip
        if outcome.code == _NOT_FOUND:
            return UNCHECKED
    else:
        with temporary.folder() as folder:
            allowed = folder / "allowed"
            allowed.write_text(_allowed(files.read_text(signer, "--signer")))
            outcome = run.run(
                ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", WHO, "-n", NAMESPACE,
                 "-s", signature],
                deadline=_SECONDS, stdin=text,
            )  # fmt: skip
    if not outcome.ok:
        detail = (outcome.err.strip() or outcome.out.strip()).splitlines()[-1:] or ["?"]
        raise SetupError("bundle_signature", path=str(signature), detail=detail[0])
    found = re.search(r"key (SHA256:\S+)", outcome.out)
    return found[1] if found else "?"


def _text(manifest: Path) -> str:
    """Return the manifest byte by byte: a text that is read has its line ends changed."""
    if manifest.stat().st_size > LARGEST_MANIFEST:
        raise SetupError("bundle_invalid", path=str(manifest), detail=_("it is too large"))
    try:
        return manifest.read_bytes().decode()
    except UnicodeDecodeError as error:
        detail = _("it is no text in UTF-8 (byte {place})", place=error.start)
        raise SetupError("bundle_invalid", path=str(manifest), detail=detail) from error


def _check_armor(signature: Path) -> None:
    """Refuse a signature of which a byte has changed that ssh-keygen would read over."""
    if signature.stat().st_size > _LARGEST_SIGNATURE or not _armored(signature.read_bytes()):
        detail = _("it is no signature of OpenSSH's")
        raise SetupError("bundle_signature", path=str(signature), detail=detail)


def _armored(data: bytes) -> bool:
    try:
        found = _ARMOR.fullmatch(data.decode("ascii"))
        text = found[1].replace("\n", "") if found else ""
        # The last letter has bits that decoding drops.
        return bool(text) and base64.b64encode(base64.b64decode(text)).decode() == text
    except ValueError:
        return False


def _allowed(text: str) -> str:
    """Return public keys, or a file of allowed signers, as allowed signers of ours.

    What such a file says of a key beside its owner (until when, what for) is kept.
    """
    lines = []
    for line in text.splitlines():
        found = re.search(r"(?:^|\s)((?:sk-)?(?:ssh|ecdsa)-[\w@.-]+ +[A-Za-z0-9+/=]+)", line)
        if found and not line.lstrip().startswith("#"):
            _owner, _space, options = line[: found.start()].strip().partition(" ")
            lines.append(" ".join(filter(None, (WHO, options.strip(), found[1]))))
    return "\n".join(lines) + "\n"
