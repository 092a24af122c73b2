"""What no row holds is inferred: from demands, names, lists of versions, and what is built."""

from __future__ import annotations

import pytest

from setup_assistant.catalog import import_names
from setup_assistant.choose.remedy_target import Situation
from setup_assistant.doctor.explain import explain
from setup_assistant.doctor.finding import Finding


def first(text: str) -> Finding:
    return explain(text, Situation)[0]


def commands(text: str) -> tuple[str, ...]:
    fix = first(text).fix
    assert fix is not None
    return fix.commands


@pytest.mark.parametrize(
    ("text", "asker", "command"),
    [
        (("trl 0.11.1 requires rich>=13.0, but you have rich 12.6.0 which is "
         "incompatible."), "trl 0.11.1", "pip install -U 'rich>=13.0'"),
        (('torch 2.4.0 requires triton==3.0.0; platform_system == "Linux" and python_version < '
         '"3.13", but you have triton 0.0.0 which is incompatible.'), "torch 2.4.0",
         "pip install -U triton==3.0.0"),
        ("gradio 4.44 has requirement pydantic>=2.0, but you have pydantic 1.10.13.", "gradio 4.44",
         "pip install -U 'pydantic>=2.0'"),
        ("The package `datasets` requires `fsspec<=2024.6.1`, but `2025.3.0` is installed",
         "datasets", "pip install -U 'fsspec<=2024.6.1'"),
        (("pkg_resources.ContextualVersionConflict: (tokenizers 0.13.3 (/v/lib), "
         "Requirement.parse('tokenizers>=0.14'), {'transformers'})"), "transformers",
         "pip install -U 'tokenizers>=0.14'"),
    ],
)  # fmt: skip
def test_what_is_asked_and_what_is_there_stands_in_the_text(
    text: str, asker: str, command: str
) -> None:
    found = first("ERROR: pip's dependency resolver does not currently take into account\n" + text)
    assert found.id == "dependency-version"
    assert str(found.cause).startswith(asker)
    assert any("asks for" in value for _source, value in found.evidence)
    assert commands(text)[0] == command


def test_what_is_made_for_one_torch_follows_it() -> None:
    said = "{} requires torch==2.0.1, but you have torch 2.6.0+cu124 which is incompatible."
    assert commands(said.format("torchaudio 2.0.2")) == ("pip uninstall -y torchaudio",)
    assert commands(said.format("someapp 1.5")) == ("pip install -U someapp",)
    line = commands(said.format("torchvision 0.15.2"))[0]
    assert "torchvision==" in line
    assert " torch==" not in line
    assert "--index-url" in line


@pytest.mark.parametrize(
    ("demands", "one", "other"),
    [
        ("    The user requested numpy>=2\n    scipy 1.11.4 depends on numpy<1.28.0 and >=1.21.6",
         "", ""),
        ("    The user requested numpy>=2\n    numba 0.59.1 depends on numpy<1.27,>=1.22",
         "your request needs numpy>=2", "numba 0.59.1 needs numpy<1.27,>=1.22"),
        (("    peft 0.2.0 depends on torch>=1.13.0\n    torchaudio 2.0.0 depends on torch==2.0.0\n"
         "    torchvision 0.15.0 depends on torch==2.0.0+cu117"),
         "torchaudio 2.0.0 needs torch==2.0.0", "torchvision 0.15.0 needs torch==2.0.0+cu117"),
    ],
)  # fmt: skip
def test_two_demands_that_exclude_each_other_are_named(demands: str, one: str, other: str) -> None:
    text = f"ERROR: Cannot install x because\n\nThe conflict is caused by:\n{demands}\n"
    text += "ERROR: ResolutionImpossible: for help visit"
    said = str(first(text).cause)
    assert one in said
    assert other in said
    assert first(text).id == "dependency-version"


@pytest.mark.parametrize("name", ["flash-attn", "xformers"])
def test_what_is_made_for_another_torch_is_taken_away(name: str) -> None:
    text = (
        "ERROR: Cannot install because these package versions have conflicting dependencies.\n\n"
        "The conflict is caused by:\n    The user requested torch==2.6.0\n"
        f"    {name} 2.7.4 depends on torch==2.5.1\n"
    )
    (found,) = explain(text)
    assert found.fix
    assert found.fix.commands == (f"pip uninstall -y {name}",)


def test_uv_says_the_same_in_other_words() -> None:
    text = (
        "  × No solution found when resolving dependencies:\n"
        "  ╰─▶ Because torchvision==0.15.2 depends on torch==2.0.1 and you require torch==2.1.0, "
        "we can conclude that your requirements are unsatisfiable."
    )
    assert "torchvision 0.15.2 needs torch==2.0.1" in str(first(text).cause)
    assert commands(text)[0].startswith("uv pip install --reinstall torch==")


