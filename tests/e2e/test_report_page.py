"""The report of a real run in a real browser, without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from setup_assistant.report.receipt import from_json
from tests.built import Built

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
    "--virtual-time-budget=3000",
)  # fmt: skip
# Presses every switch, and writes down what it did and what went wrong.
PROBE = """<script>
const said = [];
for (const b of document.querySelectorAll("nav button")) {
  b.click();
  const main = getComputedStyle(document.body);
  const seen = (c) => [...document.querySelectorAll("h2 ." + c)].some((e) => e.offsetParent);
  said.push([b.dataset.setLang || b.dataset.setTheme, main.backgroundColor, seen("en"),
             seen("zh"), b.getAttribute("aria-pressed")]);
}
const images = [...document.images].map((i) => i.complete && i.naturalWidth > 0);
const wide = document.documentElement.scrollWidth - innerWidth;
document.title = JSON.stringify({said, images, wide,
  requests: performance.getEntriesByType("resource").map((e) => e.name)
    .filter((n) => !n.startsWith("data:"))});
</script>"""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(BROWSER is None, reason="no chromium is installed (apt install chromium)"),
]


def _browse(page: Path, folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BROWSER), *FLAGS, f"--user-data-dir={folder / 'profile'}", *flags, page.as_uri()],
        capture_output=True, text=True, timeout=900, check=True,
    )  # fmt: skip


@pytest.mark.parametrize("size", ["360,800", "1280,900"])
def test_the_page_works_in_a_browser(built: Built, tmp_path: Path, size: str) -> None:
    page = tmp_path / "report.html"
    text = (built.site / "report.html").read_text(encoding="utf-8")
    # After `load`: pictures decode a moment later than scripts run.
    probe = PROBE.replace("<script>", '<script>addEventListener("load", () => {').replace(
        "</script>", "});</script>"
    )
    page.write_text(text.replace("</body>", probe + "</body>"), encoding="utf-8")
    log = tmp_path / "net.json"
    done = _browse(page, tmp_path, "--dump-dom", f"--window-size={size}", f"--log-net-log={log}")
    assert "CONSOLE" not in done.stderr, done.stderr
    asked = set(re.findall(r'"url":"https?://([^/"]+)', log.read_text()))
    # The browser looks for its own updates; the page names none of these hosts.
    assert {h for h in asked if not h.endswith((".google.com", ".googleapis.com"))} == set()
    assert "google" not in text
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title
    seen = json.loads(title[1].replace("&amp;", "&"))
    assert seen["requests"] == []
    assert seen["images"]
    assert all(seen["images"])
    assert seen["wide"] <= 0
    english, chinese, light, dark = seen["said"]
    assert (english[2:4], chinese[2:4]) == ([True, False], [False, True])
    assert light[1] != dark[1]
    assert {s[4] for s in seen["said"]} == {"true"}


def test_every_check_with_files_has_its_picture(built: Built) -> None:
    receipt = from_json(json.loads((built.site / "receipt.json").read_text()))
    text = (built.site / "report.html").read_text(encoding="utf-8")
    cards = re.findall(r'<article class="card">.*?</article>', text, re.DOTALL)
    shown = {
        name: card.count("<img")
        for card in cards
        for name in re.findall(r'data-check="([^"]+)"', card)
    }
    assert shown == {c.name: len(c.files) for c in receipt.checks if c.files}
    assert f'data-bytes="{receipt.memory.measured_bytes}"' in text


def letters(text: str) -> str:
    """Return what stays of a text however its lines are broken, and whichever fonts there are.

    Chinese that no font holds is printed as boxes, which have no text.
    """
    return "".join(c for c in text if c.isascii() and c.isalnum())


class Rows(HTMLParser):
    """The letters and digits of every table row of a page, in English."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden: list[bool] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "br", "meta"):
            return
        self._hidden.append(("class", "zh") in attrs or (bool(self._hidden) and self._hidden[-1]))
        if tag == "tr":
            self.found.append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._hidden.pop()
        self._inside = self._inside and tag != "tr"

    def handle_data(self, data: str) -> None:
        if self._inside and not self._hidden[-1]:
            self.found[-1] += letters(data)


@pytest.mark.parametrize("long", [False, True], ids=["as it is", "a long path"])
def test_no_table_is_cut_in_print(built: Built, tmp_path: Path, long: bool) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    text = (built.site / "report.html").read_text(encoding="utf-8")
    if long:
        text = text.replace(str(built.site), str(built.site) + "/a-folder-of-a-laboratory" * 8)
    page, target = tmp_path / "report.html", tmp_path / "report.pdf"
    page.write_text(text, encoding="utf-8")
    _browse(page, tmp_path, "--lang=en-US", f"--print-to-pdf={target}")
    printed: list[str] = []
    with pdfium.PdfDocument(target) as document:
        for sheet in document:
            width, height = sheet.get_size()
            layer = sheet.get_textpage()
            printed.append(letters(layer.get_text_range()))
            for i in range(layer.count_chars()):
                left, bottom, right, top = layer.get_charbox(i)
                assert 0 < left <= right < width, f"{layer.get_text_range(i, 20)!r} leaves the page"
                assert 0 < bottom <= top < height
    rows = Rows(text).found
    assert len(rows) > 20
    assert [r for r in rows if not any(r in sheet for sheet in printed)] == []


def test_the_shared_page_names_nobody(built: Built, tmp_path: Path) -> None:
    target = tmp_path / "shared.html"
    done = built.place.run("report", "--site", str(built.site), "--format", "html", "--share",
                           "--output", str(target))  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = target.read_text(encoding="utf-8")
    assert str(built.site) not in text
    assert str(built.place.home) not in text
    assert "&lt;site&gt;/env" in text
