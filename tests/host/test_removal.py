"""The one door for deleting, attacked: nothing outside of its folder, nothing without proof."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host import mounts, removal
from setup_assistant.host.removal_proofs import (
    Both,
    Entry,
    Holds,
    Identity,
    Marked,
    Named,
    Same,
    called,
    named,
    seen,
)

PACKAGE = Path(__file__).resolve().parents[2] / "setup_assistant"
DOOR = PACKAGE / "host" / "removal.py"
# What deletes, whatever it is a part of; and what does as a part of these modules.
DELETES = {"unlink", "rmtree", "rmdir", "removedirs"}
OF_MODULES = {"os.remove", "shutil.move"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    return folder


def tree(folder: Path) -> Path:
    (folder / "lib" / "deep").mkdir(parents=True)
    (folder / "lib" / "deep" / "file").write_text("x")
    (folder / "file").write_text("x")
    return folder


def refused(path: Path, under: Path, proof: removal.Proof | None = None) -> str:
    with pytest.raises(SetupError) as caught:
        removal.remove(path, under=under, proof=proof or seen(path))
    assert caught.value.code == "removal_refused"
    assert str(path) in caught.value.message.english
    return str(caught.value.args_["detail"])


def test_files_links_and_folders_go(root: Path) -> None:
    (root / "file").write_text("x")
    (root / "link").symlink_to("../mine")
    (root / "gone").symlink_to("nowhere")
    tree(root / "folder")
    os.mkfifo(root / "pipe")
    for name in ("file", "link", "gone", "folder", "pipe"):
        assert removal.remove(root / name, under=root, proof=seen(root / name))
    assert list(root.iterdir()) == []
    assert not removal.remove(root / "file", under=root, proof=named("file"))
    assert not removal.remove(root / "no" / "file", under=root, proof=named("file"))
    assert (root.parent / "mine" / "thesis.txt").exists()


def test_what_links_lead_to_stays(root: Path) -> None:
    folder = tree(root / "folder")
    mine = root.parent / "mine"
    (folder / "out").symlink_to(mine)
    (folder / "lib" / "up").symlink_to("../../../mine/thesis.txt")
    os.link(mine / "thesis.txt", folder / "hard")
    removal.remove(folder, under=root, proof=seen(folder))
    assert (mine / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("name", ["../mine", "a/../../mine", "../root/../mine/thesis.txt"])
def test_dots_lead_nowhere(root: Path, name: str) -> None:
    assert "outside" in refused(root / name, root)


def test_other_places(root: Path) -> None:
    mine = root.parent / "mine"
    for path in (mine, mine / "thesis.txt", root, root.parent, Path("/"), Path.home()):
        assert "outside" in refused(path, root)
    assert "absolute" in refused(Path(), root)
    assert "absolute" in refused(Path("mine"), root)
    assert "absolute" in refused(root / "x", Path())


def test_the_home_and_this_tool_never_go(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = root / "people" / "me"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for path in (home, home.parent):
        assert "home folder" in refused(path, root)
    assert not removal.prune(home, under=root)
    above = PACKAGE.parent.parent
    assert "this tool" in refused(PACKAGE.parent, above, seen(PACKAGE.parent))
    assert home.is_dir()


def test_what_this_python_runs_in_goes_only_where_it_is_said(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the first start makes its own environment anew."""
    tree(root / ".venv")
    monkeypatch.setattr(sys, "prefix", str(root / ".venv"))
    assert "this tool" in refused(root / ".venv", root)
    proof = called(root / ".venv", folders=True)
    assert removal.remove(root / ".venv", under=root, proof=proof, running=True)


def test_a_link_on_the_way_is_not_followed(root: Path) -> None:
    (root / "env").symlink_to("../mine")
    assert "is a link" in refused(root / "env" / "thesis.txt", root, named("thesis.txt"))
    assert (root.parent / "mine" / "thesis.txt").exists()


def test_links_on_the_way_to_the_root_are_the_persons(root: Path) -> None:
    (root.parent / "link").symlink_to(root)
    tree(root / "folder")
    path = root.parent / "link" / "folder"
    assert removal.remove(path, under=root.parent / "link", proof=seen(path))
    assert not (root / "folder").exists()


def test_what_was_exchanged_since_it_was_shown_stays(root: Path) -> None:
    env = tree(root / "env")
    shown = seen(env)
    env.rename(root / "elsewhere")
    env.symlink_to("../mine")
    assert "nothing proves" in refused(env, root, shown)
    env.unlink()
    tree(env)
    assert "nothing proves" in refused(env, root, shown)
    assert (env / "file").exists()


class Swaps:
    """A proof in whose moment somebody else exchanges the folder."""

    def __init__(self, swap: Callable[[], object]) -> None:
        self.swap = swap

    def holds(self, _entry: Entry) -> bool:
        self.swap()
        return True


