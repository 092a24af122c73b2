"""The one place that takes secrets and identities out of text, in time linear in its length.

Two levels. `redact` and `redact_json` take out secrets: everything that is logged, printed,
recorded or returned passes through them. `anonymous` also takes out who and where: users, hosts,
addresses, folders, serial numbers; it serves what is handed on (`report --share`,
`doctor --bundle`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import unquote

from setup_assistant.host.secrets.matching import regex
from setup_assistant.host.secrets.names import is_secret

HIDDEN = "***"
_ENCODED = regex(r"%[0-9A-Fa-f]{2}")
_ENCODED_ROUNDS = 4
_SHORTEST, _LONGEST = 12, 8192
# In a password; it does not end there.
_BLANK = regex(r"%20(?=[^\s/@]{0,80}@)")
_COLOUR = regex(r"\x1b\[[0-9;]{0,20}[mK]")
_ENTITY = regex(r"&(?:quot|apos|lt|gt|#x?[0-9a-fA-F]{2,4});")
_CONTINUED = regex(r"(?<=[^\s\\])\\\r?\n(?=\S)")
_FLAG = regex(r"--?([A-Za-z][\w-]{0,60})", re.ASCII)


def redact(text: str) -> str:
    """Return `text` with passwords, tokens and keys replaced by `***`."""
    from setup_assistant.host.secrets import own, rules

    if is_word(text):
        return text
    return decoded(text, lambda plain: rules.apply(own.hide(plain)))


def redact_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with `redact` applied to every string, keys included.

    What stands under the name of a secret is taken out whatever it looks like.
    """
    return each(value, redact)


def anonymous(value: Any, **known: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value without secrets and identities; see `identities.anonymous`."""
    from setup_assistant.host.secrets import identities

    return identities.anonymous(value, **known)


def without_login(text: str) -> str:
    """Return `text` with user names, passwords and tokens cut out of every address in it.

    The addresses can be used as they are: this is the form in which files name them.
    """
    from setup_assistant.host.secrets import rules

    return redact(rules.without_login(text))


def without_login_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with `without_login` applied to every string, keys included."""
    return each(value, without_login)


def is_word(text: str) -> bool:
    """Whether a text is one word, such as a key of JSON, shorter or longer than any token."""
    return text.isascii() and text.isalpha() and not _SHORTEST <= len(text) <= _LONGEST


def plainly(text: str) -> str:
    """Return `text` as it is meant: without colours, and percent signs and entities resolved.

    A word that a shell reads on in the next line is one word.
    """
    plain = _CONTINUED.sub("", text) if "\\" in text else text
    plain = _COLOUR.sub("", plain) if "\x1b" in text else plain
    plain = _ENTITY.sub(lambda found: unescape(found[0]), plain) if "&" in text else plain
    for _round in range(_ENCODED_ROUNDS if _ENCODED.search(text) else 0):
        plain = unquote(_BLANK.sub("+", plain), errors="replace")
    return plain


def decoded(text: str, clean: Callable[[str], str]) -> str:
    """Return `clean(text)`, also where what must go is encoded, even several times."""
    plain = plainly(text)
    if plain != text and (inside := clean(plain)) != plain:
        return inside
    # Percent signs that hide nothing stay as they are.
    return clean(text)


def each(value: Any, clean: Callable[[str], str], *, keyed: bool = False) -> Any:  # noqa: ANN401
    """Return a JSON value with `clean` applied to every string, and named secrets taken out.

    `keyed`: a name says what its value is, e.g. `{"serial": "1320"}`; the two are read together.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return _members(value, clean, keyed=keyed)
    if isinstance(value, (list, tuple)):
        return _list(value, clean, keyed=keyed)
    return value


def _members(value: dict[Any, Any], clean: Callable[[str], str], *, keyed: bool) -> dict[Any, Any]:
    found = {}
    named = _named_secret(value)
    for key, item in value.items():
        said = clean(key) if isinstance(key, str) else key
        if isinstance(item, str) and item and _hidden_by(key, item, named=named):
            found[said] = HIDDEN
        elif keyed and isinstance(item, str) and said == key:
            whole = clean(f"{key}: {item}")
            found[said] = whole.removeprefix(f"{key}: ")
        else:
            found[said] = each(item, clean, keyed=keyed)
    return found


def _hidden_by(key: object, item: str, *, named: bool) -> bool:
    return (named and str(key).lower() == "value") or is_secret(str(key), item)


def _named_secret(value: dict[Any, Any]) -> bool:
    """Whether this is a pair such as `{"name": "HF_TOKEN", "value": ...}`."""
    name, held = value.get("name", value.get("key")), value.get("value")
    return isinstance(name, str) and isinstance(held, str) and is_secret(name, held)


def _list(
    value: list[Any] | tuple[Any, ...], clean: Callable[[str], str], *, keyed: bool
) -> list[Any]:
    """Clean a list; a command line's `--token` hides the word after it."""
    found: list[Any] = []
    flag = ""
    for item in value:
        secret = bool(flag) and isinstance(item, str) and is_secret(flag, item)
        found.append(HIDDEN if secret else each(item, clean, keyed=keyed))
        said = _FLAG.fullmatch(item) if isinstance(item, str) else None
        flag = said[1] if said else ""
    return found
