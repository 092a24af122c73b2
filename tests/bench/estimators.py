"""Memory estimators side by side: ten questions with measured answers, who answers, how far off.

    python -m tests.bench.estimators [--scratch DIR]

Installs each peer into an environment of its own from the package index, asks it the same
questions without a network, and prints for each its answers against what was measured
(tests/choose/measured.toml), and the time it takes beyond the bare start of its interpreter.
Peers that read a local configuration get the model's own; those that must ask a hub cannot
answer. Not part of the tests: it needs a package index.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.catalog.architecture import architecture
from tests.choose.described import GIB, known
from tests.choose.test_measured import Row, measured

ROOT = Path(__file__).resolve().parents[2]
# No hub: as on a machine that has not been let out yet.
ALONE = {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9", "NO_COLOR": "1",
         "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9",
         "COLUMNS": "200"}  # fmt: skip
REPEAT = 3


@dataclass(frozen=True, kw_only=True)
class Question:
    """One measured call on a card of so many GB."""

    row: Row
    card: int

    @property
    def tokens(self) -> int:
        """Tokens of text, prompt and answer: what a peer can be told at all."""
        return self.row.text_tokens + self.row.new_tokens


def questions() -> list[Question]:
    """Return five calls with pictures or vision alone, and five of text from the table."""
    wanted = {"2B, 14336": 24, "2B-AWQ, 1 ": 6, "7B, 6144": 24, "7B-GPTQ-Int4, 1 ": 8,
              "72B-AWQ, 6144": 80}  # fmt: skip
    found = [Question(row=row, card=24 if "A100" not in row.source else 80)
             for row in measured().row if row.measure in {"process", "vision"}][:5]  # fmt: skip
    for row in measured().table.rows():
        found += [Question(row=row, card=c) for k, c in wanted.items() if row.source.startswith(k)]
    return found


def ours(question: Question, scratch: Path) -> list[str]:
    """Return our command."""
    row = question.row
    command = [sys.executable, "-m", "setup_assistant", "estimate", row.model, "--json",
               "--transformers", row.transformers, "--torch", row.torch, "--attention",
               row.attention, "--text-tokens", str(row.text_tokens), "--new-tokens",
               str(row.new_tokens), "--gpu-count", str(row.gpus)]  # fmt: skip
    del scratch
    return [*command, *(part for image in row.images for part in ("--image", image))]


def _ours(said: str, question: Question) -> float | None:
    data = json.loads(said)["data"]
    kind = {"vision": "allocated_bytes"}.get(question.row.measure, "need_bytes")
    return float(data[kind]) / GIB


def accelerate(question: Question, scratch: Path) -> list[str]:
    return [_bin(scratch, "accelerate-estimate-memory"), question.row.model, "--library_name",
            "transformers"]  # fmt: skip


def hf_mem(question: Question, scratch: Path) -> list[str]:
    return [_bin(scratch, "hf-mem"), "--model-id", question.row.model, "--json-output",
            "--experimental", "--max-model-len", str(question.tokens)]  # fmt: skip


def llmfit(question: Question, scratch: Path) -> list[str]:
    quant = (
        [] if "AWQ" in question.row.model or "GPTQ" in question.row.model else ["--quant", "F16"]
    )
    return [_bin(scratch, "llmfit"), "--json", "plan", question.row.model, "--context",
            str(question.tokens), *quant]  # fmt: skip


def _llmfit(said: str, question: Question) -> float | None:
    value = json.loads(said)
    same = value["model_name"] == question.row.model
    return float(value["minimum"]["vram_gb"]) * 1e9 / GIB if same else None


def whichllm(question: Question, scratch: Path) -> list[str]:
    return [_bin(scratch, "whichllm"), "plan", question.row.model, "--json", "--context-length",
            str(question.tokens)]  # fmt: skip


def vramcalc(question: Question, scratch: Path) -> list[str]:
    """It reads a local configuration, of text models only: the language model's own."""
    model = next(m for m in known().models if m.id == question.row.model)
    about = architecture(model)
    text = {k: v for k, v in about["text"].items() if v is not None and k != "rope_scaling"}
    folder = scratch / "config" / model.id.split("/")[-1]
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], **text}
    (folder / "config.json").write_text(json.dumps(config))
    attention = {"flash_attention_2": "flash"}.get(question.row.attention, question.row.attention)
    return [_bin(scratch, "vramcalc"), "estimate", str(folder), "--json", "--seq",
            str(question.tokens), "--attn", attention]  # fmt: skip


def _vramcalc(said: str, question: Question) -> float | None:
    del question
    parts = json.loads(said)["estimate"]
    return float(parts["total"]) / GIB


# Cards that it knows; what a model needs does not depend on the card.
_CARDS = {6: "rtx2060-6", 8: "rtx4060-8", 24: "rtx3090-24"}


def fitlab(question: Question, scratch: Path) -> list[str]:
    context = next((c for c in (4096, 8192, 16384, 32768) if c >= question.tokens), 32768)
    card = _CARDS.get(question.card, "rtx3090-24")
    return [_bin(scratch, "fitlab"), "check", "--gpu", card, "--ctx", str(context), "--quant",
            "F16", "--limit", "300"]  # fmt: skip


