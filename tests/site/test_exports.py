"""Exports: what they install is the lock, what they name is quoted, and a check that can fail."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from ruamel.yaml import YAML

from setup_assistant.errors import SetupError
from setup_assistant.host import paths
from setup_assistant.site.exports import cloud, images, slurm
from setup_assistant.site.exports.source import Source, read_source
from setup_assistant.site.layout import Layout
from setup_assistant.site.requirements import pins
from setup_assistant.site.write import write_site
from tests.site.samples import machine, plan, wishes

Call = Callable[..., "CompletedProcess[str]"]
_HEAD = "# For Python 3.12 on Linux-x86_64\n--index-url https://pypi.org/simple\n"
LOCK = _HEAD + "".join(
    f"{pin} \\\n    --hash=sha256:{sha256(pin.encode()).hexdigest()}\n" for pin in pins(plan())
)
AWKWARD = 'o\'dd, "lab" $HOME'


def site(root: Path, lock: str = LOCK, **wanted: Any) -> Path:
    write_site(plan(), machine(), wishes(**wanted), Layout(root), paths.recipes_folder())
    (root / "requirements.lock").write_text(lock)
    return root


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return read_source(site(tmp_path / "site", weights=f"/srv/{AWKWARD}/w"))


def test_every_form_carries_the_lock_as_it_is(source: Source, tmp_path: Path) -> None:
    context = cloud.cloud_init(source, "http://10.0.0.1:8000/")["context.tar.gz"]
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        member = archive.extractfile("requirements.lock")
        assert member
        assert member.read().decode() == LOCK
    for files in (
        images.dockerfile(source, "b:1"), images.apptainer(source, "b:1"),
        slurm.sbatch(source, tmp_path),
    ):  # fmt: skip
        assert files["requirements.lock"].decode() == LOCK
        named = {n for n in files if n.startswith("check/canary/")}
        assert "check/canary/model/model.safetensors" in named
        # Nothing of this machine's folders and cards is in what others run.
        text = b"".join(data for n, data in files.items() if not n.startswith("check/canary"))
        assert str(paths.recipes_folder()).encode() not in text
        assert b"GPU-1234" not in text


def test_the_dockerfile_keeps_the_documented_rules(source: Source) -> None:
    files = images.dockerfile(source, images.base_of(source, None))
    text = re.sub(r"\\\n\s*", "", files["Dockerfile"].decode())
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line and line[0] != "#"]
    words = [word for word, _rest in steps]
    assert steps[0] == ["FROM", "python:3.12-slim-bookworm"]  # DL3006, DL3007
    assert {"ADD", "MAINTAINER"}.isdisjoint(words)  # DL3020, DL4000
    assert words.count("CMD") == 1  # DL4003
    runs = [rest for word, rest in steps if word == "RUN"]
    assert not [run for run in runs if re.search(r"\bsudo\b|\bcd |\|(?!\|)|apt", run)]  # DL3003-4
    (install,) = [run for run in runs if "pip" in run]
    assert {"--require-hashes", "--no-cache-dir"} <= set(shlex.split(install))  # DL3042
    folders = [rest for word, rest in steps if word == "WORKDIR"]
    assert all(folder.startswith("/") for folder in folders)  # DL3000
    user = [rest for word, rest in steps if word == "USER"][-1]
    assert user.isdigit()  # DL3002, DL3066
    assert int(user)
    # The check runs as that user, and after the packages.
    assert words.index("USER") < steps.index(["RUN", "env/bin/python -I check/check.py"])
    for copied in (rest.split()[0] for word, rest in steps if word == "COPY"):
        assert any(name == copied or name.startswith(f"{copied}/") for name in files)


def test_folders_with_awkward_names_stay_one_word(source: Source, tmp_path: Path) -> None:
    folder = tmp_path / AWKWARD
    build, run = images.docker_commands(source, folder)
    assert shlex.split(build)[-1] == str(folder)
    words = shlex.split(run)
    assert "--gpus" in words
    mount = words[words.index("--mount") + 1]
    assert f'"source=/srv/{AWKWARD.replace(chr(34), chr(34) * 2)}/w"' in mount
    job = slurm.sbatch(source, folder)["job.sbatch"].decode()
    assert "--gpus-per-node=1" in job
    said = job.replace('sh "$root/install.sh"', 'printf %s "$root"; exit')
    told = subprocess.run(["bash"], input=said, capture_output=True, text=True, check=False)
    assert told.stdout == str(folder)
    value = json.loads(images.devcontainer(source, "b:1")[".devcontainer/devcontainer.json"])
    assert value["remoteUser"] == "qwen"
    assert value["mounts"] == [mount]


def test_user_data_is_small_and_names_the_archive_by_its_sum(source: Source) -> None:
    files = cloud.cloud_init(source, "https://user.example/a?b='c'&d")
    text = files["user-data"].decode()
    # The smallest limit of the large providers.
    assert len(text.encode()) < 16384
    assert text.startswith("#cloud-config\n")
    (written,) = YAML(typ="safe").load(text)["write_files"]
    assert sha256(files["context.tar.gz"]).hexdigest() in written["content"]
    fetch = next(line for line in written["content"].splitlines() if "curl" in line)
    assert shlex.split(fetch)[-1] == "https://user.example/a?b='c'&d/context.tar.gz"
    assert files == cloud.cloud_init(source, "https://user.example/a?b='c'&d")


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        (LOCK.replace("Linux-", "Windows-"), "Windows-x86_64"),
        (LOCK + "--find-links /srv/wheels\n", "/srv/wheels"),
        (LOCK + "--extra-index-url=file:///srv/simple\n", "file:///srv/simple"),
        (LOCK + "stray==1.0\n", "stray==1.0"),
        (LOCK.replace("transformers==5.23.0", "transformers==5.22.0"), "transformers==5.23.0"),
    ],
)
def test_a_lock_that_others_cannot_use_is_refused(tmp_path: Path, lock: str, said: str) -> None:
    with pytest.raises(SetupError) as caught:
        read_source(site(tmp_path, lock))
    assert caught.value.code == "export_refused"
    assert said in str(caught.value)


@pytest.mark.parametrize("base", ["debian", "debian:latest", "a:1\nRUN x", "r:5000/a", "a b:1"])
def test_a_base_that_is_not_pinned_is_refused(source: Source, base: str) -> None:
    with pytest.raises(SetupError, match="--base"):
        images.base_of(source, base)


def test_bases_with_a_tag_or_a_digest_are_taken(source: Source) -> None:
    for base in ("debian:12", "r.example:5000/a/b:1.2", f"python@sha256:{'a' * 64}"):
        assert images.base_of(source, base) == base


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ('{"event": "check", "name": "a", "status": "ok"}\n{"event": "end"}', 0),
        ('{"event": "check", "name": "a", "status": "fail"}\n{"event": "end"}', 1),
        ('{"event": "check", "name": "a", "status": "ok"}', 1),
        ("", 1),
    ],
)
def test_the_check_ends_as_the_answers_are(
    source: Source, tmp_path: Path, said: str, status: int
) -> None:
    """As at a build, in a folder with an awkward name; what is inside is stood in for."""
    place = tmp_path / AWKWARD
    for name, data in images.dockerfile(source, "b:1").items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    main = place / "check/inside/start.py"
    main.write_text(
        "import json, sys, os, pathlib\n"
        "assert sys.argv[1:] == ['main']\n"
        "asked = json.load(sys.stdin)\n"
        "assert pathlib.Path(asked['model'], 'config.json').is_file(), asked['model']\n"
        "assert pathlib.Path(asked['clip']).is_file() and asked['device'] == 'cpu'\n"
        "assert os.environ['HF_HUB_OFFLINE'] == '1' and os.environ['CUDA_VISIBLE_DEVICES'] == ''\n"
        "assert pathlib.Path(os.environ['HOME']).is_dir()\n"
        f"print({said!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", place / "check/check.py"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr


def test_the_installer_refuses_another_python_and_does_nothing_twice(
    source: Source, tmp_path: Path
) -> None:
    for name, data in slurm.sbatch(source, tmp_path / "job").items():
        (tmp_path / "job" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "job" / name).write_bytes(data)
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 3.9\n")
    python.chmod(0o755)

    def install() -> CompletedProcess[str]:
        return subprocess.run(
            ["sh", tmp_path / "job/install.sh"], capture_output=True, text=True, check=False,
            env={"PATH": "/usr/bin:/bin", "PYTHON": str(python)},
        )  # fmt: skip

    refused = install()
    assert refused.returncode == 1
    assert "3.12" in refused.stderr
    # A stand-in for an environment that was proved with this lock.
    python.write_text('#!/bin/sh\necho 3.12\n[ "$1" = -c ] || exit 9\n')
    (tmp_path / "job/env").mkdir()
    (tmp_path / "job/env/.proved").write_text(LOCK)
    assert install().returncode == 0
    (tmp_path / "job/env/.proved").write_text("another lock")
    assert install().returncode == 9


def test_the_verbs_write_once_and_keep_what_is_there(assistant: Call, tmp_path: Path) -> None:
    site(tmp_path / "qwen2-vl")
    forms = (("dockerfile", "Dockerfile"), ("apptainer", "qwen2-vl.def"), ("sbatch", "job.sbatch"),
             ("devcontainer", ".devcontainer/devcontainer.json"),
             ("cloud-init", "user-data"))  # fmt: skip
    for form, first in forms:
        more = ["--url", "http://10.0.0.1"] if form == "cloud-init" else []
        where = ["--site", "qwen2-vl", "-o", form, *more, "--json"]
        done = assistant("export", form, *where)
        assert done.returncode == 0, done.stdout + done.stderr
        assert first in json.loads(done.stdout)["data"]["files"]
        (folder,) = tmp_path.glob(form)
        assert (folder / first).stat().st_size < 4096
    # What a killed run had begun to write aside goes, and nothing else of such a name.
    begun = (folder / first).read_text()[:20]
    for text, name in ((begun, "ab12_xyz"), ("mine", "mine_one")):
        (folder / f".{first}.{name}").write_text(text)
    assert assistant("export", form, *where).returncode == 0
    assert [p.name for p in folder.glob(f".{first}.*")] == [f".{first}.mine_one"]
    (folder / first).write_text("mine")
    kept = assistant("export", form, *where)
    assert json.loads(kept.stdout)["errors"][0]["code"] == "file_exists"
    assert (folder / first).read_text() == "mine"
    assert assistant("export", form, *where, "--force").returncode == 0
    assert (folder / first).read_text() != "mine"
