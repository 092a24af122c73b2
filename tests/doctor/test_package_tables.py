"""Packages, environment and variables: every case of each look, as it was last reviewed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor import (
    builds,
    by_hand,
    harmful_releases,
    package_files,
    packages,
    stack,
)
from setup_assistant.doctor.case import TORCH_ONLY
from setup_assistant.doctor.gather import gather
from tests.doctor.body import NATIVE, Body
from tests.doctor.tables import Rows, Tables, case_of
from tests.recorded import names

table = Tables(Path(__file__).with_name("recorded_packages.txt"))
NOWHERE = {"prefix": None, "install": None}


def put(body: Body, name: str, module: str, version: str, *requires: str) -> None:
    """Install a package in place of the one of its name."""
    for info in body.packages.glob(f"{name}-*.dist-info"):
        shutil.rmtree(info)
    body.install(name, module, version, NATIVE, requires)


def written(body: Body, torch: str, vision: str) -> None:
    """Let both packages say a version in their own files."""
    cuda = torch.partition("+cu")[2]
    said = f"\ncuda = '{cuda[:-1]}.{cuda[-1]}'" if cuda.isdigit() else ""
    body.file(body.packages / "torch/version.py", f"__version__ = '{torch}'{said}\n")
    body.file(body.packages / "torchvision/version.py", f"__version__ = '{vision}'\n")


@table
def pairs_of_torch_and_torchvision(body: Body) -> Rows:
    yield "no environment", stack.torchvision_mismatch(case_of(body, **NOWHERE))
    for torch in ("2.8.0", "2.8.1", "2.5.1", "9.9.0"):
        for vision, needs in (
            ("0.23.0", ("numpy", "torch ==2.8.0")), ("0.23.0", ("torch (==2.5.1)",)),
            ("0.23.0", ("torch>=2.8",)), ("0.23.0", ("torch>=2.9",)), ("0.20.1", ()),
            ("0.23.9", ("torchaudio==1.0",)),
        ):  # fmt: skip
            put(body, "torchvision", "torchvision", vision, *needs)
            written(body, f"{torch}+cu126", f"{vision}+cu126")
            answer = stack.torchvision_mismatch(case_of(body))
            yield f"torch {torch}, torchvision {vision} {needs}", answer
    written(body, "2.5.1+cu126", "0.20.1+cu126")
    yield "its files are of another release", stack.torchvision_mismatch(case_of(body))
    (body.packages / "torchvision/version.py").unlink()
    yield "its record alone says a release", stack.torchvision_mismatch(case_of(body))
    body.remove("torchvision-*.dist-info")
    yield "no record", stack.torchvision_mismatch(case_of(body))


@table
def builds_of_torch_and_torchvision(body: Body) -> Rows:
    yield "no environment", stack.torchvision_variant(case_of(body, **NOWHERE))
    for torch in ("2.8.0+cu126", "2.8.0+cu118", "2.8.0+cpu", "2.8.0+gitcu126", "2.8.0"):
        for vision in ("0.23.0+cu126", "0.23.0+cu129", "0.23.0+cu130", "0.23.0+cpu", "0.23.0"):
            written(body, torch, vision)
            answer = stack.torchvision_variant(case_of(body))
            yield f"torch {torch}, torchvision {vision}", answer
    for name in ("_C.so", "_C_stable.so", "_C.pyd", "_C_stable.pyd", "_C.other"):
        for data in (b"needs libtorch_cuda.so", b"needs libcudart.so", b"needs libc10.so"):
            (body.packages / "torchvision" / name).write_bytes(data)
            found = case_of(body).install
            yield f"{name}: {data!r}", found and stack.torchvision_build(found)
        (body.packages / "torchvision" / name).unlink()
    (body.packages / "torchvision/_C.so").write_bytes(b"needs libtorch_cuda.so")
    for torch in ("2.8.0+cu126", "2.8.0+cpu"):
        written(body, torch, "0.23.0")
        yield f"torch {torch}, CUDA in the binary", stack.torchvision_variant(case_of(body))


@table
def a_torch_for_the_processor(body: Body) -> Rows:
    yield "no environment", stack.cpu_build(case_of(body, **NOWHERE))
    for torch in ("2.8.0+cu126", "2.8.0+cpu", "2.8.0", "2.8.0+xpu"):
        written(body, torch, "0.23.0")
        yield torch, stack.cpu_build(case_of(body))
    body.install("nvidia_cublas_cu12", "nvidia", "12.6.4.1")
    written(body, "2.8.0+cpu", "0.23.0")
    yield "put over a CUDA build", stack.cpu_build(case_of(body))
    body.machine = replace(body.machine, gpus=())
    yield "no card", stack.cpu_build(case_of(body))


@table
def releases_of_the_stack(body: Body) -> Rows:
    for look in (stack.torch_regression, stack.transformers_floor, stack.accelerate_old,
                 stack.rope_scaling, stack.decoder_missing, stack.flash_attn_mismatch,
                 stack.torchcodec_ffmpeg):  # fmt: skip
        yield f"{look.__name__}, no environment", look(case_of(body, **NOWHERE))
    for torch in ("2.8.0", "2.9.0", "2.9.1", "9.9.0"):
        written(body, f"{torch}+cu126", "0.23.0")
        yield f"torch {torch}", stack.torch_regression(case_of(body))
    for torch in ("1.13.0", "2.1.0", "2.4.1", "2.8.0"):
        for version in ("4.0.0", "4.57.6", "5.23.0"):
            written(body, f"{torch}+cu126", "0.23.0")
            put(body, "transformers", "transformers", version)
            answer = stack.transformers_floor(case_of(body))
            yield f"torch {torch}, transformers {version}", answer
    for version in ("4.57.6", "5.0.0"):
        put(body, "transformers", "transformers", version)
        for accelerate in ("0.25.9", "0.26.0", "1.0.1", "1.1.0"):
            put(body, "accelerate", "accelerate", accelerate)
            answer = stack.accelerate_old(case_of(body))
            yield f"transformers {version}, accelerate {accelerate}", answer
    for version in ("4.44.2", "4.45.0", "4.45.1", "4.45.2"):
        put(body, "transformers", "transformers", version)
        yield f"transformers {version}", stack.rope_scaling(case_of(body))
    for version in ("2.7.4+cu12torch2.8cxx11abitrue", "2.7.4+cu12torch2.7", "2.7.4"):
        put(body, "flash_attn", "flash_attn", version)
        yield f"flash-attn {version}", stack.flash_attn_mismatch(case_of(body))


@table
def decoders(body: Body) -> Rows:
    body.remove("decord", "decord2-*.dist-info")
    for vision in ("0.23.0", "0.25.9", "0.26.0"):
        written(body, "2.8.0+cu126", vision)
        yield f"torchvision {vision}", stack.decoder_missing(case_of(body))
    yield "torch alone", stack.decoder_missing(case_of(body, purpose=TORCH_ONLY))
    for system, arch in (("Linux", "aarch64"), ("Windows", "AMD64"), ("Darwin", "arm64")):
        there = replace(body.machine.system, os=system, arch=arch)
        machine = replace(body.machine, system=there)
        yield f"{system} {arch}", stack.decoder_missing(case_of(body, machine=machine))
    body.install("av", "av", "15.0")
    for vision in ("0.25.9", "0.26.0"):
        written(body, "2.8.0+cu126", vision)
        yield f"torchvision {vision} and av", stack.decoder_missing(case_of(body))
    yield "torchcodec is not there", stack.torchcodec_ffmpeg(case_of(body))
    body.install("torchcodec", "torchcodec", "0.7.0")
    yield "torchcodec", stack.decoder_missing(case_of(body))
    yield "no FFmpeg", stack.torchcodec_ffmpeg(case_of(body))
    far = body.file(body.folder / "far/libavutil.so.55", "").parent
    path = {"LD_LIBRARY_PATH": f"/nowhere::{far}"}
    yield "an FFmpeg that is too old", stack.torchcodec_ffmpeg(case_of(body, path))
    body.file(far / "libavutil.so.61", "")
    yield "FFmpeg of a variable", stack.torchcodec_ffmpeg(case_of(body, path))
    for place in (body.env / "lib", body.root / "usr/lib/aarch64-linux-gnu"):
        file = body.file(place / "libavutil.so.56", "")
        yield f"FFmpeg in {place}", stack.torchcodec_ffmpeg(case_of(body))
        file.unlink()
    body.install("decord2", "decord", "3.4.0")
    yield "decord beside it", stack.torchcodec_ffmpeg(case_of(body))


@table
def harm_beside_torch(body: Body) -> Rows:
    for look in (harmful_releases.numpy_too_new, harmful_releases.pynvml_shadow,
                 harmful_releases.mkl_too_new):  # fmt: skip
        yield f"{look.__name__}, no environment", look(case_of(body, **NOWHERE))
        yield f"{look.__name__}, sound", look(case_of(body))
    for torch, numpy in (("2.2.2", "1.26.4"), ("2.2.2", "2.0.0"), ("2.3.0", "2.0.0")):
        written(body, torch, "0.17.0")
        put(body, "numpy", "numpy", numpy)
        yield f"torch {torch}, numpy {numpy}", harmful_releases.numpy_too_new(case_of(body))
    for version in ("11.5.3", "12.0.0"):
        put(body, "pynvml", "pynvml", version)
        yield f"pynvml {version}", harmful_releases.pynvml_shadow(case_of(body))
    body.install("nvidia_ml_py", "pynvml", "12.0.0")
    for version in ("11.5.3", "12.0.0"):
        put(body, "pynvml", "pynvml", version)
        answer = harmful_releases.pynvml_shadow(case_of(body))
        yield f"pynvml {version} beside nvidia-ml-py", answer
    meta = body.env / "conda-meta"
    for torch, mkl in (("2.2.2", "2024.0.0"), ("2.2.2", "2024.1.0"), ("2.3.0", "2024.1.0")):
        shutil.rmtree(meta, ignore_errors=True)
        body.file(meta / f"pytorch-{torch}-py3.11_cuda12.1_0.json", "{}")
        body.file(meta / "pytorch-cuda-12.1-h0.json", "{}")
        yield f"torch {torch} without MKL", harmful_releases.mkl_too_new(case_of(body))
        body.file(meta / f"mkl-{mkl}-h1_0.json", "{}")
        yield f"torch {torch}, MKL {mkl}", harmful_releases.mkl_too_new(case_of(body))


@table
def packages_of_an_answer(body: Body) -> Rows:
    for check in (*packages.CHECKS, *packages.LAST, *package_files.CHECKS, *by_hand.CHECKS):
        yield f"{check.id}, no environment", check.look(case_of(body, **NOWHERE))
    body.install("mine", "mine", "1.0")
    body.install("mine", "mine", "0.9")
    body.file(body.packages / "mine/_version.py", "version = '0.9'\n")
    yield "two records, the older imported", packages.duplicates(case_of(body))
    (body.packages / "mine/_version.py").unlink()
    yield "two records, none says which", packages.duplicates(case_of(body))
    body.remove("mine-*.dist-info", "accelerate-*.dist-info")
    yield "no record", packages.metadata_broken(case_of(body))
    body.file(body.packages / "accelerate-1.15.0-py3.11.egg-info", "")
    yield "a record of an old kind", packages.metadata_broken(case_of(body))
    body.remove("numpy", "torchvision", "tokenizers", "tokenizers-*.dist-info")
    yield "several are not there", packages.package_missing(case_of(body))
    yield "torch alone", packages.package_missing(case_of(body, purpose=TORCH_ONLY))
    body.remove("torch")
    yield "torch is not there", packages.package_missing(case_of(body))
    yield "its record is", packages.torch_missing(case_of(body))
    body.remove("torch-*.dist-info")
    for vision in ("0.23.0+cu126", "0.23.1", "9.9.9"):
        put(body, "torchvision", "torchvision", vision)
        yield f"torchvision {vision} is", packages.torch_missing(case_of(body))
    put(body, "torchvision", "torchvision", "0.23.0")
    body.remove("torchvision-*.dist-info")
    yield "neither is", builds.missing_commands(case_of(body))


@table
def records_of_torch(body: Body) -> Rows:
    for installer in ("pip", "uv", "conda"):
        for record in ("2.8.0+cu126", "2.8.0", "2.8.0+cpu", "2.7.1+cu126"):
            put(body, "torch", "torch", record)
            (info,) = body.packages.glob("torch-*.dist-info")
            body.file(info / "INSTALLER", f"{installer}\n")
            yield f"{installer}, {record}", packages.torch_overlaid(case_of(body))
        body.file(body.env / "conda-meta/pytorch-2.8.0-py3.11_0.json", "{}")
        put(body, "torch", "torch", "2.8.0+cu126")
        (info,) = body.packages.glob("torch-*.dist-info")
        body.file(info / "INSTALLER", f"{installer}\n")
        yield f"{installer}, and conda", packages.torch_overlaid(case_of(body))
        shutil.rmtree(body.env / "conda-meta")


@table
def needs_of_packages(body: Body) -> Rows:
    def answers(label: str) -> Rows:
        case = gather(case_of(body), ("unmet",))
        yield f"{label}: NVIDIA's", packages.nvidia_missing(case)
        yield f"{label}: the rest", packages.dependency_version(case)

    yield from answers("sound")
    put(body, "nvidia_cudnn_cu12", "nvidia", "9.0.0", "odd>=1")
    put(body, "torch", "torch", "2.8.0+cu126", "nvidia-cudnn-cu12==9.10.2.21", "triton==3.4.0",
        "nvidia-cudnn-cu12", "cuda-odd", "jinja2>=3", "jinja2")  # fmt: skip
    put(body, "accelerate", "accelerate", "1.15.0", "numpy<2", "torch>=2.9", "psutil")
    put(body, "numpy", "numpy", "2.3.1", "absent>=2")
    yield from answers("of three kinds")
    put(body, "torch", "torch", "2.8.0+cu126")
    put(body, "torchvision", "torchvision", "0.23.0", "torch==2.7.0")
    put(body, "numpy", "numpy", "2.3.1")
    put(body, "accelerate", "accelerate", "1.15.0")
    body.install("gradio", "gradio", "4.0", requires=("numpy<2", "ffmpy"))
    yield from answers("of what takes no part")
    body.remove("gradio*")
    body.install("gradio", "gradio", "4.0", requires=("ffmpy",))
    yield from answers("of what takes no part, and is not there")
    body.remove("torch-*.dist-info", "pillow-*.dist-info", "PIL")
    yield from answers("no record of torch")


@pytest.mark.parametrize("name", list(table.makers))
def test_each_case_of_a_look_is_answered_as_before(body: Body, name: str) -> None:
    table.compare(name, body)


def test_no_table_is_kept_that_is_made_no_more() -> None:
    assert names(table.kept) == set(table.makers)
