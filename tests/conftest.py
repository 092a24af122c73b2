"""What all tests share: an untouched environment, folders of their own, and built things."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from setup_assistant import messages
from tests import forked
from tests.built import Built, built, place, shared
from tests.json_schema import broken
from tests.workers import pytest_collection_finish, pytest_xdist_make_scheduler

__all__ = ["built", "place", "pytest_collection_finish", "pytest_xdist_make_scheduler", "shared"]

ROOT = Path(__file__).resolve().parent.parent

# Fewer examples each time and other ones the next time; a night's search takes ten times as many.
# A loaded machine draws an example and runs it in any time: neither is a fault.
_load = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("everyday", max_examples=30, **_load)
settings.register_profile("search", max_examples=300, **_load)
_SEARCH = bool(os.environ.get("SETUP_ASSISTANT_TEST_SEARCH"))
settings.load_profile("search" if _SEARCH else "everyday")

if not os.environ.get("SETUP_ASSISTANT_TEST_KEEP_CACHE"):
    # What is read while tests are collected, or once for all, stays out of the person's cache, too.
    os.environ["SETUP_ASSISTANT_CACHE"] = tempfile.mkdtemp(prefix="setup-assistant-tests-")
    atexit.register(shutil.rmtree, os.environ["SETUP_ASSISTANT_CACHE"], ignore_errors=True)

_NUMBERS = itertools.count()

# A shell that starts something in the background has it ignore these, and children inherit that:
# what a person's Ctrl-C does could not be tried there.
for _name in ("SIGINT", "SIGQUIT", "SIGHUP"):
    _signal = getattr(signal, _name, None)
    if _signal and signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _unchanged() -> Iterator[None]:
    """Fail a test that leaves a changed environment variable or language behind."""
    before = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    yield
    after = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    messages.use_language("en")
    if show := sys.modules.get("setup_assistant.cli.terminal.show"):
        show.configure(as_json=False, quiet=False, verbose=False)
    assert after == before, "the test changed environment variables"


@pytest.fixture(autouse=True)
def _isolated(_unchanged: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test its own cache, which is made when somebody writes into it, and English."""
    if not os.environ.get("SETUP_ASSISTANT_TEST_KEEP_CACHE"):
        own = f"{os.environ['SETUP_ASSISTANT_CACHE']}/{next(_NUMBERS)}"
        monkeypatch.setenv("SETUP_ASSISTANT_CACHE", own)
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    messages.use_language("en")


@pytest.fixture
def assistant(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the real command line in a process of its own."""

    def call(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        env = {**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT), **variables}
        # What an interpreter reads as it starts needs one that starts.
        if not any(n.startswith(("PYTHON", "LC_")) for n in variables):
            done = forked.run(*arguments, env=env, cwd=tmp_path)
        else:
            done = subprocess.run(
                [sys.executable, "-m", forked.MODULE, *arguments],
                env=env, capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path,
            )  # fmt: skip
        if "--json" in arguments and done.stdout.startswith("{"):
            assert broken(json.loads(done.stdout)) == [], arguments
        return done

    return call


@pytest.fixture(scope="session")
def built_environment(request: pytest.FixtureRequest) -> Path:
    """Return an environment with torch: SETUP_ASSISTANT_TEST_ENV, else one built by `up`."""
    if given := os.environ.get("SETUP_ASSISTANT_TEST_ENV"):
        return Path(given)
    site: Built = request.getfixturevalue("built")
    assert site.envelope["exit_code"] == 0, site.envelope
    return site.env
