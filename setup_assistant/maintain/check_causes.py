"""The rules of `causes/`: one id per cause, an example per text, and nobody catches another's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from setup_assistant.catalog import checks, cuda_results
from setup_assistant.catalog.causes import FLEET, Cause, CauseFile, compiled, known
from setup_assistant.choose.remedies import NEEDS
from setup_assistant.doctor.diagnose import known_ids
from setup_assistant.doctor.explain import Rows, matches, prepared
from setup_assistant.doctor.text_reason import ONLY_INFERRED
from setup_assistant.maintain.fault import Fault, repeated

Layers = Sequence[tuple[str, CauseFile]]


def cause_faults(layers: Layers) -> list[Fault]:
    """Return what is wrong with the catalogue as a whole and with each row."""
    rows = [(file_of(name), row) for name, file in layers for row in file.cause]
    ids = {row.id for _file, row in rows}
    looked_for = {
        *known_ids(),
        *checks.load().order,
        *ONLY_INFERRED,
        *(row.cause for row in cuda_results.load().result),
        *(i.removeprefix("live-") for i in known_ids()),
    }
    # A host's fault is looked for by what ssh and its shell say alone, never in a pasted text.
    whole = [(name, row) for name, file in layers for row in file.cause if _whole(row)]
    order = prepared(r for r in whole if r[0] != FLEET)
    hosts = prepared(r for r in whole if r[0] == FLEET)
    found = list(_repeated(rows))
    for file, row in rows:
        place = f"cause({row.id})"
        found += _texts(file, place, row, hosts if file == file_of(FLEET) else order)
        found += (
            Fault(file=file, key=f"{place}.symptom_of", what=f"{name!r} is no cause")
            for name in row.symptom_of
            if name not in ids or name == row.id
        )
        found += (
            Fault(file=file, key=f"{place}.remedy", what=f"{remedy.need!r} is no need")
            for remedy in row.remedy
            if remedy.need not in NEEDS
        )
        found += _sentences(file, place, row)
        told = row.texts or row.cuda or row.nvml or row.exit or row.signal
        if not (told or row.id in looked_for or file == file_of(FLEET) or row.id in _PROBE):
            found.append(Fault(file=file, key=place, what="no text, code or check leads to it"))
    return found


# Verdicts that the probe makes out by itself, and no check repeats.
_PROBE = ("nvml-too-old", "field-unsupported")


def check_faults(file: checks.Checks) -> Iterator[Fault]:
    """Yield what is wrong with the causes of checks: each is known once, its patterns are such."""
    name = "checks.toml"
    yield from repeated(name, "order", file.order)
    listed = (("order", file.order), ("consequences", file.consequences),
              ("of_canary", file.of_canary), ("of_model", file.of_model),
              ("raised", tuple(cause for cause, _pattern in file.raised)))  # fmt: skip
    for key, names in listed:
        for cause in names:
            if cause not in file.order or not known(cause):
                yield Fault(file=name, key=key, what=f"{cause!r} is no cause of a check")
    for number, (_cause, pattern) in enumerate(file.raised):
        try:
            re.compile(pattern)
        except re.error as error:
            yield Fault(file=name, key=f"raised[{number}]", what=f"{pattern}: {error}")


def result_faults(file: cuda_results.CudaResults) -> Iterator[Fault]:
    """Yield what is wrong with the results of CUDA: each is there once, and names a cause."""
    name = "cuda_results.toml"
    yield from repeated(name, "result", [str(row.number) for row in file.result])
    yield from repeated(name, "result", [n for row in file.result for n in row.names])
    for row in file.result:
        if not known(row.cause):
            yield Fault(file=name, key=f"result({row.number})", what=f"{row.cause!r} is no cause")


def file_of(layer: str) -> str:
    """Return the name of a layer's file."""
    return f"causes/{layer}.toml"


def _repeated(rows: Sequence[tuple[str, Cause]]) -> Iterator[Fault]:
    # A host's fault may be called as the doctor's.
    names = Counter(n for file, row in rows for n in (row.id, *row.aliases)
                    if file != file_of(FLEET) or n == row.id)  # fmt: skip
    for file, row in rows:
        for name in (row.id, *row.aliases):
            if names[name] > 1:
                yield Fault(file=file, key=f"cause({row.id})", what=f"{name!r} stands there twice")


def _texts(file: str, place: str, row: Cause, order: Rows) -> Iterator[Fault]:
    for number, text in enumerate(row.texts):
        key = f"{place}.texts[{number}]"
        try:
            hit = compiled(text.pattern).search(text.example)
        except re.error as error:
            yield Fault(file=file, key=key, what=f"{text.pattern}: {error}")
            return
        if not text.example.strip():
            yield Fault(file=file, key=key, what="it has no example")
        elif not hit:
            yield Fault(file=file, key=key, what=f"its example is not matched: {text.example}")
        else:
            first = next((m.cause.id for m in matches(text.example, order)), "")
            if first != row.id:
                yield Fault(file=file, key=key, what=f"{first} catches it first: {text.example}")


def _whole(row: Cause) -> bool:
    try:
        return all(compiled(text.pattern) for text in row.texts)
    except re.error:
        return False


def _sentences(file: str, place: str, row: Cause) -> Iterator[Fault]:
    for key, sentences in (("sentences", row.sentences), ("advice", row.advice)):
        if not sentences:
            yield Fault(file=file, key=f"{place}.{key}", what="there is none")
        for said in sentences:
            chinese = set(re.findall(r"(?<!\{)\{(\w+)\}", said.zh))
            if chinese != said.places:
                yield Fault(file=file, key=f"{place}.{key}", what=f"other places: {said.zh}")
