"""What a text leads to: the command is spelled from what the text says of system and source."""

# ruff: noqa: ISC004 - a text is one string

from __future__ import annotations

import pytest

from setup_assistant.choose.remedy_target import Situation
from setup_assistant.doctor.explain import explain

_NO_WHEEL = (
    "  × No solution found when resolving:\n"
    "╰─▶ Because torch==2.6.0 has no wheels with a matching platform tag (e.g., `{}`)"
)
_NMS = "RuntimeError: operator torchvision::nms does not exist"
_PLATFORMS = (
    "\nhint: Wheels are available for `torch` (v2.6.0) on the following platforms: `win_amd64`"
)


@pytest.mark.parametrize(
    ("text", "cause", "command"),
    [
        # The platforms for which there are wheels are not that of the person.
        (_NO_WHEEL.format("macosx_15_0_x86_64") + _PLATFORMS, "no-wheel",
         "uv pip install --reinstall torch==2.2.2 torchvision==0.17.2"),
        ("uv pip install torch==9.9 --index-url https://download.pytorch.org/whl/cpu\n"
         "Because torch==9.9 is unusable because no wheels are available with a matching platform",
         "no-wheel", "--index-url https://download.pytorch.org/whl/cpu"),
        ("  × No solution found\nBecause torch==2.6.0 has no wheels with a matching Python ABI tag"
         " (e.g., `cp314`)" + _PLATFORMS, "no-wheel", "uv pip install --reinstall torch=="),
        ("[WSL2] failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",
         "wsl-cuda", "wsl.exe --update"),
        ("ProxyError('Cannot connect to proxy.', NewConnectionError('[Errno 10061] No connection"
         " could be made')): /simple/numpy/", "proxy-dead", "set HTTP_PROXY="),
        # Conda names the system that it runs on.
        ("Platform: win-64\nLibMambaUnsatisfiableError:\n" + 3 * "  - nothing provides requested tk"
         " 8.6**\n", "conda-file-platform", "conda env export --from-history"),
        # The board, and else JetPack, decides which of NVIDIA's indexes helps.
        (f"{_NMS} (JetPack 6.2)", "torchvision-mismatch", "jetson-ai-lab.io/jp6/cu126"),
        (f"{_NMS} (Jetson, L4T R35.4)", "torchvision-mismatch", "jetson-ai-lab.io/jp5/cu114"),
        (f"{_NMS} (Intel(R) Iris Xe)", "torchvision-mismatch", "whl/cpu"),
        # Whom the program could not reach decides what helps.
        ("Retrying (Retry(total=0)) after connection broken by 'ConnectTimeoutError(Connection to"
         " pypi.tuna.tsinghua.edu.cn timed out.)': /simple/poetry/\nERROR: no way",
         "network-timeout", "pip config set global.index-url https://pypi.org/simple"),
        ("requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='huggingface.co', port=443):"
         " Read timed out.", "network-timeout", "export HF_ENDPOINT=https://hf-mirror.com"),
        ("see https://huggingface.co/docs\nReadTimeoutError('Read timed out.'): /simple/numpy/",
         "network-timeout", "export PIP_DEFAULT_TIMEOUT=120"),
        ('FileNotFoundError: No such file or directory: "/m/Qwen2-VL-7B-Instruct/'
         'model-00002-of-00005.safetensors"', "weights-missing",
         "setup-assistant download Qwen/Qwen2-VL-7B-Instruct"),
        # A library of the system, and one that a wheel had with it.
        ("ImportError: libnuma.so.1: cannot open shared object file: No such file or directory",
         "library-missing", "sudo apt install libnuma1"),
        ("error while loading shared libraries: libX11.so.6: cannot open shared object file\n"
         "dnf said nothing", "library-missing", "sudo dnf install 'libX11.so.6()(64bit)'"),
        ('  File "/e/lib/python3.11/site-packages/scipy/linalg/__init__.py", line 7, in <module>\n'
         "ImportError: libopenblasp-r0-b2e42c3b.3.21.so.0: cannot open shared object file",
         "library-missing", ""),
        ("ImportError: libcudnn-a2b758a6.so.7.0.3: cannot open shared object file: No such file",
         "nvidia-missing", "torch=="),
        ("CondaHTTPError: HTTP 000 CONNECTION FAILED for url"
         " <https://mirrors.tuna.tsinghua.edu.cn/anaconda/pkgs/free/current_repodata.json>",
         "conda-channel", "conda config --set remote_read_timeout_secs"),
        ("ImportError: /e/lib/python3.10/site-packages/awq_inference_engine.cpython-310.so:"
         " undefined symbol: _ZN2at4_ops15sum_dim_IntList4call", "built-for-other-torch",
         "pip install --force-reinstall --no-deps autoawq-kernels"),
        ("Step 2: docker run --rm app\nRuntimeError: Found no NVIDIA driver on your system.",
         "no-driver", "docker run --rm --gpus all ubuntu nvidia-smi"),
        # What was compiled for another torch, in a folder of one's own and on Windows.
        ("ImportError: /w/ops/knn/csrc/_ext/knn.so: undefined symbol: _ZN3c105ErrorC1ENS_14SourceE",
         "built-for-other-torch", "--no-build-isolation"),
        ('  File "C:\\e\\lib\\site-packages\\torchtext\\_extension.py", line 50, in _load_lib\n'
         "OSError: [WinError 127] The specified procedure could not be found",
         "built-for-other-torch", "pip uninstall -y torchtext"),
        ("ERROR: sageattention-1.0.6+cu128-cp310-cp310-linux_aarch64.whl is not a supported wheel"
         " on this platform.", "wheel-tags",
         "pip install --only-binary sageattention sageattention"),
        ("  - package pytorch-1.5.0-cpu_py37 requires python >=3.7,<3.8.0a0, but none of the"
         " providers can be installed\n├─ python 3.8.3  is requested and can be installed;",
         "conda-unsatisfiable", "python=3.7 pip"),
        ('  File "/e/lib/python3.11/site-packages/torch/nn/modules/module.py", line 1, in _call\n'
         "TypeError: lce_forward() got an unexpected keyword argument 'cache_position'",
         "unexpected-argument", "pip install -U liger-kernel"),
    ],
)  # fmt: skip
def test_a_text_leads_to_a_command_for_its_own_system(text: str, cause: str, command: str) -> None:
    found = explain(text, Situation)[0]
    assert found.id == cause
    assert found.fix is not None
    assert command in "\n".join(found.fix.commands)
    assert "{" not in "\n".join(found.fix.commands)