def _fitlab(said: str, question: Question) -> float | None:
    for line in said.splitlines():
        columns = [column.strip() for column in line.split("│")]
        if question.row.model in columns:
            return float(columns[columns.index(question.row.model) + 2])
    return None


def fitgpu(question: Question, scratch: Path) -> list[str]:
    return [_bin(scratch, "fitgpu"), question.row.model]


def llm_sizer(question: Question, scratch: Path) -> list[str]:
    return [_bin(scratch, "llm-sizer"), "--model", question.row.model.split("/")[-1].lower(),
            "--context", str(question.tokens), "--json"]  # fmt: skip


def env_doctor(question: Question, scratch: Path) -> list[str]:
    return [_bin(scratch, "env-doctor"), "model", question.row.model.split("/")[-1].lower()]


def _any(said: str, question: Question) -> float | None:
    """Return a total that a JSON or text answer names, in GiB or GB; None where there is none."""
    del question
    found = re.search(r'"?total[^0-9]{0,24}([\d.]+)\s*(?:GiB|GB)?', said, re.IGNORECASE)
    return float(found[1]) if found else None


Command = Callable[[Question, Path], list[str]]
Reader = Callable[[str, Question], "float | None"]
PEERS: dict[str, tuple[Command, Reader]] = {
    "accelerate": (accelerate, _any),
    "hf-mem": (hf_mem, _any),
    "llmfit": (llmfit, _llmfit),
    "whichllm": (whichllm, _any),
    "vramcalc": (vramcalc, _vramcalc),
    "fitlab": (fitlab, _fitlab),
    "fitgpu": (fitgpu, _any),
    "llm-sizer": (llm_sizer, _any),
    "env-doctor": (env_doctor, _any),
}
# What a peer's own package leaves out, as its page says.
MORE = {"accelerate": ["transformers", "torch"], "whichllm": ["typer<0.20", "click<8.2"]}


def main() -> None:
    """Ask ours and every peer, and print one line each, and one for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = given.scratch or Path(temporary)
        _say("this tool", _ask("this tool", ours, _ours, scratch, Path(sys.executable)))
        for name, (command, reader) in PEERS.items():
            place = scratch / name
            if why := _install(name, place):
                sys.stdout.write(f"{name:12} does not install: {why}\n")
                continue
            _say(name, _ask(name, command, reader, place, place / "bin" / "python"))


def _install(name: str, place: Path) -> str:
    """Install a peer; return why it cannot be."""
    if (place / "bin" / "python").exists():
        return ""
    venv.create(place, with_pip=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", name]
    done = subprocess.run([*pip, *MORE.get(name, [])], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["?"])[-1]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Shares by which the answers are off, None where there was none; seconds beyond a start."""

    apart: tuple[float | None, ...]
    seconds: float
    why: str


def _ask(name: str, command: Command, reader: Reader, scratch: Path, python: Path) -> Outcome:
    bare = _seconds([str(python), "-c", "pass"])
    apart: list[float | None] = []
    spent: list[float] = []
    why = ""
    for question in questions():
        line = command(question, scratch)
        done = _run(line)
        answer, said = _answer(done, reader, question)
        why = why or said
        apart.append(None if answer is None else answer / question.row.gib - 1)
        spent.append(_seconds(line) - bare)
        text = said if answer is None else f"{answer:.2f} GiB ({apart[-1]:+.0%})"
        sys.stdout.write(
            f"{name:12} {question.row.source[:48]:48} on {question.card:3} GB: measured "
            f"{question.row.gib:6.2f}, says {text}\n"
        )
    return Outcome(apart=tuple(apart), seconds=statistics.median(spent), why=why)


def _answer(
    done: subprocess.CompletedProcess[str], reader: Reader, question: Question
) -> tuple[float | None, str]:
    if done.returncode:
        tail = [t.strip() for t in (done.stdout + done.stderr).splitlines() if t.strip()]
        return None, f"nothing ({(tail or ['?'])[-1][:90]})"
    try:
        found = reader(done.stdout, question)
    except (ValueError, KeyError, TypeError):
        found = None
    return found, "" if found is not None else "nothing about this model"


def _run(line: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            line, env={**os.environ, **ALONE}, cwd=ROOT, capture_output=True, text=True,
            check=False, timeout=900,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(line, 124, "", "took more than 120 s")


def _seconds(line: Sequence[str]) -> float:
    """Return the median of a few runs."""
    taken = []
    for _ in range(REPEAT):
        started = time.perf_counter()
        if _run(line).returncode:
            return time.perf_counter() - started
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _say(name: str, outcome: Outcome) -> None:
    found = [abs(a) for a in outcome.apart if a is not None]
    said = f"answers {len(found)} of {len(outcome.apart)}"
    if found:
        said += f", off by {statistics.median(found):.1%} in the middle, {max(found):.1%} at worst"
    else:
        said += f": {outcome.why}"
    sys.stdout.write(f"== {name:12} {said}; {outcome.seconds * 1000:.0f} ms beyond a start\n")


def _bin(scratch: Path, program: str) -> str:
    return str(scratch / "bin" / program)


if __name__ == "__main__":
    main()
