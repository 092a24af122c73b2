"""Kinds of failures that are read whatever package or number they name."""

from __future__ import annotations

import pytest

from setup_assistant.choose.remedy_target import Situation
from setup_assistant.doctor import log_text
from setup_assistant.doctor.explain import explain

SHORT = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate {tried} GiB. GPU 0 has a total "
    "capacity of 24.00 GiB of which {free} GiB is free. Of the allocated memory {own} GiB is "
    "allocated by PyTorch, and {idle} GiB is reserved by PyTorch but unallocated."
)
INSIDE = '  File "/v/lib/python3.11/site-packages/{}/auto.py", line 9, in build\n    {}\n'
APART = "ERROR: Cannot install {} because these package versions have conflicting dependencies."
NOTHING = (
    "ERROR: Could not find a version that satisfies the requirement somelib (from versions: none)"
)
ISOLATED = (
    "Collecting somelib\n  Getting requirements to build wheel ... error\n  error: "
    "subprocess-exited-with-error\n      ModuleNotFoundError: No module named '{}'\n"
)
CAUSED = (
    "The conflict is caused by:\n    The user requested hub==0.23\n    one 4.8 depends on hub<2.0 "
    "and >=0.25.0\n    **two 4.5 depends on hub<1.0 and >=0.26.0**\n"
)
NO_SUCH = "is not a supported wheel on this platform."
OLD_LIBRARY = (
    "error: Distribution `torch==2.7.0 @ registry+https://pypi.org/simple` can't be installed "
    "because it doesn't have a source distribution or wheel for the current platform\n\nhint: "
    "You're on Linux (`manylinux_{}_x86_64`), but `torch` (v2.7.0) only has wheels for the "
    "following platforms: `manylinux_2_28_x86_64`, `win_amd64`"
)
TREE = (
    "error    libmamba Could not solve for environment specs\n    The following packages are "
    "incompatible\n    ├─ python =3.8 * is installable with the potential options\n    └─ somelib "
    "=2.4.1 * is not installable because there are no viable options\n       ├─ somelib 2.4.1 "
    "would require\n       │  ├─ python >=3.10,<3.11.0a0 *, which conflicts with any\n"
)
CHECKED_OUT = '  File "/root/{}/data/plugin.py", line 9, in process\n    return late\n'
UNSET = "UnboundLocalError: local variable 'late' referenced before assignment"
NO_RUNTIME = "ImportError: libcudart.so.13: cannot open shared object file: No such file"


def told(text: str) -> tuple[str, tuple[str, ...]]:
    found = explain(text, Situation)
    if not found:
        return "", ()
    assert found[0].fix is not None
    return found[0].id, found[0].fix.commands


@pytest.mark.parametrize(
    ("tried", "free", "own", "idle", "cause"),
    [
        (39.25, 9, 14, 0.1, "memory-for-pixels"),
        (0.06, 0, 22.9, 0.3, "memory-for-model"),
        # A table of words in 32 bits may still be a weight; more than that is a picture's.
        (4.6, 0, 22.9, 0.3, "memory-for-model"),
        (4.7, 0, 22.9, 0.3, "memory-for-pixels"),
        (1, 0.5, 2, 0.1, "memory-of-others"),
        (1, 0.5, 15, 6, "memory-scattered"),
        (1, 2, 15, 0.1, "out-of-memory"),
    ],
)
def test_the_numbers_tell_what_took_the_memory(
    tried: float, free: float, own: float, idle: float, cause: str
) -> None:
    assert told(SHORT.format(tried=tried, free=free, own=own, idle=idle))[0] == cause


def test_the_older_sentence_of_torch_is_read_as_well() -> None:
    text = (
        "CUDA out of memory. Tried to allocate 110.50 GiB (GPU 0; 23.69 GiB total capacity; "
        "10.06 GiB already allocated; 12.66 GiB free; 10.40 GiB reserved in total by PyTorch)"
    )
    assert told(text)[0] == "memory-for-pixels"
    assert "110.50 GiB" in str(explain(text)[0].cause)


