"""Hostile values of an inventory reach neither a shell, nor ssh's options, nor a template."""

from __future__ import annotations

import compileall
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from setup_assistant.agent.build import Agent
from setup_assistant.errors import SetupError
from setup_assistant.fleet import engine, inventory, playbook, role
from setup_assistant.fleet.inventory_rules import Become, Host, Refused, host_of
from setup_assistant.fleet.inventory_sources import must_be_there
from setup_assistant.fleet.jobs import arguments, job_of

HOSTILE = (
    "-oProxyCommand=touch /tmp/x", "a;touch /tmp/x", "$(touch /tmp/x)", "`touch /tmp/x`",
    "{{ lookup('pipe', 'touch /tmp/x') }}", "{% raw %}", "a\nb", "a\n", "a b", "a'b", 'a"b',
    "a|b", "a&b", "", "../../etc", "\u202eabc", "a\x00b", "@file",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused(name: str) -> None:
    assert isinstance(host_of(name, {}, ()), Refused)


KEYS = (
    "ansible_host", "ansible_user", "ansible_port", "ansible_private_key_file",
    "ansible_python_interpreter", "ansible_connection",
)  # fmt: skip
# Paths like any other.
FILES = {"a b", "../../etc", "@file"}
PAIRS = [(k, v) for k in KEYS for v in HOSTILE if v and (v not in FILES or "key" not in k)]


@pytest.mark.parametrize(("key", "value"), PAIRS)
def test_a_hostile_value_is_refused(key: str, value: str) -> None:
    found = host_of("pc01", {key: value}, ())
    assert isinstance(found, Refused)
    assert key in str(found.reason)
    assert "\n" not in str(found.reason)


@pytest.mark.parametrize(
    "words",
    [
        "-o ProxyCommand='touch /tmp/x'", "-oProxyCommand=x", "-o proxycommand=x",
        "-o LocalCommand=x -o PermitLocalCommand=yes", "-o KnownHostsCommand=/tmp/x",
        "-o PKCS11Provider=/tmp/x.so", "-F /tmp/config", "-S /tmp/x", "-E /etc/x", "-W a:1",
        "-o Include=/tmp/x", "-D 1", "-L 1:a:1", "-o 'User=`x`'",
        "hostname", "--", "-o", "'",
    ],
)  # fmt: skip
def test_options_that_run_a_command_or_trust_anybody_are_refused(words: str) -> None:
    assert isinstance(host_of("pc01", {"ansible_ssh_common_args": words}, ()), Refused)


@pytest.mark.parametrize("address", ["10.0.0.7:22", "pc01.lab:2222", "me@pc01", "[::1]:22"])
def test_an_address_with_a_port_or_an_account_says_where_these_belong(address: str) -> None:
    found = host_of("pc01", {"ansible_host": address}, ())
    assert isinstance(found, Refused)
    assert "ansible_port" in str(found.remedy)
    for alone in ("fd53:5a::42", "::1", "fe80::42%eth0", "pc01.lab"):
        host = host_of("pc01", {"ansible_host": alone}, ())
        assert isinstance(host, Host)
        assert host.address == alone


def test_what_people_write_is_let_through() -> None:
    said = {
        "ansible_host": "10.0.0.7",
        "ansible_port": 2222,
        "ansible_user": 1234,
        "ansible_ssh_private_key_file": "~/.ssh/lab key",
        "ansible_ssh_common_args": "-J admin@gate:22 -o UserKnownHostsFile=~/.ssh/lab -C -4",
        "ansible_python_interpreter": "/usr/bin/python3.12",
        "ansible_become": True,
        "something": "{{ else }}",
    }
    found = host_of("教室-01.lab", said, ("room",))
    assert isinstance(found, Host)
    assert (found.address, found.port, found.user) == ("10.0.0.7", 2222, "1234")
    assert found.ssh_args == "-J admin@gate:22 -o 'UserKnownHostsFile=~/.ssh/lab' -C -4"
    assert host_of("pc", {"ansible_python_interpreter": "auto_silent"}, ()) == Host(name="pc")


def test_a_configuration_of_ssh_must_be_the_persons_own(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("Host *\n")
    path.chmod(0o600)
    said = {"ansible_ssh_common_args": f"-F {path} -o StrictHostKeyChecking=no"}
    assert isinstance(host_of("pc01", said, ()), Host)
    path.chmod(0o666)
    assert isinstance(host_of("pc01", said, ()), Refused)


@given(st.text(max_size=40))
def test_no_name_that_passes_is_an_option_or_a_template(text: str) -> None:
    found = host_of(text, {"ansible_host": text}, ())
    if isinstance(found, Host):
        for value in (found.name, found.address):
            assert not value.startswith("-")
            assert not set(value) & set(" \t\r\n;|&$`'\"(){}<>\\*?!#~\x00")


@pytest.mark.skipif(not engine.available(), reason="Ansible is not installed: .[fleet]")
def test_a_real_inventory_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mark = Path("pwned")
    path = tmp_path / "hosts.ini"
    path.write_text(
        f"[room]\ngood ansible_host=10.0.0.1\n"
        f"bad ansible_host=\"{{{{ lookup('pipe', 'touch {mark}') }}}}\"\n"
        f'"a;touch {mark}"\n-oProxyCommand=touch\n'
    )
    found = inventory.read(str(path))
    assert [h.name for h in found.hosts] == ["good"]
    assert {r.name for r in found.refused} == {
        "bad",
        f"a;touch {mark}",
        "-oProxyCommand=touch",
    }
    # A program that anybody could have written is not run; the person's own is.
    script = tmp_path / "inventory.sh"
    script.write_text(f'#!/bin/sh\ntouch {mark.resolve()}\necho \'{{"room": ["a"]}}\'\n')
    script.chmod(0o777)
    with pytest.raises(SetupError) as caught:
        inventory.read(str(script))
    assert caught.value.code == "inventory_foreign"
    assert not mark.exists()
    script.chmod(0o755)
    assert [h.name for h in inventory.read(str(script)).hosts] == ["a"]


def test_a_password_never_reaches_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playbook, "_agents", lambda _job: {})
    found = host_of("pc01", {"ansible_password": "hunter2!"}, ())
    assert isinstance(found, Host)
    job = job_of("probe", {}, check=False, become=False, timeout=60)
    written = playbook.write(tmp_path, job, [found], "/tmp/c")
    assert list(written.secrets.values()) == ["hunter2!"]
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or "hunter2" not in path.read_text()
    assert "hunter2" not in repr(found)


def test_a_password_in_an_address_never_reaches_a_command_line() -> None:
    with pytest.raises(SetupError) as caught:
        arguments({"mirror": "https://me:secret@mirror.example/simple"})
    assert "secret" not in str(caught.value)
    assert arguments({"mirror": "https://mirror.example/simple", "gpus": ("0", "1")}) == (
        "--mirror", "https://mirror.example/simple", "--gpus", "0", "--gpus", "1",
    )  # fmt: skip


def test_a_wish_is_no_template_of_the_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = tmp_path / "agent-0123456789ab.pyz"
    agent.touch()
    monkeypatch.setattr(role, "build", lambda _arch: Agent(agent, agent.name))
    # Where the collection's plugin was once imported, its bytecode lies beside it.
    collection = shutil.copytree(role._COLLECTION, tmp_path / "collection", dirs_exist_ok=True)
    compileall.compile_dir(str(collection), quiet=1)
    monkeypatch.setattr(role, "_COLLECTION", collection)
    wish = "{{ lookup('pipe', 'id') }}"
    role.export(tmp_path / "role", "plan", ["--model", wish], "~/site", become=True)
    (defaults,) = (tmp_path / "role").rglob("defaults/main.yml")
    reader = YAML()
    value = reader.load(defaults.read_text())
    assert value["setup_assistant_options"][0] == "--model"
    assert value["setup_assistant_options"][1].tag.value == "!unsafe"
    assert value["setup_assistant_options"][1].value == wish
    assert (value["setup_assistant_verb"], value["setup_assistant_site"]) == ("plan", "~/site")
    assert value["setup_assistant_agents"]["x86_64"] == agent.name
    (play,) = reader.load((tmp_path / "role/site.yml").read_text())
    assert play["become"] is True
    # Nothing in it says where it was written: it works wherever it is moved to.
    for path in (tmp_path / "role").rglob("*"):
        assert path.is_dir() or str(tmp_path) not in path.read_text()


@pytest.mark.parametrize("pipe", ["hosts", "group_vars/all.yml", "rooms/a.ini"])
def test_a_pipe_holds_nothing_up(tmp_path: Path, pipe: str) -> None:
    (tmp_path / pipe).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / pipe)
    place = tmp_path / ("hosts" if "all" in pipe else pipe.partition("/")[0])
    if "all" in pipe:
        place.write_text("pc01")
    with pytest.raises(SetupError, match=pipe) as caught:
        must_be_there([str(place)])
    assert caught.value.code == "inventory_invalid"


@pytest.mark.parametrize(
    ("said", "become"),
    [
        ({}, Become()),
        ({"ansible_become": True}, Become(wanted=True)),
        ({"ansible_become": "Yes"}, Become(wanted=True)),
        ({"ansible_become": "1"}, Become(wanted=True)),
        ({"ansible_become": "on"}, Become(wanted=True)),
        ({"ansible_become": "maybe"}, Become()),
        ({"ansible_become": False, "ansible_become_user": "db"}, Become()),
        # Said for all hosts, and wanted on the command line.
        ({"ansible_become_user": "db", "ansible_become_method": "su"},
         Become(user="db", method="su")),
        ({"ansible_become": True, "ansible_become_pass": 12}, Become(wanted=True, password="12")),
        ({"ansible_become": True, "ansible_become_password": "a", "ansible_become_pass": "b"},
         Become(wanted=True, password="a")),
        ({"ansible_become": True, "ansible_become_method": "community.general.doas"},
         Become(wanted=True, method="community.general.doas")),
    ],
)  # fmt: skip
def test_who_becomes_root(said: dict[str, object], become: Become) -> None:
    found = host_of("pc01", said, ())
    assert isinstance(found, Host)
    assert (found.become, found.become.password) == (become, become.password)
