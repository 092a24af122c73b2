"""Something is broken: five breaks, each mended from the wizard in at most three answers.

Each takes minutes; two of them are tried, and all of them with SETUP_ASSISTANT_TEST_SEARCH=1.
"""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from tests.built import Built, Place
from tests.doctor.real_faults import FAULTS, copy
from tests.terminal import ENTER, UP, Terminal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(900),
]
WORDS = {
    "en": ("What would you like", "What is broken", "Do this now", "mended", "Nothing is wrong"),
    "zh_CN": ("您想做什么", "什么出了问题", "现在执行吗", "已修复", "没有发现问题"),
}
# What breaks it, and in which language that is told.
BREAKS = {"uninstalled_decord2": "en", "source_cut_short": "zh_CN"}
if os.environ.get("SETUP_ASSISTANT_TEST_SEARCH"):
    BREAKS |= {
        "uninstalled_torchvision": "zh_CN",
        "library_deleted": "en",
        "installed_tokenizers_0_20_3": "en",
    }


@pytest.mark.parametrize("name", BREAKS)
def test_three_answers_lead_to_a_cause_and_a_mended_environment(
    built: Built, place: Place, name: str
) -> None:
    fault = next(f for f in FAULTS if f.name == name)
    site = place.home / "qwen2-vl"
    site.mkdir()
    for path in built.site.iterdir():
        if path.is_file():
            shutil.copy(path, site)
    fault.break_(copy(built.env, None, site))
    way, broken, agree, mended, well = WORDS[BREAKS[name]]
    env = place.environment(TERM="xterm-256color", LANG=f"{BREAKS[name]}.UTF-8")
    command = [sys.executable, "-m", "setup_assistant"]
    screen = Terminal(command, env, columns=80, rows=24, seconds=600)
    screen.wait(way)
    screen.keys(UP, ENTER)
    # The folder that is usual here stands first.
    screen.wait(broken, str(site / "env"))
    screen.keys(ENTER)
    screen.wait(agree)
    shown = "\n".join(screen.displayed())
    assert any(f"({i})" in shown.replace("\n", "") for i in fault.ids), shown
    screen.keys("y")
    screen.wait(mended, well)
    assert screen.end() == 0