@pytest.mark.parametrize(
    ("text", "cause", "command"),
    [
        (ISOLATED.format("pkg_resources"), "build-lacks-module", "setuptools<82"),
        (ISOLATED.format("torch"), "build-lacks-module", "torch=="),
        (INSIDE.format("awq", "check()") + "TypeError: newmodel_vl isn't supported yet.",
         "not-supported-yet", "autoawq"),
        (INSIDE.format("trl", "import rich") + "ModuleNotFoundError: No module named 'somelib'",
         "dependency-absent", "somelib"),
        ((" Did not find branch or tag 'v9-preview', assuming revision or ref.\n"
         "  × git checkout -q v9-preview did not run successfully."), "revision-gone", ""),
        ("ImportError: somelib is not installed => run `pip3 install somelib` or build it",
         "dependency-absent", "pip install -U somelib"),
        ("RuntimeError: Cannot find CMake executable", "tool-missing", "cmake"),
        ("ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?",
         "tool-missing", "git"),
        (("Error:\n Problem: package nvidia-driver-3:555.42.02-1.el8.x86_64 needs x, but "
         "none of the providers can be installed"), "rpm-driver-conflict", "dnf"),
        ("bash: git: command not found", "tool-missing", "apt install git"),
        (APART.format("alpha==1.0 and beta[x] 2.0 (from /w/beta.whl)"), "requests-exclude",
         "pip install alpha beta"),
        (APART.format("alpha==1.0, alpha==1.1 and alpha==2.0"), "no-release-fits", "uv venv"),
        (NOTHING, "package-not-on-index", "pip index versions somelib"),
        (f"WARNING: Retrying (Retry(total=0)): /simple/somelib/\n{NOTHING}", "version-not-on-index",
         ""),
        (("lmdeploy 0.6.2 requires transformers<=4.44.1,>=4.33.0, but you have transformers 4.57.1 "
         "which is incompatible."), "dependency-version", "pip install -U lmdeploy"),
        (("cnstd 1.2.3 requires opencv-python>=4.0.0, which is not installed.\n"
         "ImportError: cannot import name 'get_vllm_engine' from 'swift.llm'"),
         "package-api", "ms-swift"),
        ("OSError: libiomp5.so: cannot open shared object file: No such file or directory",
         "library-missing", "intel-openmp"),
        (APART.format("-r req.txt (line 13) and hub==0.23") + f"\n{CAUSED}", "dependency-version",
         "pip install -U 'hub<1.0,>=0.26.0'"),
        (f"{CAUSED}    old 1.0 depends on hub<0.25\n", "dependency-version", "pip check"),
        (APART.format("-r /w/req.txt (line 1) and alpha==1.0"), "requests-exclude", ""),
        (INSIDE.format("somelib", "from somelib.gone.part import x")
         + "ModuleNotFoundError: No module named 'somelib.gone'", "package-mixed",
         "pip install --force-reinstall --no-deps somelib"),
        (INSIDE.format("lmdeploy", "module = MODELS.get(arch)") + "KeyError: 'NewForCausalLM'",
         "not-supported-yet", "pip install -U lmdeploy"),
        (CHECKED_OUT.format("LLaMA-Factory/src/llamafactory") + UNSET, "engine-fault",
         "pip install -U llamafactory"),
        (CHECKED_OUT.format("mine/src/llamafactory") + UNSET, "", ""),
        (f"from vllm import cuda_utils\n{NO_RUNTIME}", "built-for-other-torch",
         "pip install -U vllm"),
        (INSIDE.format("xformers", "import x") + NO_RUNTIME, "built-for-other-torch",
         "pip uninstall -y xformers"),
        (INSIDE.format("torch", "import x") + NO_RUNTIME, "nvidia-missing", "torch=="),
        # A list that conda lacks is often pip's; torch comes from its own index.
        ("PackagesNotFoundError: not available from current channels:\n\n  - somelib\n",
         "conda-package-unknown", "pip install -U somelib"),
        ("  - nothing provides requested somelib 0.2", "conda-package-unknown",
         "conda install -c conda-forge somelib"),
        ("  - nothing provides requested pytorch-cuda 12.4", "conda-package-unknown",
         "download.pytorch.org"),
        ("PackagesNotFoundError: not available from current channels:\n\n  - python=3.19\n",
         "conda-package-unknown", "python=3.12"),
        # What was made for one torch has no wheel on the index; other packages have.
        (f"ERROR: flash_attn-2.7.0-cp310-cp310-win_amd64.whl {NO_SUCH}", "wheel-tags", "pip debug"),
        (f"ERROR: somelib-2.7.0-cp310-cp310-win_amd64.whl {NO_SUCH}", "wheel-tags",
         "--only-binary somelib"),
        ("ERROR: Failed building wheel for auto-gptq", "auto-gptq-ended", "gptqmodel"),
        ("ERROR: Failed building wheel for decord", "package-not-buildable", "decord2"),
        (f"{ISOLATED.format('packaging').split(chr(10), 3)[3]}      [end of output]",
         "build-lacks-module", "packaging"),
        # uv's words for a release that is not on the index, and for a C library that is too old.
        ("Because there is no version of somelib==2.3 and you require somelib==2.3, no.",
         "version-not-on-index", "pip install -U somelib"),
        ("Because there is no version of torch==2.3.0 and you require torch==2.3.0, no.",
         "torch-not-on-index", "torch=="),
        (OLD_LIBRARY.format("2_27"), "no-wheel", "torch==2.6.0"),
        (OLD_LIBRARY.format("2_39"), "no-wheel", "torch==2.14"),
        (TREE, "conda-unsatisfiable", "python=3.10"),
    ],
)  # fmt: skip
def test_a_kind_is_read_whatever_it_names(text: str, cause: str, command: str) -> None:
    assert told(text)[0] == cause
    assert any(command in line for line in told(text)[1]) or not command


