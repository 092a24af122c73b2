"""conda, mamba and micromamba: what is asked of them, and what their errors mean.

The programs here are stand-ins that behave as the real ones were seen to: conda's JSON is what
26.7.1 printed, the text of libmamba is quoted from its issues.
"""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host.run import Outcome
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.backends.conda import Conda, explain
from setup_assistant.steps.backends.rattler import Rattler
from setup_assistant.steps.step import Silent

STAND_IN = """\
#!/bin/sh
printf '%s\\n' "$@" > "$HOME/asked"
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/conda-meta" && : > "$2/conda-meta/history"
"""
YML = """\
name: x
channels: [conda-forge]
dependencies:
  - python=3.12
  - pip
  - pip: [torch==2.15.0]
variables: {PYTHONNOUSERSITE: "1"}
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("CONDARC", raising=False)
    yml = tmp_path / "environment.yml"
    yml.write_text(YML)
    return Job(
        prefix=tmp_path / "有 空格 env", python="3.12",
        conda_channel="https://mirror.example/conda-forge", environment_yml=yml,
        requirements=tmp_path / "r", lock=tmp_path / "l", scratch=tmp_path, expected_bytes=1,
        tell=Silent(), offline=True,
    )  # fmt: skip


def program(folder: Path, name: str, text: str = STAND_IN) -> Path:
    path = folder / name
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


@pytest.mark.parametrize("name", ["conda", "mamba", "micromamba"])
def test_only_the_planned_channel_is_asked(job: Job, tmp_path: Path, name: str) -> None:
    Conda(name, program(tmp_path, name)).create(job)
    asked = (tmp_path / "home" / "asked").read_text().splitlines()
    assert asked[0] == "create"
    assert asked[-2:] == ["python=3.12", "pip"]
    assert asked[asked.index("--channel") - 1] == "--override-channels"
    assert asked[asked.index("--channel") + 1] == "https://mirror.example/conda-forge"
    assert asked[asked.index("--prefix") + 1] == str(job.prefix)
    assert not {"defaults", "nodefaults", "env"} & set(asked)
    # libmamba's programs refuse a flag that only conda has.
    assert ("--no-default-packages" in asked) == (name == "conda")
    state = json.loads((job.prefix / "conda-meta" / "state").read_text())
    assert state == {"env_vars": {"PYTHONNOUSERSITE": "1"}}
    assert (tmp_path / "home/.conda/environments.txt").read_text() == f"{job.prefix}\n"


def test_an_environment_that_is_there_is_never_replaced(job: Job, tmp_path: Path) -> None:
    (job.prefix / "conda-meta").mkdir(parents=True)
    with pytest.raises(SetupError) as caught:
        Conda("conda", program(tmp_path, "conda")).create(job)
    assert caught.value.code == "environment_foreign"
    assert not (tmp_path / "home" / "asked").exists()


TERMS = """\
CondaToSNonInteractiveError: Terms of Service have not been accepted for the following channels. \
Please accept or remove them before proceeding:
    - https://repo.anaconda.com/pkgs/main
"""


@pytest.mark.parametrize(
    ("out", "err", "code", "words"),
    [
        (
            ('{"exception_name": "PackagesNotFoundError", "message": "The following packages are '
            'not available from current channels:\\n\\n  - python=3.4\\n", "error": "x"}'),
            "", "environment_failed", "python=3.4",
        ),
        (
            'warning\\n{"exception_name": "UnavailableInvalidChannel", "message": "HTTP 404"}',
            "", "packages_unreachable", "HTTP 404",
        ),
        (
            '{"exception_name": "CondaHTTPError", "message": "HTTP 000 CONNECTION FAILED"}',
            "", "packages_unreachable", "HTTP 000",
        ),
        (
            '{"exception_name": "NoSpaceLeftError", "message": "No space left on devices."}',
            "", "disk_filled", "",
        ),
        ("", TERMS, "conda_terms", "repo.anaconda.com"),
        (
            json.dumps({"exception_name": "CondaToSNonInteractiveError", "message": TERMS}),
            "", "conda_terms", "repo.anaconda.com",
        ),
        (
            "",
            ("error    libmamba Could not solve for environment specs\n    The following package "
            "could not be installed\n    └─ python =3.4 * does not exist (perhaps a typo or a "
            "missing channel).\ncritical libmamba Could not solve for environment specs\n"),
            "environment_failed", "python =3.4",
        ),
        (
            "",
            ("critical libmamba Multiple errors occured:\n    Download error (7) Could not connect "
            "to server [https://conda.anaconda.org/conda-forge/noarch/repodata.json.zst]\n"),
            "packages_unreachable", "Download error (7)",
        ),
        ("", "critical libmamba filesystem error: No space left on device\n", "disk_filled", ""),
        (
            ('{"success": true, "actions": {}}{"error": "Multiple", "errors": [{"exception_name": '
            '"NoSpaceLeftError", "message": "full"}], "exception_name": "CondaMultiError"}'),
            "", "disk_filled", "",
        ),
    ],
)  # fmt: skip
def test_what_they_say_last(out: str, err: str, code: str, words: str, tmp_path: Path) -> None:
    error = explain(Outcome(1, out, err, 0.1), "conda", tmp_path)
    assert error.code == code
    assert words in str(error)


@pytest.mark.parametrize("character", ["'", '"', "\\"])
@pytest.mark.parametrize("engine", ["conda", "rattler"])
def test_a_folder_that_conda_packages_cannot_bear(
    job: Job, tmp_path: Path, engine: str, character: str
) -> None:
    """Packages write the prefix between quotes, so that Python would not start."""
    backend = Conda("conda", program(tmp_path, "conda")) if engine == "conda" else Rattler()
    with pytest.raises(SetupError) as caught:
        backend.create(replace(job, prefix=tmp_path / f"it{character}s"))
    assert caught.value.code == "prefix_unsuited"
    assert not (tmp_path / f"it{character}s").exists()
