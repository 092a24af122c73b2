"""The colours of the report, measured: text at 4.5 to 1, bars and marks at 3 to 1 (WCAG 2.2 AA)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import setup_assistant.report.html as html

CSS = (Path(html.__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
TEXT = [("ink", "paper"), ("ink", "card"), ("ink", "track"), ("soft", "paper"), ("soft", "card"),
        ("paper", "ink"), ("good", "good-soft"), ("bad", "bad-soft"), ("idle", "idle-soft"),
        ("ink", "bad-soft"), ("ink", "idle-soft")]  # fmt: skip
MARKS = [
    (bar, "track") for bar in ("predicted", "rehearsed", "measured", "step", "budget", "total")
]
THEMES = {
    "light": r":root \{(.*?)\}",
    "dark": r'html\[data-theme="dark"\] \{(.*?)\}',
    "print": r"@media print \{\s*:root, html\[data-theme\] \{(.*?)\}",
}


def colours(theme: str) -> dict[str, str]:
    found = re.search(THEMES[theme], CSS, re.DOTALL)
    assert found, theme
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", found[1]))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * d for d in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_bars_can_be_read(theme: str) -> None:
    known = colours(theme)
    low = {
        f"{front} on {back}": round(ratio, 2)
        for pairs, least in ((TEXT, 4.5), (MARKS, 3.0))
        for front, back in pairs
        if (ratio := contrast(known[front], known[back])) < least
    }
    assert low == {}


def test_the_measure_is_right() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)
