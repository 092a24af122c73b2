"""Requirements and index options: each form of source, and what pip and uv make of them."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from setup_assistant.choose.plan import Package
from setup_assistant.site.requirements import options, pins, render_requirements
from tests.site.samples import CU128, PYPI, plan, sources, torch


def test_every_package_is_pinned_with_the_build_in_the_local_version() -> None:
    assert pins(plan()) == (
        "torch==2.11.0+cu128",
        "torchvision==0.26.0+cu128",
        "transformers==5.23.0",
        "accelerate==1.12.0",
        "qwen-vl-utils==0.0.14",
        "modelscope==1.40.2",
        "decord2==3.0.0",
        "packaging==26.3",
    )
    assert options(plan()).lines == (f"--index-url {PYPI}", f"--extra-index-url {CU128}")


@pytest.mark.parametrize(
    ("changes", "pinned"),
    [
        ({"version": "2.11.0+cu128"}, "torch==2.11.0+cu128"),
        ({"index_url": f"{PYPI}/"}, "torch==2.11.0"),
        ({"index_url": f"{PYPI}/", "find_links": CU128}, "torch==2.11.0+cu128"),
    ],
)
def test_the_build_is_named_once_and_where_there_are_several(
    changes: dict[str, str], pinned: str
) -> None:
    assert pins(plan(torch=torch(**changes)))[0] == pinned


def test_the_package_index_default_build_has_no_local_version() -> None:
    made = plan(
        torch=torch(build="cu130", index_url=PYPI + "/", compatibility="default-build"),
    )
    assert pins(made)[:2] == ("torch==2.11.0", "torchvision==0.26.0")
    assert options(made).lines == (f"--index-url {PYPI}",)
    assert "default build" in render_requirements(made)


def test_a_mirror_that_is_a_page_of_files_becomes_find_links() -> None:
    page = "https://mirrors.example.org/pytorch-wheels/cu128"
    made = plan(torch=torch(index_url=PYPI, find_links=page))
    assert pins(made)[0] == "torch==2.11.0+cu128"
    assert options(made).lines == (f"--index-url {PYPI}", f"--find-links {page}")


def test_the_cpu_build_and_the_persons_own_indexes() -> None:
    made = plan(
        torch=torch(build="cpu", index_url="https://w.example.org/cpu", compatibility="cpu"),
        sources=sources(extra_index_urls=("https://own.example.org/simple", PYPI)),
    )
    assert pins(made)[:2] == ("torch==2.11.0+cpu", "torchvision==0.26.0+cpu")
    assert options(made).lines == (
        f"--index-url {PYPI}",
        "--extra-index-url https://w.example.org/cpu",
        "--extra-index-url https://own.example.org/simple",
        f"--extra-index-url {PYPI}",
    )


def test_an_address_with_credentials_is_a_comment_without_them() -> None:
    made = plan(sources=sources(packages="https://me:pa@ss@own.example.org/simple"))
    assert options(made).lines == (f"--extra-index-url {CU128}",)
    text = render_requirements(made)
    assert "#   --index-url https://own.example.org/simple\n" in text
    assert "ss@" not in text
    assert "\n--index-url" not in text


_versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){1,3}(\.post[0-9]|rc[0-9])?", fullmatch=True)
_names = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,20}[A-Za-z0-9]", fullmatch=True)


@given(
    version=_versions,
    build=st.sampled_from(["cpu", "cu118", "cu126", "cu132"]),
    compatibility=st.sampled_from(["native", "minor-version", "cpu", "default-build"]),
    extras=st.lists(st.tuples(_names, _versions), max_size=4),
    find_links=st.sampled_from([None, "https://w.example.org/page.html"]),
)
def test_every_line_of_requirements_txt_is_a_comment_an_option_or_an_exact_pin(
    version: str,
    build: str,
    compatibility: str,
    extras: list[tuple[str, str]],
    find_links: str | None,
) -> None:
    made = plan(
        torch=torch(
            version=version, build=build, compatibility=compatibility, find_links=find_links
        ),
        extra_packages=tuple(Package(name=n, version=v) for n, v in extras),
    )
    lines = [x for x in render_requirements(made).splitlines() if x and not x.startswith("#")]
    parsed = [Requirement(x) for x in lines if not x.startswith("--")]
    assert all(len(r.specifier) == 1 and str(r.specifier).startswith("==") for r in parsed)
    assert {r.name for r in parsed} >= {"torch", "torchvision", "transformers", "decord2"}
    assert "torchaudio" not in {r.name for r in parsed}
    for line in lines:
        if line.startswith("--"):
            option, address = line.split(" ")
            assert option in ("--index-url", "--extra-index-url", "--find-links")
            assert "://" in address


def _index(folder: Path, versions: dict[str, list[str]]) -> str:
    """Make a package index of empty wheels; return its address."""
    for name, found in versions.items():
        page = folder / name
        page.mkdir(parents=True)
        links = []
        for version in found:
            wheel = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
            info = f"{name.replace('-', '_')}-{version}.dist-info"
            with zipfile.ZipFile(page / wheel, "w") as archive:
                archive.writestr(
                    f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
                )
                archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
                archive.writestr(f"{info}/RECORD", "")
            links.append(f'<a href="{wheel.replace("+", "%2B")}">{wheel}</a>')
        (page / "index.html").write_text("<!DOCTYPE html>" + "".join(links))
    return folder.as_uri()


def test_uv_takes_the_planned_build_from_the_file(tmp_path: Path) -> None:
    # Both indexes know torch, and each in several versions: only the planned build may come.
    packages = {p.split("==")[0]: [p.split("==")[1], "99"] for p in pins(plan())[2:]}
    pypi = _index(tmp_path / "pypi", {**packages, "torch": ["2.11.0", "2.15.0"]})
    builds = ["2.11.0+cpu", "2.11.0+cu126", "2.11.0+cu128", "2.15.0+cu128"]
    visions = [v.replace("2.11.0", "0.26.0").replace("2.15.0", "0.29.2") for v in builds]
    own = _index(tmp_path / "own", {"torch": builds, "torchvision": visions, "packaging": ["1.0"]})
    made = plan(torch=torch(index_url=own), sources=sources(packages=pypi))
    file = tmp_path / "requirements.txt"
    file.write_text(render_requirements(made), encoding="utf-8")
    got = _compile(file, tmp_path)
    assert sorted(got) == sorted(pins(made))


def _compile(file: Path, cache: Path) -> list[str]:
    uv = pytest.importorskip("uv")
    done = subprocess.run(
        [
            uv.find_uv_bin(), "pip", "compile", "--no-header", "--no-annotate", "--quiet",
            "--no-config", "--index-strategy", "unsafe-best-match",
            "--cache-dir", str(cache / "cache"), str(file),
        ],
        capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cache)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line and not line.startswith("-")]
