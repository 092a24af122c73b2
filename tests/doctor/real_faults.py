"""Faults injected into a copy of a real environment and of a model folder, as they happen.

Table of (id that the doctor must name first, what breaks it). Nothing is written through: a copy
shares its files with the original, so a file is replaced, never changed in place.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

MODEL = "Qwen/Canary-VL"


@dataclass
class Patient:
    """A copy that may be broken: environment, model folder, and the person's variables."""

    env: Path
    model: Path
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    with_model: bool = False

    @property
    def python(self) -> Path:
        return self.env / "bin" / "python"

    @property
    def packages(self) -> Path:
        return next(self.env.glob("lib/python3*/site-packages"))

    def pip(self, *words: str) -> None:
        """Run pip or uv in the environment, as a person would."""
        command = [sys.executable, "-m", "uv", "pip", *words, "--python", str(self.python)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def remove(self, *patterns: str) -> None:
        """Delete files and folders of the packages."""
        for pattern in patterns:
            found = list(self.packages.glob(pattern))
            assert found, pattern
            for path in found:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def replace(self, path: Path, data: bytes | str) -> None:
        """Put another file in place of one."""
        path.unlink(missing_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    def edit(self, path: Path, old: str, new: str) -> None:
        """Change a text."""
        text = path.read_text(encoding="utf-8")
        assert old in text, path
        self.replace(path, text.replace(old, new))


Break = Callable[[Patient], None]


@dataclass(frozen=True, kw_only=True)
class RealFault:
    """One fault: the ids that name it, and how it is injected.

    `mended_by` says what the remedy takes: "fix" (`doctor --fix`), or "unset", the variables
    taken away in the person's shell.
    """

    name: str
    ids: tuple[str, ...]
    break_: Break
    mended_by: str = "fix"


FAULTS: list[RealFault] = []


def fault(*ids: str, mended_by: str = "fix") -> Callable[[Break], Break]:
    def keep(function: Break) -> Break:
        FAULTS.append(RealFault(name=function.__name__, ids=ids, break_=function,
                                mended_by=mended_by))  # fmt: skip
        return function

    return keep


def copy(env: Path, model: Path | None, folder: Path) -> Patient:
    """Copy an environment by hard links: seconds for gigabytes."""
    subprocess.run(["cp", "-al", str(env), str(folder / "env")], check=True)
    if model is not None:
        shutil.copytree(model, folder / "model")
    return Patient(env=folder / "env", model=folder / "model", folder=folder)


# --- what an interrupted or careless installation leaves --------------------------------------


@fault("leftovers")
def leftover_folder(p: Patient) -> None:
    (p.packages / "~orch" / "lib").mkdir(parents=True)


@fault("leftovers")
def leftover_metadata(p: Patient) -> None:
    (p.packages / "~ransformers-4.50.0.dist-info").mkdir()


@fault("duplicates")
def two_records(p: Patient) -> None:
    old = p.packages / "transformers-4.40.0.dist-info"
    old.mkdir()
    p.replace(old / "METADATA", "Metadata-Version: 2.1\nName: transformers\nVersion: 4.40.0\n")
    p.replace(old / "RECORD", "transformers/__init__.py,,\n")


@fault("duplicates")
def two_records_of_torch(p: Patient) -> None:
    _record(p, "torch", "2.9.0", "torch/__init__.py,,1\n")


@fault("files-contested")
def cudnn_of_cuda_12_over_that_of_13(p: Patient) -> None:
    path = next(p.packages.glob("nvidia/cudnn/lib/libcudnn.so.9"))
    p.replace(path, path.read_bytes() + bytes(4096))
    name = path.relative_to(p.packages)
    _record(p, "nvidia_cudnn_cu12", "9.10.2.21", f"{name},,{path.stat().st_size}\n")


def _record(p: Patient, name: str, version: str, files: str) -> None:
    info = p.packages / f"{name}-{version}.dist-info"
    info.mkdir()
    p.replace(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    p.replace(info / "INSTALLER", "pip\n")
    own = "".join(f"{info.name}/{n},,\n" for n in ("METADATA", "INSTALLER", "RECORD"))
    p.replace(info / "RECORD", files + own)


@fault("metadata-broken")
def record_removed(p: Patient) -> None:
    p.remove("accelerate-*.dist-info/RECORD")


@fault("metadata-broken")
def metadata_removed(p: Patient) -> None:
    p.remove("tokenizers-*.dist-info/METADATA")


@fault("metadata-broken")
def metadata_emptied(p: Patient) -> None:
    p.replace(next(p.packages.glob("safetensors-*.dist-info/METADATA")), "")


def _uninstalled(name: str, *ids: str) -> None:
    def break_(p: Patient) -> None:
        p.pip("uninstall", name)

    break_.__name__ = f"uninstalled_{name.replace('-', '_')}"
    FAULTS.append(RealFault(name=break_.__name__, ids=ids, break_=break_))


for _name in ("torchvision", "transformers", "pillow", "numpy", "accelerate", "qwen-vl-utils",
              "safetensors", "tokenizers", "huggingface-hub"):  # fmt: skip
    _uninstalled(_name, "package-missing")
_uninstalled("decord2", "decoder-missing")
_uninstalled("regex", "dependency-version")
_uninstalled("typing-extensions", "dependency-version")
_uninstalled("pyyaml", "dependency-version")
_uninstalled("requests", "dependency-version")
_uninstalled("nvidia-cudnn-cu13", "nvidia-missing")
_uninstalled("nvidia-nccl-cu13", "nvidia-missing")
_uninstalled("nvidia-cublas", "nvidia-missing")
_uninstalled("torch", "torch-missing")


def _older(pin: str, *ids: str) -> None:
    def break_(p: Patient) -> None:
        p.pip("install", "--no-deps", pin)

    break_.__name__ = "installed_" + pin.replace("==", "_").replace("-", "_").replace(".", "_")
    FAULTS.append(RealFault(name=break_.__name__, ids=ids, break_=break_))


_older("tokenizers==0.20.3", "dependency-version")
_older("huggingface-hub==0.20.3", "dependency-version")
_older("accelerate==0.20.3", "accelerate-old", "dependency-version")
_older("torchvision==0.20.1", "torchvision-mismatch")
_older("transformers==4.44.2", "dependency-version", "transformers-lacks-model")
_older("pynvml==11.5.3", "pynvml-shadow")
_older("safetensors==0.3.0", "dependency-version")
_older("pillow==9.5.0", "dependency-version")


# --- files -----------------------------------------------------------------------------------


@fault("files-missing")
def cublas_files_deleted(p: Patient) -> None:
    p.remove("nvidia/*/lib/libcublas.so*")


@fault("files-missing")
def cudnn_cut_short(p: Patient) -> None:
    p.replace(next(p.packages.glob("nvidia/cudnn/lib/libcudnn.so*")), b"\x7fELF\x02\x01\x01")


@fault("files-missing")
def library_deleted(p: Patient) -> None:
    p.remove("safetensors/*.so")


@fault("files-missing")
def library_linked_to_nowhere(p: Patient) -> None:
    path = next(p.packages.glob("nvidia/*/lib/libcublas.so.*"))
    path.unlink()
    path.symlink_to(p.folder / "gone")


@fault("files-missing")
def folder_linked_to_nowhere(p: Patient) -> None:
    (p.packages / "numpy").rename(p.folder / "numpy")
    (p.packages / "numpy").symlink_to(p.folder / "gone")


@fault("files-missing")
def folder_in_other_letters(p: Patient) -> None:
    (p.packages / "PIL").rename(p.packages / "pil")


@fault("files-missing")
def library_that_is_a_pointer(p: Patient) -> None:
    p.replace(next(p.packages.glob("tokenizers/*.so")), "version https://git-lfs.github.com/spec\n")


@fault("files-missing")
def certificates_removed(p: Patient) -> None:
    p.remove("certifi/cacert.pem")


@fault("live-plugin-broken")
def backend_of_triton_broken(p: Patient) -> None:
    (p.packages / "triton_xpu").mkdir()
    p.replace(p.packages / "triton_xpu/__init__.py", "import a_driver_that_is_missing\n")
    files = "triton_xpu/__init__.py,,\ntriton_xpu-0.1.dist-info/entry_points.txt,,\n"
    _record(p, "triton_xpu", "0.1", files)
    info = p.packages / "triton_xpu-0.1.dist-info"
    p.replace(info / "entry_points.txt", "[triton.backends]\nxpu = triton_xpu.backend\n")


@fault("live-startup-hides")
def installed_for_development_and_moved_away(p: Patient) -> None:
    p.replace(p.packages / "__editable___transformers_finder.py", _FINDER.format(folder=p.folder))
    p.replace(p.packages / "__editable__.transformers-4.45.0.dev0.pth",
              "import __editable___transformers_finder\n")  # fmt: skip


_FINDER = """import sys
from importlib.util import spec_from_file_location
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "transformers":
            return spec_from_file_location(name, "{folder}/src/transformers/__init__.py")
sys.meta_path.insert(0, Finder)
"""


@fault("files-missing")
def sources_emptied_by_a_power_cut(p: Patient) -> None:
    p.replace(p.packages / "transformers/modeling_utils.py", "")


@fault("library-damaged")
def library_of_zeros(p: Patient) -> None:
    path = next(p.packages.glob("tokenizers/*.so"))
    p.replace(path, bytes(path.stat().st_size))


@fault("live-files-missing")
def a_hole_in_the_largest_library(p: Patient) -> None:
    path = p.packages / "torch/lib/libtorch_cpu.so"
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : third + (4 << 20)] = bytes(4 << 20)
    p.replace(path, bytes(data))


@fault("library-machine")
def library_of_another_machine(p: Patient) -> None:
    path = next(p.packages.glob("PIL/_imaging.*.so"))
    data = bytearray(path.read_bytes())
    data[18:20] = b"\xb7\x00"
    p.replace(path, bytes(data))


@fault("files-missing")
def decoder_without_its_libraries(p: Patient) -> None:
    p.remove("decord2.libs")


@fault("torch-missing")
def torch_half_removed(p: Patient) -> None:
    p.remove("torch")


@fault("torch-overlaid")
def torch_overlaid(p: Patient) -> None:
    path = p.packages / "torch" / "version.py"
    p.replace(path, "__version__ = '2.7.1+cu126'\ncuda = '12.6'\n")


@fault("wheel-tags")
def wheel_of_another_python(p: Patient) -> None:
    path = next(p.packages.glob("numpy-*.dist-info/WHEEL"))
    text = path.read_text(encoding="utf-8")
    p.replace(path, text.replace("cp311", "cp310").replace("cp312", "cp310"))


@fault("live-import-failed")
def accelerate_half_updated(p: Patient) -> None:
    p.replace(p.packages / "accelerate/__init__.py", "raise ImportError('half an update')\n")


@fault("live-files-missing")
def source_cut_short(p: Patient) -> None:
    path = p.packages / "qwen_vl_utils/vision_process.py"
    p.replace(path, path.read_text(encoding="utf-8")[:900])


@fault("live-import-failed", "files-missing", "live-package-missing")
def submodule_deleted(p: Patient) -> None:
    p.remove("transformers/models/qwen2_vl/modeling_qwen2_vl.py")


@fault("flash-attn-mismatch")
def flash_attention_of_another_torch(p: Patient) -> None:
    info = p.packages / "flash_attn-2.7.4+cu12torch2.5cxx11abifalse.dist-info"
    info.mkdir()
    (p.packages / "flash_attn").mkdir()
    p.replace(p.packages / "flash_attn/__init__.py", "")
    p.replace(info / "METADATA", "Metadata-Version: 2.1\nName: flash_attn\n"
              "Version: 2.7.4+cu12torch2.5cxx11abifalse\n")  # fmt: skip
    p.replace(info / "WHEEL", "Wheel-Version: 1.0\nTag: cp311-cp311-linux_x86_64\n")
    p.replace(info / "INSTALLER", "pip\n")
    names = ("flash_attn/__init__.py", *(f"{info.name}/{n}" for n in
             ("METADATA", "WHEEL", "INSTALLER", "RECORD")))  # fmt: skip
    p.replace(info / "RECORD", "".join(f"{n},,\n" for n in names))


@fault("startup-hook")
def hook_that_ends_python(p: Patient) -> None:
    p.replace(p.packages / "zz_hook.pth", "import sys; sys.exit(3)\n")


@fault("startup-hook")
def sitecustomize_that_ends_python(p: Patient) -> None:
    p.replace(p.packages / "sitecustomize.py", "raise SystemExit('refused by policy')\n")


@fault("python-missing")
def interpreter_removed(p: Patient) -> None:
    for path in p.env.glob("bin/python*"):
        path.unlink()


@fault("python-moved")
def base_interpreter_removed(p: Patient) -> None:
    for path in p.env.glob("bin/python*"):
        path.unlink()
    (p.env / "bin/python").symlink_to(p.folder / "gone/bin/python3.11")
    lines = (p.env / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    lines = [f"home = {p.folder}/gone/bin" if s.startswith("home") else s for s in lines]
    p.replace(p.env / "pyvenv.cfg", "\n".join(lines) + "\n")


@fault("python-broken")
def settings_in_utf_16(p: Patient) -> None:
    path = p.env / "pyvenv.cfg"
    p.replace(path, path.read_text(encoding="utf-8").encode("utf-16"))


@fault("python-broken")
def interpreter_cut_short(p: Patient) -> None:
    start = p.python.read_bytes()[:3000]
    p.replace(p.python, start)
    p.python.chmod(0o755)


@fault("metadata-broken")
def entries_that_are_no_text(p: Patient) -> None:
    p.replace(next(p.packages.glob("tqdm-*.dist-info/entry_points.txt")), b"[x]\na = \xff\xfe:b\n")


@fault("files-missing")
def folder_for_a_file(p: Patient) -> None:
    (p.packages / "accelerate/state.py").unlink()
    (p.packages / "accelerate/state.py").mkdir()


@fault("live-files-missing")
def half_of_another_release(p: Patient) -> None:
    path = p.packages / "transformers/utils/__init__.py"
    p.edit(path, "is_torch_available", "is_torch_there")


@fault("module-hidden")
def folder_of_another_release_before_a_module(p: Patient) -> None:
    (p.packages / "typing_extensions").mkdir()
    p.replace(p.packages / "typing_extensions/__init__.py", "from typing import *\n")


# --- variables of the shell -------------------------------------------------------------------


@fault("pythonpath", mended_by="unset")
def pythonpath(p: Patient) -> None:
    (p.folder / "ros/torch").mkdir(parents=True)
    p.replace(p.folder / "ros/torch/__init__.py", "")
    p.variables["PYTHONPATH"] = str(p.folder / "ros")


@fault("library-path", mended_by="unset")
def library_path_with_a_broken_library(p: Patient) -> None:
    (p.folder / "lib").mkdir()
    p.replace(p.folder / "lib/libstdc++.so.6", "not a library")
    p.variables["LD_LIBRARY_PATH"] = str(p.folder / "lib")


@fault("preload", mended_by="unset")
def preloaded_library(p: Patient) -> None:
    p.replace(p.folder / "libcublas.so.13", "")
    p.variables["LD_PRELOAD"] = str(p.folder / "libcublas.so.13")


@fault("certificate-file", mended_by="unset")
def certificates_gone(p: Patient) -> None:
    p.variables["SSL_CERT_FILE"] = str(p.folder / "no.pem")


@fault("proxy-dead", mended_by="unset")
def proxy_dead(p: Patient) -> None:
    p.variables["https_proxy"] = "http://127.0.0.1:9"


@fault("temp-missing", mended_by="unset")
def temp_missing(p: Patient) -> None:
    p.variables["TMPDIR"] = str(p.folder / "no-such-folder")


# --- the model's files ------------------------------------------------------------------------


def weights(*ids: str) -> Callable[[Break], Break]:
    def keep(function: Break) -> Break:
        def break_(p: Patient) -> None:
            p.with_model = True
            function(p)

        FAULTS.append(RealFault(name=f"model_{function.__name__}", ids=ids, break_=break_))
        return function

    return keep


@weights("weights-truncated")
def cut_short(p: Patient) -> None:
    path = p.model / "model.safetensors"
    p.replace(path, path.read_bytes()[:-1000])


@weights("weights-truncated")
def empty_weights(p: Patient) -> None:
    p.replace(p.model / "model.safetensors", b"")


@weights("weights-truncated")
def zeros_for_weights(p: Patient) -> None:
    path = p.model / "model.safetensors"
    p.replace(path, bytes(path.stat().st_size))


@weights("weights-changed")
def half_of_zeros(p: Patient) -> None:
    path = p.model / "model.safetensors"
    data = path.read_bytes()
    p.replace(path, data[: len(data) // 2] + bytes(len(data) - len(data) // 2))


@weights("model-file-missing")
def a_folder_for_weights(p: Patient) -> None:
    (p.model / "model.safetensors").unlink()
    (p.model / "model.safetensors").mkdir()


@weights("model-file-missing")
def a_link_to_nowhere_for_weights(p: Patient) -> None:
    (p.model / "model.safetensors").unlink()
    (p.model / "model.safetensors").symlink_to("../blobs/gone")


@weights("weights-missing")
def the_index_of_another_model(p: Patient) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    p.replace(p.model / "model.safetensors.index.json", json.dumps(index))


@weights("config-invalid")
def half_an_index(p: Patient) -> None:
    p.replace(p.model / "model.safetensors.index.json", '{"weight_map": {"a": ')


@weights("lfs-pointer")
def pointer_for_the_tokenizer(p: Patient) -> None:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 9\n"
    p.replace(p.model / "tokenizer.json", text)


@weights("model-file-missing")
def no_chat_template(p: Patient) -> None:
    (p.model / "chat_template.json").unlink()


@weights("weights-changed")
def flipped_byte(p: Patient) -> None:
    path = p.model / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-100] ^= 0xFF
    p.replace(path, bytes(data))


@weights("lfs-pointer")
def git_pointer(p: Patient) -> None:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 9\n"
    p.replace(p.model / "model.safetensors", text)


@weights("html-instead")
def login_page(p: Patient) -> None:
    p.replace(p.model / "config.json", "<!DOCTYPE html><html>log in</html>")


@weights("config-missing")
def no_config(p: Patient) -> None:
    (p.model / "config.json").unlink()


@weights("config-invalid")
def half_a_config(p: Patient) -> None:
    p.replace(p.model / "config.json", (p.model / "config.json").read_text()[:200])


@weights("model-file-missing")
def no_preprocessor(p: Patient) -> None:
    (p.model / "preprocessor_config.json").unlink()


@weights("model-file-missing")
def no_tokenizer(p: Patient) -> None:
    (p.model / "tokenizer.json").unlink()


@weights("weights-missing", "model-file-missing")
def no_weights(p: Patient) -> None:
    (p.model / "model.safetensors").unlink()


@weights("weights-foreign")
def config_of_another_size(p: Patient) -> None:
    config = json.loads((p.model / "config.json").read_text())
    p.replace(p.model / "config.json", json.dumps({**config, "num_hidden_layers": 28}))


@weights("download-unfinished", "model-file-missing", "weights-missing")
def download_broken_off(p: Patient) -> None:
    data = (p.model / "model.safetensors").read_bytes()
    (p.model / "model.safetensors").unlink()
    (p.model / "._____temp").mkdir()
    p.replace(p.model / "._____temp/model.safetensors", data[:1000])
