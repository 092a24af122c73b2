"""The package index is asked first, then PyTorch's, then the person's additional ones."""

from pathlib import Path

import pytest

from setup_assistant.steps.backends.indexes import in_order

TEXT = "# x\n--index-url https://mirror/simple\n--extra-index-url https://torch/cu128\ntorch==2\n"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_NO_CONFIG", "1")


def _asked(env: dict[str, str], text: str = "") -> list[str]:
    found = in_order(env, text)
    assert found["UV_INDEX_STRATEGY"] == "unsafe-first-match"
    assert "UV_EXTRA_INDEX_URL" not in found
    return found["UV_INDEX"].split()


def test_the_index_of_the_plan_comes_before_all_others() -> None:
    env = {"UV_INDEX": "own=https://a/simple https://b/simple", "UV_EXTRA_INDEX_URL": "https://c",
           "UV_DEFAULT_INDEX": "https://theirs"}  # fmt: skip
    expected = ["https://mirror/simple", "https://torch/cu128", "https://a/simple",
                "https://b/simple", "https://c"]  # fmt: skip
    assert _asked(env, TEXT) == expected


def test_else_the_persons_replacement_else_the_public_one() -> None:
    assert _asked({"UV_INDEX": "https://a"}) == ["https://pypi.org/simple", "https://a"]
    assert _asked({"UV_INDEX_URL": "https://r", "UV_INDEX": "https://a"})[0] == "https://r"
    assert _asked({"UV_DEFAULT_INDEX": "corp=https://u:p@r/s"})[0] == "https://u:p@r/s"


def test_the_persons_uv_toml_names_the_replacement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_NO_CONFIG")
    path = tmp_path / "uv.toml"
    path.write_text('[[index]]\nurl = "https://r"\ndefault = true\n[[index]]\nurl = "https://a"\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(path))
    assert _asked({}) == ["https://r", "https://a"]


@pytest.mark.parametrize("env", [{"UV_INDEX_STRATEGY": "first-index"}, {"UV_NO_INDEX": "1"}])
def test_what_the_person_told_uv_is_kept(env: dict[str, str]) -> None:
    assert in_order({**env, "UV_INDEX": "https://a"}, TEXT) == {**env, "UV_INDEX": "https://a"}
