"""The order in which package indexes are asked: the first that has a fitting version serves it.

pip, and uv with `unsafe-best-match`, take the highest version that any index has: an additional
index could put its own package in the place of every dependency that is not pinned. Asked after
the package index, it serves only what that does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from setup_assistant.machine.own_sources import uv_indexes, uv_settings

_PYPI = "https://pypi.org/simple"


def in_order(env: Mapping[str, str], requirements: str = "") -> dict[str, str]:
    """Return uv's environment with the indexes in their order, for the text of requirements.

    The order: the package index (of the requirements, else the person's replacement, else PyPI),
    the additional ones of the requirements (PyTorch's comes first there), those of the person.
    Nothing is changed where the person told uv a strategy.
    """
    if env.get("UV_INDEX_STRATEGY") or env.get("UV_NO_INDEX") or "\n--no-index" in requirements:
        return dict(env)
    default, more = uv_indexes(uv_settings())
    first = [*_options(requirements, "--index-url"), env.get("UV_DEFAULT_INDEX"),
             env.get("UV_INDEX_URL"), default, _PYPI]  # fmt: skip
    rest = [*_options(requirements, "--extra-index-url"), *env.get("UV_INDEX", "").split(),
            *env.get("UV_EXTRA_INDEX_URL", "").split(), *more]  # fmt: skip
    indexes = [next(url for url in first if url), *rest]
    kept = {k: v for k, v in env.items() if k != "UV_EXTRA_INDEX_URL"}
    return {
        **kept,
        # Of two indexes with one name uv keeps the later one only.
        "UV_INDEX": " ".join(dict.fromkeys(_NAME.sub("", url) for url in indexes)),
        "UV_INDEX_STRATEGY": "unsafe-first-match",
    }


_NAME = re.compile(r"^[\w.-]+=(?=\w+:)")


def _options(requirements: str, option: str) -> Iterator[str]:
    for line in requirements.splitlines():
        name, _, value = line.strip().partition(" ")
        if name == option and value.strip():
            yield value.strip()
