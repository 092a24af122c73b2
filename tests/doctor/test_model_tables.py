"""The model's files, whose they are and what brings them again: every case of each look."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from setup_assistant.doctor import redownload, weight_shapes, weights, weights_content
from setup_assistant.weights import folder_record
from setup_assistant.weights.hashing import sum_of
from setup_assistant.weights.model_folder import INDEX, ModelFolder
from tests.doctor.body import Body
from tests.doctor.tables import Rows, Tables, case_of
from tests.recorded import names

table = Tables(Path(__file__).with_name("recorded_models.txt"))


def recorded(folder: Path, *left_out: str, source: str = "here", complete: bool = True) -> None:
    """Let a record of this account name every file but some."""
    kept = []
    for path in sorted(p for p in folder.iterdir() if p.is_file() and p.name not in left_out):
        if path.name != folder_record.NAME:
            stat = path.stat()
            kept.append(
                folder_record.Kept(path=path.name, size=stat.st_size, sha256=sum_of(path) or "",
                                   mtime=stat.st_mtime_ns)
            )  # fmt: skip
    made = folder_record.Manifest(model="own/model", source=source, complete=complete,
                                  files=tuple(kept))  # fmt: skip
    folder_record.save(folder, made)


@table
def folders_without_a_model(body: Body) -> Rows:
    for check in (*weights.CHECKS, *weights_content.CHECKS):
        yield check.id, check.look(case_of(body))
    body.with_model = True
    for check in (*weights.CHECKS, *weights_content.CHECKS):
        yield f"{check.id}, sound", check.look(case_of(body))
    shutil.rmtree(body.model)
    body.model.mkdir()
    for check in (*weights.CHECKS, *weights_content.CHECKS):
        yield f"{check.id}, empty", check.look(case_of(body))
    for place in ("a/b/c", "a/b", "z"):
        body.file(body.model / place / "config.json", "{}")
        yield f"a config in {place}", weights.folder_wrong(case_of(body))
    for place in ("z", "a/b"):
        body.file(body.model / place / "m.safetensors", "")
        yield f"weights in {place}", weights.folder_wrong(case_of(body))


@table
def what_downloads_leave(body: Body) -> Rows:
    body.with_model = True
    for place in ("._____temp/a", "._____temp/b/c", ".cache/huggingface/download/x.incomplete",
                  "y.incomplete", "m.part", "m.sa-part1", "m.aria2", "m.other"):  # fmt: skip
        path = body.file(body.model / place, "")
        yield place, weights.download_unfinished(case_of(body))
        path.unlink()
    (body.model / "m.part").mkdir()
    yield "a folder", weights.download_unfinished(case_of(body))
    body.file(body.model / "n.part", "")
    (body.model / "model.safetensors").unlink()
    yield "and no weights", weights.download_unfinished(case_of(body))
    for size in (40, 1100):
        text = "version https://git-lfs.github.com/spec/v1\n".ljust(size)
        body.file(body.model / "merges.txt", text)
        yield f"a pointer of {size} bytes", weights.lfs_pointer(case_of(body))
    for name in ("merges.txt", "README.md", "a.safetensors", "b.json"):
        path = body.file(body.model / name, "  \n<HTML><body>")
        yield f"a page in {name}", weights.html_instead(case_of(body))
        path.unlink()


@table
def configs_and_indexes(body: Body) -> Rows:
    body.with_model = True
    whole = (body.model / "config.json").read_text()
    index = body.model / INDEX
    for name in ("tokenizer.json", "preprocessor_config.json", "chat_template.json"):
        before = (body.model / name).read_text() if (body.model / name).exists() else None
        body.file(body.model / name, "{")
        yield f"{name} is cut", weights.config_invalid(case_of(body))
        recorded(body.model, name)
        yield f"{name} is a stranger's", weights.config_invalid(case_of(body))
        (body.model / folder_record.NAME).unlink()
        (body.model / name).unlink() if before is None else body.file(body.model / name, before)
    for text in ("{}", '{"weight_map": {}}', '{"weight_map": {"a": "../b"}}'):
        body.file(index, text)
        yield f"an index of {text}", weights.config_invalid(case_of(body))
    recorded(body.model, INDEX)
    yield "it is a stranger's", weights.config_invalid(case_of(body))
    body.file(index, '{"weight_map": {"a": "gone.safetensors"}}')
    yield "it names what is not there", weights.weights_missing(case_of(body))
    recorded(body.model)
    yield "the record has the index", weights.weights_missing(case_of(body))
    index.unlink()
    (body.model / "tokenizer_config.json").unlink()
    yield "the record names what is gone", weights.model_file_missing(case_of(body))
    (body.model / folder_record.NAME).unlink()
    (body.model / "tokenizer.json").unlink()
    for name in ("vocab.json", "tokenizer.model"):
        body.file(body.model / name, "{}")
        yield f"{name} for a tokenizer", weights.model_file_missing(case_of(body))
        (body.model / name).unlink()
    for name in ("model.gguf", "pytorch_model.bin"):
        (body.model / "model.safetensors").unlink(missing_ok=True)
        path = body.file(body.model / name, "")
        yield f"{name} alone", weights.weights_missing(case_of(body))
        yield f"{name} alone, pickled", weights_content.weights_pickled(case_of(body))
        path.unlink()
    body.file(body.model / "config.json", whole.replace("model_type", "kind_of"))
    yield "no type", weights.config_invalid(case_of(body))


@table
def what_the_files_hold(body: Body) -> Rows:
    body.with_model = True
    recorded(body.model)
    yield "as recorded", weights.weights_changed(case_of(body))
    body.file(body.model / "merges.txt", "a b\r\nc d\r\n")
    yield "lines as on Windows", weights_content.file_converted(case_of(body))
    yield "another list of words", weights.weights_changed(case_of(body))
    path = body.model / "config.json"
    config = json.loads(path.read_text())
    config.pop("torch_dtype", None)
    config.pop("dtype", None)
    for more in ({"dtype": "float32"}, {"torch_dtype": "float16"}, {"dtype": "bfloat16"},
                 {"dtype": "auto"}, {"dtype": 3}, {},
                 {"dtype": "float32", "quantization_config": {"bits": 4}}):  # fmt: skip
        body.file(path, json.dumps({**config, **more}))
        yield f"{more}", weights_content.weights_dtype(case_of(body))
    body.file(path, json.dumps(config).replace("{", '{"hidden_size": 1,', 1))
    yield "a key twice", weights_content.file_converted(case_of(body))
    size = (body.model / "model.safetensors").stat().st_size
    for at, data in ((size // 2 // 4096 * 4096, bytes(3 * 4096)), (size - 4096, b"\1\x7e" * 8)):
        with (body.model / "model.safetensors").open("r+b") as stream:
            stream.seek(at)
            stream.write(data)
        for look in (weights_content.weights_zeros, weights_content.weights_not_finite):
            yield f"{data[:2]!r}: {look.__name__}", look(case_of(body))


@table
def whose_model_it_is(body: Body) -> Rows:
    def told(folder: Path) -> str:
        return "; ".join(redownload.again(ModelFolder(folder)))

    body.file(body.model / "config.json", "{}")
    named = body.folder / "qwen2-vl-2b-instruct"
    shutil.copytree(body.model, named)
    yield "a name of a recipe", told(named)
    dotted = named.rename(body.folder / "Qwen2___5-VL-3B-Instruct")
    yield "a name of modelscope's", told(dotted)
    yield "a name of nobody's", told(body.model)
    for value in ("Own/Model-1", "/home/me/model", "./x", 5):
        body.file(body.model / "config.json", json.dumps({"_name_or_path": value}))
        yield f"_name_or_path {value}", told(body.model)
    for text in ('{"Model": "some/One"}', "garbage some/Two\n", "nothing"):
        body.file(body.model / ".mdl", text)
        yield f".mdl {text}", told(body.model)
    cached = body.folder / "models--Owner--A--B" / "snapshots" / "1a"
    shutil.copytree(body.model, cached)
    yield "a cache", told(cached)
    for source in ("huggingface", "modelscope", "https://h.example/m", "http://h.example", "/w/m"):
        recorded(body.model, source=source)
        yield f"recorded, from {source}", told(body.model)
    recorded(body.model, "config.json")
    (body.model / "vocab.dir").mkdir()
    (body.model / "vocab.link").symlink_to(body.folder)
    for complete in (True, False):
        recorded(body.model, "config.json", complete=complete)
        for name in ("config.json", "model.safetensors", "../x", "vocab.dir", "vocab.link"):
            folder = ModelFolder(body.model)
            yield f"{name}, complete {complete}", (
                redownload.foreign(folder, name), redownload.removed(folder, name),
                redownload.missing(folder, name))  # fmt: skip


CONFIG = {"num_hidden_layers": 2, "hidden_size": 8, "vocab_size": 10, "intermediate_size": 12,
          "num_attention_heads": 4, "num_key_value_heads": 2}  # fmt: skip
SHAPES = {
    "model.embed_tokens.weight": [10, 8], "model.layers.0.self_attn.q_proj.weight": [8, 8],
    "model.layers.0.self_attn.k_proj.weight": [4, 8],
    "model.layers.0.mlp.down_proj.weight": [8, 12],
    "model.layers.1.self_attn.o_proj.weight": [8, 8], "model.layers.1.mlp.up_proj.weight": [12, 8],
    "model.layers.1.self_attn.v_proj.weight": [4, 8],
    "model.layers.1.mlp.gate_proj.weight": [12, 8],
    "model.layers.1.self_attn.q_proj.bias": [3], "visual.layers.7.mlp.up_proj.weight": [5, 5],
}  # fmt: skip


@table
def shapes_of_weights(body: Body) -> Rows:
    def told(config: dict[str, object], shapes: dict[str, list[int]]) -> str:
        folder, at, rows = body.folder / "shapes", 0, {}
        shutil.rmtree(folder, ignore_errors=True)
        for name, shape in shapes.items():
            size = 2 * (shape[0] * shape[1] if len(shape) > 1 else shape[0])
            rows[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
            at += size
        head = json.dumps(rows).encode()
        body.file(folder / "config.json", json.dumps(config))
        data = len(head).to_bytes(8, "little") + head + bytes(at)
        (folder / "m.safetensors").write_bytes(data)
        return weight_shapes.differs(ModelFolder(folder))

    yield "as config.json says", told(CONFIG, SHAPES)
    yield "in a part of its own", told({"text_config": CONFIG, "hidden_size": 99}, SHAPES)
    for key, number in CONFIG.items():
        yield f"no {key}", told({k: v for k, v in CONFIG.items() if k != key}, SHAPES)
        for value in (number + 2, "2"):
            yield f"{key} {value}", told({**CONFIG, key: value}, SHAPES)
    yield "one layer only", told({**CONFIG, "num_hidden_layers": 1}, SHAPES)
    yield "heads of 4", told({**CONFIG, "head_dim": 4}, SHAPES)
    yield "no heads", told({**CONFIG, "num_attention_heads": 0}, SHAPES)
    for name in SHAPES:
        yield f"without {name}", told(CONFIG, {k: v for k, v in SHAPES.items() if k != name})
        yield f"another {name}", told(CONFIG, {**SHAPES, name: [7, 7]})
    packed = {**CONFIG, "quantization_config": {"bits": 4}}
    yield "packed", told(packed, {**SHAPES, "model.embed_tokens.weight": [1, 1]})
    yield "packed, a layer too few", told({**packed, "num_hidden_layers": 3}, SHAPES)


@pytest.mark.parametrize("name", list(table.makers))
def test_each_case_of_a_look_is_answered_as_before(body: Body, name: str) -> None:
    table.compare(name, body)


def test_no_table_is_kept_that_is_made_no_more() -> None:
    assert names(table.kept) == set(table.makers)
