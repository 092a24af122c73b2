"""py-rattler where it is not installed: on demand, or a sentence with the command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host import paths, run
from setup_assistant.steps.backends import rattler
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.step import Silent

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(
        prefix=tmp_path / "env", python="3.12", conda_channel="",
        environment_yml=tmp_path / "e.yml",
        requirements=tmp_path / "r", lock=tmp_path / "l", scratch=tmp_path, expected_bytes=1,
        tell=Silent(), offline=True,
    )  # fmt: skip


def test_the_extra_asks_for_the_same() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert text.count(f'"{rattler.REQUIREMENT}",') == 2  # the extra `conda`, and the tests


def test_a_system_python_is_not_changed(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rattler, "available", lambda: False)
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    with pytest.raises(SetupError) as caught:
        rattler.require(job)
    assert caught.value.code == "rattler_missing"
    assert "-m pip install" in str(caught.value.hint)
    assert "'py-rattler>=" in str(caught.value.hint)


def test_where_it_cannot_be_had_the_reason_is_told(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rattler, "available", lambda: False)
    monkeypatch.setattr(sys, "prefix", str(job.scratch))
    seen: list[list[str]] = []

    def refused(argv: list[str], **_kw: object) -> run.Outcome:
        seen.append([str(a) for a in argv])
        return run.Outcome(2, "", "error: no index answers", 0.1)

    monkeypatch.setattr(run, "run", refused)
    with pytest.raises(SetupError) as caught:
        rattler.require(job)
    assert "no index answers" in str(caught.value)
    # Into this tool's own environment, nowhere else.
    assert seen[0][seen[0].index("--python") + 1] == sys.executable
    assert seen[0][-3:] == ["--require-hashes", "-r", str(paths.lock_file("conda"))]
    assert paths.lock_file("conda").is_file()


def test_what_is_there_is_not_installed_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rattler, "available", lambda: True)
    monkeypatch.setattr(run, "run", lambda *_a, **_k: pytest.fail("nothing is to be run"))
    rattler.require(job)


def test_condas_proxy_and_certificate_reach_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "company.pem"
    certificate.write_text("x")
    (tmp_path / ".condarc").write_text(
        f"proxy_servers:\n  https: http://proxy.example:3128\nssl_verify: {certificate}\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "PIP_CERT", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    env = rattler.environment(tmp_path)
    assert env["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert env["SSL_CERT_FILE"] == str(certificate)
    monkeypatch.setenv("HTTPS_PROXY", "http://mine:1")
    assert rattler.environment(tmp_path)["HTTPS_PROXY"] == "http://mine:1"
