"""What a pasted text names that a remedy needs: the model, and whom it could not reach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from setup_assistant.doctor.package_names import package_of

_MODEL = re.compile(
    r"(?:huggingface\.co|hf-mirror\.com|modelscope\.cn)/(?:api/(?:v1/)?)?(?:models/)?"
    r"(?P<hub>[A-Za-z0-9][\w.-]{1,40}/[A-Za-z0-9][\w.-]{1,80}?)(?=[/\s'\"?)]|$)|"
    r"\b(?P<name>Qwen(?:2|2\.5|3)-VL-\d{1,3}B(?:-(?:Instruct|Thinking|AWQ|GPTQ|Int4|Int8|FP8))*)"
)
# Parts of a hub's own addresses.
_NO_OWNER = ("api", "models", "datasets", "docs", "resolve", "settings", "blog",
             "spaces", "learn", "repos")  # fmt: skip
_SOURCES = (
    ("huggingface", r"huggingface\.co|\bhf\.co\b|xethub|hf-mirror|huggingface_hub"),
    ("modelscope", r"modelscope\.cn"),
    ("torch", r"download(?:-r2)?\.pytorch\.org|pytorch-wheels"),
    ("conda", r"anaconda\.(?:org|com)|repodata|/anaconda/"),
    ("mirror", r"pypi\.tuna|mirrors\.\w+\.\w+|pypi\.douban|mirrors?\.[\w.]+/pypi"),
    ("pypi", r"pypi\.org|pythonhosted\.org|/simple/|/packages/[0-9a-f]{2}/"),
    ("github", r"github(?:usercontent)?\.com"),
)
_MODULE = re.compile(r"(?:site|dist)-packages[/\\](?P<top>[A-Za-z]\w*)[/\\.]")
_BUILT = re.compile(
    r"[/\\](?P<top>[A-Za-z]\w*?)[/\\](?:(?:csrc|_ext|lib)[/\\][^\s:]*|_C[^\s:/]*)\.(?:so|pyd)\b"
)
# Folders that fill up, or from which nothing may be run, where a variable names another.
_FOLDERS = (
    ("TORCH_EXTENSIONS_DIR", "torch_extensions", r"/torch_extensions/"),
    ("TRITON_CACHE_DIR", "triton", r"/\.triton/"),
    ("TMPDIR", "tmp", r"(?<![\w~.-])/(?:var/)?tmp/"),
)


# Lines before and after that of a cause that tell whom a program has asked.
_NEAR = 40


def of(lines: Sequence[str], number: int) -> dict[str, str]:
    """Return the places of a remedy that a text fills.

    Args:
        lines: of what was pasted, cleaned.
        number: of the line in which the cause was found, from 1; what stands nearest counts.
    """
    return dict(_places(lines, number - 1))


def _places(lines: Sequence[str], at: int) -> Iterator[tuple[str, str]]:
    near = "\n".join(line[:2_000] for line in lines[max(0, at - _NEAR) : at + _NEAR])
    if model := _model(near):
        yield "model", model
    yield from _folder(lines[at][:2_000])
    for part in (lines[at][:2_000], near):
        for name, pattern in _SOURCES:
            if re.search(pattern, part):
                yield "source", name
                return


def _folder(line: str) -> Iterator[tuple[str, str]]:
    """Yield the variable that names the folder of a line, and another one on another disk."""
    if not re.search(r"No space left|Errno 28|failed to map segment", line):
        return
    for variable, name, pattern in _FOLDERS:
        if re.search(pattern, line):
            in_tmp = re.search(_FOLDERS[-1][2], line) is not None
            yield "variable", variable
            yield "folder", f"~/.cache/{name}" if in_tmp else f"/tmp/{name}"  # noqa: S108
            return


def _model(text: str) -> str:
    for found in _MODEL.finditer(text):
        if found["name"]:
            return f"Qwen/{found['name']}"
        if found["hub"].partition("/")[0] not in _NO_OWNER:
            return found["hub"]
    return ""


def package_at(text: str) -> str:
    """Return the package that a path to a compiled module belongs to; empty where it tells none."""
    # Within an environment's folder nothing but the module's own place there counts.
    found = _MODULE.search(text) or ("-packages" not in text and _BUILT.search(text))
    return package_of(found["top"]) if found else ""