def test_an_error_outranks_a_warning_before_it() -> None:
    warned = "WARNING: CUDA extension not installed\n"
    text = warned + "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
    assert [f.id for f in explain(text)] == ["out-of-memory", "quant-kernels"]


def test_a_path_in_the_home_folder_alone_accuses_nobody() -> None:
    frame = '  File "/home/me/.local/lib/python3.10/site-packages/torch/x.py", line 3, in f\n'
    assert explain(frame + "ZeroDivisionError: division by zero") == ()
    mixed = '  File "/home/me/miniconda3/envs/q/lib/python3.10/runpy.py", line 86, in run\n'
    assert explain(mixed + frame + "SomethingError: odd")[0].id == "user-site"


def test_addresses_that_apt_reads_are_no_error() -> None:
    assert explain("Hit:1 https://nvidia.github.io/libnvidia-container/stable/deb  InRelease") == ()


def test_torch_of_a_site_is_put_in_place_alone() -> None:
    here = Situation(pins={"torch": "2.8.0+cu126", "torchvision": "0.23.0+cu126"})
    text = "OSError: libcurand.so.10: cannot open shared object file: No such file or directory"
    fix = explain(text, lambda: here)[0].fix
    assert fix is not None
    assert fix.commands == (
        "pip install --force-reinstall --no-deps torch==2.8.0+cu126 torchvision==0.23.0+cu126",
    )


@pytest.mark.parametrize(
    "card", ["RTX 5080", "my nvidia 5060", "RTX 5090D", "my GPU (`sm_120`) is not supported"]
)
def test_a_card_is_known_by_what_people_call_it(card: str) -> None:
    said = "RuntimeError: CUDA error: no kernel image is available for execution on the device\n"
    fix = explain(said + card, Situation)[0].fix
    whole = explain(said + "GeForce RTX 5090", Situation)[0].fix
    assert fix is not None
    assert whole is not None
    assert fix.commands == whole.commands
    assert "torch==" in fix.commands[0]
    asked = explain(said, Situation)[0].fix
    assert asked is not None
    assert asked.commands[0].startswith("nvidia-smi --query-gpu=name,compute_cap")


def test_a_torch_that_is_too_old_is_not_kept() -> None:
    text = "torch 2.2.2+cu121\nImportError: Please upgrade torch to at least 2.4"
    found = explain(text, Situation)[0]
    assert found.id == "transformers-floor"
    assert found.fix is not None
    assert "torch==2.2.2" not in found.fix.commands[0]


