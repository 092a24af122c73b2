"""The pages for browsers before axe-core: both languages, light and dark."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from setup_assistant.report.html import render_html
from setup_assistant.report.receipt import Beside
from tests.built import ROOT
from tests.report.samples import receipt
from tests.site.samples import machine, plan

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = "axe-core@4.10.3"
SWITCH = """
document.querySelector("[data-set-lang=LANGUAGE]").click();
document.querySelector("[data-set-theme=THEME]").click();
"""
# A picture and a clip are chosen.
CHOOSE = """
const files = new DataTransfer();
for (const [name, type] of [["a.png", "image/png"], ["b.mp4", "video/mp4"]])
  files.items.add(new File([""], name, { type }));
document.getElementById("files").files = files.files;
document.getElementById("files").onchange();
"""
RUN = """
axe.run().then((found) => {
  document.title = JSON.stringify(found.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]));
});
"""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(BROWSER is None, reason="no chromium is installed (apt install chromium)"),
]


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("axe")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("axe-core comes through npm, which is not installed")
    done = subprocess.run([npm, "pack", AXE], cwd=folder, capture_output=True, text=True,
                          timeout=900, check=False)  # fmt: skip
    if done.returncode:
        pytest.skip(f"npm does not get {AXE}: {done.stderr[-200:]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        member = package.extractfile("package/axe.min.js")
        assert member
        return member.read().decode().replace("</script", "<\\/script")


def _report(language: str, theme: str) -> tuple[str, str]:
    text = render_html(receipt(), Beside(plan=plan(), machine=machine()))
    return text, SWITCH.replace("LANGUAGE", language).replace("THEME", theme) + RUN


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["report", "serve"])
def test_nothing_is_in_the_way_of_anybody(axe: str, tmp_path: Path, kind: str, theme: str) -> None:
    language = "en" if theme == "light" else "zh"
    served = (ROOT / "setup_assistant/verify/inside/serve.html").read_text(encoding="utf-8")
    # Its language is the browser's.
    own = served.replace("navigator.language", json.dumps(language))
    text, run = (own, CHOOSE + RUN) if kind == "serve" else _report(language, theme)
    page = tmp_path / "page.html"
    page.write_text(text.replace("</body>", f"<script>{axe}</script><script>{run}</script></body>"))
    done = subprocess.run(
        [str(BROWSER), "--headless", "--no-sandbox",
         *(["--force-dark-mode"] if theme == "dark" else []), "--disable-gpu", "--dump-dom",
         "--virtual-time-budget=20000", f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()],
        capture_output=True, text=True, timeout=900, check=True,
    )  # fmt: skip
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    assert title
    assert json.loads(html.unescape(title[1])) == []
