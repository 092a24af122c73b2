"""Keys that open nothing: locked with a passphrase, or the public half of one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup_assistant.fleet import own_keys
from setup_assistant.fleet.inventory_rules import Host

pytestmark = pytest.mark.skipif(shutil.which("ssh-add") is None, reason="ssh is not installed")


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An ssh-agent of this test's own, with nothing in it."""
    said = subprocess.run(["ssh-agent", "-c"], capture_output=True, text=True, check=True).stdout
    for line in said.splitlines()[:2]:
        _setenv, name, value = line.rstrip(";").split()
        monkeypatch.setenv(name, value)
    yield
    subprocess.run(["ssh-agent", "-k"], capture_output=True, check=True, env=dict(os.environ))


def _told(host: Host) -> str:
    found = own_keys.unusable(host)
    return f"{found.reason} {found.remedy}" if found else ""


def _make(path: Path, passphrase: str) -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def test_a_key_that_nobody_opened_is_named(agent: None, tmp_path: Path) -> None:
    locked, free = _make(tmp_path / "locked", "secret"), _make(tmp_path / "free", "")
    assert f"ssh-add {locked}" in _told(Host(name="pc", key=str(locked)))
    assert _told(Host(name="pc", key=str(free))) == ""
    assert _told(Host(name="pc", key=str(tmp_path / "none"))) == ""
    public = free.with_suffix(".pub")
    assert str(public) in _told(Host(name="pc", key=str(public)))
    assert f"most likely {free} " in _told(Host(name="pc", key=str(public)))
    # As ssh's own settings name them: one that opens is enough.
    settings = tmp_path / "config"
    settings.write_text(f"IdentityFile {locked}\n")
    assert f"ssh-add {locked}" in _told(Host(name="pc", ssh_args=f"-F {settings}"))
    settings.write_text(f"IdentityFile {locked}\nIdentityFile {free}\n")
    assert _told(Host(name="pc", ssh_args=f"-F {settings}")) == ""


def _sign(key: Path, *options: str) -> None:
    command = ["ssh-keygen", "-q", "-s", str(key.with_name("ca")), "-I", "x", *options,
               f"{key}.pub"]  # fmt: skip
    subprocess.run(command, check=True)


def test_a_certificate_that_does_not_count_now_is_named(tmp_path: Path) -> None:
    _make(tmp_path / "ca", "")
    key = _make(tmp_path / "mine", "")
    host = Host(name="pc", key=str(key), user="lab")
    for options, line in (
        (("-V", "20240101:20240201"), "Valid: from 2024-01-01T00:00:00 to 2024-02-01T00:00:00"),
        (("-V", "+520w:+521w"), "Valid: from "),
        (("-V", "always:20240201"), "Valid: before 2024-02-01T00:00:00"),
        (("-n", "root,guest"), "Principals: root, guest"),
        (("-n", "root,lab", "-V", "-1w:+1w"), ""),
        (("-n", "lab"), ""),
        (("-O", "no-pty"), ""),
    ):
        _sign(key, *options)
        told = _told(host)
        assert line in told
        assert (f"ssh-keygen -L -f {key}-cert.pub" in told) is bool(line)


def test_a_key_that_an_agent_holds_is_open(agent: None, tmp_path: Path) -> None:
    locked = _make(tmp_path / "locked", "secret")
    ask = tmp_path / "ask"
    ask.write_text("#!/bin/sh\necho secret\n")
    ask.chmod(0o755)
    env = {**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
    subprocess.run(["ssh-add", str(locked)], env=env, check=True, capture_output=True)
    assert _told(Host(name="pc", key=str(locked))) == ""