def test_an_exchange_between_the_proof_and_the_deletion(root: Path) -> None:
    env, mine = tree(root / "env"), root.parent / "mine"

    def to_a_link() -> None:
        env.rename(root / "away")
        env.symlink_to(mine)

    with pytest.raises(SetupError):
        removal.remove(env, under=root, proof=Swaps(to_a_link))
    assert (mine / "thesis.txt").exists()
    env.unlink()
    tree(env)

    def to_a_folder() -> None:
        env.rename(root / "away too")
        shutil.copytree(mine, env)

    with pytest.raises(SetupError) as caught:
        removal.remove(env, under=root, proof=Swaps(to_a_folder))
    assert "replaced" in str(caught.value.args_["detail"])
    assert (env / "thesis.txt").exists()


def test_an_exchange_of_a_folder_above(root: Path) -> None:
    place, mine = root / "place", root.parent / "mine"
    tree(place / "env")
    (mine / "env").mkdir()
    (mine / "env" / "mine.txt").write_text("x")

    def swap() -> None:
        place.rename(root / "away")
        place.symlink_to(mine)

    # The handle still leads to what was proved, not to what has its name now.
    removal.remove(place / "env", under=root, proof=Swaps(swap))
    assert (mine / "env" / "mine.txt").exists()
    assert not (root / "away" / "env").exists()


def test_a_very_deep_folder_goes(root: Path) -> None:
    top = root / "deep"
    top.mkdir()
    handle = os.open(top, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=handle)
        inner = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    try:
        removal.remove(top, under=root, proof=seen(top))
        assert not top.exists()
    finally:
        # Python's own way of removing a tree does not reach the bottom.
        subprocess.run(["rm", "-rf", top], check=True)


@pytest.mark.parametrize("where", ["folder", "folder/lib", "."])
def test_other_file_systems_are_not_entered(tmp_path: Path, where: str) -> None:
    """In a mount namespace of its own: a bind mount has the same device as what is around it."""
    (tmp_path / "root" / "folder" / "lib").mkdir(parents=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    (tmp_path / "root" / "folder" / "first").write_text("x")
    for kind in (f"--bind {tmp_path}/mine", "-t tmpfs none"):
        place = tmp_path / "root" / where
        code = (
            "import sys; from pathlib import Path; from setup_assistant.host import removal; "
            "from setup_assistant.host.removal_proofs import seen; p = Path(sys.argv[1]); "
            "removal.remove(p, under=Path(sys.argv[2]), proof=seen(p))"
        )
        under = tmp_path / "root" if where != "." else tmp_path
        path = tmp_path / "root" / ("folder" if where != "." else "")
        done = subprocess.run(
            ["unshare", "--mount", "--map-root-user", "sh", "-c",
             f'mount {kind} "{place}" && exec "$@"', "sh",
             sys.executable, "-c", code, str(path), str(under)],
            capture_output=True, text=True, check=False, cwd=PACKAGE.parent,
        )  # fmt: skip
        if "unshare" in done.stderr or "permission denied" in done.stderr.lower():
            pytest.skip("this system mounts nothing for a test")
        assert done.returncode == 1
        assert "mounted" in done.stderr
    assert (tmp_path / "mine" / "thesis.txt").exists()
    assert (tmp_path / "root" / "folder" / "first").exists()


@pytest.mark.parametrize(
    "mounts",
    [
        'mount -t tmpfs none "$1/folder" && touch "$1/folder/file"',
        'mount -t tmpfs none "$1" && mkdir "$1/folder" && mount --bind "$2" "$1/folder"',
    ],
    ids=["newer", "older"],
)
def test_a_way_through_another_file_system_is_told_before(
    root: Path, tmp_path: Path, mounts: str
) -> None:
    (root / "folder").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    code = (
        "import sys; from pathlib import Path; from setup_assistant.host import removal; "
        "root = Path(sys.argv[1]); print(removal.obstacle(root / 'folder' / 'file', root))"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c",
         f'{mounts} || exit 77; exec {sys.executable} -c "$3" "$1"', "sh",
         root, tmp_path / "mine", code],
        capture_output=True, text=True, check=False, cwd=PACKAGE.parent,
    )  # fmt: skip
    if "unshare" in done.stderr or done.returncode == 77:
        pytest.skip("this system mounts nothing for a test")
    assert done.stdout.endswith(f"is mounted there: {root / 'folder'}\n"), done


def test_what_the_system_refuses_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(root / "folder")

    def no(*_args: object, **_named: object) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(os, "unlink", no)
    with pytest.raises(SetupError) as caught:
        removal.remove(root / "folder", under=root, proof=seen(root / "folder"))
    assert caught.value.code == "not_removed"
    assert "busy" in caught.value.message.english
    assert not removal.tidy(root / "folder", under=root, proof=seen(root / "folder"))


