"""The secrets that this account holds itself: taken out literally, wherever they show up.

Whatever `redact` finds in the account's own variables and files of settings is looked for in every
text: a password of a plain word that an error repeats without a name beside it has no shape that
a rule could know.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from setup_assistant.host import lenient
from setup_assistant.host.secrets import names, rules
from setup_assistant.host.secrets.matching import regex

# Where programs keep tokens and passwords, below the home folder.
_FILES = (
    ".netrc", "_netrc", ".git-credentials", ".config/git/credentials", ".pypirc", ".pip/pip.conf",
    ".config/pip/pip.conf", "pip/pip.ini", ".config/uv/uv.toml", ".condarc", ".mambarc",
    ".docker/config.json", ".aws/credentials", ".npmrc", ".config/gh/hosts.yml", ".wgetrc",
    ".kaggle/kaggle.json", ".pgpass", ".my.cnf", ".s3cfg", ".ossutilconfig", ".curlrc",
    ".cache/huggingface/token", ".huggingface/token", ".cache/huggingface/stored_tokens",
    ".modelscope/credentials/session", ".modelscope/credentials/git_token", ".vault-token",
)  # fmt: skip
# Files that hold one token and nothing else.
_TOKEN_FILES = ("token", "session", "git_token", ".vault-token")
# Variables that name such a file.
_NAMING = ("NETRC", "PIP_CONFIG_FILE", "UV_CONFIG_FILE", "CONDARC", "HF_TOKEN_PATH")
_LOGIN = regex(r"://[^\s/@]+@")
_WORD = regex(r"[^\s\"'=:@/,;&?<>\[\]{}()]+")
_SHORTEST, _SHORTEST_PLAIN, _MOST_CHARS, _MOST = 8, 16, 65536, 256


def hide(text: str) -> str:
    """Return `text` without the secrets of this account's own variables and files."""
    found = _pattern()
    return found.sub("***", text) if found else text


@functools.cache
def _pattern() -> re.Pattern[str] | None:
    words = sorted(held(os.environ, Path.home()), key=len, reverse=True)[:_MOST]
    if not words:
        return None
    # As a word: what a longer one holds is another.
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, words))})(?![A-Za-z0-9])")


def held(environ: Mapping[str, str], home: Path) -> frozenset[str]:
    """Return the secrets in variables and in the files of settings below a home folder."""
    found: set[str] = set()
    for name, value in environ.items():
        if _LOGIN.search(value) or (names.is_secret(name, value) and not _is_place(value)):
            found.update(_hidden(f"{name}={value}"))
    named = [Path("/etc/pip.conf"), *(Path(environ[n]) for n in _NAMING if environ.get(n))]
    for path in (*(home / f for f in _FILES), *named):
        text = lenient.text(path)[:_MOST_CHARS]
        alone = path.name in _TOKEN_FILES and len(text.split()) == 1
        found.update(_hidden(f"token={text}" if alone else text) if text else ())
    return frozenset(found)


def _is_place(value: str) -> bool:
    """Whether a value names a file or folder, e.g. of GOOGLE_APPLICATION_CREDENTIALS."""
    return value.startswith(("/", "~", "\\", "./")) or value[1:3] in (":\\", ":/")


def _hidden(text: str) -> Iterator[str]:
    """Yield the words that the rules take out of a text and that are no plain ones."""
    kept = set(_WORD.findall(rules.apply(text)))
    for word in set(_WORD.findall(text)) - kept:
        plain = word.isalpha() and word in (word.lower(), word.upper(), word.capitalize())
        if len(word) >= (_SHORTEST_PLAIN if plain else _SHORTEST):
            yield from {word, unquote(word)}
