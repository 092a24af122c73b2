"""Signatures with the keys that everybody has: `ssh-keygen -Y`, in OpenSSH's own format."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from setup_assistant.bundle.contents import NAME, SIGNATURE
from setup_assistant.errors import SetupError
from setup_assistant.host import files, run

_NAMESPACE = "setup-assistant-bundle"
_WHO = "bundle"
_SECONDS = 30.0


def sign(folder: Path, key: Path) -> None:
    """Sign the manifest with a private key, or with a public one whose agent has the private.

    Raises:
        SetupError: `bundle_unsigned` with ssh-keygen's words.
    """
    (folder / SIGNATURE).unlink(missing_ok=True)
    outcome = run.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", _NAMESPACE, folder / NAME],
        deadline=_SECONDS,
    )
    if not outcome.ok:
        raise SetupError("bundle_unsigned", key=str(key), detail=outcome.err.strip()[-300:])


def check(manifest: Path, signature: Path | None, signer: Path | None) -> str:
    """Return who signed a manifest ("" where nobody did and none was asked for).

    Args:
        manifest: the file that was signed.
        signature: beside it, or None where there is none.
        signer: a public key, or a file of allowed signers, that it must be from.

    Raises:
        SetupError: `bundle_signature` naming the file.
    """
    if signature is None:
        if signer is None:
            return ""
        raise SetupError("bundle_signature", path=SIGNATURE, detail="missing")
    text = files.read_text(manifest)
    if signer is None:
        outcome = run.run(
            ["ssh-keygen", "-Y", "check-novalidate", "-n", _NAMESPACE, "-s", signature],
            deadline=_SECONDS, stdin=text,
        )  # fmt: skip
    else:
        with tempfile.TemporaryDirectory() as folder:
            allowed = Path(folder) / "allowed"
            allowed.write_text(_allowed(files.read_text(signer, "--signer")))
            outcome = run.run(
                ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", _WHO, "-n", _NAMESPACE,
                 "-s", signature],
                deadline=_SECONDS, stdin=text,
            )  # fmt: skip
    if not outcome.ok:
        detail = (outcome.err.strip() or outcome.out.strip()).splitlines()[-1:] or ["?"]
        raise SetupError("bundle_signature", path=signature.name, detail=detail[0])
    found = re.search(r"key (SHA256:\S+)", outcome.out)
    return found[1] if found else "?"


def _allowed(text: str) -> str:
    """Return public keys, or a file of allowed signers, as allowed signers of ours."""
    lines = []
    for line in text.splitlines():
        found = re.search(r"\b((?:sk-)?(?:ssh|ecdsa)-[\w@.-]+ [A-Za-z0-9+/=]+)", line)
        if found and not line.lstrip().startswith("#"):
            lines.append(f"{_WHO} {found[1]}")
    return "\n".join(lines) + "\n"