def test_a_module_of_the_persons_own_is_no_package() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/home/me/run.py", line 1, in <module>\n'
        "    import helpers_of_mine\nModuleNotFoundError: No module named 'helpers_of_mine'"
    )
    assert told(text) == ("", ())


@pytest.mark.parametrize(
    "prefix",
    ["(EngineCore_DP0 pid=8769) ", "#12 1.939 ", "web-1  | ", "[rank0]: ",
     "Oct 04 15:02:41 gpu01 serve[394]: ", "ERROR 02-18 11:08:11 core.py:210] "],
)  # fmt: skip
def test_what_stands_before_each_line_is_taken_away(prefix: str) -> None:
    lines = [INSIDE.format("awq", "check()").rstrip().split("\n")[0], "    check()",
             "TypeError: newmodel_vl isn't supported yet."]  # fmt: skip
    text = "\n".join(prefix + line for line in lines)
    assert log_text.clean(text) == "\n".join(lines)
    assert told(text)[0] == "not-supported-yet"


READ_BROKE = '  File "/v/pip/_vendor/urllib3/response.py", line 435, in _error_catcher'
SIZES = (
    '  File "/v/lib/python3.10/site-packages/transformers/models/qwen2_5_vl/modeling.py", line 1, '
    "in apply_rotary\n    q_embed = (q * cos) + (rotate_half(q) * sin)\n"
    "RuntimeError: The size of tensor a (40) must match the size of tensor b (80) "
)
BUILT = "  × python setup.py egg_info did not run successfully.\n"
PATHSPEC = "    error: pathspec 'csrc/cutlass' did not match any file(s) known to git\n"
NOT_FOUND = "CondaHTTPError: HTTP 404 NOT FOUND for url <https://mirror.edu.cn/anaconda/pkgs"
WHEELLESS = " @ registry+https://download.pytorch.org with neither wheels nor source distribution"
NO_CUDA = "AssertionError: Torch not compiled with CUDA enabled"


@pytest.mark.parametrize(
    ("text", "cause"),
    [(f"I am new and use my Mac laptop.\n{NO_CUDA}", "no-cuda-on-mac"),
     (f'  File "/Users/me/a.py", line 3, in f\n{NO_CUDA}', "no-cuda-on-mac"),
     (f'  File "C:/Users/me/a.py", line 3, in f\n{NO_CUDA}', "cpu-build"),
     (f"RuntimeError: Couldn't install torch.\n{READ_BROKE}", "network-timeout"),
     (f"{NOT_FOUND}/main/osx-64/pillow-6.0.0-py37_0.conda>", "conda-file-gone"),
     (f"{NOT_FOUND}/free/osx-64/repodata.json>", "conda-channel-gone"),
     (f"{BUILT}{PATHSPEC}Failed building wheel for flash-attn", "flash-attn-build"),
     (f"{BUILT.replace('python', 'git')}{PATHSPEC}", "revision-gone"),
     ("torchvision error, msg: module 'av' has no attribute 'AVError'", "name-gone"),
     (f"{SIZES}at non-singleton dimension 2", "shapes-differ"),
     (f"error: found distribution torchaudio==2.0.0{WHEELLESS}", "no-wheel")],
)  # fmt: skip
def test_what_lies_beneath_leads(text: str, cause: str) -> None:
    assert told(text)[0] == cause