NO_NVCC = "OSError: CUDA_HOME environment variable is not set. Please set it to your CUDA root.\n"


@pytest.mark.parametrize(
    ("place", "command"),
    [
        ('  File "/srv/q/.venv/lib/python3.11/site-packages/torch/x.py"\ntorch 2.6.0+cu126',
         "sudo apt install cuda-toolkit-12-6"),
        ('  File "/srv/miniconda3/envs/q/lib/python3.11/x.py"\ntorch 2.6.0+cu126',
         "conda install -c nvidia cuda-toolkit=12.6"),
        ("(.venv) PS D:\\q> pip install auto-gptq\ntorch.__version__ = 2.6.0+cu126",
         "winget install --id Nvidia.CUDA --version 12.6"),
        ("(base) me@box:~$ pip install deepspeed", "torch.version.cuda"),
    ],
)  # fmt: skip
def test_a_toolkit_is_brought_to_the_environment_of_the_text(place: str, command: str) -> None:
    fix = explain(f"{place}\n{NO_NVCC}", Situation)[0].fix
    assert fix is not None
    assert any(command in line for line in fix.commands)


def test_what_a_text_says_of_its_environment_outranks_that_of_this_machine() -> None:
    here = Situation(environment="venv", torch="2.7.1+cu128")
    fix = explain(NO_NVCC, lambda: here)[0].fix
    assert fix is not None
    assert "sudo apt install cuda-toolkit-12-8" in fix.commands
    fix = explain(f"conda activate q\n{NO_NVCC}", lambda: here)[0].fix
    assert fix is not None
    assert "conda install -c nvidia cuda-toolkit=12.8" in fix.commands


OTHER_TORCH = (
    "ImportError: /v/lib/python3.10/site-packages/{}.abi3.so: undefined symbol:"
    " _ZN3c105ErrorC2ENS_14SourceLocationESs\n"
)


@pytest.mark.parametrize(
    ("module", "told", "command", "advice"),
    [
        # The release that is there brings its own torch.
        ("vllm/_C", "vllm==0.7.3\ntorch==2.6.0+cu124", "pip install -U vllm==0.7.3",
         "Install vllm 0.7.3 again"),
        ("vllm/_C", "", "pip install -U vllm", "pip show vllm"),
        # Two releases are named: which of them is there is not told.
        ("vllm/_C", "vllm 0.6.3 went well, vllm 0.7.3 does not", "pip install -U vllm",
         "pip show vllm"),
        ("vllm/_C", "vllm 0.7.3.dev5 of my own", "pip install -U vllm", "pip show vllm"),
        ("xformers/_C", "xformers 0.0.28", "pip uninstall -y xformers", "Remove xformers"),
        ("detectron2/_C", "", "pip install --force-reinstall --no-deps detectron2",
         "Install that package again"),
    ],
)  # fmt: skip
def test_what_is_bound_to_one_torch_comes_with_it_or_goes(
    module: str, told: str, command: str, advice: str
) -> None:
    found = explain(OTHER_TORCH.format(module) + told, Situation)[0]
    assert found.id == "built-for-other-torch"
    assert found.fix is not None
    assert found.fix.commands == (command,)
    assert advice in str(found.fix.advice)


def test_a_server_of_a_site_stays_at_its_pin() -> None:
    here = Situation(pins={"vllm": "0.11.2"})
    fix = explain(OTHER_TORCH.format("vllm/_C") + "vllm 0.9.0", lambda: here)[0].fix
    assert fix is not None
    assert fix.commands == ("pip install vllm==0.11.2",)


_FULL = "OSError: [Errno 28] No space left on device: '{}'"
_NO_EXEC = "ImportError: {}: failed to map segment from shared object: Operation not permitted"


@pytest.mark.parametrize(
    ("line", "variable", "command"),
    [
        (_FULL.format("/tmp/pip-unpack-8f/torch.whl"), "TMPDIR",
         "mkdir -p ~/.cache/tmp && export TMPDIR=~/.cache/tmp"),
        (_FULL.format("/home/me/.cache/torch_extensions/py311/a"), "TORCH_EXTENSIONS_DIR",
         "mkdir -p /tmp/torch_extensions && export TORCH_EXTENSIONS_DIR=/tmp/torch_extensions"),
        (_NO_EXEC.format("/tmp/torch_extensions/py311/fused_adam.so"), "TORCH_EXTENSIONS_DIR",
         "mkdir -p ~/.cache/torch_extensions"
         " && export TORCH_EXTENSIONS_DIR=~/.cache/torch_extensions"),
        (_NO_EXEC.format("/home/me/.triton/cache/ab/cuda_utils.so"), "TRITON_CACHE_DIR",
         "mkdir -p /tmp/triton && export TRITON_CACHE_DIR=/tmp/triton"),
    ],
)  # fmt: skip
def test_a_folder_that_is_full_or_closed_is_named_by_its_variable(
    line: str, variable: str, command: str
) -> None:
    fix = explain(f"python -m pip\n{line}", Situation)[0].fix
    assert fix is not None
    assert fix.commands[0] == command
    assert variable in str(fix.advice)


