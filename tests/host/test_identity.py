"""What this computer knows of its people and of itself is found, and is taken out."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.host import identity
from setup_assistant.host.secrets import anonymous, own, redact

FILES = {
    "root/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"
    "ann.li:x:1003:1003:Annika Lindqvist,B12:/h:/bin/zsh\n"
    "vllm2:x:1004:1004:Cloud User:/h:/bin/sh\n"
    "old7:x:1005:1005:Old:/h:/usr/sbin/nologin\nshort:x\n",
    "root/etc/hosts": "127.0.1.1 here-1\n10.0.0.4 nas-4.sensio.example nas # the store\n",
    "root/etc/resolv.conf": "nameserver 10.0.0.1\nsearch sensio.example\n",
    "root/etc/machine-id": "3d1219c7c4c5404aaa1f6d2a48adfda4\n",
    "root/sys/class/dmi/id/product_serial": "CZ1733ABQ9\n",
    "root/sys/class/dmi/id/board_serial": "Default string\n",
    "root/sys/class/net/eth0/address": "a4:bb:6d:19:33:0f\n",
    "root/sys/class/net/lo/address": "00:00:00:00:00:00\n",
    "home/.gitconfig": '[user]\n  name = "Mei Tanaka"\n  email = mtk@sensio.example\n[core]\n',
    "home/.ssh/config": "Host dgx-9 *.lab\n  HostName=dgx9.sensio.example\n  User otto\n",
    "home/.ssh/known_hosts": "|1|abc= ssh-rsa A\n[git.sensio.example]:2222,10.1.1.1 ssh-rsa A\n"
    "github.com ssh-rsa A\n",
    "home/.netrc": "machine a.example login me password lilac-session\n",
    "home/.cache/huggingface/token": "plainlooking-token\n",
    "home/.pip/pip.conf": "[global]\nindex-url = https://mm:Kl%21mt44@pip.sensio.example/simple\n",
}  # fmt: skip


@pytest.fixture
def computer(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_people_computers_and_numbers_are_found(computer: Path) -> None:
    environ = {"SUDO_USER": "zoe", "HOSTNAME": "gpu17", "LANG": "C"}
    assert identity.gathered(environ, computer / "home", computer / "root") == identity.Known(
        users=("zoe", "ann.li", "Annika Lindqvist", "vllm2", "Cloud User", "otto", "Mei Tanaka",
               "mtk@sensio.example"),
        hosts=("gpu17", "nas-4.sensio.example", "sensio.example", "dgx-9", "dgx9.sensio.example",
               "git.sensio.example", "github.com"),
        numbers=("3d1219c7c4c5404aaa1f6d2a48adfda4", "CZ1733ABQ9", "a4bb6d19330f"),
    )  # fmt: skip


def test_a_computer_that_tells_nothing_is_no_error(tmp_path: Path) -> None:
    assert identity.gathered({}, tmp_path, tmp_path) == identity.Known()


def test_what_is_known_is_taken_out(computer: Path) -> None:
    known = identity.gathered({}, computer / "home", computer / "root")
    said = "mtk and annika ask: dgx-9, Lindqvist's CZ1733ABQ9 (a4bb6d19330f), nas-4 and dgx9"
    shown = anonymous(said, users=known.users, hosts=known.hosts, numbers=known.numbers)
    assert shown == ("<user> and <user> ask: <host>, <user>'s <id> (<id>), <host> and <host>")
    plain = "the cloud user clones github.com/x with git at 3 old cores"
    assert anonymous(plain, users=known.users, hosts=known.hosts, numbers=known.numbers) == plain


def test_own_secrets_are_found_in_variables_and_files(computer: Path) -> None:
    environ = {
        "WANDB_API_KEY": "local-7d0c55a1", "https_proxy": "http://li:blue2moon@p.example:3128",
        "GOOGLE_APPLICATION_CREDENTIALS": "/keys/google-9.json",
        "PATH": "/usr/bin:/usr/local-1/bin",
        "SHORT_TOKEN": "abc12", "PLAIN_PASSWORD": "transformers",
    }  # fmt: skip
    assert own.held(environ, computer / "home") == {
        "local-7d0c55a1", "blue2moon", "lilac-session", "plainlooking-token",
        "Kl%21mt44", "Kl!mt44",
    }  # fmt: skip


@pytest.mark.parametrize("clean", [redact, anonymous])
def test_own_secrets_go_wherever_they_show_up(
    clean: object, computer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(computer / "home"))
    monkeypatch.setenv("USERPROFILE", str(computer / "home"))
    monkeypatch.setenv("LAB_PASSWORD", "kiwi-trampoline")
    own._pattern.cache_clear()
    try:
        assert callable(clean)
        shown = clean("lilac-session was refused\ntried kiwi-trampoline, kiwi-trampolines")
        assert shown == "*** was refused\ntried ***, kiwi-trampolines"
    finally:
        own._pattern.cache_clear()
