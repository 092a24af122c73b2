"""`--explain` reads: retries, mails, notebooks, own frames, and remedies from what a text says."""

from __future__ import annotations

import json
from io import BytesIO

import pytest

from setup_assistant.choose.remedy_target import Situation
from setup_assistant.doctor import explain as explain_module
from setup_assistant.doctor.explain import explain
from setup_assistant.doctor.package_names import filled
from setup_assistant.host import files

RETRY = (
    "WARNING: Retrying (Retry(total={n}, connect=None)) after connection broken by "
    "'ReadTimeoutError(\"HTTPSConnectionPool(host='pypi.example', port=443): Read timed out.\")'\n"
)
LONG = "".join(
    f"Collecting item{n}\n  Downloading item{n}-1.0-py3-none-any.whl\n" for n in range(99)
)
TOO_OLD = "RuntimeError: The NVIDIA driver on your system is too old (found version {found})."
NO_CODE = (
    "Card X with CUDA capability sm_{part} is not compatible with the current PyTorch installation."
)


def first(text: str, here: Situation | None = None) -> tuple[str, tuple[str, ...]]:
    found = explain(text, lambda: here or Situation())
    if not found:
        return "", ()
    fix = found[0].fix
    assert fix is not None
    return found[0].id, fix.commands


def command(text: str, here: Situation | None = None) -> str:
    return first(text, here)[1][0]


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
         "disk-full"),
        ("error: Microsoft Visual C++ 14.0 or greater is required.", "msvc-incomplete"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
         "package-hash"),
        ("Successfully installed item1-1.0", ""),
    ],
)  # fmt: skip
def test_an_attempt_that_was_overcome_is_no_cause(error: str, wanted: str) -> None:
    assert first(LONG + RETRY.format(n=4) + LONG + RETRY.format(n=4) + LONG + error)[0] == wanted


def test_attempts_that_ended_it_are_the_cause() -> None:
    tried = "".join(RETRY.format(n=n) for n in (4, 3, 2, 1, 0))
    end = "ERROR: Could not find a version that satisfies the requirement x (from versions: none)"
    assert first(tried + end)[0] == "network-timeout"


def test_a_frame_of_the_persons_own_file_ends_the_accusation_of_packages() -> None:
    inside = (
        '  File "/v/lib/python3.12/site-packages/accelerate/hooks.py", line 9, in new\n    x()\n'
    )
    raised = "AttributeError: 'Config' object has no attribute 'pad_index'"
    assert first(inside + raised)[0] == "package-api"
    own = '  File "/home/me/train.py", line 3, in run\n    cfg.pad_index\n'
    assert first(inside + own + raised)[0] == ""


@pytest.mark.parametrize(
    "text",
    ["$ ./simulate\nSegmentation fault (core dumped)",
     "#  SIGSEGV (0xb) at pc=0x00007f, pid=1\n# Java VM: OpenJDK",
     "The authors report that 'CUDA out of memory' is what most people meet.",
     "- Move imports to avoid segmentation fault in python workers of torch",
     "fix: Handle `CUDA error: illegal memory access` in the kernel of vllm",
     '当用户的环境中有 NumPy 2.0 时,会出现"numpy.core.multiarray failed to import"错误',
     # A package's own refusal is no sign that its parts are of another release.
     ('  File "/e/lib/python3.11/site-packages/llamafactory/train/tuner.py", line 82, in run\n'
      '    raise ValueError(f"Unknown task: {stage}.")\nValueError: Unknown task: sft-x.')],
)  # fmt: skip
def test_what_is_no_failure_of_ours_is_not_named(text: str) -> None:
    assert first(text)[0] == ""


