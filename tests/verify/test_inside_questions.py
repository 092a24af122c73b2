"""What goes into a model inside an environment, and what is made of what comes out of it.

Stand-ins take the places of torch and transformers, as in `test_inside_order`: lists with a shape.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.verify.test_inside import module, room

__all__ = ["room"]


class Rows(list[Any]):
    """Takes the place of a tensor of two dimensions, or of one."""

    place = ""

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), len(self[0])) if self and isinstance(self[0], list) else (len(self),)

    @property
    def device(self) -> SimpleNamespace:
        return SimpleNamespace(type=self.place)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            return Rows([Rows(row[key[1]]) for row in list.__getitem__(self, key[0])])
        return list.__getitem__(self, key)

    def tolist(self) -> list[Any]:
        return [list(row) if isinstance(row, list) else row for row in self]

    def to(self, place: str) -> Rows:
        found = Rows(self)
        found.place = place
        return found

    def float(self) -> Rows:
        return self

    def cpu(self) -> Rows:
        return self

    def numel(self) -> int:
        return len(self)


class Inputs(dict[str, Rows]):
    """Takes the place of what a processor returns."""

    place = ""

    def to(self, place: str) -> Inputs:
        found = Inputs(self)
        found.place = place
        return found


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    made = SimpleNamespace(
        tensor=Rows, bfloat16="bf16", inference_mode=contextlib.nullcontext,
        full=lambda shape, number: Rows([[number] * shape[1]] * shape[0]),
        ones_like=lambda rows: Rows([[1] * len(row) for row in rows]),
        cat=lambda parts: Rows(row for part in parts for row in part),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "torch", made)
    return made


TOKENS = {"text": 7, "start": 1, "end": 2, "image": 3, "video": 4}


class Old:
    """A model of a release that does not tell kinds of tokens apart."""

    device = "there"

    def forward(self, input_ids: object) -> None: ...


class New(Old):
    def forward(self, input_ids: object, mm_token_type_ids: object = None) -> None: ...


def prompt(model: Old, *, apart: bool, **case: Any) -> dict[str, Rows]:
    request = {"architecture": {"tokens": TOKENS}, "patch_numbers": 3, "merge": 2,
               "steps_apart": apart}  # fmt: skip
    made: dict[str, Rows] = module("dummies").inputs(case, request, model)
    assert {t.place for t in made.values()} == {"there"}
    return made


@pytest.mark.usefixtures("torch")
def test_a_prompt_has_the_tokens_of_its_pictures_and_clips() -> None:
    case: dict[str, Any] = {"text_tokens": 2, "images": [[1, 4, 2], [1, 2, 2]],
                            "videos": [[2, 2, 4]]}  # fmt: skip
    picture, small = [1, 3, 3, 2], [1, 3, 2]
    film = [1, 4, 4, 4, 4, 2]
    made = prompt(New(), apart=False, **case)
    assert made["input_ids"] == [[7, 7, *picture, *small, *film]]
    assert made["attention_mask"] == [[1] * 15]
    assert made["mm_token_type_ids"] == [[0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 2, 2, 2, 2, 0]]
    assert made["image_grid_thw"] == case["images"]
    assert made["video_grid_thw"] == case["videos"]
    assert made["pixel_values"] == [[0.5] * 3] * 12
    assert made["pixel_values_videos"] == [[0.5] * 3] * 16
    steps = prompt(Old(), apart=True, **case)
    assert steps["input_ids"] == [[7, 7, *picture, *small, 1, 4, 4, 2, 1, 4, 4, 2]]
    assert "mm_token_type_ids" not in steps
    words = prompt(Old(), apart=True, text_tokens=3, images=[], videos=[])
    assert words == {"input_ids": [[7, 7, 7]], "attention_mask": [[1, 1, 1]]}


@pytest.mark.parametrize(
    ("version", "settings"),
    [
        ("4.51.3", {"a": 1, "b": 2}),
        ("4.52.0", {"a": 1, "text_config": {"b": 2}}),
        ("5.0", {"a": 1, "text_config": {"b": 2}}),
    ],
)
def test_settings_of_a_model_without_weights(
    version: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def for_model(kind: str, **said: Any) -> Any:
        if kind == "new":
            raise ValueError("not known")
        return (kind, said)

    standing = SimpleNamespace(__version__=version, AutoConfig=SimpleNamespace(for_model=for_model))
    monkeypatch.setitem(sys.modules, "transformers", standing)
    about = {"model_type": "qwen2_vl", "top": {"a": 1}, "text": {"b": 2}, "vision": {"c": 3}}
    found = module("dummies").configuration(about)
    assert found == ("qwen2_vl", {"vision_config": {"c": 3}, **settings})
    with pytest.raises(module("lines").Fault) as raised:
        module("dummies").configuration({**about, "model_type": "new"})
    assert raised.value.cause == "transformers-mismatch"
    assert raised.value.evidence == ["not known"]
    assert raised.value.values == {"need": "new", "transformers": version}


@pytest.mark.parametrize(
    ("most_pixels", "most_tokens", "over"),
    [
        (10**9, 10**9, None),
        (6 * 196, 5, None),
        (6 * 196 - 1, 1, (6 * 196, 6 * 196 - 1)),
        (6 * 196, 4, (5, 4)),
    ],
)
def test_what_is_beyond_the_plan(
    most_pixels: int, most_tokens: int, over: tuple[int, int] | None
) -> None:
    given = {"image_grid_thw": Rows([[1, 1, 2]]), "video_grid_thw": Rows([[2, 2, 1]]),
             "input_ids": Rows([[0] * 5])}  # fmt: skip
    assert module("within").beyond(given, 14, most_pixels, most_tokens) == over


class Clock:
    """Ticks by what is next in a list, and stands still behind it."""

    def __init__(self, *moments: float) -> None:
        self._moments = itertools.chain(moments, itertools.repeat(moments[-1]))

    def monotonic(self) -> float:
        return next(self._moments)


@pytest.mark.parametrize(
    ("moments", "prompt_seconds", "each"),
    [
        ((10.0, 10.5, 10.75, 11.0), 0.5, 0.25),
        ((10.0, 10.12345), 0.1235, None),
        ((3.0,), None, None),
    ],
)
@pytest.mark.usefixtures("torch")
def test_the_times_of_a_rehearsal(
    moments: tuple[float, ...], prompt_seconds: float | None, each: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rehearsal = module("rehearsal")
    monkeypatch.setattr(rehearsal, "time", Clock(*moments))
    made = object.__new__(rehearsal.Rehearsal)
    made.device = "cpu"

    class Model(Old):
        def generate(self, streamer: Any, **given: Any) -> Rows:
            self.given = given
            streamer.put("the prompt")
            for _ in moments[1:]:
                streamer.put("a token")
            streamer.end()
            return Rows([[0] * (given["input_ids"].shape[1] + len(moments) - 1)])

    made.model = Model()
    made.request = {"architecture": {"tokens": TOKENS}, "patch_numbers": 3, "merge": 2,
                    "steps_apart": False, "dtype": "float32"}  # fmt: skip
    case = {"text_tokens": 4, "images": [[1, 2, 2]], "videos": [], "new_tokens": 3}
    said = made.rehearse(case)
    assert made.model.given["max_new_tokens"] == made.model.given["min_new_tokens"] == 3
    assert not made.model.given["do_sample"]
    assert (said["device"], said["dtype"]) == ("cpu", "float32")
    assert said["values"] == {
        "reserved_bytes": None, "prompt_tokens": 7, "new_tokens": len(moments) - 1,
        "prompt_seconds": prompt_seconds, "seconds_per_token": each,
    }  # fmt: skip


class Processor:
    """Takes the place of a processor; keeps what it was given."""

    tokenizer = "tokenizer"

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    def apply_chat_template(self, messages: Any, **options: Any) -> str:
        self.given["messages"], self.given["options"] = messages, options
        return "text"

    def __call__(self, **given: Any) -> Inputs:
        self.given |= given
        return Inputs(input_ids=Rows([[0] * 6]), image_grid_thw=Rows([[1, 2, 4]]),
                      video_grid_thw=Rows([[2, 2, 2]]))  # fmt: skip

    def batch_decode(self, new: Rows, **options: Any) -> list[str]:
        assert options == {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
        return [f"answer {new[0]}"]


class Model:
    """Takes the place of a loaded model."""

    device = "there"
    config: Any = SimpleNamespace(max_position_embeddings=100)

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    def eval(self) -> None: ...

    def parameters(self) -> list[Rows]:
        return [Rows([1, 2]).to("cuda"), Rows([3]).to("cuda")]

    def generate(self, **given: Any) -> Any:
        self.given = given
        made = Rows([[*given["input_ids"][0], 8, 9]])
        if streamer := given.get("streamer"):
            streamer.on_finalized_text("")
            streamer.on_finalized_text("an")
            return made
        return SimpleNamespace(sequences=made, logits=[Rows([[0.5]]), Rows([[0.25]])])


def loaded(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: Any, version: str = "5.0",
    missing: tuple[str, ...] = (), unexpected: tuple[str, ...] = (),
) -> tuple[Any, list[Any]]:  # fmt: skip
    """Load a model with stand-ins; return the `Chat`, and what the model was loaded with."""
    asked: list[Any] = []

    def from_pretrained(*given: Any, **options: Any) -> Any:
        asked.append((given, options))
        return Model(), {"missing_keys": missing, "unexpected_keys": unexpected}

    def process_vision_info(
        messages: Any, return_video_kwargs: bool = False, image_patch_size: int = 14
    ) -> Any:
        asked.append((return_video_kwargs, image_patch_size))
        return ["picture"], None, {"fps": []}

    standing = SimpleNamespace(
        __version__=version,
        Qwen2VLForConditionalGeneration=SimpleNamespace(from_pretrained=from_pretrained),
        AutoProcessor=SimpleNamespace(from_pretrained=lambda _folder: Processor()),
        AutoConfig=SimpleNamespace(from_pretrained=lambda _folder: SimpleNamespace()),
    )
    monkeypatch.setitem(sys.modules, "transformers", standing)
    utils = SimpleNamespace(process_vision_info=process_vision_info)
    monkeypatch.setitem(sys.modules, "qwen_vl_utils", utils)
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen2_vl"}))
    return module("chat").Chat(str(folder), *arguments), asked


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(
    ("arguments", "version", "options"),
    [
        (("cpu", "bfloat16"), "4.55.4", {"torch_dtype": "bf16", "device_map": {"": "cpu"}}),
        (("cuda", "bfloat16"), "4.56.0", {"dtype": "bf16", "device_map": {"": "cuda:0"}}),
        (("cuda", "bfloat16", {"0": 5}), "5.0", {"dtype": "bf16", "device_map": {"": "cuda:0"}}),
        (("cuda", "bfloat16", {"0": 5, "1": 6}), "5.0",
         {"dtype": "bf16", "device_map": "auto", "max_memory": {0: 5, 1: 6}}),
    ],
)  # fmt: skip
def test_how_a_model_is_loaded(
    arguments: tuple[Any, ...], version: str, options: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made, asked = loaded(monkeypatch, tmp_path, *arguments, version=version)
    assert asked == [((str(tmp_path),), {**options, "output_loading_info": True})]
    assert (made.dtype, made.device, made.seen) == ("bfloat16", arguments[0], {})
    assert (made.parameters, made.positions) == (3, 100)
    made.model.config = SimpleNamespace(text_config=SimpleNamespace(max_position_embeddings=50))
    assert made.positions == 50
    made.model.config = SimpleNamespace()
    assert made.positions == 2**31


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(
    ("keys", "device", "cause", "evidence"),
    [
        ({"missing": ("b", "a", "f", "c", "e", "d")}, "cuda", "weights-incomplete",
         "not in the files: a, b, c, d, e"),
        ({"unexpected": ("z", "lm_head.weight", "x.rotary_emb.inv_freq")}, "cuda",
         "weights-dropped", "in the files, but not in the model: z"),
    ],
)  # fmt: skip
def test_what_is_not_loaded_whole_is_refused(
    keys: dict[str, Any], device: str, cause: str, evidence: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with pytest.raises(module("lines").Fault) as raised:
        loaded(monkeypatch, tmp_path, device, "bfloat16", **keys)
    assert (raised.value.cause, raised.value.evidence) == (cause, [evidence])
    assert raised.value.values == {"count": "6" if "missing" in keys else "1",
                                   "first": "a" if "missing" in keys else "z"}  # fmt: skip


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(("kind", "part"), [("video", "video"), ("images", "image")])
def test_what_a_model_is_asked(
    kind: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, asked = loaded(monkeypatch, tmp_path, "cpu", "bfloat16")
    answer, tokens, logits = made.ask(
        kind, ["a", "b"], "why?", max_new_tokens=5, limits={"fps": 1}, within={"patch": 16}
    )
    content = [{"type": part, part: name, "fps": 1} for name in ("a", "b")]
    given = made.processor.given
    assert given["messages"] == [
        {"role": "user", "content": [*content, {"type": "text", "text": "why?"}]}
    ]
    assert given["options"] == {"tokenize": False, "add_generation_prompt": True}
    assert (given["text"], given["images"], given["videos"]) == (["text"], ["picture"], None)
    assert (given["padding"], given["return_tensors"]) == (True, "pt")
    assert asked[1] == (True, 16)
    assert (answer, tokens, logits) == ("answer [8, 9]", [8, 9], [[0.5], [0.25]])
    asked_with = made.model.given
    assert (asked_with["max_new_tokens"], asked_with["do_sample"]) == (5, False)
    assert asked_with["return_dict_in_generate"]
    assert asked_with["output_logits"]
    assert made.seen == {"prompt_tokens": 6, "grids": "1x2x4 2x2x2"}


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(
    ("within", "new", "over"),
    [
        ({"tokens": 6}, 94, None), ({"tokens": 5}, 94, (6, 5)), ({}, 94, None),
        ({}, 95, (6, 5)), ({"pixels": 16 * 196}, 1, None),
        ({"pixels": 16 * 196 - 1}, 1, (16 * 196, 16 * 196 - 1)),
        ({"pixels": 16 * 196, "patch": 16}, 1, (16 * 256, 16 * 196)),
    ],
)  # fmt: skip
def test_a_prompt_that_is_too_long_is_refused(
    within: dict[str, int], new: int, over: tuple[int, int] | None, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made, _asked = loaded(monkeypatch, tmp_path, "cpu", "bfloat16")
    if over is None:
        assert made.inputs([], "why?", within, new).place == "there"
        return
    with pytest.raises(module("lines").Fault) as raised:
        made.inputs([], "why?", within, new)
    assert raised.value.cause == "prompt-too-long"
    assert raised.value.values == {"count": str(over[0]), "most": str(over[1])}


@pytest.mark.usefixtures("torch")
def test_an_answer_comes_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _asked = loaded(monkeypatch, tmp_path, "cpu", "bfloat16")

    class TextStreamer:
        def __init__(self, tokenizer: str, **options: bool) -> None:
            assert (tokenizer, options) == (
                "tokenizer", {"skip_prompt": True, "skip_special_tokens": True}
            )  # fmt: skip

    sys.modules["transformers"].TextStreamer = TextStreamer  # type: ignore[attr-defined]
    converse = module("converse")
    sent: list[Any] = []
    lines = SimpleNamespace(send=lambda event, **fields: sent.append((event, fields)))
    asked = {"content": [], "question": "why?", "max_new_tokens": 3}
    for moments, first, pace, most in (((1.0, 1.5, 1.5, 2.0), 0.5, 2.0, 3), ((1.0,), 0.0, None, 2)):
        monkeypatch.setattr(converse, "time", Clock(*moments))
        said = converse.answer(made, {**asked, "max_new_tokens": most}, lines)
        said.pop("peak_memory_bytes")
        assert said == {
            "text": "answer [8, 9]", "tokens": 2, "cut": most == 2, "seconds": moments[-1] - 1,
            "first_token_seconds": first, "tokens_per_second": pace, "prompt_tokens": 6,
            "thinned": "",
        }  # fmt: skip
    assert sent == [("piece", {"text": "an"})] * 2


CASE = {
    "name": "picture", "case": "one", "kind": "image", "language": "en", "question": "why?",
    "files": ["a.png"], "answer": "red",
}  # fmt: skip


def asker(said: object, **request: Any) -> Any:
    """Return an `Asker` whose model says something, or fails."""

    def ask(kind: str, files: list[str], question: str, **more: Any) -> Any:
        asks.append((kind, files, question, more))
        if isinstance(said, Exception):
            raise said
        return (*said, "logits")  # type: ignore[misc]

    asks: list[Any] = []
    chat = SimpleNamespace(device="cpu", dtype="float32", seen={"prompt_tokens": 6}, ask=ask)
    request = {"max_new_tokens": 9, "cases": [CASE], "tolerance": {"float32": 0.5}, **request}
    made = module("asking").Asker(request, chat, {"one": "reference"})
    made.asks = asks
    return made


def test_a_case_is_asked_and_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Any] = []

    def exact(*given: Any, **more: Any) -> Any:
        judged.append((given, more))
        return {"logits_distance": 0.25}

    monkeypatch.setattr(module("judge"), "exact", exact)
    others = [
        {**CASE, "answer": "blue", "case": "two"}, {**CASE, "answer": "rot", "language": "de"},
        {**CASE, "answer": "green", "kind": "image-url", "case": "three"},
        {**CASE, "answer": "film", "kind": "video"}, {**CASE, "answer": None},
    ]  # fmt: skip
    made = asker(("red", [4, 5]), cases=[CASE, *others])
    said = made.ask({**CASE, "limits": {"fps": 1}, "within": {"pixels": 2}})
    more = {"max_new_tokens": 9, "limits": {"fps": 1}, "within": {"pixels": 2}}
    assert made.asks == [("image", ["a.png"], "why?", more)]
    said.pop("peak_memory_bytes")
    assert said == {
        "answer": "red", "device": "cpu", "dtype": "float32", "evidence": [],
        "values": {"prompt_tokens": 6, "new_tokens": 2}, "logits_distance": 0.25,
    }  # fmt: skip
    assert judged[0][0][1:] == ("red", "logits")
    assert judged[0][1] == {
        "reference": "reference", "tolerance": 0.5, "others": {"blue": "two", "green": "three"},
    }  # fmt: skip
    own = asker(("red", [4]), tolerance={"cpu-float32": 0.125, "float32": 0.5})
    own.ask({**CASE, "case": "unknown"})
    assert (judged[1][1]["tolerance"], judged[1][1]["reference"]) == (0.125, None)


def test_a_wrong_answer_keeps_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    fault_of = module("lines").Fault

    def real(*given: Any) -> Any:
        assert given[1:] == ("blue", [4], "logits")
        raise fault_of("not-seen", "evidence", answer="blue")

    monkeypatch.setattr(module("judge"), "real", real)
    with pytest.raises(fault_of) as raised:
        asker(("blue", [4])).ask({**CASE, "answer": None})
    fields = raised.value.fields
    assert (fields["answer"], fields["evidence"]) == ("blue", ["evidence"])
    assert fields["values"] == {"prompt_tokens": 6, "new_tokens": 1, "answer": "blue"}


def test_an_address_that_nobody_asked_for_was_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"picture")
    made = asker(("red", [4]), served=str(tmp_path))
    try:
        with pytest.raises(module("lines").Fault) as raised:
            made.ask({**CASE, "served": ["a.png"]})
        url = made.server.url("a.png")
    finally:
        made.close()
    assert raised.value.cause == "url-failed"
    assert raised.value.values["url"] == url
    assert made.asks[0][1] == [url]


@pytest.mark.parametrize(
    ("error", "own", "decoder", "cause", "values"),
    [
        (ModuleNotFoundError("No module named 'decord'"), False, None, "input-unreadable", {}),
        (ModuleNotFoundError("No module named 'decord'"), False, "decoder-broken",
         "decoder-broken", {"package": "decord2"}),
        (RuntimeError("something else"), False, "decoder-broken", "question-failed", {}),
    ],
)  # fmt: skip
def test_why_a_case_could_not_be_asked(
    error: Exception, own: bool, decoder: str | None, cause: str, values: dict[str, str]
) -> None:
    made = asker(error)
    if decoder:
        made.decoder_fault = module("lines").Fault(decoder, package="decord2")
    with pytest.raises(module("lines").Fault) as raised:
        made.ask({**CASE, "own": own})
    assert raised.value.cause == cause
    assert values.items() <= raised.value.values.items()
    known = module("lines").Fault("prompt-too-long")
    with pytest.raises(module("lines").Fault) as raised:
        asker(known).ask(CASE)
    assert raised.value is known


def test_what_is_told_of_a_case_beforehand() -> None:
    words = {**CASE, "answer": None, "words": [["red", "rot"], ["cat"]]}
    told = module("asking").spec(words)
    assert told.pop("expected") == "red/rot + cat"
    assert told == {k: CASE[k] for k in told}
    assert module("asking").spec({**words, "words": None})["expected"] is None
    assert module("asking").spec(CASE)["expected"] == "red"


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [
        ({}, ((10, 100), (20, 200), 300, 40)),
        ({"max_pixels": 50, "video_total_pixels": 15, "video_max_frames": 8},
         ((10, 50), (15, 15), 50, 8)),
        ({"max_pixels": 500, "video_total_pixels": 500, "video_max_frames": 80},
         ((10, 100), (20, 200), 300, 40)),
    ],
)  # fmt: skip
def test_a_server_keeps_to_the_limits_of_the_plan(
    limits: dict[str, int], sizes: tuple[Any, ...]
) -> None:
    def size(least: int, most: int) -> dict[str, int]:
        return {"shortest_edge": least, "longest_edge": most}

    pictures = SimpleNamespace(size=size(10, 100), max_pixels=300)
    clips = SimpleNamespace(size=size(20, 200), max_frames=40)
    processor = SimpleNamespace(image_processor=pictures, video_processor=clips)
    server = module("openai_server")
    assert server.limit(processor, {"limits": limits}) is processor
    assert (pictures.size, clips.size) == (size(*sizes[0]), size(*sizes[1]))
    assert (pictures.max_pixels, clips.max_frames) == sizes[2:]
    empty = SimpleNamespace()
    assert server.limit(empty, {"limits": limits}) is empty


@pytest.mark.parametrize(
    ("quantization", "said", "version", "found"),
    [
        ("none", None, "5.0", {}),
        ("none", {"bits": 4}, "5.0", {}),
        ("awq", {"modules_to_not_convert": ["visual"]}, "4.57.0", {}),
        ("awq", {"modules_to_not_convert": ["visual", "model.visual", "head"]}, "5.0",
         ["visual", "model.visual", "head", "model.model.visual", "model.head"]),
        ("nf4", {"modules_to_not_convert": []}, "5.0", {}),
    ],
)  # fmt: skip
def test_what_quantized_weights_need(
    quantization: str, said: object, version: str, found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = SimpleNamespace(quantization_config=said)
    auto = SimpleNamespace(from_pretrained=lambda _folder: config)
    standing = SimpleNamespace(__version__=version, AutoConfig=auto, BitsAndBytesConfig=dict)
    monkeypatch.setitem(sys.modules, "transformers", standing)
    loading = module("quantized").quantized_loading
    made = loading("folder", quantization, "bf16")
    if isinstance(found, dict):
        assert made == found
    else:
        assert made["config"].quantization_config["modules_to_not_convert"] == found
    config.quantization_config = None
    assert loading("folder", "nf4", "bf16") == {"quantization_config": {
        "load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": "bf16",
        "llm_int8_skip_modules": ["visual", "model.visual", "lm_head"],
    }}  # fmt: skip


def box(name: bytes, body: bytes = b"", *, wide: bool = False) -> bytes:
    """A box of an MP4; `wide`: its length stands behind its name, in eight bytes."""
    if wide:
        return b"\0\0\0\1" + name + (len(body) + 16).to_bytes(8, "big") + body
    return (len(body) + 8).to_bytes(4, "big") + name + body


def track(kind: bytes) -> bytes:
    return box(b"trak", b"hdlr" + bytes(8) + kind)


TYPE = box(b"ftyp", b"isom")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (TYPE + box(b"moov", track(b"vide")), ""),
        (TYPE + box(b"mdat", bytes(99)) + box(b"moov", track(b"soun") + track(b"vide")), ""),
        (TYPE + box(b"mdat", bytes(9), wide=True) + box(b"moov", track(b"vide")), ""),
        (TYPE + box(b"moov", track(b"soun")), "no_video"),
        (TYPE + box(b"moov", track(b"vide"), wide=True), ""),
        (TYPE + box(b"moov", track(b"soun"), wide=True), "no_video"),
        (TYPE + box(b"moov"), ""),
        (TYPE + box(b"mdat", bytes(99)), "cut"),
        (TYPE + box(b"moov", track(b"vide"))[:-1], "cut"),
        (TYPE + b"\0\0\0\0moov", "cut"),
        (TYPE + b"\0\0\0\7moov", "cut"),
        (b"\x1aE\xdf\xa3" + bytes(9), ""),
        (b"<html>no clip</html>", "no_video"),
        ("一页".encode() * 400, "no_video"),
        (b"\xff\xfe\xfd" * 9, ""),
        (b"text and then \xff" + b"x" * 2000, ""),
    ],
)
def test_what_is_wrong_with_a_clip_as_a_file(data: bytes, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(data)
    assert module("inputs").fault_of_container(str(path), data[:1000]) == fault


def imports(monkeypatch: pytest.MonkeyPatch, **breaks: Exception) -> tuple[Any, list[str]]:
    """Run the check `imports` where everything is there, but for what breaks."""
    packages = module("packages")
    asked: list[str] = []

    def probe(name: str) -> Any:
        def run() -> None:
            asked.append(name)
            if name in breaks:
                raise breaks[name]

        return run

    monkeypatch.setattr(packages, "_PROBES", tuple((n, probe(n)) for n, _p in packages._PROBES))
    monkeypatch.setattr(packages, "is_there", lambda name: name not in breaks.get("absent", ()))
    monkeypatch.setattr(packages, "versions", lambda: {"python": "3"})
    hints: list[tuple[str, dict[str, Any]]] = []
    lines = SimpleNamespace(hint=lambda cause, *_said, **values: hints.append((cause, values)))
    try:
        return packages.check(lines), [f"{c} {v.get('package')}" for c, v in hints]
    except module("lines").Fault as fault:
        return fault, asked


def test_every_package_is_tried_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    said, hints = imports(monkeypatch)
    assert said == {"versions": {"python": "3"}, "evidence": []}
    names = ["torch", "torchvision", "pillow", "accelerate", "transformers", "qwen-vl-utils"]
    assert hints == [f"import-failed {name}" for name in names]


@pytest.mark.parametrize(
    ("name", "said", "cause", "values"),
    [
        ("torch", "libcudart.so.12: cannot open", "import-failed", {"package": "torch"}),
        ("PIL", "broken", "import-failed", {"package": "pillow", "detail": "ImportError: broken"}),
        ("transformers", "tokenizers>=0.22,<=0.23 is required for a normal functioning",
         "dependency-version", {"package": "transformers", "need": "tokenizers>=0.22,<=0.23"}),
        ("torchvision", "operator torchvision::nms does not exist", "import-failed",
         {"package": "torchvision"}),
    ],
)  # fmt: skip
def test_what_fails_as_it_is_imported(
    name: str, said: str, cause: str, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, asked = imports(monkeypatch, **{name: ImportError(said)})
    assert (fault.cause, fault.fields) == (cause, {"versions": {"python": "3"}})
    assert values.items() <= fault.values.items()
    assert asked[-1] == name


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fault, asked = imports(monkeypatch, absent=("PIL", "accelerate"))  # type: ignore[arg-type]
    assert (fault.cause, fault.values, asked) == ("package-missing", {"package": "accelerate"}, [])
    assert fault.evidence == ["absent: accelerate, pillow"]


@pytest.mark.usefixtures("torch")
def test_an_older_qwen_vl_utils_tells_no_rates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _asked = loaded(monkeypatch, tmp_path, "cpu", "bfloat16")
    seen: list[Any] = []

    def process_vision_info(messages: Any) -> Any:
        seen.append(messages)
        return ["picture"], None

    older = SimpleNamespace(process_vision_info=process_vision_info)
    monkeypatch.setitem(sys.modules, "qwen_vl_utils", older)
    made.inputs([], "why?", {"patch": 16}, 1)
    assert made.processor.given["images"] == ["picture"]
    assert len(seen) == 1


@pytest.mark.usefixtures("torch")
def test_clips_that_were_thinned_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _asked = loaded(monkeypatch, tmp_path, "cpu", "bfloat16")
    chat = module("chat")
    given: list[Any] = []

    def read_within(_read: Any, _messages: Any, most: int) -> Any:
        given.append(most)
        return None, ["clip"], ["8 -> 4", "9 -> 4"]

    monkeypatch.setattr(chat, "read_within", read_within)
    made.inputs([], "why?", {}, 1)
    made.inputs([], "why?", {"pixels": 10**6}, 1)
    assert made.seen["thinned"] == "8 -> 4; 9 -> 4"
    assert (made.processor.given["videos"], given) == (["clip"], [2**62, 10**6])


class Finite:
    """Takes the place of what `isfinite` returns: one truth for each number of each step."""

    def __init__(self, *steps: list[bool]) -> None:
        self.steps = steps

    def all(self) -> bool:
        return all(all(step) for step in self.steps)

    def any(self, axis: int) -> Finite:
        assert axis == 1
        return Finite(*([any(step)] for step in self.steps))

    def sum(self) -> int:
        return sum(step[0] for step in self.steps)

    def __invert__(self) -> Finite:
        return Finite(*([not n for n in step] for step in self.steps))

    def __len__(self) -> int:
        return len(self.steps)


def test_numbers_that_are_none_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    standing = SimpleNamespace(isfinite=lambda numbers: numbers)
    monkeypatch.setitem(sys.modules, "torch", standing)
    judge, fault_of = module("judge"), module("lines").Fault
    good, bad = Finite([True, True]), Finite([True, True], [True, False], [False, False])
    judge.finite(good)
    assert judge.real({"name": "a"}, "red", [1], good) == {}
    for call in (
        lambda: judge.finite(bad),
        lambda: judge.real({"name": "a"}, "red", [1], bad),
        lambda: judge.exact({"name": "a"}, "red", bad, reference=None, tolerance=1, others={}),
    ):
        with pytest.raises(fault_of) as raised:
            call()
        assert raised.value.cause == "not-a-number"
        assert raised.value.evidence == ["in 2 of 3 steps"]


def test_what_a_judge_keeps_of_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    judge, fault_of = module("judge"), module("lines").Fault
    monkeypatch.setattr(judge, "finite", lambda _logits: None)
    case = {"name": "a", "answer": "red", "words": [["red", "rot"], ["cat"], ["dog", "hound"]]}
    known = {"reference": None, "tolerance": 0.25}
    for answer, meant, evidence in (
        ("blue", "other", ["this is the recorded answer of other"]), ("odd", None, []),
    ):  # fmt: skip
        with pytest.raises(fault_of) as raised:
            judge.exact(case, answer, None, others={"blue": "other"}, **known)
        assert raised.value.evidence == evidence
        assert raised.value.fields == {
            "logits_distance": None, "logits_tolerance": 0.25, "mistaken_for": meant,
        }  # fmt: skip
        assert raised.value.values == {"check": "a", "expected": "red", "answer": answer}
    with pytest.raises(fault_of) as raised:
        judge.real(case, "a Red ball", [1], None)
    assert raised.value.values == {"check": "a", "answer": "a Red ball", "words": "cat, dog/hound"}
    with pytest.raises(fault_of) as raised:
        judge.real(case, "x", [1, 2, *[5] * 8], None)
    assert raised.value.evidence == [f"tokens {[5] * 8}"]
    assert raised.value.values == {"check": "a", "answer": "x"}
    with pytest.raises(fault_of) as raised:
        judge.real(case, " ", [1], None)
    assert raised.value.values == {"check": "a"}


def test_several_pictures_by_address(tmp_path: Path) -> None:
    """One server for all of them; each is told as fetched where somebody asked for it."""
    import urllib.request

    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"picture")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(kind: str, files: list[str], question: str, **more: Any) -> Any:
        asks.append(files)
        for url in files:
            opener.open(url, timeout=600).close()
        return "red", [4], "logits"

    asks: list[list[str]] = []
    chat = SimpleNamespace(device="cpu", dtype="float32", seen={}, ask=ask)
    made = module("asking").Asker({"max_new_tokens": 9, "served": str(tmp_path)}, chat, {})
    made._judge = lambda *_about: {}
    try:
        first = made.ask({**CASE, "served": ["a.png", "b.png"]})
        second = made.ask({**CASE, "served": ["b.png"]})
    finally:
        made.close()
    assert first["evidence"] == [f"fetched {url}" for url in asks[0]]
    assert second["evidence"] == [f"fetched {asks[0][1]}"]
    assert asks[1] == asks[0][1:]


def test_an_address_of_ones_own_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = module("asking")
    given: list[Any] = []

    def explain(error: Exception, **about: Any) -> Any:
        given.append(about)
        return module("lines").Fault("question-failed")

    monkeypatch.setattr(asking, "explain", explain)
    for own in (True, False):
        with pytest.raises(module("lines").Fault):
            asker(OSError("odd")).ask({**CASE, "files": ["a", "b"], "own": own})
    assert given == [
        {"check": "picture", "file": "a, b", "url": url} for url in ("a, b", "127.0.0.1")
    ]


def test_the_allocator_tells_what_it_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module("memory"), "reserved_bytes", {"cuda": 7}.get)
    made = asker(("red", [4]))
    assert made._held(3) == {"prompt_tokens": 6, "new_tokens": 3}
    made.chat.device = "cuda"
    assert made._held(3) == {"prompt_tokens": 6, "new_tokens": 3, "reserved_bytes": 7}