def test_no_variable_is_accused_of_an_environment_on_such_a_disk() -> None:
    for path in ("/mnt/usb/env/lib/torch/libtorch.so", "/home/me/mytmp/env/libtorch.so"):
        found = explain(_NO_EXEC.format(path), Situation)[0]
        assert found.id == "no-exec"
        assert found.fix is not None
        assert found.fix.commands == ()
        assert "DIR" not in f"{found.cause} {found.fix.advice}"


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: The model's max seq len (32768) is larger than the maximum number of tokens"
        " that can be stored in KV cache (21504). Try increasing `gpu_memory_utilization`",
        "ValueError: To serve at least one request with the model's max seq len (32768), 4.3 GiB"
        " KV cache is needed, which is larger than the available KV cache memory (2.8 GiB). Based"
        " on the available memory, the estimated maximum model length is 21504.",
    ],
)
def test_the_longest_context_that_fits_is_named(text: str) -> None:
    found = explain(text, Situation)[0]
    assert found.id == "vllm-memory"
    assert found.fix is not None
    assert "--max-model-len 21504" in str(found.fix.advice)


@pytest.mark.parametrize(
    ("call", "command"),
    [
        ("create_examples() got an unexpected keyword argument 'cache_mode'", "gradio>=5.0.0"),
        ("event_trigger() got an unexpected keyword argument '_js'", "gradio<4.0.0"),
        ("queue() got an unexpected keyword argument 'default_concurrency_limit'",
         "gradio>=4.0.0"),
        ("queue() got an unexpected keyword argument 'concurrency_count'", "gradio<4.0.0"),
    ],
)  # fmt: skip
def test_a_function_of_gradio_is_known_by_its_argument(call: str, command: str) -> None:
    fix = explain(f"TypeError: {call}", Situation)[0].fix
    assert fix is not None
    assert fix.commands == (f"pip install -U '{command}'",)
    assert explain("TypeError: queue() got an unexpected keyword argument 'limit'", Situation) == ()


def test_a_card_named_by_the_compiler_decides_the_build() -> None:
    text = "'sm_120' is not a recognized processor for this target (ignoring processor)\n"
    fix = explain(text + "LLVM ERROR: Cannot select: intrinsic", Situation)[0].fix
    whole = explain(text + "LLVM ERROR: Cannot select: intrinsic GeForce RTX 5090", Situation)[
        0
    ].fix
    assert fix is not None
    assert whole is not None
    assert fix.commands == whole.commands
    assert "whl/cu126" not in fix.commands[0]


def test_a_server_without_kernels_is_renewed_and_not_its_torch_alone() -> None:
    text = "docker run --gpus all vllm/vllm-openai:v0.8.5\nCUDA error: no kernel image is available"
    for here in (Situation(), Situation(install=("uv", "pip", "install"))):
        fix = explain(text, lambda here=here: here)[0].fix
        assert fix is not None
        assert fix.commands == (" ".join([*here.install, "-U", "vllm"]),)
        assert "docker pull" in str(fix.advice)
    with_gpus = "$ docker run --rm --gpus all app\nCUDA driver version is insufficient for CUDA"
    assert explain(with_gpus, Situation)[0].id == "driver-insufficient"


def test_a_name_of_a_part_comes_with_the_release_that_brought_it_there() -> None:
    text = (
        "ImportError: cannot import name 'RepoFolder' from 'huggingface_hub.hf_api'"
        " (/v/lib/python3.11/site-packages/huggingface_hub/hf_api.py)"
    )
    fix = explain(text, Situation)[0].fix
    assert fix is not None
    assert fix.commands == ("pip install -U 'huggingface-hub>=0.20'",)


def test_a_package_index_that_refuses_asks_for_no_login_at_the_hub() -> None:
    """A 403 of PyTorch's index is not one of the hub."""
    found = explain(
        "403 Client Error: Forbidden for url: https://download.pytorch.org/whl/cpu/mpmath/"
    )
    assert [f.id for f in found] == ["index-forbidden"]
