"""`python -m tests.pictures`: make the README's pictures anew from real runs.

Needs tmux and chromium. Travels the whole road on the canary in a folder of its own, with the
wizard in a real terminal, and writes `.assets/wizard*.svg` and `.assets/report*.png`.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from html import unescape
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / ".assets"
COLUMNS, ROWS = 88, 60
# The width of a column in rich's drawing.
CHARACTER = 12.2
LANGUAGES = {"en": "", "zh_CN": "-zh"}
# What is on the screen before each key is pressed, and the keys.
SCRIPT = {
    "en": ("What would you like", "Which folder", "Which model", "Do this now"),
    "zh_CN": ("您想做什么", "哪个文件夹", "哪个模型", "现在执行吗"),
}
KEYS = (("Enter",), ("C-u", "~/qwen2-vl", "Enter"), ("Up", "Enter"))
PAGES = {"report.png": "en-light", "report-zh.png": "zh-dark"}
BROWSER = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--window-size=1000,1300", "--virtual-time-budget=4000",
)  # fmt: skip


class Terminal:
    """A tmux server of its own, so that nobody's sessions are touched."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    def tmux(self, *arguments: str, **variables: str) -> str:
        """Run one tmux command."""
        return subprocess.run(
            ["tmux", "-u", "-S", self.socket, *arguments], check=True, text=True,
            capture_output=True, env={**os.environ, **variables},
        ).stdout  # fmt: skip

    def wait(self, text: str, seconds: float = 60.0) -> None:
        """Wait until `text` is on the screen."""
        deadline = time.monotonic() + seconds
        while text not in self.tmux("capture-pane", "-p"):
            if time.monotonic() > deadline:
                raise TimeoutError(text + "\n" + self.tmux("capture-pane", "-p"))
            time.sleep(0.2)
        time.sleep(0.7)  # the prompt takes the keyboard a moment after it is drawn


def wizard(folder: Path, language: str) -> None:
    """Answer the wizard up to its plan, and keep that screen; then let it do the work."""
    home = folder / f"home-{language}"
    home.mkdir()
    cache = os.environ.get("SETUP_ASSISTANT_CACHE") or str(folder / "cache")
    terminal = Terminal(folder / f"tmux-{language}")
    terminal.tmux(
        "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS),
        f"'{sys.executable}' -m setup_assistant --lang {language}; sleep 600",
        HOME=str(home), SETUP_ASSISTANT_CACHE=cache, TERM="xterm-256color",
        LANG="C.UTF-8", PYTHONPATH=str(ROOT), SHELL="/bin/sh",
    )  # fmt: skip
    try:
        for said, keys in zip(SCRIPT[language], KEYS, strict=False):
            terminal.wait(said)
            for key in keys:
                terminal.tmux("send-keys", key)
        terminal.wait(SCRIPT[language][-1])
        screen = terminal.tmux("capture-pane", "-e", "-p").rstrip()
        (ASSETS / f"wizard{LANGUAGES[language]}.svg").write_text(svg(screen), encoding="utf-8")
        if language == "en":
            terminal.tmux("send-keys", "Enter")
            terminal.wait("report.html", 900)
    finally:
        terminal.tmux("kill-server")


def svg(screen: str) -> str:
    """Return a terminal's screen as a drawing that asks for no font from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor",
                      force_terminal=True)  # fmt: skip
    console.print(Text.from_ansi(screen))
    drawn = console.export_svg(title="Setup Assistant", theme=DIMMED_MONOKAI, unique_id="wizard")
    drawn = re.sub(r"@font-face\s*\{.*?\}", "", drawn, flags=re.DOTALL)
    drawn = drawn.replace("Fira Code", "DejaVu Sans Mono")
    drawn = re.sub(r'textLength="[\d.]+"([^>]*)>([^<]*)<', _stretch, drawn)
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def _stretch(found: re.Match[str]) -> str:
    """Give a run of characters its width in columns: rich counts a Chinese one as one."""
    columns = cell_len(unescape(found[2]))
    return f'textLength="{columns * CHARACTER:.1f}"{found[1]}>{found[2]}<'


def pages(folder: Path) -> None:
    """Take pictures of the report that the wizard's run has left."""
    browser = shutil.which("chromium") or "chromium-browser"
    report = folder / "home-en" / "qwen2-vl" / "report.html"
    for name, switches in PAGES.items():
        subprocess.run(
            [browser, *BROWSER, f"--user-data-dir={folder / 'profile'}",
             f"--screenshot={ASSETS / name}", f"{report.as_uri()}#{switches}"],
            check=True, capture_output=True, timeout=900,
        )  # fmt: skip


def main() -> int:
    """Make all pictures."""
    missing = [p for p in ("tmux", "chromium") if shutil.which(p) is None]
    if missing:
        sys.stderr.write(f"Not installed: {', '.join(missing)}\n")
        return 2
    ASSETS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        for language in LANGUAGES:
            wizard(Path(name), language)
        pages(Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
