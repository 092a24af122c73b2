"""Whether what a source lists, and what the heads of a model name, can be a whole folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.weights.model_folder import CONFIG, INDEX, check_heads, check_listed

SHARD, OTHER = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
WHOLE = f'{{"weight_map": {{"a": "{SHARD}", "b": "{OTHER}"}}}}'


@pytest.mark.parametrize(
    ("listed", "missing"),
    [
        ((CONFIG, SHARD), None),
        ((CONFIG, INDEX), None),
        ((SHARD, INDEX), CONFIG),
        ((CONFIG, "tokenizer.json"), "*.safetensors"),
    ],
)
def test_a_listing_without_configuration_or_weights_is_refused(
    listed: tuple[str, ...], missing: str | None
) -> None:
    if missing is None:
        check_listed(listed, "m")
        return
    with pytest.raises(SetupError) as caught:
        check_listed(listed, "m")
    assert (caught.value.code, caught.value.args_["missing"]) == ("weights_incomplete", missing)


@pytest.mark.parametrize(
    ("config", "index", "listed", "code"),
    [
        ("{}", WHOLE, (CONFIG, INDEX, SHARD, OTHER), None),
        ("{}", WHOLE, (CONFIG, INDEX, SHARD), "weights_incomplete"),
        ("{}", "not looked at", (CONFIG, SHARD), None),
        ("[]", WHOLE, (CONFIG, INDEX, SHARD, OTHER), "file_invalid"),
        (None, WHOLE, (CONFIG, INDEX, SHARD, OTHER), "file_missing"),
        ("{}", None, (CONFIG, INDEX, SHARD, OTHER), "file_missing"),
        ("{}", '{"weight_map": {}}', (CONFIG, INDEX), "file_invalid"),
        ("{}", f'{{"weight_map": ["{SHARD}"]}}', (CONFIG, INDEX, SHARD), "file_invalid"),
        ("{}", f'{{"weight_map": "{SHARD}"}}', (CONFIG, INDEX, SHARD), "file_invalid"),
    ],
)
def test_every_shard_that_the_index_names_is_listed(
    tmp_path: Path, config: str | None, index: str | None, listed: tuple[str, ...], code: str | None
) -> None:
    for name, text in ((CONFIG, config), (INDEX, index)):
        if text is not None:
            (tmp_path / name).write_text(text)
    if code is None:
        check_heads(tmp_path, listed, "m")
        return
    with pytest.raises(SetupError) as caught:
        check_heads(tmp_path, listed, "m")
    assert caught.value.code == code
