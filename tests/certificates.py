"""Certificates for servers of tests: of an authority of our own, also ones that have expired."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """An authority in a folder: `ca.pem` is what a person would trust."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("openssl")
        if program is None:
            pytest.skip("makes its certificates with openssl")
        self._program, self._folder = program, folder
        self.certificate = folder / "ca.pem"
        self._run("req", "-x509", *_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
                  "-subj", "/CN=Lab authority", "-addext",
                  "keyUsage=critical,keyCertSign")  # fmt: skip

    def server(self, host: str, days: int = 2) -> ssl.SSLContext:
        """Return a server's context for a host name; with negative days it has expired."""
        name = f"{host}{days}"
        self._run("req", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
                  f"/CN={host}")  # fmt: skip
        (self._folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\n")
        sign = ("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem")  # fmt: skip
        try:
            self._run(*sign, "-days", str(days))
        except subprocess.CalledProcessError:  # from OpenSSL 3.4 on an end must be after its start
            self._run(*sign, "-not_before", "20200101000000Z", "-not_after", "20200102000000Z")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        return context

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            [self._program, *arguments], check=True, capture_output=True, cwd=self._folder
        )
