"""A whole site: written, written again, read back, and free of passwords."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setup_assistant.errors import SetupError
from setup_assistant.host import paths
from setup_assistant.machine.facts import Source
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_layout, read_site
from setup_assistant.site.scripts import SCRIPTS
from setup_assistant.site.write import write_site
from tests.site.samples import machine, plan, sources, torch, wishes


def _write(root: Path, **changes: object) -> list[str]:
    given = {"plan": plan(), "machine": machine(), "wishes": wishes(), **changes}
    made, probed, wanted = given["plan"], given["machine"], given["wishes"]
    written = write_site(made, probed, wanted, Layout(root), paths.recipes_folder())  # type: ignore[arg-type]
    return [str(p.relative_to(root)) for p in written]


def test_every_file_of_a_site_is_written_and_the_plan_last(tmp_path: Path) -> None:
    written = _write(tmp_path)
    assert set(written) >= {
        "machine.json", "answers.toml", "plan.json", "environment.yml", "requirements.txt",
        "README.txt",
    }  # fmt: skip
    assert sum(name.startswith("scripts/") and name.endswith(".py") for name in written) >= 3
    assert written[-1] == "plan.json"


def test_the_readme_names_whatever_a_site_may_hold(tmp_path: Path) -> None:
    _write(tmp_path)
    text = (tmp_path / "README.txt").read_text()
    layout = Layout(tmp_path)
    named = [p for name in dir(layout) if isinstance(p := getattr(layout, name), Path)]
    names = {p.name for p in named if p.parent == tmp_path and not p.name.startswith(".")}
    # What `serve --write-unit` makes, it tells itself.
    names -= {layout.unit.name, layout.serve_token.name}
    assert {"requirements.lock", "conda-explicit.txt", "ledger.jsonl"} <= names
    assert {name for name in names if text.count(name) < 2} == set()


def test_a_rerun_changes_nothing_even_as_free_memory_changes(tmp_path: Path) -> None:
    _write(tmp_path)
    assert _write(tmp_path) == []
    assert _write(tmp_path, machine=machine(probed_at="2027-01-01T00:00:00Z")) == []


def test_a_new_plan_comes_with_the_machine_it_was_made_for(tmp_path: Path) -> None:
    _write(tmp_path)
    later = machine(probed_at="2027-01-01T00:00:00Z")
    written = _write(tmp_path, plan=plan(python="3.11"), machine=later)
    assert {"machine.json", "plan.json", "environment.yml"} <= set(written)
    assert json.loads((tmp_path / "machine.json").read_text())["probed_at"] == later.probed_at


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    _write(tmp_path)
    site = read_site(tmp_path)
    assert site.plan == plan()
    assert site.machine == machine()
    assert site.wishes == wishes()
    # A value that was read writes the same file again.
    assert _write(tmp_path, plan=site.plan, machine=site.machine, wishes=site.wishes) == []


def test_folders_outside_the_site_come_from_its_answers(tmp_path: Path) -> None:
    _write(tmp_path, wishes=wishes(env="/srv/env", weights="/srv/weights"))
    layout = read_layout(tmp_path)
    assert layout.env == Path("/srv/env")
    assert layout.weights("a/b") == Path("/srv/weights")
    (tmp_path / "answers.toml").write_text("env = 3\n")
    assert read_layout(tmp_path).env == tmp_path / "env"


@pytest.mark.parametrize("name", ["plan.json", "machine.json", "answers.toml"])
@pytest.mark.parametrize("damage", [None, "{", '{"gpus": 3, "torch": 3}'])
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, name: str, damage: str | None) -> None:
    _write(tmp_path)
    if damage is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(damage)
    with pytest.raises(SetupError) as caught:
        read_site(tmp_path)
    assert caught.value.code in ("file_missing", "file_invalid", "answers_invalid")
    assert str(tmp_path / name) in caught.value.message.english


# Long enough that they stand in no file by chance; an @ or a : as careless people type them.
_secrets = st.from_regex(r"[A-Za-z0-9]{12}[@:!$&*]?[A-Za-z0-9]{12}", fullmatch=True)


@settings(max_examples=25, deadline=None)
@given(secret=_secrets, user=st.sampled_from(["", "me", "me%40firm"]), token_only=st.booleans())
def test_no_password_reaches_any_file(
    tmp_path_factory: pytest.TempPathFactory, secret: str, user: str, token_only: bool
) -> None:
    root = tmp_path_factory.mktemp("site")
    login = secret.replace(":", "") if token_only else f"{user}:{secret}"
    url = f"https://{login}@own.example.org/simple"
    made = plan(
        torch=torch(index_url=f"{url}/torch", find_links=f"{url}/links"),
        sources=sources(packages=url, conda=url, weights=url, extra_index_urls=(f"{url}/b",)),
    )
    source = Source(leg="packages", name="own", url=url, reachable=False, reason=f"at {url}: 401")
    wanted = wishes(mirror=url, weights_source=url)
    _write(root, plan=made, machine=machine(sources=(source,)), wishes=wanted)
    halves = [part for part in secret.replace("@", ":").split(":") if len(part) >= 12]
    for path in root.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not [half for half in halves if half in text], path
    assert "own.example.org" in (root / "requirements.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("backend", "system", "expected"),
    [
        ("uv", "Linux", "source {root}/env/bin/activate"),
        ("pip", "Windows", "{root}/env\\Scripts\\activate"),
        ("micromamba", "Linux", "micromamba activate {root}/env"),
    ],
)
def test_the_readme_activates_the_environment_in_both_languages(
    tmp_path: Path, backend: str, system: str, expected: str
) -> None:
    base = machine()
    there = machine(system=dataclasses.replace(base.system, os=system))
    _write(tmp_path, plan=plan(backend=backend), machine=there)
    text = (tmp_path / "README.txt").read_text(encoding="utf-8")
    assert text.count(expected.format(root=tmp_path)) == 2
    for name in SCRIPTS:
        assert text.count(f"/python {tmp_path / 'scripts' / name}") == 2
    assert "本机" in text


def test_a_folder_with_a_space_is_quoted(tmp_path: Path) -> None:
    _write(tmp_path / "my site")
    text = (tmp_path / "my site" / "README.txt").read_text(encoding="utf-8")
    assert f"source '{tmp_path}/my site/env/bin/activate'" in text


def test_no_file_of_a_site_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "scripts").symlink_to(tmp_path / "mine")
    with pytest.raises(SetupError, match="scripts is a link") as raised:
        _write(tmp_path / "site")
    assert raised.value.code == "not_writable"
    assert list((tmp_path / "mine").iterdir()) == []
    assert [p.name for p in (tmp_path / "site").iterdir()] == ["scripts"]