def test_what_happened_to_a_text_on_its_way_is_undone() -> None:
    error = "ModuleNotFoundError: No module named 'torchvision'"
    wanted = "torchvision-missing"
    notebook = {"cells": [
        {"cell_type": "code", "source": ["RuntimeError: No CUDA GPUs are available"],
         "outputs": [{"output_type": "display_data", "data": {"image/png": "iVBOR" * 90_000}},
                     {"output_type": "error", "traceback": [f"\x1b[0;31m{error}\x1b[0m"]}]},
    ]}  # fmt: skip
    assert first(json.dumps(notebook))[0] == wanted
    assert first(error.replace("'", "&#39;"))[0] == wanted
    assert first(json.dumps({"log": error + "\n"}))[0] == wanted
    mail = ("> RuntimeError: The NVIDIA driver on your system is too\n"
            "> old (found version 12020). Please update your GPU\n> driver.")  # fmt: skip
    assert first(mail)[0] == "driver-too-old"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        (TOO_OLD.format(found=11040), "cu118"),
        (TOO_OLD.format(found=12020), "cu126"),
        (NO_CODE.format(part=61), "cu126"),
        (NO_CODE.format(part=70) + "\nDriver Version: 535.104.05   CUDA Version: 12.2", "cu126"),
        (NO_CODE.format(part=37), "cu118"),
        (NO_CODE.format(part=120) + "\nDriver Version: 580.65.06   CUDA Version: 13.0", "cu130"),
        (NO_CODE.format(part=87), "jetson"),
    ],
)
def test_a_text_of_another_card_or_driver_leads_to_another_build(text: str, tag: str) -> None:
    line = command(text)
    assert tag in line
    assert "--index-url" in line
    assert tag == "jetson" or ("torch==" in line and "torchvision==" in line)


def test_the_title_of_a_thread_is_no_title_of_a_change() -> None:
    assert first("How to fix CUDA out of memory in torch")[0] == "out-of-memory"


def test_a_module_beside_the_packages_names_no_folder_above_them() -> None:
    path = "/usr/local/lib/python3.5/dist-packages/_own.cpython-35m-x86_64-linux-gnu.so"
    found = explain(f"ImportError: {path}: undefined symbol: _ZN2at6TensorE", Situation)
    assert found[0].id == "built-for-other-torch"
    assert not any("local" in line for line in found[0].fix.commands)


def test_a_site_keeps_its_pins() -> None:
    pins = {"torch": "2.9.1+cu126", "torchvision": "0.24.1+cu126", "transformers": "4.57.6"}
    here = Situation(pins=pins, torch_index="https://index.example/cu126")
    text = "ImportError: cannot import name 'AutoModelForVision2Seq' from 'transformers' (x)"
    assert command(text, here) == "pip install transformers==4.57.6"
    assert "torch==2.9.1+cu126 " in command(NO_CODE.format(part=61), here)
    assert "https://index.example/cu126" in command(NO_CODE.format(part=61), here)


def test_commands_are_quoted_for_the_persons_shell() -> None:
    text = "ImportError: Using `low_cpu_mem_usage=True` or a `device_map` requires Accelerate"
    assert command(text) == "pip install -U 'accelerate>=1.1'"
    assert command(text + "\nC:\\env>") == 'pip install -U "accelerate>=1.1"'
    compat = "Error 804: forward compatibility was attempted on non supported HW\nPS C:\\> "
    assert command(compat) == "Remove-Item Env:LD_LIBRARY_PATH"
    libgl = "ImportError: libgomp.so.1: cannot open shared object file\nyum install x"
    assert not any("apt" in line for line in first(libgl)[1])


def test_a_module_is_installed_under_the_name_of_its_package() -> None:
    for module, package in (("cv2", "opencv-python-headless"), ("PIL", "pillow"),
                            ("yaml", "pyyaml"), ("pkg_resources", "'setuptools<82'"),
                            ("timm", "timm")):  # fmt: skip
        text = f"ModuleNotFoundError: No module named '{module}'"
        assert command(text) == f"pip install -U {package}"


