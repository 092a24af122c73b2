"""The test model is never mistaken for a real one: report in every form, README.txt, scripts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant import messages
from setup_assistant.report.html import render_html
from setup_assistant.report.receipt import Beside, Receipt
from setup_assistant.report.text import render_markdown, render_text
from setup_assistant.site.layout import Layout
from setup_assistant.site.readme import render_readme
from setup_assistant.site.scripts import HELPER, render_scripts
from tests.report.samples import receipt
from tests.site.samples import plan

ROOT = Path(__file__).resolve().parents[2]
SAID = {"en": "No real model is here yet", "zh_CN": "还没有真正的模型"}
COMMAND = "setup-assistant up --site /srv/qwen --model auto"


def of_canary() -> Receipt:
    tested = plan()
    return receipt(plan=replace(tested, model=replace(tested.model, id="canary")), smoke=())


@pytest.mark.parametrize("language", SAID)
def test_every_form_of_the_report_says_so(language: str) -> None:
    messages.use_language(language)
    found, real = of_canary(), receipt()
    forms = ["\n".join(render_text(found)), render_markdown(found).replace("\\", ""),
             render_html(found, Beside())]  # fmt: skip
    for text in forms:
        assert SAID[language] in text
        assert COMMAND in text
        assert "真实模型" not in text
        assert "Measured with the model" not in text
    others = ["\n".join(render_text(real)), render_markdown(real), render_html(real, Beside())]
    assert not any(SAID[language] in text or "--model auto" in text for text in others)


def test_a_card_is_called_by_its_name() -> None:
    real = receipt()
    assert real.plan.model.gpus
    text = "\n".join(render_text(real))
    row = next(line for line in text.splitlines() if "Runs on" in line)
    assert real.machine.gpus[0].name in row
    assert "GPU-" not in row


def test_readme_and_scripts_say_so(tmp_path: Path) -> None:
    layout, recipes = Layout(tmp_path), ROOT / "recipes"
    real = plan()
    test = replace(real, model=replace(real.model, id="canary"))
    asking = [text for name, text in render_scripts(test, layout, recipes).items()
              if name != HELPER]  # fmt: skip
    for text in (render_readme(test, layout, recipes, "Linux", ()), *asking):
        assert "test model" in text
        assert "测试模型" in text
        assert "--model auto" in text
    for text in (render_readme(real, layout, recipes, "Linux", ()),
                 *render_scripts(real, layout, recipes).values()):  # fmt: skip
        assert "test model" not in text
    for text in render_scripts(test, layout, recipes).values():
        compile(text, "script", "exec")