AROUND = (
    "File /v/lib/python3.10/site-packages/urllib3/pool.py:787, in urlopen(self)\n"
    '    785     e = ProtocolError("Connection aborted.", e)\n--> 787 retries = more()\n'
    "ConnectionError: [Errno -2] Name or service not known (www.modelscope.cn)"
)
WARNED = "WARNING: Ignoring invalid distribution -orch (c:\\v\\lib\\site-packages)"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (AROUND, "name-unresolved"),
        (AROUND.replace("    785", "--> 785"), "connection-reset"),
        (f"{WARNED}\nCollecting peft", "leftovers"),
        (f"{WARNED}\nCollecting peft\nInstalling\nSuccessfully installed peft-0.1", ""),
        ("!!! Exception during processing !!! CUDA out of memory. Tried to allocate 2 GiB",
         "out-of-memory"),
    ],
)  # fmt: skip
def test_what_only_surrounds_or_warns_gives_way(text: str, cause: str) -> None:
    assert told(text)[0] == cause


def test_what_is_made_for_one_torch_is_not_fetched_alone() -> None:
    assert told(f"error: found distribution torchaudio==2.0.0{WHEELLESS}")[1] == ()


def test_triton_comes_along_with_torch() -> None:
    said = told("ImportError: cannot import name 'triton_key' from 'triton.compiler.compiler'")
    assert "torch==" in " ".join(said[1])
    assert "uninstall" not in " ".join(said[1])


TORCH_PART = "ImportError: libtorch_cuda.so: cannot open shared object file"
GONE = "ImportError: cannot import name '{}' from '{}' (/v/lib/python3.11/site-packages/{}/a.py)"


@pytest.mark.parametrize(
    ("asker", "text", "command"),
    [
        ("awq_ext", TORCH_PART, "torch=="),
        ("xformers", TORCH_PART, "uninstall -y xformers"),
        ("transformers", GONE.format("cached_download", *["huggingface_hub"] * 2),
         "huggingface-hub<"),
        ("diffusers", GONE.format("cached_download", *["huggingface_hub"] * 2), "-U diffusers"),
    ],
)  # fmt: skip
def test_the_remedy_follows_who_asks(asker: str, text: str, command: str) -> None:
    frame = (
        f'  File "/v/lib/python3.11/site-packages/{asker}/a.py", line 1, in <module>\n    import b'
    )
    assert command in " ".join(told(f"Traceback (most recent call last):\n{frame}\n{text}")[1])


OF_OTHERS = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 64.00 MiB. GPU 0 has a total "
    "capacity of 79.15 GiB of which 12.00 MiB is free. Process 32 has {} GiB memory in use. {}Of "
    "the allocated memory {} GiB is allocated by PyTorch, and 0.1 GiB is reserved by PyTorch but "
    "unallocated."
)


@pytest.mark.parametrize(
    ("used", "this", "own", "cause"),
    [
        (70, "Including non-PyTorch memory, this process has 9 GiB memory in use. ", 8,
         "memory-of-others"),
        # In a container the own process goes by a number that torch does not know.
        (78, "", 77, "memory-for-model"),
    ],
)  # fmt: skip
def test_processes_that_the_error_names_are_others(
    used: int, this: str, own: int, cause: str
) -> None:
    assert told(OF_OTHERS.format(used, this, own))[0] == cause


@pytest.mark.parametrize(
    ("text", "cause", "command"),
    [
        # A package is too old in SGLang's words, and a card is no package.
        (("fancy_kernels is installed with version 0.2.3, which is less than the minimum required "
         "version 0.5.3. Error"), "dependency-version", "pip install -U 'fancy-kernels>=0.5.3'"),
        ("ValueError: Fancy Attention requires SM>=80 and SM<=90.", "told-by-itself", ""),
        # Whose file asks for CUDA's library stands near, though no frame tells.
        (("Attempted: /v/site-packages/sgl_kernel/sm100/common_ops.so\nError details: "
         "libnvrtc.so.12: cannot open shared object file"), "built-for-other-torch", "sgl-kernel"),
        ("ImportError: DLL load failed: Das Betriebssystem kann %1 nicht ausführen.",
         "windows-dll-mixed", "torch=="),
        ("ImportError: DLL load failed while importing flash_attn_2_cuda: not found", "windows-dll",
         "flash-attn"),
        ("ptxas fatal   : Value 'sm_121a' is not defined for option 'gpu-name'", "triton-too-old",
         "+cu129"),
        ("ImportError: cannot import name 'some_kernel' from 'sgl_kernel' (/v/__init__.py)",
         "package-api", "sgl-kernel"),
        # torch is of another CUDA than the library that is missing: the engine asks for it.
        (("vllm 0.21\nTorch: 2.11.0+cu126\nImportError: libcudart.so.13: cannot open shared object "
         "file: No such file"), "built-for-other-torch", "pip install -U vllm"),
        (("vllm 0.21\nTorch: 2.11.0+cu130\nImportError: libcudart.so.13: cannot open shared object "
         "file: No such file"), "nvidia-missing", "torch=="),
        ("RuntimeError: Invalid device function on A100: CUDA error: invalid device function",
         "no-kernel", "torch=="),
    ],
)  # fmt: skip
def test_what_runs_on_the_card_is_read_in_new_wordings(text: str, cause: str, command: str) -> None:
    found, commands = told(text)
    assert found == cause
    assert command in " ".join(commands)


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    model.to('cuda')\nexcept torch.cuda.OutOfMemoryError:\n    pass\n",
        'with pytest.raises(ValueError, match="Bfloat16 is only supported on GPUs"):\n    f()\n',
        'switch (s) {\n  case CUBLAS_STATUS_NOT_INITIALIZED: return "CUBLAS_STATUS_X";\n}\n',
        "enum {\nCUDA_ERROR_INVALID_VALUE = 1,\nCUDA_ERROR_OUT_OF_MEMORY = 2,\n}\n",
        "| Xid | Meaning |\n|-----|---------|\n| 79 | GPU has fallen off the bus |\n",
        "- Fix CUDA error: invalid argument in custom all-reduce (#20142)\n- torch 2.9\n",
        "- 修复 CUDA error: device-side assert triggered\n- 支持 torch 2.9\n",
        "Requires CUDA 12, Python >= 3.10, and a GPU with compute capability >= 8.0.",
        "I think we should catch it here: `CUDA error: out of memory` is raised by torch.",
        "HIP supports hipErrorInvalidValue and the like; see the table of HIP error codes.",
    ],
)
def test_programs_tables_and_lists_of_changes_are_no_failure(text: str) -> None:
    assert told(text) == ("", ())


