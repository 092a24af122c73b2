"""Draw the canary's pictures and clips and record its answers and logits, or check them again.

Recording stops when an answer is not the right one, unless --allow-wrong is given. Checking runs
every recorded case with the libraries at hand and compares answers, logits and file sums.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fresh
import numpy as np
import scenes
import torch
from safetensors.torch import load_file, save_file

HERE = Path(__file__).resolve().parent
REFERENCE = "reference.safetensors"
PACKAGES = (
    "torch",
    "torchvision",
    "transformers",
    "qwen-vl-utils",
    "tokenizers",
    "numpy",
    "pillow",
    "decord2",
    "av",
)
# file: colour, shape, index of each in scenes.COLOURS and scenes.SHAPES
PICTURES = {
    "pictures/red-circle.png": (0, 0),
    "pictures/red-square.jpg": (0, 1),
    "pictures/blue-circle.jpeg": (2, 0),
    "pictures/green-triangle.png": (1, 2),
    "pictures/another-red-circle.jpg": (0, 0),
}
# file: colour, shape, direction
CLIPS = {
    "clips/red-circle-right.mp4": (0, 0, 1),
    "clips/blue-triangle-up.mp4": (2, 2, 2),
    "clips/yellow-square-left.mp4": (3, 1, 0),
}
# case: its files
QUESTIONS = {
    "image-png": ("pictures/red-circle.png",),
    "image-jpg": ("pictures/red-square.jpg",),
    "image-jpeg": ("pictures/blue-circle.jpeg",),
    "image-triangle": ("pictures/green-triangle.png",),
    "multi-image-colour": ("pictures/red-circle.png", "pictures/red-square.jpg"),
    "multi-image-shape": ("pictures/red-circle.png", "pictures/blue-circle.jpeg"),
    "multi-image-both": ("pictures/red-circle.png", "pictures/another-red-circle.jpg"),
    "multi-image-nothing": ("pictures/red-square.jpg", "pictures/green-triangle.png"),
    "video-right": ("clips/red-circle-right.mp4",),
    "video-up": ("clips/blue-triangle-up.mp4",),
    "video-left": ("clips/yellow-square-left.mp4",),
}


@dataclass
class Case:
    """One question with its right answer; files are relative to the canary's folder."""

    id: str
    kind: str
    language: str
    files: tuple[str, ...]
    question: str
    answer: str


