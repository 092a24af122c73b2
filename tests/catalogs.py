"""`python -m tests.catalogs`: bring the Chinese catalog up to date with the sentences in use.

New sentences appear with an empty translation, for a person to fill in; sentences no longer in
use are dropped. `python -m tests.catalogs --check` changes nothing and fails where work is left.
"""

from __future__ import annotations

import argparse
import ast
import io
import string
import sys
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "setup_assistant"
PO = PACKAGE / "locale" / "zh_CN" / "LC_MESSAGES" / "setup_assistant.po"
# Calls that mark a sentence, and which of their arguments it is.
KEYWORDS = {"_": 0, "msg": 0, "because": 1, "beware": 1, "first": 1}


# click's: what another release of it says, and what it does not mark.
CLICK = {"(Possible options: {possibilities})", "COMMAND [ARGS]...", "No such option: {name}",
         "[COMMAND] [ARGS]...", "[OPTIONS]", "required"}  # fmt: skip
# For programmers, for prompts that only `ask` makes, and for deprecations there are none of.
UNMET = (
    "deprecat", "Boolean option", "Could not determine name", "No options defined",
    "Name '{name}' defined twice", "Arguments take exactly", "Value must be an iterable",
    "Choice({choices})", "does not match the format", "is not a valid UUID", "Do you want",
    "Confirm the action", "Invalid start character", "values are required",
)  # fmt: skip


def of_click() -> set[str]:
    """Return every template of click that a person can meet here."""
    found = set(CLICK)
    for path in Path(click.__file__).parent.glob("*.py"):
        if path.stem not in ("core", "decorators", "exceptions", "formatting", "parser", "types"):
            continue
        keywords = {"_": None, "ngettext": (1, 2)}
        for _line, message, _c, _x in extract_from_file("python", str(path), keywords=keywords):
            found.update(message if isinstance(message, tuple) else (message,))
    return {text for text in found if not any(part in text for part in UNMET)}


@cache
def sentences() -> dict[str, list[tuple[str, int]]]:
    """Return every sentence for people in the package, with the places it stands."""
    found: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        # Not by Babel's own extraction, which does not look into f-strings.
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if text := _sentence(node):
                place = (path.relative_to(ROOT).as_posix(), node.lineno)
                found.setdefault(text, []).append(place)
    for text in sorted(of_click()):
        found.setdefault(text, []).append(("setup_assistant/cli/terminal/click_messages.py", 1))
    return found


def _sentence(node: ast.AST) -> str:
    """Return the sentence of a call that marks one; nothing for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    place = KEYWORDS.get(getattr(node.func, "id", getattr(node.func, "attr", "")))
    text = getattr(node.args[place], "value", None) if place in range(len(node.args)) else None
    return text if isinstance(text, str) else ""


def translations() -> dict[str, str]:
    """Return sentence → Chinese of the catalog as it is."""
    if not PO.exists():
        return {}
    with PO.open("rb") as stream:
        return {str(m.id): str(m.string or "") for m in read_po(stream) if m.id}


def places(text: str) -> set[str]:
    """Return the names of the `{places}` in a sentence."""
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}


def faults() -> list[str]:
    """Return what is wrong with the catalog: missing, stale or mismatched sentences."""
    wanted, have = sentences(), translations()
    found = [f"untranslated: {t!r} ({wanted[t][0][0]})" for t in wanted if not have.get(t)]
    found += [f"no longer in use: {t!r}" for t in have if t not in wanted]
    found += [
        f"other places than the English: {t!r} -> {have[t]!r}"
        for t in wanted
        if have.get(t) and places(t) != places(have[t])
    ]
    if shipped() != {t: s for t, s in have.items() if s}:
        found.append("setup_assistant.mo is older than setup_assistant.po")
    return found


def shipped() -> dict[str, str]:
    """Return sentence → Chinese of the compiled catalog; its header names the tool it is from."""
    try:
        with PO.with_suffix(".mo").open("rb") as stream:
            return {str(m.id): str(m.string or "") for m in read_mo(stream) if m.id}
    except (OSError, ValueError):
        return {}


def compiled() -> bytes:
    """Return the catalog in its compiled form."""
    stream = io.BytesIO()
    write_mo(stream, _catalog({t: s for t, s in translations().items() if s}))
    return stream.getvalue()


def update() -> None:
    """Write the .po with all sentences in use, and the .mo."""
    have = translations()
    catalog = _catalog({})
    for text, where in sentences().items():
        files = sorted({(name, 0) for name, _line in where})
        catalog.add(text, have.get(text, ""), locations=files)
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as stream:
        write_po(stream, catalog, width=100, sort_output=True, include_lineno=False)
    PO.with_suffix(".mo").write_bytes(compiled())


def _catalog(entries: dict[str, str]) -> Catalog:
    # Fixed dates: an update that changes no sentence changes no file.
    day = datetime(2026, 11, 22, tzinfo=timezone.utc)
    catalog = Catalog(
        locale="zh_CN",
        project="setup-assistant",
        version="1",
        header_comment="# Chinese sentences of Setup Assistant.",
        creation_date=day,
        revision_date=day,
        last_translator="",
        language_team="",
        fuzzy=False,
    )
    for text, chinese in entries.items():
        catalog.add(text, chinese)
    return catalog


def main() -> int:
    """Update, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail on faults")
    if not parser.parse_args().check:
        update()
    found = faults()
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
