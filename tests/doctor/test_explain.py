"""`--explain`: every known text has its cause; what is not known is not guessed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from setup_assistant import messages
from setup_assistant.catalog import causes
from setup_assistant.doctor.explain import explain
from setup_assistant.doctor.finding import Finding
from setup_assistant.doctor.text_patterns import literal_of, literals_of
from tests.doctor.samples import SAMPLES, UNRELATED, UNSEEN
from tests.doctor.threads import STRANGE, THREADS
from tests.doctor.threads_later import HARMLESS, LATER, OPEN
from tests.recorded import compare, names

# The ids that rows had when they were first collected; the samples still use them.
_OLD = {wanted for wanted, _text in SAMPLES}


def id_of(name: str) -> str:
    return causes.find(name).id


def titled(text: str) -> str:
    return f"{' '.join(text.split())[:60]} {hashlib.sha256(text.encode()).hexdigest()[:6]}"


def told(findings: Sequence[Finding]) -> str:
    """Return findings with their evidence and commands; what a row says stands in its recipe."""
    lines = []
    for one in findings:
        about = [one.layer, one.status, one.confidence, *(["first"] if one.primary else [])]
        lines.append(f"{one.id} ({', '.join(about)}, of {one.consequence_of}): {one.cause}")
        lines += [f"  {source}: {value}" for source, value in one.evidence]
        if one.fix:
            flags = [k for k, v in vars(one.fix).items() if v is True and k != "reversible"]
            lines += [f"  > {line}" for line in (*one.fix.commands, *flags)]
    return "\n".join(lines)


def ids_of(names: list[str]) -> list[str]:
    return [id_of(name) for name in names]


@pytest.mark.parametrize(("wanted", "text"), [*SAMPLES, *UNSEEN])
def test_a_text_names_its_cause_first(wanted: str, text: str) -> None:
    found = explain(text)
    assert [f.id for f in found][:1] == [id_of(wanted)], [f.id for f in found]
    assert found[0].primary
    assert found[0].confidence == "inferred"
    assert found[0].fix is not None
    assert str(found[0].fix.advice)


def test_every_row_of_the_facts_has_a_sample() -> None:
    rows = {row.id for _layer, row in causes.every() for a in row.aliases if a in _OLD}
    assert len(rows) == 67
    assert rows == {id_of(wanted) for wanted, _text in SAMPLES}


def test_texts_of_public_threads_name_their_cause_first() -> None:
    assert len(THREADS) >= 80
    assert len(LATER) >= 160
    every = [(wanted, text, explain(text)) for wanted, _s, text in (*THREADS, *LATER)]
    named = [(wanted, next((f.id for f in found), "")) for wanted, _text, found in every]
    assert [pair for pair in named if id_of(pair[0]) != pair[1]] == []
    kept = Path(__file__).with_name("recorded_texts.txt")
    compare(kept, {titled(text): told(found) for _wanted, text, found in every})
    assert names(kept) == {titled(text) for _wanted, text, _found in every}


def test_a_symptom_comes_after_its_cause_wherever_they_stand() -> None:
    text = (
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"
        "RuntimeError: No CUDA GPUs are available\n"
        "gdm3: modprobe: ERROR: could not insert 'nvidia': Key was rejected by service"
    )
    assert [f.id for f in explain(text)] == ids_of(["DRV05", "DRV03", "GPU02"])


def test_what_a_symptom_is_one_of_is_known() -> None:
    rows = [row for _layer, row in causes.every()]
    ids = {row.id for row in rows}
    assert len(ids) == len(rows)
    for row in rows:
        assert ids >= set(row.symptom_of)
        assert row.id not in row.symptom_of


def test_a_warning_gives_way_to_the_error_after_it() -> None:
    text = (
        "Unrecognized keys in `rope_scaling` for 'rope_type'='default': {'mrope_section'}\n"
        "loading preprocessor_config.json\n"
        "RuntimeError: FlashAttention only supports Ampere GPUs or newer."
    )
    assert [f.id for f in explain(text)] == ids_of(["X-FLASH", "PKG03", "WGT08"])


def test_a_long_log_is_read_in_time() -> None:
    text = "INFO 2026-11-22 step 1 loss 0.1 /a/b.py:1 [x] `y` 'z' (w): 5.0 GiB\n" * 8_000
    assert explain(text) == ()
    assert explain(text + "RuntimeError: No CUDA GPUs are available")[0].id == id_of("GPU02")


@pytest.mark.parametrize("text", [*UNRELATED, *STRANGE, *HARMLESS, *OPEN])
def test_what_is_not_known_is_not_guessed(text: str) -> None:
    assert explain(text) == ()


def test_an_earlier_line_outranks_a_later_one() -> None:
    text = (
        "ModuleNotFoundError: No module named 'torchvision'\n"
        "During handling of the above exception, another exception occurred:\n"
        "AttributeError: module 'torchvision.io' has no attribute 'read_video'\n"
    )
    assert [f.id for f in explain(text)] == ids_of(["PKG06", "PKG07"])
    assert [f.id for f in explain("\n".join(reversed(text.splitlines())))] == ids_of(
        ["PKG07", "PKG06"]
    )


def test_what_says_little_comes_after_what_says_much() -> None:
    text = (
        '  File "/home/me/miniconda3/envs/q/lib/python3.10/runpy.py", line 86, in run\n'
        '  File "/home/me/.local/lib/python3.10/site-packages/transformers/x.py", line 1\n'
        "RuntimeError: operator torchvision::nms does not exist"
    )
    assert [f.id for f in explain(text)] == ids_of(["ENV03", "ENV09"])


def test_colours_and_carriage_returns_do_not_hide_a_text() -> None:
    text = "\x1b[31mERROR\x1b[0m: RuntimeError: No CUDA \x1b[1mGPUs\x1b[0m are available\r\n"
    assert explain(text)[0].id == id_of("GPU02")


def test_the_rows_speak_both_languages_and_name_a_layer() -> None:
    for layer, row in causes.every():
        assert layer in causes.NAMES
        assert row.source
        assert row.date
        for said in (*row.sentences, *row.advice):
            assert said.places == causes.Sentence(en=said.zh, zh="").places, row.id
        both = "".join(said.zh for said in (*row.sentences, *row.advice))
        assert any("一" <= c <= "鿿" for c in both) or row.id == "verb-failed"
    messages.use_language("zh_CN")
    assert str(explain("bash: nvidia-smi: command not found")[0].cause).startswith("没有安装")


def test_a_root_command_is_marked() -> None:
    found = explain("Key was rejected by service")[0].fix
    assert found is not None
    assert found.needs_root
    assert found.needs_reboot
    assert not found.automatic


def test_what_every_match_holds_is_found_in_the_pattern() -> None:
    for _layer, row in causes.every():
        for text in row.texts:
            parts = literals_of(text.pattern)
            assert any(part in text.example.lower() for part in parts), text.pattern
    assert literal_of(r"ab?cde[x|y]fg\(h(?:i|jklmno)+pq{2}") == "fg(h"
    assert literal_of("one|other") == ""
    assert literals_of(r"one|(?:a|b)other\|thing|x?") == ("one", "other|thing", "")
    assert literal_of(r"colou?r\b") == "colo"
