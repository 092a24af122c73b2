"""A person's own Ansible settings: what counts, what is refused, and what is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.fleet import settings
from setup_assistant.fleet.inventory import Inventory
from setup_assistant.fleet.inventory_rules import Host


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder and a home of their own."""
    folder = tmp_path / "project"
    folder.mkdir(mode=0o755)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    return folder


CONFIG = """\
[defaults]
inventory = rooms/hosts.ini   ; theirs
forks = 12
remote_user = lehrer
private_key_file = ~/.ssh/lab
host_key_checking = False
interpreter_python = /usr/bin/python3.12
[privilege_escalation]
become = True
[ssh_connection]
ssh_args = -C -o ControlMaster=auto -o ControlPersist=60s -J gate -o StrictHostKeyChecking=no
"""


def test_what_is_said_in_ansible_cfg_counts_or_is_told(here: Path, tmp_path: Path) -> None:
    assert settings.read() == settings.Settings()
    (here / "ansible.cfg").write_text(CONFIG)
    found = settings.read()
    assert found.path == str(here / "ansible.cfg")
    assert found.inventory == str(here / "rooms" / "hosts.ini")
    assert found.forks == 12
    assert (found.login.user, found.login.key) == ("lehrer", str(tmp_path / ".ssh" / "lab"))
    assert "-J gate" in found.login.ssh_args
    off, unused = (str(n) for n in found.notes())
    assert str(here / "ansible.cfg") in off
    assert "checked all the same" in off
    assert "become" in unused
    assert "interpreter_python" in unused


def test_the_environment_wins_and_other_files_are_found(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ansible.cfg").write_text("[defaults]\nforks = 3\nremote_user = home\n")
    assert settings.read().forks == 3
    (here / "ansible.cfg").write_text("[defaults]\nforks = 4\n")
    assert settings.read().forks == 4
    # Where everybody may write, nobody knows whose it is.
    here.chmod(0o777)
    assert settings.read().forks == 3
    monkeypatch.setenv("ANSIBLE_FORKS", "5")
    monkeypatch.setenv("ANSIBLE_REMOTE_USER", "me")
    monkeypatch.setenv("ANSIBLE_HOST_KEY_CHECKING", "False")
    found = settings.read()
    assert (found.forks, found.login.user, found.checks_keys) == (5, "me", False)
    given = tmp_path / "elsewhere" / "ansible.cfg"
    given.parent.mkdir()
    given.write_text("[defaults]\ninventory = a,b,\n")
    monkeypatch.setenv("ANSIBLE_CONFIG", str(given.parent))
    assert settings.read().inventory == "a,b,"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[ssh_connection]\nssh_args = -o ProxyCommand='nc gate 22'\n", "ProxyCommand"),
        ("[defaults]\nremote_user = {{ lookup('pipe', 'id') }}\n", "lookup"),
        ("[defaults]\nforks = many\n", "many"),
        ("forks = 1\n", "section"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(here: Path, text: str, said: str) -> None:
    (here / "ansible.cfg").write_text(text)
    with pytest.raises(SetupError) as caught:
        settings.read()
    assert caught.value.code == "settings_invalid"
    assert said in str(caught.value)


def test_the_inventory_wins_over_this_run_and_this_run_over_the_settings() -> None:
    theirs = settings.Settings(
        login=Host(name="all", user="cfg", key="/cfg", port=2222, ssh_args="-C")
    )
    hosts = (Host(name="a", user="ini", ssh_args="-4"), Host(name="b", port=22))
    room = Inventory(path="x", hosts=hosts, refused=())
    a, b = settings.logging_in(room, "run", "", theirs).hosts
    assert (a.user, a.key, a.port, a.ssh_args) == ("ini", "/cfg", 2222, "-4 -C")
    assert (b.user, b.key, b.port, b.ssh_args) == ("run", "/cfg", 22, "-C")
