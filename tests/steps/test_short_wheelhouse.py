"""A folder of wheels that lacks some names all of them at once, with what fetches them."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.steps.backends import uv
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.step import Silent
from tests.steps.index import wheel


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "a wheelhouse"
    folder.mkdir()
    needs = ("deep>=3", "other; python_version < '3.0'", "more[x]", "also; extra == 'y'")
    for name, version, some in (
        ("here", "2.0", ()),
        ("direct", "1.0", needs),
        ("more", "1.0", ("direct",)),
    ):
        file, data = wheel(name, version, needs=some)
        (folder / file).write_bytes(data)
    # For another Python it is as good as absent; no wheel at all is no reason to stop.
    (folder / "native-1.0-cp27-cp27m-manylinux1_x86_64.whl").write_bytes(b"")
    (folder / "broken.whl").write_bytes(b"not a wheel")
    return folder


def test_all_that_is_missing_in_one_go(wheels: Path, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    pins = ["here>=1,<2", "absent==2.0", "direct==1.0", "native==1.0"]
    index = "--index-url https://mirror.example/simple"
    requirements.write_text("\n".join(["# a remark", index, *pins]) + "\n")
    job = Job(
        prefix=tmp_path / "env", python="3.11", conda_channel="", requirements=requirements,
        environment_yml=tmp_path / "environment.yml", lock=tmp_path / "requirements.lock",
        wheelhouse=wheels, scratch=tmp_path, expected_bytes=0, tell=Silent(),
    )  # fmt: skip
    with pytest.raises(SetupError) as caught:
        uv.install(job)
    assert caught.value.code == "wheels_missing"
    said = str(caught.value.message)
    assert said.endswith(": here<2,>=1, absent==2.0, native==1.0, deep>=3"), said
    hint = str(caught.value.hint)
    assert "--index-url https://mirror.example/simple" in hint
    assert f"--dest '{wheels}'" in hint
    for name in ("absent==2.0", "deep", "native==1.0"):
        assert name in hint
    assert "direct" not in hint
