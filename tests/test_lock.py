"""The locks fit pyproject.toml, fit together, and carry a hash for every file."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import lock


def _locked(name: str) -> list[Requirement]:
    text = (lock.FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return [Requirement(line.rstrip(" \\")) for line in text.splitlines() if line[0] not in " #"]


def _holds(asked: Requirement, environment: dict[str, str], name: str) -> bool:
    if asked.marker and not asked.marker.evaluate(environment):
        return True
    named = [r for r in _locked(name) if canonicalize_name(r.name) == canonicalize_name(asked.name)]
    found = [r for r in named if not r.marker or r.marker.evaluate(environment)]
    versions = [next(iter(r.specifier)).version for r in found]
    return len(versions) == 1 and asked.specifier.contains(versions[0])


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("name", lock.NAMES)
def test_what_pyproject_asks_for_is_locked_once_for_each_python(name: str, python: str) -> None:
    environment = {"python_version": python, "python_full_version": f"{python}.1"}
    missing = [r for r in lock.requirements(name) if not _holds(Requirement(r), environment, name)]
    assert missing == [], "run: python3 -m tests.lock"


@pytest.mark.parametrize("name", lock.NAMES)
def test_every_version_is_exact_and_has_hashes(name: str) -> None:
    text = (lock.FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.removeprefix(lock.HEAD).rstrip("\n"))
    assert all(re.match(r"[\w.-]+==[\w.]+( ; .+)? \\\n    --hash=sha256:", e) for e in entries)
    assert "://" not in text


def test_the_locks_agree_on_what_they_share() -> None:
    seen: dict[tuple[str, str], str] = {}
    for name in lock.NAMES:
        for entry in _locked(name):
            for python in ("3.10", "3.14"):
                environment = {"python_version": python, "python_full_version": f"{python}.1"}
                if not entry.marker or entry.marker.evaluate(environment):
                    version = str(entry.specifier)
                    assert seen.setdefault((entry.name, python), version) == version


def test_requirements_beyond_the_lock_are_found() -> None:
    environment = {"python_version": "3.12", "python_full_version": "3.12.1"}
    assert not _holds(Requirement("click>=999"), environment, "runtime")
    assert not _holds(Requirement("requests"), environment, "runtime")
