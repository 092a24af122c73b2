"""An attribute or an argument that is not there: whose it is, who asks, which side is to change."""

from __future__ import annotations

import pytest

from setup_assistant.doctor import text_frames
from tests.doctor.test_text_kinds import told

INSIDE = '  File "/v/lib/python3.11/site-packages/{top}/part.py", line 9, in run\n    {code}\n'
OWN = '  File "/home/me/ask.py", line 3, in <module>\n    {code}\n'
LOOKUP = INSIDE.format(top="torch", code="raise AttributeError(").replace("run", "__getattr__")


@pytest.mark.parametrize(
    ("text", "cause", "command"),
    [
        # What is left over of from_pretrained's arguments is transformers' own.
        (INSIDE.format(top="transformers", code="model = cls(config, *model_args, **model_kwargs)")
         + "TypeError: __init__() got an unexpected keyword argument 'attn_implementation'",
         "unexpected-argument", "transformers"),
        (INSIDE.format(top="vllm", code="f(x)") + "TypeError: Qwen2_5_VLProcessor.__init__() "
         "got multiple values for argument 'image_processor'", "unexpected-argument", "vllm"),
        ("TypeError: Qwen2VLProcessor.__init__() got multiple values for argument 'images'",
         "unexpected-argument", "transformers"),
        (("TypeError: Qwen9ForConditionalGeneration.forward() got multiple values for argument "
          "'caption'"), "unexpected-argument", "transformers"),
        # The line of code tells what was called, in a notebook too.
        (("TypeError   Traceback (most recent call last)\nFile ~/m/layers.py:302, in Unit.f()"
         "\n    301 x = 1\n--> 302 self.act = nn.GELU(approximate='none')\n"
         "TypeError: __init__() got an unexpected keyword argument 'approximate'"),
         "unexpected-argument", "torch=="),
        (OWN.format(code="x = Qwen2VLForCausalLM.from_pretrained(p, odd=1)")
         + "TypeError: __init__() got an unexpected keyword argument 'odd'",
         "unexpected-argument", "transformers"),
        (OWN.format(code="x = AutoProcessor(p, odd=1)")
         + "TypeError: __init__() got an unexpected keyword argument 'odd'",
         "unexpected-argument", "transformers"),
        # Who asks is the caller of what only looks up.
        (INSIDE.format(top="peft", code="model.prepare_x()") + LOOKUP
         + "AttributeError: 'Qwen2VLForConditionalGeneration' object has no attribute 'prepare_x'",
         "program-for-other-transformers", "pip install -U peft"),
        (("ImportError: /v/lib/python3.10/site-packages/torch/lib/libtorch_cuda.so: undefined "
         "symbol: cudaLaunchKernelExC, version libcudart.so.11.0"),
         "foreign-cuda-library", "unset LD_LIBRARY_PATH"),
        ("ImportError: /v/lib/python3.10/site-packages/pyarrow/lib.so: undefined symbol: _ZN5arrow",
         "undefined-symbol", "pyarrow"),
    ],
)  # fmt: skip
def test_who_owns_a_name_decides_what_is_changed(text: str, cause: str, command: str) -> None:
    assert told(text)[0] == cause
    assert any(command in line for line in told(text)[1]), told(text)


@pytest.mark.parametrize(
    ("text", "cause", "command"),
    [
        (("TypeError: Qwen9ForConditionalGeneration.__init__() got an unexpected keyword argument "
         "'dtype'"), "unexpected-argument", "transformers>=4.56"),
        ("AttributeError: 'Qwen2VLProcessor' object has no attribute 'image_token'",
         "name-not-yet", "transformers>=4.47"),
        ("AttributeError: 'MistralConfig' object has no attribute 'rope_theta'", "name-gone",
         "transformers<5"),
        ("AttributeError: 'Qwen2_5_VLForConditionalGeneration' object has no attribute 'visual'",
         "name-gone", "transformers<5"),
        ("AttributeError: 'SomeConfig' object has no attribute 'get_text_config'",
         "class-older-than-transformers", "transformers<4.45"),
        # A program's own class is called like the one that it is made from.
        (OWN.format(code="nn.Linear(config.hidden_size, config.vocab_size)")
         + "AttributeError: 'MyQwen2_5_VLConfig' object has no attribute 'vocab_size'",
         "name-gone", "transformers<4.52"),
        (OWN.format(code="self.n = args.num_iterations")
         + "AttributeError: 'GRPOConfig' object has no attribute 'num_iterations'",
         "name-not-yet", "trl>=0.16"),
        ("AttributeError: 'XGRPOTrainer' object has no attribute 'num_rounds'",
         "class-for-other-release", "grep -n trl"),
        ("AttributeError: type object 'Qwen2Model' has no attribute '_update_causal_mask'",
         "name-gone", "transformers<4.53"),
        ("TypeError: SFTTrainer.__init__() got an unexpected keyword argument 'max_seq_length'",
         "unexpected-argument", "trl<0.13"),
        ("TypeError: Trainer.__init__() got an unexpected keyword argument 'processing_class'",
         "unexpected-argument", "transformers>=4.46"),
        (("TypeError: TrainingArguments.__init__() got an unexpected keyword argument "
          "'evaluation_strategy'"), "unexpected-argument", "transformers<4.51"),
        ("AttributeError: module 'torch.utils._pytree' has no attribute 'register_pytree_node'",
         "name-not-yet", "--index-url"),
    ],
)  # fmt: skip
def test_the_release_that_brought_a_name_is_said(text: str, cause: str, command: str) -> None:
    assert told(text)[0] == cause
    assert command in told(text)[1][0]


@pytest.mark.parametrize(
    ("call", "name", "cause"),
    [
        ("Qwen9ForConditionalGeneration.forward", "caption", "model-input-unknown"),
        # Releases differ in these, or in how a model is made.
        ("Qwen9ForConditionalGeneration.forward", "logits_to_keep", "unexpected-argument"),
        ("Qwen9ForConditionalGeneration.__init__", "caption", "unexpected-argument"),
        ("Qwen9Attention.forward", "caption", "unexpected-argument"),
    ],
)
def test_what_a_model_is_handed_is_not_laid_on_a_release(call: str, name: str, cause: str) -> None:
    text = f"TypeError: {call}() got an unexpected keyword argument '{name}'"
    assert told(text)[0] == cause


@pytest.mark.parametrize(
    "text",
    [
        OWN.format(code="model.answr()") + LOOKUP
        + "AttributeError: 'Qwen2VLForConditionalGeneration' object has no attribute 'answr'",
        OWN.format(code="render(colour=1)")
        + "TypeError: render() got an unexpected keyword argument 'colour'",
        OWN.format(code="LoraConfig.from_pretrained()")
        + "TypeError: LoraConfig.from_pretrained() missing 1 required positional argument: 'path'",
        "AttributeError: 'Viewer' object has no attribute 'answr'",
    ],
)  # fmt: skip
def test_a_mistake_of_the_persons_own_accuses_no_package(text: str) -> None:
    assert told("Traceback (most recent call last):\n" + text)[0] in (
        "",
        "program-for-other-transformers",
    )


def test_frames_are_those_of_the_last_traceback() -> None:
    text = (
        OWN.format(code="a()") + "ValueError: x\n\nTraceback (most recent call last):\n"
        + INSIDE.format(top="vllm", code="b()") + "Error"
    )  # fmt: skip
    frames = text_frames.before(text, len(text))
    assert [(f.top, f.code, f.own) for f in frames] == [("vllm", "b()", False)]
