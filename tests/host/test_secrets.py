"""Passwords and tokens never reach a log, a screen or a file."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.host import log
from setup_assistant.host.secrets import anonymous, redact, redact_json, without_login
from tests.host import redaction_corpus as first
from tests.host import redaction_kinds as fourth
from tests.host import redaction_places as fifth
from tests.host import redaction_programs as seventh
from tests.host import redaction_sentences as sixth
from tests.host import redaction_structures as third
from tests.host import redaction_unseen as second
from tests.recorded import compare

ROUTINES = {"secrets": redact, "identities": anonymous}


CORPORA = (first, second, third, fourth, fifth, sixth, seventh)


@pytest.mark.parametrize("level", ROUTINES)
def test_secrets_are_taken_out(level: str) -> None:
    assert not _left(ROUTINES[level], [line for c in CORPORA for line in c.SECRETS])


def test_identities_are_taken_out_of_what_is_handed_on() -> None:
    assert not _left(anonymous, [line for c in CORPORA for line in c.IDENTITIES])


def test_what_is_left_of_each_text_is_as_it_was_recorded() -> None:
    """Neither more nor less is taken out; the record holds no secret, since those are gone."""
    found = {
        f"{corpus.__name__.rpartition('_')[2]}, {kind}": "\n".join(
            repr(clean(text)) for text, *_words in lines
        )
        for corpus in CORPORA
        for kind, lines, clean in (
            ("secrets", corpus.SECRETS, redact), ("identities", corpus.IDENTITIES, anonymous)
        )
    }  # fmt: skip
    compare(Path(__file__).with_name("recorded_redaction.txt"), found)


def _left(clean: Callable[[str], str], lines: list[tuple[str, ...]]) -> list[str]:
    said = [(clean(text), words) for text, *words in lines]
    return [text for text, words in said if any(w in text for w in words)]


@pytest.mark.parametrize("level", ROUTINES)
def test_ordinary_text_is_left_alone(level: str) -> None:
    lines = [text for c in CORPORA for text in c.INNOCENT]
    assert [ROUTINES[level](text) for text in lines] == lines


def test_names_in_a_value_say_what_is_secret() -> None:
    value = {
        "token": "abcdefgh", "tokens": ["a"], "eos_token": "x", "password": None, "n": 3,
        "env": [{"name": "HF_TOKEN", "value": "plain"}, {"name": "LANG", "value": "C"}],
        "argv": ["curl", "--token", "swordfish", "--retries", "3"], "https://u:p1@h/": "key",
    }  # fmt: skip
    assert redact_json(value) == {
        "token": "***", "tokens": ["a"], "eos_token": "x", "password": None, "n": 3,
        "env": [{"name": "HF_TOKEN", "value": "***"}, {"name": "LANG", "value": "C"}],
        "argv": ["curl", "--token", "***", "--retries", "3"], "https://***@h/": "key",
    }  # fmt: skip


def test_addresses_without_logins_can_still_be_used() -> None:
    said = without_login("--index-url https://me:hunter2@pypi.example/simple x@y")
    assert said == "--index-url https://pypi.example/simple x@y"


# A text of each of these, long enough that a quadratic rule would need a minute.
UNITS = (
    "a", "A", "7", "a@", "((((", "-----BEGIN ", "-----BEGIN RSA PRIVATE KEY-----", ":", "=", "-",
    "- ", "a-", "a.", "a:", "token=", "password: ", "://", "x://a:b/", "sk-", "hf_", "?a=", "&sig=",
    '"', "\\", "'", "login x ", "--token ", "-u a:", "authorization: ", "cookie: ", "密码：", " ",
    "\n", "%2", "%41", "name: x value: ", '\\"token\\":', "a_key=", "/", "/home/", "1.1.1.1 ",
    "0:", "aA1", "token: !a &b ", "secret: |\n  a\n", "password:\n  a\n", "<password>a", "zip -",
    "%25", "USER PID X\nab 1 2\n", "AUTH a ", "PIN for ", "users: a, ", "account on a ", "李小明 ",
    "aA1-", "password x", "key ", "密码 a1 ", "a,user\n", "SERIAL N\na 1\n", "密码\n我:",
    "***\n", "***\n aB1cD2eF3\n", "log in with ", "-u a -p ", "R 1:11 1 ", "--a-user=x ", "@李小 ",
    "log in as ", "ssh a-", "scp a-1.", "host: a-", "AaB", "a_",
    "chpasswd\n a:bcd\n", "user 'a' ", "phone 1 2 ", "a * b1c\n", "aB1cD2-", "[a]:1 b:c\n",
    "<password><a>c</a>", "node c[1,", "ab12", "1.1.1.1 a/b1 ", "1.1.1.1 / a / b ", "AB12-",
    "backup codes ", "a1 is my key ", "管理员：王小 ", "connect('a', 'b', ",
    "socks5 a 10 b ", "secrets: a b 'c", "st.0f", "a | ", "user a.b ", "(Ab Cd ",
    "Credentials('a','b',",
    "on ab, ", "on ab and ", "Ab ", "ask Ab, ", "Ab's ", "Ab and ", "user ab",
    "@ab ", "ssh as ", "ab's ",
    "在 ab", "git push a/", "* ab/", "pod/a-", "kubectl logs -n a ", "assigned a/b to ", "auf ab ",
    "-rwxrwxrwx 1 2001 ", "uid=2001 ", "chown -R ", "<host>.a",
    "NAMESPACE NAME READY RESTARTS\nab c\n", "von ab nach ", "by a(uid=", "a ALL=(", "1d 1.1.1.1 ",
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_with_the_length_only(unit: str) -> None:
    # Secrets are a part of it.
    anonymous(unit * (40_000 // len(unit)))


def test_the_log_is_clean_and_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "KEPT", 3)
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path))
    folder = tmp_path / "logs"
    folder.mkdir()
    for day in range(1, 8):
        (folder / f"2020010{day}T000000Z-up-1.log").write_text("old")
    path = log.start("up")
    log.debug("proxy %s", "http://me:hunter2@proxy:1")
    log.stop()
    assert path is not None
    assert "hunter2" not in path.read_text()
    assert "http://***@proxy:1" in path.read_text()
    assert len(list(folder.glob("*.log"))) <= 4


def test_no_log_goes_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "KEPT", 1)
    cache, theirs = tmp_path / "cache", tmp_path / "theirs"
    theirs.mkdir()
    names = [f"2020010{day}T000000Z-up-1.log" for day in range(1, 5)]
    for name in names:
        (theirs / name).write_text("theirs")
    cache.mkdir()
    (cache / "logs").symlink_to(theirs)
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(cache))
    assert log.start("up") is None
    log.debug("said")
    log._rotate(cache / "logs")
    log.stop()
    assert sorted(p.name for p in theirs.iterdir()) == names
    (cache / "logs").unlink()
    monkeypatch.setattr(log.clock, "now", lambda: "2026")
    (cache / "logs").mkdir()
    (cache / "logs" / f"2026-up-{os.getpid()}.log").symlink_to(theirs / names[0])
    log.start("up")
    log.debug("said")
    log.stop()
    assert (theirs / names[0]).read_text() == "theirs"
