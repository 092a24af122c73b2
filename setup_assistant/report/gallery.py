"""The checks as cards: the picture or film strip, the question, both answers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import PurePath

from setup_assistant.messages import Message, msg
from setup_assistant.report.labels import ASKED
from setup_assistant.report.markup import Html, Part, data_uri, el, table
from setup_assistant.report.receipt import CheckLine, Receipt
from setup_assistant.report.sections import because_message, status_message
from setup_assistant.times_text import took
from setup_assistant.units_text import memory_text
from setup_assistant.verify.results import PASSED

SUITES: dict[str, Message] = {
    "canary": msg("Canary: the small model that proves the environment"),
    "smoke": msg("Smoke test: the model itself"),
}


def gallery(receipt: Receipt, pictures: Mapping[str, bytes]) -> Html:
    """Return every check: those with pictures as cards, the others as one table a suite.

    Args:
        receipt: what was checked.
        pictures: base name of a picture, clip or film strip (`NAME.strip.png`) → its bytes.
    """
    parts: list[Part] = []
    for suite, group in groupby(receipt.checks, key=lambda c: c.suite):
        checks = list(group)
        plain = [c for c in checks if not c.files]
        parts.append(el("h3", SUITES[suite]))
        scenes = groupby((c for c in checks if c.files), key=lambda c: (c.kind, c.files))
        cards = [_card(list(same), pictures) for _key, same in scenes]
        parts.append(el("div", *cards, class_="cards"))
        if plain:
            parts.append(_plain(plain))
    return el("div", *parts)


def badge(status: str) -> Html:
    """Return a check's status as a small coloured word."""
    look = "good" if status in PASSED else "bad" if status == "fail" else "idle"
    return el("span", status_message(status), class_=f"badge {look}")


def _card(checks: list[CheckLine], pictures: Mapping[str, bytes]) -> Html:
    """Return one scene, asked about in one or more languages."""
    first = checks[0]
    shown = [_picture(PurePath(f).name, pictures) for f in first.files]
    kind = ASKED.get(first.kind or "", Message(first.kind or first.name))
    return el(
        "article",
        el("header", el("h4", kind), class_="cardhead"),
        el("div", *shown, class_="pictures"),
        *(_exchange(c) for c in checks),
        class_="card",
    )


def _picture(name: str, pictures: Mapping[str, bytes]) -> Html:
    """Return a picture; of a clip the film strip, and the clip itself on a screen."""
    strip = pictures.get(f"{PurePath(name).stem}.strip.png")
    content = pictures.get(name)
    if name.endswith(".mp4") and content is not None:
        source = data_uri("x.png", strip) if strip else None
        clip = el(
            "video", src=data_uri(name, content), controls="", muted="", loop="",
            preload="none" if strip else "metadata", poster=source,
        )  # fmt: skip
        still = el("img", src=source, alt=name, class_="strip") if source else None
        play = el("details", el("summary", msg("Play the clip")), clip, class_="clip")
        return el("figure", still, play, el("figcaption", name), class_="film")
    drawn = el("img", src=data_uri(name, content), alt=name) if content else None
    return el("figure", drawn, el("figcaption", name))


def _exchange(check: CheckLine) -> Html:
    figures = [
        " ".join(p for p in (check.device, check.dtype) if p),
        memory_text(check.peak_memory_bytes) if check.peak_memory_bytes else "",
    ]
    distance = check.logits_distance
    answer = (check.answer or "").strip()
    said: Part = answer or because_message(check)
    return el(
        "div",
        el("p", badge(check.status), " ", el("code", check.name), class_="name"),
        table(
            (
                (msg("Question"), check.question or "-"),
                (msg("Expected"), check.expected or "-"),
                (msg("Answer"), el("b", said) if answer else said),
            )
        ),
        el("p", took(check.seconds), *(f" · {f}" for f in figures if f),
           el("span", " · ", msg("Logits distance"), f" {distance:.2g}")
           if distance is not None else None, class_="figures"),
        class_="exchange",
        data_check=check.name,
        lang={"en": "en", "zh": "zh-CN"}.get(check.language or ""),
    )  # fmt: skip


def _plain(checks: list[CheckLine]) -> Html:
    rows = [
        (c.name, badge(c.status), "; ".join(c.evidence) or because_message(c), took(c.seconds))
        for c in checks
    ]
    return table(rows, (msg("Check"), msg("Status"), msg("Evidence"), msg("Time")))
