"""The recipes' packages against an index: newer, yanked, missing, without a wheel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from setup_assistant.catalog import resolved
from setup_assistant.catalog.recipes import load_all
from setup_assistant.maintain import online
from setup_assistant.maintain.online import Found, Pinned

RECIPES = load_all()
RESOLVED = resolved.load()
ROWS = online.pinned(RECIPES, RESOLVED)


def link(name: str, version: str, tag: str = "py3-none-any", more: str = "") -> str:
    file = f"{name.replace('-', '_')}-{version}-{tag}.whl"
    return f'<a href="/f/{file}"{more}>{file}</a><br/>'


def complete(name: str) -> str:
    """Return a page with everything that is pinned, and nothing newer."""
    return "".join(link(r.package, r.version) for r in ROWS if r.package == name)


def asked(**pages: str) -> list[Found]:
    def read(url: str) -> str:
        name = url.rstrip("/").rpartition("/")[2]
        if name not in {r.package for r in ROWS}:
            raise AssertionError(url)
        return pages.get(name.replace("-", "_"), complete(name))

    return list(online.compare(RECIPES, RESOLVED, "https://i.example/simple", read))


def test_an_index_that_has_what_is_pinned_says_nothing() -> None:
    assert asked() == []


def test_what_is_newer_is_told_but_no_preview_and_nothing_yanked() -> None:
    page = complete("transformers") + "".join(
        (link("transformers", "97.1.0"), link("transformers", "98.0.0rc1"),
         link("transformers", "99.0.0", more=' data-yanked=""'))
    )  # fmt: skip
    (found,) = asked(transformers=page)
    assert (found.package, found.kind, found.newest) == ("transformers", "newer", "97.1.0")
    newest = max((r.version for r in ROWS if r.package == "transformers"), key=online.Version)
    assert found.version == newest


def test_what_was_taken_back_is_told() -> None:
    rows = [r for r in ROWS if r.package == "accelerate"]
    page = "".join(link("accelerate", r.version, more=' data-yanked="bad"') for r in rows)
    assert {(f.kind, f.version) for f in asked(accelerate=page)} == {
        ("yanked", r.version) for r in rows
    }


def test_source_files_alone_are_a_release() -> None:
    rows = [r for r in ROWS if r.package == "accelerate"]
    page = "".join(f'<a href="x">accelerate-{r.version}.tar.gz</a>' for r in rows)
    assert asked(accelerate=page) == []


def test_what_is_gone_is_told() -> None:
    kinds = {f.kind for f in asked(modelscope="<html></html>")}
    assert kinds == {"missing"}


def test_a_platform_without_a_wheel_is_told() -> None:
    row = next(r for r in ROWS if "Linux-aarch64" in r.platforms)
    page = "".join(
        link(row.package, r.version, "py3-none-manylinux_2_28_x86_64")
        + link(row.package, r.version, "py3-none-win_amd64")
        + link(row.package, r.version, "py3-none-macosx_11_0_arm64")
        for r in ROWS
        if r.package == row.package
    )
    found = asked(**{row.package.replace("-", "_"): page})
    assert {(f.kind, f.detail) for f in found} == {("no_wheel", "Linux-aarch64")}


def test_a_page_that_cannot_be_read_leaves_the_others() -> None:
    def read(url: str) -> str:
        if "torchvision" in url:
            raise OSError("the line is cut")
        return complete(url.rstrip("/").rpartition("/")[2])

    (found,) = online.compare(RECIPES, RESOLVED, "https://i.example/simple", read)
    assert (found.package, found.kind, found.detail) == ("torchvision", "unread", "the line is cut")


def test_an_index_that_is_not_there_is_not_asked_for_every_package() -> None:
    def read(url: str) -> str:
        raise OSError(url)

    found = list(online.compare(RECIPES, RESOLVED, "https://i.example/simple", read))
    assert [f.kind for f in found] == ["unread"] * 3


@pytest.mark.parametrize("row", ROWS[:3])
def test_a_row_is_asked_once(row: Pinned) -> None:
    assert ROWS.count(replace(row)) == 1


def test_what_remedies_install_is_asked_for_as_well() -> None:
    planned = {r.package for r in online.pinned(RECIPES, replace(RESOLVED, packages={}))}
    only = next(name for name in RESOLVED.packages if name not in planned)
    gone = asked(**{only.replace("-", "_"): link(only, "0.0.1")})
    assert {(f.package, f.kind) for f in gone} == {(only, "missing")}