def test_nothing_odd_of_a_text_gets_into_a_command() -> None:
    for said in ("x; rm -rf ~", "$(id)", "--index-url=http://evil", "a b", "-e", "é"):
        assert filled("{package}", {"package": said}) == ""
        assert filled("{spec}", {"spec": said}) == ""
        assert filled("{requirement}", {"requirement": said}) == ""
    assert filled("{package}", {"package": "vllm"}) == "vllm"


def test_every_line_is_read_once() -> None:
    assert first("x" * 1_000_000 + " RuntimeError: No CUDA GPUs are available")[0]
    assert first("ab " * 100_000 + "\n" + LONG)[0] == ""
    # What begins anew at every few characters, and nowhere ends as it should.
    for part in ("a-1.0-cp310-", "a.b.", "1.2.3."):
        assert explain("ERROR: No matching distribution found for torch\n" + part * 8_000)
    # Lines of one width: were they put together one by one, this would take minutes.
    assert first("INFO step 1 loss 0.123 /a/b.py:1 [x] (y) and so on\n" * 10_000)[0] == ""


def test_of_a_very_long_log_only_its_ends_are_read() -> None:
    lines = b"begins here\n" + b"step 1 of many, and nothing else\n" * 800_000 + b"it ended\n"
    kept = files.ends_of(BytesIO(lines))
    assert len(lines) > 20 << 20
    assert len(kept) <= 8 << 20
    assert kept.startswith(b"begins here\n")
    assert kept.endswith(b"\nit ended\n")


@pytest.mark.parametrize(
    "text",
    [
        "[ffmpeg/video] h264: error while decoding MB 4 2, bytestream 9\nAV: 00:00:12 / 00:45:10\n",
        (
            "  - name: web\n    lastState:\n      terminated:\n        exitCode: 137\n"
            "        reason: OOMKilled\n    image: nginx:1.25\n"
        ),
    ],
)
def test_what_other_programs_print_names_no_cause(text: str) -> None:
    assert explain(text, Situation) == ()


def test_a_decoder_within_a_traceback_still_tells() -> None:
    text = (
        "[h264 @ 0x55d] error while decoding MB 4 2, bytestream 9\nTraceback (most recent call "
        'last):\n  File "infer.py", line 3, in <module>\n    read(clip)\nRuntimeError: no frames\n'
    )
    assert explain(text, Situation)[0].id == "clip-unreadable"


def test_lines_alike_are_kept_three_times_and_keep_their_numbers() -> None:
    log = explain_module._Log("a 1\na 22\nb\na 3\na 4\n" + "x" * 20_001, ours=False)
    assert log.text.split("\n") == ["a 1", "a 22", "b", "a 3", "x" * 20_000, "x"]
    assert log.numbers == [1, 2, 3, 4, 6, 6]
    assert log.starts[:4] == [0, 4, 9, 11]
    many = explain_module._Log("a 1\na 2\na 3\na 4\na 5\n", ours=False)
    assert (many.text, many.numbers) == ("a 1\na 2\na 3\n", [1, 2, 3, 6])
    turkish = explain_module._Log("İ A", ours=False)
    assert turkish.lower == "İ a"


NO_KEY = "The kernel module failed to load. Secure boot is enabled on this system."
QUOTED = "`Failed to initialize NVML: Driver/library version mismatch`"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"The preflight asks people to reboot where nvidia-smi prints {QUOTED} now.", False),
        (f"+Updates load a new library, which leads to {QUOTED} errors until the reboot.", False),
        (f"Release 580: mended a case in which the tool could print {QUOTED} twice.", False),
        (f"After the update of this night I get {QUOTED} on all hosts.", True),
        (f"The update went through, and nvidia-smi now gives\n{QUOTED}", True),
        ("1. Error: no script\n2. Error: no compiler\n3. Error: " + NO_KEY + "\nAll told.", False),
        ("Steps:\n1. run the installer\n2. ERROR: " + NO_KEY + "\n", True),
    ],
)  # fmt: skip
def test_an_error_that_is_only_spoken_of_is_not_named(text: str, named: bool) -> None:
    assert bool(explain(text, Situation)) is named