def test_an_index_that_lacks_what_every_release_asks_for_stands_alone() -> None:
    text = (
        "The conflict is caused by:\n    jinja2 3.1.3 depends on MarkupSafe>=2.0\n"
        "    jinja2 3.1.2 depends on MarkupSafe>=2.0\nERROR: ResolutionImpossible: for help"
    )
    assert first(text).id == "index-alone"
    assert "markupsafe" in str(first(text).cause)
    assert commands(text) == ("export PIP_EXTRA_INDEX_URL=https://pypi.org/simple",)


@pytest.mark.parametrize(
    ("wanted", "offered", "cause", "command"),
    [
        ("torch===1.4.0", "0.1.2, 0.1.2.post1, 0.1.2.post2", "torch-not-for-python", "torch=="),
        ("torch==2.1.0", "2.6.0, 2.9.0", "torch-not-on-index", "torch=="),
        ("tokenizers==0.9.4", "0.12.0, 0.22.1", "version-not-on-index", "tokenizers==0.22.1"),
    ],
)
def test_the_versions_that_an_index_offers_are_read(
    wanted: str, offered: str, cause: str, command: str
) -> None:
    text = (
        f"ERROR: Could not find a version that satisfies the requirement {wanted} (from versions: "
        f"{offered})\nERROR: No matching distribution found for {wanted}"
    )
    assert first(text).id == cause
    assert command in commands(text)[-1]


@pytest.mark.parametrize(
    ("error", "cause", "command"),
    [
        ("ImportError: cannot import name 'errors' from 'huggingface_hub' (/v/__init__.py)",
         "name-not-yet", "huggingface-hub>="),
        ("ImportError: cannot import name 'cached_download' from 'huggingface_hub' (/v/x.py)",
         "name-gone", "huggingface-hub<"),
        (('  File "/v/lib/python3.11/site-packages/diffusers/utils/d.py", line 28, in <module>\n'
         "    from huggingface_hub import cached_download\n"
         "ImportError: cannot import name 'cached_download' from 'huggingface_hub' (/v/x.py)"),
         "name-gone", "pip install -U diffusers"),
    ],
)  # fmt: skip
def test_a_name_tells_of_the_version(error: str, cause: str, command: str) -> None:
    assert first(error).id == cause
    assert command in commands(error)[0]


def test_names_have_a_span() -> None:
    assert import_names.span("huggingface_hub", "HfFolder") == import_names.Span(until="1.0")
    assert import_names.span("huggingface_hub", "hf_hub_download") is None
    assert import_names.span("qwen_vl_utils", "no_such_name") is None
    inside = import_names.span("huggingface_hub.utils", "HfFolder")
    assert inside == import_names.span("huggingface_hub", "HfFolder")


def test_a_package_that_cannot_be_built_is_named() -> None:
    text = (
        "  error: subprocess-exited-with-error\n"
        '        File "/tmp/pip-install-cziv/{}_7086c53cf88245278df395b02f3003ea/setup.py", line 2'
    )
    assert commands(text.format("av")) == ("pip install --only-binary av av",)
    assert commands(text.format("xformers")) == ()
    assert "xformers" in str(first(text.format("xformers")).cause)


def test_a_build_that_failed_and_was_got_over_is_no_cause() -> None:
    text = (
        "Building wheels for collected packages: pycparser\n"
        "  Running setup.py bdist_wheel for pycparser ... error\n"
        "  Failed building wheel for pycparser\nInstalling collected packages: pycparser\n"
    )
    assert first(text).id == "package-not-buildable"
    assert explain(text + "Successfully installed pycparser-2.19", Situation) == ()


@pytest.mark.parametrize(
    "text",
    ["nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)",
     "java.net.ConnectException: Connection timed out\n\tat java.base/java.net.Socket.connect()",
     'psql: error: connection to server at "localhost" failed: Connection refused',
     "terminate called after throwing an instance of 'std::bad_alloc'\nAborted (core dumped)"],
)  # fmt: skip
def test_what_another_program_says_is_not_named(text: str) -> None:
    assert explain(text, Situation) == ()


