"""Faults and the id that each must be called by: table of (id, what breaks a sound body)."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from setup_assistant.host.http_errors import CAUSES
from setup_assistant.machine.facts import Gpu, Source
from setup_assistant.weights import folder_record
from setup_assistant.weights.hashing import sum_of
from setup_assistant.weights.tensors import read_header
from tests.doctor.body import CARD, NATIVE, Body

# What a fault returns: variables of the person's shell.
Break = Callable[[Body], "dict[str, str] | None"]
FAULTS: list[tuple[str, str, Break]] = []


def fault(wanted: str) -> Callable[[Break], Break]:
    def keep(function: Break) -> Break:
        FAULTS.append((wanted, function.__name__, function))
        return function

    return keep


def _verdict(name: str, wanted: str | None = None, *, cards: tuple[Gpu, ...] = ()) -> None:
    def break_(body: Body) -> None:
        body.verdicts(name, gpus=cards)

    FAULTS.append((wanted or name.replace("_", "-"), f"verdict_{name}", break_))


for _name in ("driver_missing", "nouveau_bound", "vfio_bound", "driver_not_loaded", "nvml_missing",
              "driver_library_mismatch", "permission_denied", "blocked_by_os", "nvml_hangs",
              "nvml_unknown_error", "libcuda_missing", "no_devices", "gpu_lost", "gpu_power",
              "nvidia_smi_hangs", "nvml_error"):  # fmt: skip
    _verdict(_name)


def _kernel(body: Body) -> Path:
    body.file(body.root / "proc/sys/kernel/osrelease", "6.8.0-45-generic\n")
    folder = body.root / "lib/modules/6.8.0-45-generic"
    folder.mkdir(parents=True)
    return folder


@fault("secure-boot")
def secure_boot_refuses_the_module(body: Body) -> None:
    body.verdicts("driver_not_loaded")
    body.file(_kernel(body) / "updates/dkms/nvidia.ko.zst", "")
    efi = body.root / "sys/firmware/efi/efivars"
    efi.mkdir(parents=True)
    (efi / "SecureBoot-8be4df61").write_bytes(b"\x06\x00\x00\x00\x01")


@fault("module-off")
def module_is_switched_off(body: Body) -> None:
    body.verdicts("driver_not_loaded")
    body.file(body.root / "etc/modprobe.d/blacklist-nvidia.conf", "alias nvidia off\n")


@fault("module-not-built")
def module_was_built_for_another_kernel(body: Body) -> None:
    body.verdicts("driver_not_loaded")
    _kernel(body)
    body.file(body.root / "lib/modules/6.8.0-31-generic/updates/dkms/nvidia.ko", "")


@fault("driver-too-old")
def driver_of_the_cuda_major_below(body: Body) -> None:
    body.machine = replace(
        body.machine, driver=replace(body.machine.driver, version="535.104.05", cuda="12.2")
    )
    body.torch("2.11.0", "cu130", pair="0.26.0")


@fault("visible-devices")
def every_card_is_hidden(body: Body) -> dict[str, str]:
    hidden = replace(CARD, usable=False, note="Hidden by CUDA_VISIBLE_DEVICES.")
    body.machine = replace(body.machine, gpus=(hidden,))
    return {"CUDA_VISIBLE_DEVICES": "-1"}


@fault("mig-empty")
def mig_without_slices(body: Body) -> None:
    body.machine = replace(body.machine, gpus=(replace(CARD, mig="on", usable=False),))


@fault("no-kernel")
def card_is_newer_than_the_build(body: Body) -> None:
    card = replace(CARD, name="NVIDIA GeForce RTX 5090", compute_capability="12.0")
    body.machine = replace(body.machine, gpus=(CARD, card))


@fault("python-missing")
def interpreter_removed(body: Body) -> None:
    (body.env / "bin/python").unlink()


@fault("python-moved")
def base_interpreter_removed(body: Body) -> None:
    shutil.rmtree(body.folder / "base")


@fault("python-elsewhere")
def the_file_that_makes_a_venv_removed(body: Body) -> None:
    (body.env / "pyvenv.cfg").unlink()


@fault("python-mismatch")
def packages_of_another_python(body: Body) -> None:
    (body.env / "lib/python3.11").rename(body.env / "lib/python3.12")


@fault("glibc-too-old")
def system_with_an_old_c_library(body: Body) -> None:
    system = replace(body.machine.system, glibc="2.17")
    body.machine = replace(body.machine, system=system)


@fault("wheel-tags")
def wheel_of_another_python(body: Body) -> None:
    wheel = body.packages / "numpy-2.3.1.dist-info/WHEEL"
    body.file(wheel, "Wheel-Version: 1.0\nTag: cp312-cp312-manylinux_2_28_x86_64\n")


@fault("wheel-tags")
def wheel_of_another_architecture(body: Body) -> None:
    wheel = body.packages / "pillow-12.0.0.dist-info/WHEEL"
    body.file(wheel, "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_28_aarch64\n")


@fault("cpu-instructions")
def processor_without_avx2(body: Body) -> None:
    system = replace(body.machine.system, cpu_flags=("sse2", "avx"))
    body.machine = replace(body.machine, system=system)


@fault("pythonpath")
def pythonpath_with_another_torch(body: Body) -> dict[str, str]:
    body.file(body.folder / "ros/torch/__init__.py", "")
    return {"PYTHONPATH": str(body.folder / "ros")}


@fault("pythonhome")
def pythonhome_is_set(body: Body) -> dict[str, str]:
    return {"PYTHONHOME": "/opt/python"}


@fault("user-site")
def home_folder_shadows_a_conda_environment(body: Body) -> None:
    (body.env / "pyvenv.cfg").unlink()
    record = {"name": "python", "version": "3.11.7"}
    body.file(body.env / "conda-meta/history", "")
    body.file(body.env / "conda-meta/python-3.11.7-0.json", json.dumps(record))
    base = body.folder / "home/.local/lib/python3.11/site-packages"
    body.file(base / "transformers/__init__.py", "")


@fault("preload")
def a_library_is_preloaded(body: Body) -> dict[str, str]:
    library = body.file(body.folder / "cuda/libnvJitLink.so.12", "")
    return {"LD_PRELOAD": str(library)}


@fault("leftovers")
def interrupted_installation(body: Body) -> None:
    (body.packages / "~orch").mkdir()


@fault("leftovers")
def interrupted_installation_of_metadata(body: Body) -> None:
    (body.packages / "~ransformers-4.50.0.dist-info").mkdir()


@fault("duplicates")
def two_records_of_one_package(body: Body) -> None:
    body.install("transformers", "transformers", "4.40.0")


@fault("metadata-broken")
def record_removed(body: Body) -> None:
    (body.packages / "accelerate-1.15.0.dist-info/RECORD").unlink()


@fault("metadata-broken")
def metadata_removed(body: Body) -> None:
    (body.packages / "tokenizers-0.22.1.dist-info/METADATA").unlink()


@fault("metadata-broken")
def metadata_without_a_version(body: Body) -> None:
    body.file(body.packages / "tokenizers-0.22.1.dist-info/METADATA", "Name: tokenizers\n")


@fault("metadata-broken")
def metadata_of_another_version(body: Body) -> None:
    body.file(body.packages / "numpy-2.3.1.dist-info/METADATA", "Name: numpy\nVersion: 1.16.6\n")


@fault("metadata-broken")
def record_cut_short(body: Body) -> None:
    body.file(body.packages / "pillow-12.0.0.dist-info/RECORD", "PIL/__init__.py,,0\nPIL/a.py,sh")


@fault("metadata-broken")
def record_cut_short_in_a_name(body: Body) -> None:
    body.file(body.packages / "pillow-12.0.0.dist-info/RECORD", "PIL/__init__.py,,0\nPIL/a.p")


@fault("metadata-broken")
def entries_that_are_no_text(body: Body) -> None:
    path = body.packages / "pillow-12.0.0.dist-info/entry_points.txt"
    path.write_bytes(b"[console_scripts]\npil = \xff\xfe:main\n")


@fault("torch-missing")
def torch_removed(body: Body) -> None:
    body.remove("torch", "torch-*.dist-info")


@fault("torch-missing")
def torch_lost_its_files(body: Body) -> None:
    body.remove("torch")


@fault("torch-overlaid")
def torch_files_of_another_version(body: Body) -> None:
    path = body.packages / "torch/version.py"
    path.write_text(path.read_text().replace("2.8.0", "2.7.1"))


@fault("torch-overlaid")
def conda_and_pip_both_brought_torch(body: Body) -> None:
    body.file(body.env / "conda-meta/pytorch-2.5.1-py3.11_cuda12.4_0.json", "{}")


for _module, _info in (("torchvision", "torchvision"), ("transformers", "transformers"),
                       ("accelerate", "accelerate"), ("qwen_vl_utils", "qwen_vl_utils"),
                       ("PIL", "pillow"), ("numpy", "numpy")):  # fmt: skip

    def _removed(body: Body, module: str = _module, info: str = _info) -> None:
        body.remove(module, f"{info}-*.dist-info")

    FAULTS.append(("package-missing", f"removed_{_module}", _removed))


@fault("files-missing")
def library_deleted(body: Body) -> None:
    (body.packages / "tokenizers/_lib.so").unlink()


@fault("files-missing")
def library_cut_short(body: Body) -> None:
    (body.packages / "nvidia/_lib.so").write_text("a")


@fault("files-contested")
def cudnn_of_another_cuda_over_it(body: Body) -> None:
    body.file(body.packages / "nvidia/_lib.so", "another build of it")
    info = body.packages / "nvidia_cudnn_cu13-9.26.0.51.dist-info"
    body.file(info / "METADATA", "Name: nvidia-cudnn-cu13\nVersion: 9.26.0.51\n")
    body.file(info / "RECORD", "nvidia/_lib.so,,19\n")


@fault("files-missing")
def a_file_for_a_folder(body: Body) -> None:
    body.remove("accelerate")
    body.file(body.packages / "accelerate", "")


@fault("files-missing")
def a_folder_for_a_file(body: Body) -> None:
    (body.packages / "accelerate/__init__.py").unlink()
    (body.packages / "accelerate/__init__.py").mkdir()


@fault("module-hidden")
def a_library_of_another_release_before_the_one_installed(body: Body) -> None:
    body.file(body.packages / "tokenizers-0.22.1.dist-info/RECORD", "tokenizers/t.abi3.so,,3\n")
    body.file(body.packages / "tokenizers/t.abi3.so", "new")
    here = f"t.cpython-311-{platform.machine()}-linux-gnu.so"
    body.file(body.packages / "tokenizers" / here, "old")


@fault("module-hidden")
def a_folder_of_another_release_before_a_module(body: Body) -> None:
    body.file(body.packages / "six-1.17.0.dist-info/METADATA", "Name: six\nVersion: 1.17.0\n")
    body.file(body.packages / "six-1.17.0.dist-info/RECORD", "six.py,,1\n")
    body.file(body.packages / "six.py", "1")
    body.file(body.packages / "six/__init__.py", "")


@fault("files-missing")
def a_folder_is_a_link_to_nowhere(body: Body) -> None:
    body.remove("accelerate")
    (body.packages / "accelerate").symlink_to(body.folder / "gone")


@fault("files-missing")
def library_is_a_link_to_nowhere(body: Body) -> None:
    library = body.packages / "nvidia/_lib.so"
    library.unlink()
    library.symlink_to(body.folder / "gone")


@fault("metadata-broken")
def accelerates_record_is_gone(body: Body) -> None:
    body.remove("accelerate-*.dist-info")


@fault("nvidia-missing")
def cudnn_removed(body: Body) -> None:
    body.remove("nvidia_cudnn_cu12-*.dist-info", "nvidia")


@fault("nvidia-missing")
def cudnn_of_another_version(body: Body) -> None:
    body.remove("nvidia_cudnn_cu12-*.dist-info")
    body.install("nvidia_cudnn_cu12", "nvidia", "8.9.2.26")


@fault("dependency-version")
def tokenizers_of_another_version(body: Body) -> None:
    body.remove("tokenizers-*.dist-info")
    body.install("tokenizers", "tokenizers", "0.20.3")


@fault("numpy-too-new")
def old_torch_with_new_numpy(body: Body) -> None:
    body.torch("2.2.2", "cu118", pair="0.17.2")
    body.remove("transformers-*.dist-info")
    body.install("transformers", "transformers", "4.46.3")


@fault("pynvml-shadow")
def deprecated_pynvml(body: Body) -> None:
    body.install("pynvml", "pynvml", "11.5.3")


@fault("torchvision-mismatch")
def torchvision_of_another_release(body: Body) -> None:
    body.remove("torchvision-*.dist-info")
    body.install("torchvision", "torchvision", "0.20.1+cu126", NATIVE, ("torch ==2.5.1",))
    body.file(body.packages / "torchvision/version.py", "__version__ = '0.20.1+cu126'\n")


@fault("torchvision-variant")
def torchvision_of_the_cpu(body: Body) -> None:
    body.file(body.packages / "torchvision/version.py", "__version__ = '0.23.0+cpu'\n")


@fault("torchvision-variant")
def torchvision_binary_for_cuda_with_torch_for_cpu(body: Body) -> None:
    body.torch("2.8.0", "cpu", pair="0.23.0")
    body.machine = replace(body.machine, gpus=())
    body.file(body.packages / "torchvision/version.py", "__version__ = '0.23.0'\n")
    (body.packages / "torchvision/_C.so").write_bytes(b"\x7fELF libtorch_cuda.so")


@fault("cpu-build")
def cpu_torch_beside_a_gpu(body: Body) -> None:
    body.torch("2.8.0", "cpu", pair="0.23.0")


@fault("accelerate-old")
def accelerate_is_too_old(body: Body) -> None:
    body.remove("accelerate-*.dist-info")
    body.install("accelerate", "accelerate", "0.20.0")


@fault("transformers-floor")
def torch_below_the_floor(body: Body) -> None:
    body.remove("transformers-*.dist-info")
    body.install("transformers", "transformers", "5.23.0")
    body.torch("2.4.1", "cu121", pair="0.19.1")


@fault("decoder-missing")
def decoder_removed(body: Body) -> None:
    body.torch("2.11.0", "cu126", pair="0.26.0")
    body.remove("decord", "decord2-*.dist-info")


@fault("torchcodec-ffmpeg")
def torchcodec_without_ffmpeg(body: Body) -> None:
    body.remove("decord", "decord2-*.dist-info")
    body.install("torchcodec", "torchcodec", "0.7.0")


@fault("flash-attn-mismatch")
def flash_attention_for_another_torch(body: Body) -> None:
    body.install("flash_attn", "flash_attn", "2.7.4+cu12torch2.5cxx11abifalse")


@fault("mkl-too-new")
def mkl_without_the_old_symbol(body: Body) -> None:
    body.torch("2.1.2", "cu121", pair="0.16.2")
    body.remove("transformers-*.dist-info", "numpy-*.dist-info")
    body.install("transformers", "transformers", "4.46.3")
    body.install("numpy", "numpy", "1.26.4")
    for info in body.packages.glob("torch-*.dist-info"):
        body.file(info / "INSTALLER", "conda\n")
    body.file(body.env / "conda-meta/pytorch-2.1.2-py3.11_cuda12.1_0.json", "{}")
    body.file(body.env / "conda-meta/mkl-2024.1.0-h1_0.json", "{}")


# --- weights ---------------------------------------------------------------------------------


def weights(wanted: str) -> Callable[[Break], Break]:
    def keep(function: Break) -> Break:
        def break_(body: Body) -> dict[str, str] | None:
            body.with_model = True
            return function(body)

        FAULTS.append((wanted, function.__name__, break_))
        return function

    return keep


@weights("folder-wrong")
def model_in_a_folder_further_down(body: Body) -> None:
    body.model.rename(body.folder / "inner")
    body.model.mkdir()
    (body.folder / "inner").rename(body.model / "Qwen2-VL")


@weights("download-unfinished")
def temporary_files_are_left(body: Body) -> None:
    (body.model / "model.safetensors").unlink()
    body.file(body.model / "._____temp/model.safetensors", "half")


@weights("lfs-pointer")
def cloned_without_lfs(body: Body) -> None:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 9\n"
    body.file(body.model / "model.safetensors", text)


@weights("html-instead")
def a_login_page_as_config(body: Body) -> None:
    body.file(body.model / "config.json", "<!DOCTYPE html><html>log in</html>")


@weights("config-missing")
def config_removed(body: Body) -> None:
    (body.model / "config.json").unlink()


@weights("config-invalid")
def config_cut_short(body: Body) -> None:
    path = body.model / "config.json"
    path.write_text(path.read_text()[:200])


@weights("config-invalid")
def config_without_a_type(body: Body) -> None:
    body.file(body.model / "config.json", "{}\n".replace("{}", '{"hidden_size": 128}'))


@weights("config-invalid")
def an_index_that_leads_out_of_the_folder(body: Body) -> None:
    body.file(body.folder / "mine" / "thesis.safetensors", "years of work")
    named = json.dumps({"weight_map": {"a": "../mine/thesis.safetensors", "b": 5}})
    body.file(body.model / "model.safetensors.index.json", named)


@weights("model-file-missing")
def preprocessor_removed(body: Body) -> None:
    (body.model / "preprocessor_config.json").unlink()


@weights("model-file-missing")
def tokenizer_config_removed(body: Body) -> None:
    (body.model / "tokenizer_config.json").unlink()


@weights("weights-missing")
def no_weights_at_all(body: Body) -> None:
    (body.model / "model.safetensors").unlink()


@weights("weights-missing")
def a_shard_is_missing(body: Body) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    body.file(body.model / "model.safetensors.index.json", json.dumps(index))


@weights("model-file-missing")
def a_folder_in_place_of_the_tokenizer(body: Body) -> None:
    (body.model / "tokenizer.json").unlink()
    (body.model / "tokenizer.json").mkdir()
    for name in ("vocab.json", "merges.txt"):
        (body.model / name).unlink()


@weights("config-invalid")
def an_error_of_the_hub_as_config(body: Body) -> None:
    body.file(body.model / "config.json", '{"Code": 10010205001, "Message": "Model not found"}')


@weights("weights-truncated")
def weights_of_zeros(body: Body) -> None:
    path = body.model / "model.safetensors"
    path.write_bytes(bytes(path.stat().st_size))


@weights("weights-truncated")
def weights_cut_short(body: Body) -> None:
    path = body.model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


@weights("weights-truncated")
def weights_with_bytes_too_many(body: Body) -> None:
    path = body.model / "model.safetensors"
    path.write_bytes(path.read_bytes() + b"\0" * 9)


@weights("weights-truncated")
def weights_are_empty(body: Body) -> None:
    (body.model / "model.safetensors").write_bytes(b"")


@weights("weights-swapped")
def shard_with_anothers_tensors(body: Body) -> None:
    index = {"weight_map": {"no.such.tensor": "model.safetensors"}}
    body.file(body.model / "model.safetensors.index.json", json.dumps(index))


@weights("weights-swapped")
def a_tensor_in_a_shard_where_the_index_does_not_have_it(body: Body) -> None:
    path = body.model / "model.safetensors"
    raw = path.read_bytes()
    names = [n for n in json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")]) if n[0] != "_"]
    where = dict.fromkeys(names, path.name) | {names[-1]: "model-00002-of-00002.safetensors"}
    header = {names[-1]: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    text = json.dumps(header).encode()
    second = len(text).to_bytes(8, "little") + text + b"\x00\x00\x80\x3f"
    (body.model / "model-00002-of-00002.safetensors").write_bytes(second)
    body.file(body.model / "model.safetensors.index.json", json.dumps({"weight_map": where}))


@weights("weights-foreign")
def a_shard_of_a_model_with_narrower_layers(body: Body) -> None:
    config = json.loads((body.model / "config.json").read_text())
    place = config.get("text_config") or config
    place["intermediate_size"] += 8
    body.file(body.model / "config.json", json.dumps(config))


@weights("not-a-file")
def a_pipe_in_place_of_the_config(body: Body) -> None:
    (body.model / "config.json").unlink()
    os.mkfifo(body.model / "config.json")


@weights("config-invalid")
def config_nested_without_end(body: Body) -> None:
    body.file(body.model / "config.json", '{"a":' * 200_000)


@weights("config-invalid")
def config_with_a_byte_order_mark(body: Body) -> None:
    path = body.model / "config.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


@weights("config-invalid")
def config_in_utf_16(body: Body) -> None:
    path = body.model / "config.json"
    path.write_bytes(path.read_text().encode("utf-16"))


@weights("weights-pickled")
def pickled_weights_alone(body: Body) -> None:
    (body.model / "model.safetensors").rename(body.model / "pytorch_model.bin")


@weights("weights-stale")
def a_whole_file_left_beside_an_index(body: Body) -> None:
    whole = body.model / "model.safetensors"
    shard = whole.with_name("model-00001-of-00001.safetensors")
    shutil.copyfile(whole, shard)
    names = dict.fromkeys(read_header(shard).tensors, shard.name)
    index = json.dumps({"weight_map": names})
    body.file(body.model / "model.safetensors.index.json", index)


def _overwrite(body: Body, data: bytes, share: float = 0.5) -> None:
    path = body.model / "model.safetensors"
    at = int(path.stat().st_size * share) // 4096 * 4096
    with path.open("r+b") as stream:
        stream.seek(at)
        stream.write(data)


@weights("weights-zeros")
def a_hole_in_the_weights(body: Body) -> None:
    _overwrite(body, bytes(3 * 4096))


@weights("weights-not-finite")
def a_number_that_is_none(body: Body) -> None:
    _overwrite(body, b"\x01\x7e")


@weights("weights-truncated")
def tensors_that_overlap(body: Body) -> None:
    path = body.model / "model.safetensors"
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    one, other = [n for n in header if n != "__metadata__"][:2]
    header[one] = {**header[one], "data_offsets": header[other]["data_offsets"],
                   "shape": header[other]["shape"]}  # fmt: skip
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


@weights("tokenizer-foreign")
def tokenizer_with_more_words_than_the_model(body: Body) -> None:
    path = body.model / "tokenizer.json"
    value = json.loads(path.read_text())
    value["added_tokens"].append({"id": 99_999, "content": "<|foreign|>"})
    body.file(path, json.dumps(value))


@weights("weights-foreign")
def config_with_another_number_of_words(body: Body) -> None:
    path = body.model / "config.json"
    config = json.loads(path.read_text())
    text = config.get("text_config", config)
    text["vocab_size"] += 64
    body.file(path, json.dumps(config))


@weights("weights-foreign")
def config_of_a_larger_model(body: Body) -> None:
    path = body.model / "config.json"
    config = json.loads(path.read_text())
    body.file(path, json.dumps({**config, "num_hidden_layers": 28}))


@weights("weights-foreign")
def config_of_a_wider_model(body: Body) -> None:
    path = body.model / "config.json"
    config = json.loads(path.read_text())
    body.file(path, json.dumps({**config, "hidden_size": 1536}))


@weights("weights-changed")
def a_flipped_byte(body: Body) -> None:
    kept = []
    for path in sorted(body.model.iterdir()):
        stat = path.stat()
        kept.append(folder_record.Kept(path=path.name, size=stat.st_size, sha256=sum_of(path) or "",
                                  mtime=stat.st_mtime_ns))  # fmt: skip
    record = folder_record.Manifest(model="canary", source="here", complete=True, files=tuple(kept))
    folder_record.save(body.model, record)
    path = body.model / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-100] ^= 0xFF
    path.write_bytes(bytes(data))


@weights("transformers-too-old")
def model_type_is_not_known(body: Body) -> None:
    shutil.rmtree(body.packages / "transformers/models/qwen2_vl")


@weights("quantizer-missing")
def quantized_without_its_kernels(body: Body) -> None:
    path = body.model / "config.json"
    config = json.loads(path.read_text())
    body.file(path, json.dumps({**config, "quantization_config": {"quant_method": "awq"}}))


# --- network and disk ------------------------------------------------------------------------


@fault("certificate-file")
def certificates_are_gone(body: Body) -> dict[str, str]:
    return {"SSL_CERT_FILE": str(body.folder / "no.pem")}


@fault("proxy-dead")
def proxy_refuses(body: Body) -> dict[str, str]:
    return {"https_proxy": "http://127.0.0.1:9"}


@fault("tls-intercepted")
def a_proxy_opens_connections(body: Body) -> None:
    reason = CAUSES["certificate-authority"].english
    source = Source(leg="packages", name="a", url="https://a", reachable=False, reason=reason)
    body.machine = replace(body.machine, sources=(source,))


@fault("cache-read-only")
def cache_cannot_be_made(body: Body) -> dict[str, str]:
    return {"HF_HOME": str(body.file(body.folder / "file", "") / "hub")}


@fault("cache-read-only")
def hub_cache_cannot_be_made(body: Body) -> dict[str, str]:
    return {"HF_HUB_CACHE": str(body.file(body.folder / "file", "") / "hub")}


@fault("cache-read-only")
def cache_of_modelscope_cannot_be_made(body: Body) -> dict[str, str]:
    return {"MODELSCOPE_CACHE": str(body.file(body.folder / "file", "") / "hub")}


@fault("temp-missing")
def tmpdir_is_gone(body: Body) -> dict[str, str]:
    return {"TMPDIR": str(body.folder / "gone")}