@pytest.mark.parametrize(
    ("end", "cause"),
    [
        (" 10%|#         | 100/1000 [02:00<18:00,  1.20s/it]", ""),
        ("RuntimeError: torch fails", "master-address"),
    ],
)
def test_a_warning_before_steps_that_go_on_is_no_cause(end: str, cause: str) -> None:
    warns = "[W socket.cpp:663] [c10d] The client socket has failed to connect to [localhost]:29500"
    assert told(f"{warns} (errno: 99).\n{{'loss': 1.31, 'epoch': 0.1}}\n{end}\n")[0] == cause


OFFERED = (
    "ERROR: Could not find a version that satisfies the requirement torch>=2.9.0 (from versions: "
    "1.13.1, {})\nERROR: No matching distribution found for torch>=2.9.0"
)


@pytest.mark.parametrize(
    ("newest", "cause", "command"),
    [
        # The newest that is offered tells the Python, or the Mac, that later ones leave out.
        ("2.4.1", "torch-ended", "uv venv --python 3.12"),
        ("2.2.2", "torch-ended", "torch==2.2.2 torchvision==0.17.2"),
        # An index of one CUDA version ends for reasons of its own, and 2.6.0 was the last of none.
        ("2.4.1+cu121", "torch-not-on-index", "torch=="),
        ("2.6.0", "torch-not-on-index", "torch=="),
    ],
)
def test_the_newest_torch_on_offer_tells_what_it_ended_for(
    newest: str, cause: str, command: str
) -> None:
    found, commands = told(OFFERED.format(newest))
    assert found == cause
    assert command in commands[0]


def test_a_release_below_the_newest_on_offer_is_not_ended() -> None:
    assert told(OFFERED.format("2.4.1").replace(">=2.9.0", "==2.0.3"))[0] == "torch-not-on-index"


def test_a_build_for_one_cuda_is_asked_of_its_index_and_nothing_taken_out() -> None:
    text = (
        "The conflict is caused by:\n    torchaudio 2.3.0 depends on torch==2.3.0\n"
        "    torchvision 0.18.0 depends on torch==2.3.0+cu121\n"
    )
    assert told(text)[0] == "dependency-version"
    assert not any("uninstall" in line for line in told(text)[1])


@pytest.mark.parametrize(
    ("said", "told_at"),
    [
        ("csrc/roll.cu(77): error: no operator matches\n", "no operator matches"),
        (
            "src/a.cpp:9:4: error: 'x' was not declared\nb.cpp:1:1: error: y\n",
            "'x' was not declared",
        ),
        ("a.cpp:9:4: warning: unused variable\n", ""),
    ],
)
def test_a_compilation_that_no_row_explains_is_told_by_its_first_error(
    said: str, told_at: str
) -> None:
    found = explain(f"{said}ninja: build stopped: subcommand failed.\n", Situation)
    assert found[0].id == "build-stopped"
    assert (told_at or "stands further up") in str(found[0].cause)
