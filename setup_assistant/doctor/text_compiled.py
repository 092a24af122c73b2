"""Infer from compiled parts: missing symbols and libraries, wheels, and failed builds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from setup_assistant.catalog import causes
from setup_assistant.catalog.causes import Remedy
from setup_assistant.doctor import text_frames, text_names, text_places
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.package_names import MADE_FOR_ONE_TORCH, package_of
from setup_assistant.messages import Message, msg

_SYMBOL = re.compile(r"(?P<path>[^\s:'\"]{1,400}\.so[\w.]*): undefined symbol: (?P<symbol>\w+)")
# Windows says so of a symbol that is missing, in the language of the system.
# 182 is said where two OpenMP libraries meet.
_PROCEDURE = re.compile(
    r"WinError (?:127|182)\b|The specified procedure could not be found|找不到指定的程序"
)
_DLL = re.compile(r"DLL load failed(?: while importing (?P<part>\w+))?")
# Modules that are called after their package.
_OWN_PART = re.compile(r"(?P<name>flash_attn|vllm_flash_attn|exllamav2|awq)_\w+$")
_NEAR_DLL = re.compile(r"-packages[/\\]{1,2}(\w+)[/\\]|from (\w+) import _C\b")
# Packages with libraries of their own that are not built for torch.
_NO_TORCH = ("llama_cpp", "onnxruntime", "ctranslate2", "tensorrt", "cv2", "PIL", "av", "pyarrow")
# Of the libraries that torch brings along, or finds on its way.
_CUDA_SYMBOL = re.compile(r"_{0,2}(?:cu[a-z]|nv[A-Z]|nvrtc|nvJit)")
_TORCH_SYMBOL = re.compile(r"c10|2at|5torch|caffe2|THP|libtorch")
# The library that is loaded is one of torch itself.
_OF_TORCH = re.compile(r"[^\n]{0,200}Error loading \"[^\"\n]{0,300}[/\\]torch[/\\]lib[/\\]")
_ABSENT_LIBRARY = re.compile(
    r"(?:(?:Import|OS)Error|shared libraries): "
    r"(?P<library>(?P<name>lib(?!cu|nv|nccl|torch|c10|GL\b|(?:ssl|crypto)\.so\.1)[\w.+-]{0,60}?)(?P<sum>-[0-9a-f]{8})?"
    r"\.so\.(?P<abi>\d{1,3}(?:\.\d{1,3}){0,2})): cannot open shared"
)
# Torch's part for CUDA, or a library of one release of CUDA: what asks for it was built for that.
_CUDA_LIBRARY = re.compile(
    r"(?P<library>lib(?:cudart|cublas|cublasLt|nvrtc)\.so\.(?P<major>1[1-9])[\d.]*"
    r"|libtorch_cuda(?:_cu|_cpp)?\.so): cannot open shared"
)
# The CUDA that a build of torch is for, and programs that are built for one.
_BUILD = re.compile(r"\b\d+\.\d+\.\d+\+cu(1[1-9])\d\b")
_ENGINE = re.compile(r"\b(vllm|sglang|lmdeploy|flash-attn|bitsandbytes)\b", re.IGNORECASE)
_IMPORTED = re.compile(r"^\W*(?:from|import) (\w+)[^\n]*\s+\S*ImportError: $", re.MULTILINE)
# Libraries that packages of the index bring, where conda had them.
_WHEELS = {"libiomp5": "intel-openmp", "libmkl": "mkl", "libtbb": "tbb"}
_OF_A_WHEEL = re.compile(r"((libiomp5|libmkl|libtbb)\w*\.so[\d.]*): cannot open shared")
_WHEEL = re.compile(
    r"\b(?P<name>[A-Za-z]\w{0,60})-\d[\w.+]{0,60}-cp(?P<py>\d{2,3})-\w{1,20}-(?P<on>[\w.]{1,90})\.whl(?=[^\n]{0,20}"
    r" is not a supported wheel on this platform)"
)

# What gcc, clang, nvcc and MSVC say of the place at which they stop.
_COMPILE_ERROR = re.compile(
    r"^[^\n]{0,400}?[\w./\\-]+\.(?:cu|cuh|c|cc|cpp|cxx|h|hpp)"
    r"(?::\d+(?::\d+)?|\(\d+(?:,\d+)?\)) ?: (?:fatal )?error(?: [A-Z]\d+)?: "
    r"(?P<said>[^\n]{3,300})",
    re.MULTILINE,
)


def symbol(text: str) -> Iterator[Inferred]:
    """Yield what asks for a symbol that is not there: of torch, of CUDA, or of anything else."""
    for found in _SYMBOL.finditer(text):
        path, symbol = found["path"], found["symbol"]
        package = re.sub(r"-(?:\d-)?(?:cuda|c|cpu|gpu)$", "", text_places.package_at(path))
        own = package in ("torch", "nvidia") or package.startswith(("torch-", "nvidia-"))
        if own and _CUDA_SYMBOL.match(symbol):
            yield Inferred(cause="foreign-cuda-library", start=found.start())
        elif (package or _TORCH_SYMBOL.search(symbol)) and not own:
            yield _built_for_another(text, package, path, symbol, found.start())


def _built_for_another(text: str, package: str, path: str, symbol: str, start: int) -> Inferred:
    of_torch = bool(_TORCH_SYMBOL.search(symbol))
    if package == "torchvision":
        remedy = Remedy(need="torchvision")
    elif package in MADE_FOR_ONE_TORCH or "-packages" in path or not of_torch:
        remedy = _again(package, _release(text, package))
    else:
        # It was compiled in the person's own folder.
        remedy = Remedy(need="build", name=".", again=True)
    said = msg("the missing symbol is one of torch: {symbol}", symbol=symbol[:80])
    return Inferred(cause="built-for-other-torch" if of_torch else "undefined-symbol", start=start,
                    remedy=(remedy,), values=_said_of(package, remedy),
                    chain=(said,) if of_torch else ())  # fmt: skip


def other_cuda(text: str) -> Iterator[Inferred]:
    """Yield who asks for torch's CUDA part where torch has none, or for another CUDA than its."""
    for found in _CUDA_LIBRARY.finditer(text):
        line = _IMPORTED.search(text, max(0, found.start() - 300), found.start())
        asker = text_frames.asker_of(text, found.start(), "")
        asker = asker or (package_of(line[1]) if line else "") or _near(text, found.start())
        chain: tuple[Message, ...] = ()
        remedy = _again(asker)
        if found["major"]:
            foreign = _of_other_cuda(text, found["major"])
            asker = asker or foreign
            remedy = _again(asker)
            if asker in ("", "torch", "torchvision", "nvidia"):
                return
            chain = (msg("{library} is of CUDA {major}", library=found["library"],
                         major=found["major"]),)  # fmt: skip
        elif remedy.need != "remove":
            remedy = Remedy(need="torch")
        yield Inferred(cause="built-for-other-torch", start=found.start(), chain=chain,
                       values={"package": asker} if asker else {}, remedy=(remedy,))  # fmt: skip


