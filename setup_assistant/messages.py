"""Sentences for people, in their language.

A sentence is written once, in English, as a template with named places. It travels through
the program as a `Message` (template and values apart), so that a plan made under a Chinese
terminal equals the same plan made under an English one; it is translated where it is shown.
"""

from __future__ import annotations

import gettext
import locale
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from setup_assistant.terminal_text import one_line

Value = str | int | float | bool | None

DOMAIN = "setup_assistant"
LANGUAGES = ("en", "zh_CN")
# "{count} [file|files]": English says one thing of a single one, and another of more.
_COUNTED = re.compile(
    r"(?P<before>\{(?P<count>\w+)\}[^{}|\[\]]*)\[(?P<one>[^{}|\[\]]*)\|(?P<more>[^{}|\[\]]*)\]"
)
_LOCALE_FOLDER = Path(__file__).parent / "locale"

_catalog: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


@dataclass(frozen=True)
class Message:
    """One sentence: an English template with `{name}` places, and their values.

    `chinese` is the Chinese template of a sentence that comes from a recipe; those of the program
    itself stand in the catalog.
    """

    template: str
    args: Mapping[str, Value] = field(default_factory=dict)
    chinese: str = ""

    def __str__(self) -> str:
        """Return the sentence in the language in use."""
        return _fill(self.open_text, self.args)

    @property
    def open_text(self) -> str:
        """The template in the language in use, its places still open."""
        if self.chinese and _language == "zh_CN":
            return self.chinese
        return _catalog.gettext(self.template) if self.template else ""

    @property
    def english(self) -> str:
        """The sentence in English, whatever language is in use."""
        return _fill(self.template, self.args)

    def into(self, language: str) -> str:
        """Return the sentence in one of `LANGUAGES`, whatever language is in use.

        For documents that carry several languages at once.
        """
        if self.chinese and language == "zh_CN":
            return _fill(self.chinese, self.args)
        return _fill(_catalog_of(language).gettext(self.template), self.args)


def msg(template: str, /, **args: Value) -> Message:
    """Mark `template` for translation and keep its values apart from it."""
    return Message(template, args)


def _(template: str, /, **args: Value) -> str:
    """Translate now; for text that is shown at once."""
    return _fill(_catalog.gettext(template), args)


def translated(template: str) -> str:
    """Return a template in the language in use, its places still open."""
    return _catalog.gettext(template)


def _fill(template: str, args: Mapping[str, Value]) -> str:
    # A value may come from a file or a server: it stays inside the sentence.
    said = {name: one_line(v) if isinstance(v, str) else v for name, v in args.items()}
    if "|" in template:
        template = _COUNTED.sub(lambda found: _one_or_more(found, args), template)
    return template.format(**said) if args else template


def _one_or_more(found: re.Match[str], args: Mapping[str, Value]) -> str:
    return found["before"] + found["one" if args.get(found["count"]) == 1 else "more"]


def use_language(wanted: str | None = None) -> str:
    """Choose the language of every later sentence; returns the one in use.

    `wanted` wins, then LC_ALL, LC_MESSAGES, LANG as usual. English is used where there is no
    catalog for the language.
    """
    global _catalog, _language  # noqa: PLW0603 - the process has one language, like a locale
    _language = _match(wanted or _environment_language())
    _catalog = _catalog_of(_language)
    return _language


def _catalog_of(language: str) -> gettext.NullTranslations:
    """Return the catalog of a language; gettext reads each file once."""
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, _LOCALE_FOLDER, [language], fallback=True)


def language() -> str:
    """The language in use: one of `LANGUAGES`."""
    return _language


def can_print_chinese(stream: TextIO) -> bool:
    """Whether `stream` can encode Chinese; a C-locale terminal cannot."""
    encoding = getattr(stream, "encoding", None) or locale.getpreferredencoding(False)
    try:
        "中文，。".encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def use_printable_language(wanted: str | None = None) -> str:
    """Like `use_language`, but falls back to English where Chinese cannot be printed."""
    chosen = use_language(wanted)
    if chosen != "en" and not can_print_chinese(sys.stdout):
        return use_language("en")
    return chosen


def _environment_language() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value
    return "en"


def of_environment() -> str:
    """Return the language that the variables of the environment ask for."""
    return _match(_environment_language())


def is_language(tag: str) -> bool:
    """Whether `tag` names one of `LANGUAGES`, e.g. zh, zh-CN or en_US.UTF-8."""
    return re.match(r"(en|zh)(?![a-z])", tag, re.IGNORECASE) is not None


def _match(tag: str) -> str:
    return "zh_CN" if tag.lower().replace("-", "_").split(".")[0].startswith("zh") else "en"