def draw_fixtures(folder: Path, seed: int) -> None:
    """Write the pictures and clips under `folder`."""
    for part in ("pictures", "clips"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, (name, (colour, shape)) in enumerate(PICTURES.items()):
        rng = np.random.default_rng([seed, number])
        scenes.write_picture(rng, colour, shape, folder / name)
    for number, (name, (colour, shape, direction)) in enumerate(CLIPS.items()):
        rng = np.random.default_rng([seed, 100 + number])
        scenes.write_clip(rng, colour, shape, direction, folder / name)


def planned_cases() -> Iterator[Case]:
    """Yield every case, with the answer that follows from what is drawn."""
    for name, files in QUESTIONS.items():
        kind = next(k for k in ("multi-image", "image", "video") if name.startswith(k))
        for language in scenes.LANGUAGES:
            shown = [CLIPS[file] if kind == "video" else (*PICTURES[file], 0) for file in files]
            colours, shapes, directions = zip(*shown, strict=True)
            answer = scenes.describe(kind, language, colours, shapes, directions[0])
            yield Case(
                f"{name}-{language}",
                kind,
                language,
                files,
                scenes.QUESTIONS[kind, language],
                answer,
            )


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that take part."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def toml_text(cases: list[Case], header: dict[str, object], files: dict[str, str]) -> str:
    """Return cases.toml; JSON strings and lists of strings are valid TOML."""

    def table(content: dict[str, object]) -> list[str]:
        return [
            f"{json.dumps(key) if '.' in key else key} = {json.dumps(value, ensure_ascii=False)}"
            for key, value in content.items()
        ]

    recorded = header.pop("recorded_with")
    lines = [
        "# Written by record.py.",
        "",
        "[canary]",
        *table(header),
        "",
        "[canary.recorded_with]",
        *table(recorded),
        "",
        "[files]",
        *table(files),
    ]
    for case in cases:
        lines += ["", "[[case]]", *table({**vars(case), "files": list(case.files)})]
    return "\n".join(lines) + "\n"


def record(folder: Path, options: argparse.Namespace) -> int:
    """Draw, ask, and write cases.toml and reference.safetensors."""
    draw_fixtures(folder, options.seed)
    asker = fresh.Asker(folder / "model", attention=options.attention)
    cases, logits, wrong = list(planned_cases()), {}, 0
    for case in cases:
        paths = [folder / name for name in case.files]
        said = asker.ask(case.kind, paths, case.question)
        logits[case.id] = asker.logits(case.kind, paths, case.question).contiguous()
        if said != case.answer:
            wrong += 1
            print(f"{case.id}: {said!r}, should be {case.answer!r}")
    if wrong and not options.allow_wrong:
        return 1
    save_file(logits, folder / REFERENCE)
    (folder / REFERENCE).chmod(0o644)
    model_files = sorted(path for path in (folder / "model").iterdir() if path.is_file())
    files = {name: digest(folder / name) for name in [*PICTURES, *CLIPS]}
    files |= {f"model/{path.name}": digest(path) for path in model_files}
    files[REFERENCE] = digest(folder / REFERENCE)
    header: dict[str, object] = {
        "source": "Drawn and trained by the scripts in this folder: scenes.py, train.py",
        "date": options.date,
        "licence": "Apache-2.0",
        "model_sha256": digest(folder / "model" / "model.safetensors"),
        "logits_atol": options.logits_atol,
        "recorded_with": versions(),
    }
    (folder / "cases.toml").write_text(toml_text(cases, header, files), encoding="utf-8")
    print(json.dumps({"cases": len(cases), "wrong": wrong}))
    return 0


def check(folder: Path, options: argparse.Namespace) -> int:
    """Ask every recorded case again and compare."""
    import tomllib  # needs Python 3.11; recording does not

    recorded = tomllib.loads((folder / "cases.toml").read_text(encoding="utf-8"))
    reference = load_file(folder / REFERENCE)
    changed = [name for name, known in recorded["files"].items() if digest(folder / name) != known]
    asker = fresh.Asker(folder / "model", attention=options.attention)
    wrong, far = [], {}
    for case in recorded["case"]:
        paths = [folder / name for name in case["files"]]
        if asker.ask(case["kind"], paths, case["question"]) != case["answer"]:
            wrong.append(case["id"])
        logits = asker.logits(case["kind"], paths, case["question"])
        far[case["id"]] = float((logits - reference[case["id"]]).abs().max())
    worst = max(far, key=far.__getitem__)
    fine = not wrong and not changed and far[worst] <= recorded["canary"]["logits_atol"]
    print(
        json.dumps(
            {
                "fine": fine,
                "wrong": wrong,
                "changed": changed,
                "worst": worst,
                "difference": far[worst],
                **versions(),
            }
        )
    )
    return 0 if fine else 1


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE, help="the canary's folder")
    parser.add_argument("--check", action="store_true", help="compare instead of recording")
    parser.add_argument("--seed", type=int, default=7, help="fixes what is drawn (default: 7)")
    parser.add_argument("--date", default="2026-11-22", help="date written down, YYYY-MM-DD")
    parser.add_argument(
        "--logits-atol",
        type=float,
        default=0.02,
        help="difference of logits allowed when checking (default: 0.02)",
    )
    parser.add_argument("--attention", choices=("eager", "sdpa"), help="attention implementation")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: torch's)")
    parser.add_argument("--allow-wrong", action="store_true", help="record wrong answers too")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    return check(options.folder, options) if options.check else record(options.folder, options)


if __name__ == "__main__":
    sys.exit(main())
