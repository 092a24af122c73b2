"""The tutorial's three scripts, corrected and ready to run: image, several images, video."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from setup_assistant.catalog import causes, models, smoke
from setup_assistant.catalog.architecture import architecture
from setup_assistant.catalog.models import Model
from setup_assistant.choose.candidates import CANARY
from setup_assistant.choose.model_names import find
from setup_assistant.choose.plan import Plan
from setup_assistant.host.program import program
from setup_assistant.site.layout import Layout
from setup_assistant.versions import numbers

_TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("image.py", "multi_image.py", "video.py")
# What they share lies beside them.
HELPER = "files.py"
# The first transformers that takes `dtype=`; before, it was `torch_dtype=`.
_DTYPE_SINCE = (4, 56)
_PICTURES = ("red-circle.png", "red-square.jpg")
_CLIP = "red-circle-right.mp4"
_ANY_CLASS = "AutoModelForImageTextToText"
_USUAL_PATCH = 14
# Behind the model's folder, so that nobody takes its answers for a real model's.
_TEST_MODEL = """
# The test model, which knows simple scenes only. 这是只认识简单图形的测试模型。
# A real one 装入真正的模型: {program} up --site {site} --model auto
print("(test model: simple scenes only / 测试模型：只认识简单图形)", file=sys.stderr)"""
_USUAL_POSITIONS = 32_768
_NEW_TOKENS = 128
_INSIDE = Path(__file__).parents[1] / "verify" / "inside"


def render_scripts(plan: Plan, layout: Layout, recipes: Path) -> Mapping[str, str]:
    """Return name → text of the scripts of a site.

    Args:
        plan: model, dtype, device, decoder and pixel caps.
        layout: where the weights lie.
        recipes: folder of the recipes, whose canary lends pictures and a clip to begin with.
    """
    canary = (recipes / "canary").absolute()
    folder = (
        canary / "model" if plan.model.id == CANARY else layout.weights(plan.model.modelscope_id)
    )
    model = find(models.load(recipes), plan.model.id)
    patch = model.vision.patch if model else _USUAL_PATCH
    pictures = [str(canary / "pictures" / name) for name in _PICTURES]
    places = {
        "ENVIRONMENT": _environment(plan),
        "MODEL": _literal(str(folder.absolute()))
        + (_test_model(layout) if plan.model.id == CANARY else ""),
        "PICTURE": _literal(pictures[0]),
        "PICTURES": _listed(pictures),
        "CLIP": _literal(str(canary / "clips" / _CLIP)),
        "MAX_PIXELS": str(plan.model.max_pixels),
        "VIDEO": _video(plan, recipes),
        "DTYPE": _dtype(plan),
        "PLACEMENT": _placement(plan),
        "MOST_PIXELS": str(plan.model.max_pixels * plan.model.pictures),
        "MOST_VIDEO_PIXELS": str(plan.model.video_total_pixels),
        "MOST_TOKENS": str(_most_tokens(plan, model)),
        "CLASS": architecture(model)["class"] if model else _ANY_CLASS,
        "LOADING": _loading(plan),
        "HELPERS": "\n" + _helpers(plan),
        "PATCH": str(patch),
        "READ": "process_vision_info"
        if patch == _USUAL_PATCH
        else f"partial(process_vision_info, image_patch_size={patch})",
    }
    answer = _fill(_read("answer.py"), places)
    scripts = {name: _script(name, {**places, "ANSWER": answer}) for name in SCRIPTS}
    functions = _functions((_INSIDE / "inputs.py").read_text(encoding="utf-8"))
    helper = _fill(_read(HELPER), {"FAULTS": _faults(), "FUNCTIONS": functions})
    return {**scripts, HELPER: helper.rstrip("\n") + "\n"}


def _test_model(layout: Layout) -> str:
    site = str(layout.root.absolute())
    return _TEST_MODEL.format(program=program(), site=shlex.quote(site))


def _script(name: str, places: Mapping[str, str]) -> str:
    text = _fill(_read(name), places)
    if name != "video.py":
        # Only clips are thinned.
        loop = '\nfor line in thinned:\n    print(f"{CLIP}: {line}", file=sys.stderr)'
        text = text.replace(loop, "").replace("images, videos, thinned =", "images, videos, _ =")
    if "partial(" in text:
        text = text.replace("import sys\n", "import sys\nfrom functools import partial\n", 1)
    return text


def _most_tokens(plan: Plan, model: Model | None) -> int:
    """Return the longest prompt: as planned, and within the model's positions."""
    positions = model.shapes.max_position_embeddings if model else _USUAL_POSITIONS
    return min(plan.model.max_prompt_tokens or positions, positions - _NEW_TOKENS)