@pytest.mark.parametrize(
    ("text", "cause", "said", "command"),
    [
        ("ImportError: cannot import name 'Qwen2_VLProcessor' from 'transformers' (/e/__init__.py)",
         "name-misspelt", "Qwen2VLProcessor", ""),
        (("ImportError: cannot import name 'Qwen2_5_VLSdpaAttention' from "
         "'transformers.models.qwen2_5_vl.modeling_qwen2_5_vl'"), "name-gone", "from 4.53 on",
         "pip install -U 'transformers<4.53'"),
        (("ImportError: cannot import name 'Fancy' from 'somelib.parts' "
         "(/e/lib/python3.11/site-packages/somelib/parts.py)"), "package-api",
         "somelib has no Fancy", "pip install -U somelib"),
        (('  File "/e/lib/python3.11/site-packages/somelib/server.py", line 9, in <module>\n'
         "    app = FastAPI()\nNameError: name 'FastAPI' is not defined"), "optional-part-absent",
         "somelib uses FastAPI", "pip install -U fastapi"),
        (('  File "/e/lib/python3.11/site-packages/unsloth/models/qwen.py", line 9, in forward\n'
         "    x[m] = y\nRuntimeError: shape mismatch: value tensor of shape [3, 5] cannot be "
         "broadcast to indexing result of shape [3, 2]"), "patches-other-release",
         "unsloth puts parts", "pip install -U unsloth"),
        (("    codec = av.CodecContext.create(x)\n    reader = soundfile.open(src)\n\n"
         "AttributeError: 'ImportError' object has no attribute 'open'"), "import-stub-used",
         "soundfile could not be imported", "pip install -U soundfile"),
    ],
)  # fmt: skip
def test_names_and_frames_tell_whose_fault_it_is(
    text: str, cause: str, said: str, command: str
) -> None:
    found = first("Traceback (most recent call last):\n" + text)
    assert found.id == cause
    assert said in str(found.cause)
    assert "".join(commands(text)[:1]) == command


def test_a_name_missing_within_a_function_accuses_no_optional_package() -> None:
    text = (
        'Traceback:\n  File "/e/lib/python3.11/site-packages/somelib/a.py", line 9, in run\n'
        "    y = FastAPI()\nNameError: name 'FastAPI' is not defined"
    )
    assert all(f.id != "optional-part-absent" for f in explain(text, Situation))


def test_a_release_without_a_wheel_here_is_not_asked_for_again() -> None:
    text = (
        "error: Distribution `torch==2.4.1 @ registry+https://i.example/simple` can't be installed "
        "because it doesn't have a source distribution or wheel for the current platform\n\n"
        "hint: You're on Linux, but `torch` (v2.4.1) only has wheels for the following platform: "
        "`macosx_11_0_arm64`"
    )
    found = first(text)
    assert found.id == "no-wheel"
    assert any("macosx_11_0_arm64" in value for _source, value in found.evidence)
    line = commands(text)[0]
    assert line.startswith("uv pip install --reinstall torch==")
    assert "torch==2.4.1" not in line


def test_where_no_release_is_known_the_package_itself_is_asked_for() -> None:
    text = "ImportError: cannot import name 'nothing_of_ours' from 'transformers.models.opt'"
    assert commands(text) == ("pip install -U transformers",)
    assert commands("$ uv run infer.py\n" + text) == ("uv pip install -U transformers",)


def test_packages_built_for_two_versions_of_cuda_are_named() -> None:
    text = (
        "  ╰─▶ Because torch==2.7.1+cu126 depends on system:cuda==12.6 and\n      triton==3.3.1 "
        "depends on system:cuda==12.9, we can conclude that they are incompatible."
    )
    assert "torch==2.7.1 needs CUDA 12.6, triton==3.3.1 needs CUDA 12.9" in str(first(text).cause)
    assert commands(text)[0].startswith("uv pip install --reinstall torch==")


@pytest.mark.parametrize(
    ("text", "said", "advice"),
    [
        (("ValueError: The prompt (total length 25938) is too long to fit into the model (context "
              "length 4096). Make sure that `max_model_len` is no smaller than the tokens."),
             "is too long to fit", "says itself what mends it: Make sure that `max_model_len`"),
            (('  File "/v/lib/python3.11/site-packages/peft/peft_model.py", line 9, in load\n'
          "ValueError: Adapter weights of two kinds are mutually exclusive."),
         "peft refuses", "names the limit"),
    ],
)  # fmt: skip
def test_an_error_is_taken_at_its_word(text: str, said: str, advice: str) -> None:
    found = first(text)
    assert found.id == "told-by-itself"
    assert found.fix is not None
    assert said in str(found.cause)
    assert advice in str(found.fix.advice)


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: The field must be filled in. Please enter a name.",
        ('  File "/home/a/app.py", line 9, in run\nValueError: dtype wrong, please give another'),
        "RuntimeError: Something in the tokenizer broke, please report this bug.",
        "The processor is slow today; please use a faster one.",
    ],
)  # fmt: skip
def test_words_of_others_are_no_advice(text: str) -> None:
    assert explain(text, Situation) == ()


def test_a_variable_that_an_error_names_is_set() -> None:
    text = ("ValueError: max_model_len (9) is refused. To allow it, set the env var "
            "SOME_LONG_LEN=1.")  # fmt: skip
    assert commands(text) == ("export SOME_LONG_LEN=1",)
