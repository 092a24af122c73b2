"""Read a result of CUDA in whatever form a program prints it: by its sentence, name or number.

Each program has a form of its own; the results are the same few in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice

from setup_assistant.catalog import cuda_results
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.text_mentions import mentioned
from setup_assistant.doctor.text_patterns import Hit

# Forms that are looked at in one text.
_MOST = 100
# "CUDA error: …", "CUDA error 700 at f.cu:1: …", "CUDA driver error: …", "Cuda failure 'invalid
# argument'", "CUDA runtime error (a.cc:1): …", "CUDA call failed lazily … with error: …".
_SAID = re.compile(
    r"\bCUDA[ _](?:runtime |driver |API |call |kernel )?"
    r"(?:error|failure|exception|failed)\b(?P<said>[^\n]{0,240})"
    # bitsandbytes names the file after it.
    r"|^\W{0,12}(?:\w+Error: )?Error (?P<sooner>[^\n]{5,120}) at line \d+ in file",
    re.IGNORECASE | re.MULTILINE,
)
# A name counts where it is told of as what went wrong, not where a program compares with it.
_NAMED = re.compile(
    r"(?:error|fail(?:ed|ure|s)?|return(?:ed|s)|status|exception|assert\w*|code|what\(\)|=>|got)"
    r"\b[^\n]{0,160}?\b(?P<name>cudaError[A-Z]\w+|CUDA_ERROR_[A-Z_]+)\b"
    r"|^\W{0,12}(?P<first>cudaError[A-Z]\w+|CUDA_ERROR_[A-Z_]+): (?!=)",
    re.IGNORECASE | re.MULTILINE,
)
_CODE = re.compile(r"(?:==|!=|\bcase |\breturn |#define |\benum\b|\bif ?\(|=\s*\d+,|/\*)[^\n]*$")
_NUMBERED = re.compile(
    r"\b(?:cuda(?: runtime| driver| API)?|cudart|cu(?:da)?[A-Z]\w+(?:\(\w*\))?)"
    r"[ _]?(?:call )?(?:error|failure|failed|returned|returns)\b"
    r"(?: with)?(?: code| error)*[ :=#(]{1,3}(?:code )?(?P<number>\d{1,3})\b(?![.%])",
    re.IGNORECASE,
)


def result(text: str) -> Iterator[Inferred]:
    """Yield the cause of the result of CUDA that a text tells of, the first of them first."""
    found = [*_sentences(text), *_names(text), *_numbers(text)]
    # That CUDA was closing already comes after another error.
    for hit, cause in sorted(found, key=lambda f: (f[1] == "cuda-ended", f[0].start)):
        if not mentioned(text, hit):
            yield Inferred(cause=cause, start=hit.start)


def _sentences(text: str) -> Iterator[tuple[Hit, str]]:
    for found in islice(_SAID.finditer(text), _MOST):
        part = "said" if found["said"] else "sooner"
        said = (found[part] or "").lower()
        for sentence, cause in _by_sentence().items():
            if sentence in said:
                end = found.start(part) + said.index(sentence) + len(sentence)
                yield Hit(found.start(), end, {}), cause
                break


def _names(text: str) -> Iterator[tuple[Hit, str]]:
    for found in islice(_NAMED.finditer(text), _MOST):
        name = found["name"] or found["first"]
        begin = text.rfind("\n", 0, found.start()) + 1
        if name in _by_name() and not _CODE.search(text, begin, found.end()):
            yield Hit(begin, found.end(), {}), _by_name()[name]


def _numbers(text: str) -> Iterator[tuple[Hit, str]]:
    for found in islice(_NUMBERED.finditer(text), _MOST):
        if cause := _by_number().get(int(found["number"])):
            yield Hit(found.start(), found.end(), {}), cause


@cache
def _by_sentence() -> Mapping[str, str]:
    """Return the sentences, the longest first: one may hold another."""
    rows = sorted(cuda_results.load().result, key=lambda r: -len(r.said))
    return {row.said.lower(): row.cause for row in rows}


@cache
def _by_name() -> Mapping[str, str]:
    return {name: row.cause for row in cuda_results.load().result for name in row.names}


@cache
def _by_number() -> Mapping[int, str]:
    return {row.number: row.cause for row in cuda_results.load().result}