def _of_other_cuda(text: str, major: str) -> str:
    """Return the engine that a text names, where its torch is of another CUDA than a library."""
    builds = {found[1] for found in _BUILD.finditer(text)}
    engine = _ENGINE.search(text)
    return engine[1].lower() if engine and builds and major not in builds else ""


def _near(text: str, start: int) -> str:
    """Return the package whose folder is named last before a place."""
    tops = _NEAR_DLL.findall(text, max(0, start - 1_500), start)
    tops = [a or b for a, b in tops if (a or b) not in ("torch", "nvidia", "torchvision")]
    return package_of(tops[-1]) if tops else ""


def _again(package: str, release: str = "") -> Remedy:
    """Ask for a package once more, or without it; a server brings the torch that it needs.

    Which is the torch of its own release: the newest server may want a newer driver than is there.
    """
    if package in MADE_FOR_ONE_TORCH:
        return Remedy(need="remove", name=package)
    if package not in text_names.ENGINES:
        return Remedy(need="package", name=package, again=True)
    return Remedy(need="package", name=package, spec=f"=={release}" if release else "")


def _release(text: str, package: str) -> str:
    """Return the release of a package that a text names; empty where it names none, or several."""
    told = re.findall(
        rf"(?<![\w-]){re.escape(package)}\b[ :=-]{{1,8}}(?:version:? ?)?v?"
        r"(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?(?:\.?(?:post|rc)\d{1,2})?)(?![\w.])", text, re.IGNORECASE,
    ) if package else []  # fmt: skip
    return told[0] if len(set(told)) == 1 else ""


def _said_of(package: str, remedy: Remedy) -> dict[str, str]:
    """Return what is said of a package; of a server, that it brings its own torch."""
    if not package:
        return {}
    if remedy.need == "remove":
        return {"package": package, "spare": package}
    if package not in text_names.ENGINES:
        return {"package": package}
    release = remedy.spec.removeprefix("==")
    return {"package": package, "release": release} if release else {
        "package": package, "engine": package}  # fmt: skip