def _helpers(plan: Plan) -> str:
    """Return the functions that `verify` too keeps to the plan with, as they are."""
    files = ["within.py", *(["quantized.py"] if _is_quantized(plan) else [])]
    texts = [(_INSIDE / name).read_text(encoding="utf-8") for name in files]
    return "\n\n".join(_functions(text) for text in texts)


def _faults() -> str:
    """Return what `fault_of` finds, by its words, in both languages."""
    cause = causes.find("input-unreadable")
    rows = []
    for sentence in cause.sentences[1:]:
        (word,) = sentence.places - {"detail"}
        advice = next(a for a in cause.advice if word in a.places)
        told = (f"{sentence.en} {advice.en}", f"{sentence.zh}{advice.zh}")
        lines = "".join(f"        {_literal(t.replace(f'{{{word}}}', '{file}'))},\n" for t in told)
        rows.append(f"    {_literal(word)}: (\n{lines}    ),\n")
    return "{\n" + "".join(rows) + "}"


def _functions(text: str) -> str:
    """Return what follows a module's own docstring, without notes for checkers."""
    body = text[text.index("\ndef ") :].strip("\n")
    return re.sub(r"  # (?:type|noqa).*", "", body) + "\n"


def _is_quantized(plan: Plan) -> bool:
    return plan.model.quantization not in {"", "none"}


def _loading(plan: Plan) -> str:
    if not _is_quantized(plan):
        return ""
    kind = _literal(plan.model.quantization)
    return f"\n    **quantized_loading(MODEL, {kind}, torch.{plan.model.dtype}),"


def _environment(plan: Plan) -> str:
    lines = [f'os.environ["FORCE_QWENVL_VIDEO_READER"] = {_literal(plan.decoder.reader)}']
    if plan.placement.gpus:
        gpus = _literal(",".join(plan.placement.gpus))
        lines.append('os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")')
        lines.append(f'os.environ.setdefault("CUDA_VISIBLE_DEVICES", {gpus})')
    return "\n".join(lines)


def _dtype(plan: Plan) -> str:
    major, minor = numbers(plan.transformers.version)[:2]
    keyword = "dtype" if (major, minor) >= _DTYPE_SINCE else "torch_dtype"
    return f"{keyword}=torch.{plan.model.dtype}"


def _placement(plan: Plan) -> str:
    """Return the device: one whole, or several with a limit each, so that nothing goes to RAM."""
    if plan.placement.device == "cpu":
        return 'device_map={"": "cpu"}'
    limits = plan.placement.max_memory_bytes
    if len(limits) < 2:
        return 'device_map={"": "cuda:0"}'
    shares = ", ".join(f"{i}: {size}" for i, size in enumerate(limits))
    return f'device_map="auto",\n    max_memory={{{shares}}}'


def _video(plan: Plan, recipes: Path) -> str:
    from setup_assistant.verify.request import video_limits

    limits = video_limits(smoke.load(recipes), plan)
    return f"VIDEO = {json.dumps(limits)}"


def _fill(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(f"@{name}@", value.rstrip("\n"))
    return text


def _read(name: str) -> str:
    return (_TEMPLATES / f"{name}.in").read_text(encoding="utf-8")


def _literal(text: str) -> str:
    """Return a Python string; JSON's are, and keep a backslash of Windows a backslash."""
    return json.dumps(text, ensure_ascii=False)


def _listed(texts: list[str]) -> str:
    return "[\n" + "".join(f"    {_literal(t)},\n" for t in texts) + "]"