def test_what_says_whose_a_folder_is_goes_last(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A removal that is killed at any moment leaves the proof for the next one."""
    real, gone = os.unlink, list[str]()

    def noted(name: str, **named: int) -> None:
        gone.append(name)
        real(name, **named)

    folder = tree(root / "env")
    for name in (".setup-assistant.json", "pyvenv.cfg", "~", "a", ".aa"):
        (folder / name).write_text("{}")
    monkeypatch.setattr(os, "unlink", noted)
    removal.remove(folder, under=root, proof=seen(folder))
    assert len(gone) == 7
    assert gone[-2:] == ["pyvenv.cfg", ".setup-assistant.json"]


def test_what_would_stop_a_removal_is_told_before(root: Path) -> None:
    (root / "link").symlink_to("../mine")
    tree(root / "folder")
    assert removal.obstacle(root / "folder" / "lib", root) is None
    assert removal.obstacle(root / "link", root) is None
    assert "link" in (removal.obstacle(root / "link" / "thesis.txt", root) or "")
    assert "outside" in (removal.obstacle(root.parent / "mine", root) or "")


def test_drop_takes_files_alone(root: Path) -> None:
    tree(root / "folder")
    (root / "[1].part").write_text("x")
    (root / "1.part").write_text("x")
    assert removal.drop(root / "[1].part", under=root)
    assert not removal.drop(root / "folder", under=root)
    assert not removal.drop(root / "nothing", under=root)
    assert sorted(p.name for p in root.iterdir()) == ["1.part", "folder"]


def test_prune_takes_what_is_empty(root: Path) -> None:
    (root / "empty").mkdir()
    tree(root / "full")
    (root / "link").symlink_to("empty")
    assert not removal.prune(root / "link", under=root)
    assert removal.prune(root / "empty", under=root)
    assert not removal.prune(root / "full", under=root)
    assert not removal.prune(root, under=root)


def test_scratch_space_comes_empty_and_goes(root: Path) -> None:
    tree(root / ".work")
    with removal.scratch(root / ".work", under=root) as folder:
        assert list(folder.iterdir()) == []
        tree(folder)
    assert not folder.exists()
    (root / ".work").symlink_to("../mine")
    with removal.scratch(root / ".work", under=root) as folder:
        assert not folder.is_symlink()
    assert (root.parent / "mine" / "thesis.txt").exists()


def test_proofs(root: Path) -> None:
    env = tree(root / "env")
    mark = env / "mark.json"

    def held(proof: removal.Proof) -> bool:
        return proof.holds(Entry(None, str(env), env.lstat()))

    assert held(Same(Identity.of(env)))
    assert not held(Same(None))
    assert not held(named("env"))
    assert held(called(env, folders=True))
    assert held(Named(("e*",), folders=True))
    assert held(Holds(("nothing", "lib/deep/file")))
    assert not held(Holds(("lib",)))
    ours = Marked("mark.json", lambda said: said.get("site") == "here")
    for text in ("", "[]", "null", '{"site": 1}', "[" * 100_000, "{", '{"site": "there"}'):
        mark.write_text(text)
        assert not held(ours)
    mark.write_text('{"site": "here"}')
    assert held(ours)
    assert held(Both((ours, seen(env))))
    assert not held(Both((ours, named("x"))))
    mark.unlink()
    os.mkfifo(mark)
    assert not held(ours)
    mark.unlink()
    (env / "real").write_text('{"site": "here"}')
    mark.symlink_to("real")
    assert not held(ours)


def test_the_list_of_mounts_is_read(tmp_path: Path) -> None:
    listed = tmp_path / "mountinfo"
    listed.write_text(
        "22 1 8:1 / / rw - ext4 /dev/a rw\n"
        "23 22 0:5 / /a\\040b rw shared:1 - tmpfs none rw\nodd line\n- x\n"
    )
    assert mounts.table(listed) == [("/", "ext4"), ("/a b", "tmpfs")]
    assert mounts.table(tmp_path / "none") == []


def deletions(source: str) -> list[str]:
    """Return what a module calls or hands on that deletes."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            spelled = ast.unparse(node)
            found += [spelled] if node.attr in DELETES or spelled in OF_MODULES else []
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "shutil"):
            names = {a.name for a in node.names}
            found += sorted(names & {*DELETES, "remove", "move"})
        elif isinstance(node, ast.Import):
            # By another name nobody could tell.
            found += [a.name for a in node.names if a.asname and a.name in ("os", "shutil")]
        elif isinstance(node, ast.Constant) and node.value in DELETES:
            found.append(str(node.value))
    return found


def test_nothing_else_in_the_package_deletes() -> None:
    found = {
        str(path.relative_to(PACKAGE)): some
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != DOOR and (some := deletions(path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "line",
    ["p.unlink()", "os.remove(p)", "os.unlink(p)", "shutil.rmtree(p)", "x = shutil.rmtree",
     "Path.rmdir(p)", "from os import remove", "shutil.move(a, b)", "os.removedirs(p)",
     "getattr(os, 'unlink')(p)", "import os as system", "f = os.remove"],
)  # fmt: skip
def test_a_deletion_elsewhere_would_be_found(line: str) -> None:
    assert deletions(line)