def _debian(name: str, abi: str) -> str:
    """Return what Debian's policy calls the package of a library: name and number of its ABI."""
    name = name.lower().replace("_", "-")
    if name.startswith("libpython"):
        return name.rstrip("mdu")
    name = re.sub(r"-(?=\d)", "", name)
    return f"{name}{'-' if name[-1:].isdigit() else ''}{abi}"


def procedure(text: str) -> Iterator[Inferred]:
    """Yield a package whose library finds no symbol in another one, as Windows says it."""
    for found in _PROCEDURE.finditer(text):
        if _OF_TORCH.match(text, found.start()):
            yield Inferred(cause="windows-dll-mixed", start=found.start())
            return
        tops = re.findall(r"-packages[/\\]{1,2}(\w+)[/\\]", text[: found.end() + 400])
        top = next((t for t in reversed(tops) if t not in ("torch", "transformers")), "")
        if not top or top in _NO_TORCH:
            return
        name = package_of(top)
        remedy = Remedy(need="torchvision") if top == "torchvision" else _again(name)
        yield Inferred(cause="built-for-other-torch", start=found.start(), remedy=(remedy,),
                       values={"package": name})  # fmt: skip


def dll(text: str) -> Iterator[Inferred]:
    """Yield the package whose compiled module Windows cannot load."""
    for found in islice(_DLL.finditer(text), 1):
        near = text[max(0, found.start() - 3_000) : found.start()]
        tops = [a or b for a, b in _NEAR_DLL.findall(near)]
        part = _OWN_PART.match(found["part"] or "")
        top = "PIL" if found["part"] == "_imaging" or "_imaging as core" in near else (
            part["name"] if part else tops[-1] if tops else "")  # fmt: skip
        if top == "torchvision":
            yield Inferred(cause="built-for-other-torch", start=found.start(),
                           remedy=(Remedy(need="torchvision"),),
                           values={"package": top})  # fmt: skip
        elif top not in ("", "torch", "win32"):
            again = Remedy(need="package", name=package_of(top), again=True)
            runtime = causes.find("windows-dll", "environment").remedy
            yield Inferred(cause="windows-dll", start=found.start(), remedy=(again, *runtime))


def foreign_wheel(text: str) -> Iterator[Inferred]:
    """Yield a wheel that pip does not take here."""
    for found in _WHEEL.finditer(text):
        name = package_of(found["name"])
        tags = f"Python {found['py'][:1]}.{found['py'][1:]}, {found['on']}"
        # What is made for one torch has no wheel on the index.
        tags_here = causes.find("wheel-tags", "environment").remedy
        remedy = tags_here if name in MADE_FOR_ONE_TORCH else (
            Remedy(need="torch") if name == "torch" else Remedy(need="wheel", name=name),
        )  # fmt: skip
        yield Inferred(cause="wheel-tags", start=found.start(), remedy=remedy,
                       values={"package": name, "tags": tags})  # fmt: skip


def library(text: str) -> Iterator[Inferred]:
    """Yield a library that is nowhere: of a wheel, which carries a sum, or of the system."""
    for found in _OF_A_WHEEL.finditer(text):
        yield Inferred(cause="library-missing", start=found.start(),
                       values={"library": found[1], "file": str(msg("the program"))},
                       remedy=(Remedy(need="package", name=_WHEELS[found[2]]),))  # fmt: skip
    for found in _ABSENT_LIBRARY.finditer(text):
        values = {"library": found["library"], "file": str(msg("the program"))}
        asker = text_frames.asker_of(text, found.start(), "")
        if found["sum"] and asker:
            again = Remedy(need="package", name=asker, again=True)
            remedy = Remedy(need="torch") if asker == "torch" else again
            values["file"] = asker
        elif found["sum"]:
            return
        else:
            remedy = Remedy(need="system", debian=_debian(found["name"], found["abi"]),
                            fedora=f"'{found['library']}()(64bit)'")  # fmt: skip
        yield Inferred(cause="library-missing", start=found.start(), values=values,
                       remedy=(remedy,))  # fmt: skip


def stopped(text: str) -> Iterator[Inferred]:
    """Yield the first error of a compiler; of programs that are none of ours no row has failed."""
    for found in islice(_COMPILE_ERROR.finditer(text), 1):
        yield Inferred(cause="build-stopped", start=found.start("said"),
                       values={"said": found["said"].strip()[:200]})  # fmt: skip
