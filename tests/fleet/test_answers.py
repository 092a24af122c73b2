"""What ssh, Ansible and an agent say, and what is made of it."""

from __future__ import annotations

import contextlib
import copy
import errno
import itertools
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.agent.inside.answer import MARKER, proof
from setup_assistant.agent.inside.verdict import of_job
from setup_assistant.catalog import causes as catalogue
from setup_assistant.errors import SetupError
from setup_assistant.fleet import causes, faults
from setup_assistant.fleet.answers import doing_of, outcome_of, slow_login
from setup_assistant.fleet.engine import Event
from setup_assistant.fleet.faults import Fault
from setup_assistant.fleet.groups import group
from setup_assistant.fleet.kept_answers import read_answers
from setup_assistant.fleet.outcome import Answer, Outcome
from setup_assistant.fleet.reach import Target
from setup_assistant.messages import msg


def said(body: dict[str, Any], /, nonce: str = "n", machine: str = "m", **other: str) -> Event:
    text = json.dumps(body)
    value = {"nonce": nonce, "machine": machine, "host": "pc", "state": body["state"],
             "body": text, "proof": proof(nonce, machine, text), **other}  # fmt: skip
    out = f"Welcome to pc!\r\n\n{MARKER} {json.dumps(value)}\r\nBye\r\n"
    return Event(event="ok", host="pc01", task="Start", out=out, rc=0)


def done(code: int = 0, **envelope: Any) -> dict[str, Any]:
    text = json.dumps({"exit_code": code, "data": {}, "errors": [], **envelope})
    answer = {"argv": ["probe", "--json"], "code": code, "out": text}
    return {"state": "done", "result": {"answers": [answer], "seconds": 1.5}}


def test_an_answer_is_found_among_what_a_login_prints() -> None:
    found = outcome_of(said(done()), "n")
    assert isinstance(found, Outcome)
    assert (found.status, found.seconds, found.machine, found.hostname) == ("ok", 1.5, "m", "pc")


@pytest.mark.parametrize(
    "event",
    [
        said(done(), nonce="other"),
        said(done(), proof="0" * 64),
        said(done(), machine="m", body=json.dumps(done(code=1))),
        said(done(), host="pc", machine="m", nonce="n", proof=proof("n", "x", json.dumps(done()))),
    ],
    ids=["another question", "no proof", "another body", "another machine"],
)
def test_an_answer_that_is_not_this_hosts_is_refused(event: Event) -> None:
    found = outcome_of(event, "n")
    assert isinstance(found, Fault)
    assert found.code == "answer_foreign"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"state": "broken", "errno": 28, "detail": ""}, "disk_full"),
        ({"state": "broken", "errno": 13, "detail": "denied"}, "home_not_writable"),
        ({"state": "broken", "errno": 2, "detail": "…/jobs/0123/lock"}, "job_died"),
        ({"state": "died", "detail": "OSError: [Errno 28] No space left on device"}, "disk_full"),
        ({"state": "died", "detail": "OSError: [Errno 27] File too large"}, "host_limit"),
        ({"state": "died", "detail": ""}, "job_died"),
        ({"state": "running", "seconds": 9.0}, "timed_out"),
        ({"state": "done", "result": {"answers": [
            {"argv": ["up"], "code": 1, "out": "",
             "err": "ImportError: m.so: failed to map segment from shared object"}]}},
         "home_noexec"),
        ({"state": "stopped", "seconds": 9.0}, "job_stopped"),
        ({"state": "done", "result": {"answers": [{"argv": ["up"], "code": -9, "out": ""}]}},
         "job_died"),
        ({"state": "done", "result": {"answers": [{"argv": ["up"], "code": 1, "out": "?"}]}},
         "agent_failed"),
    ],
)  # fmt: skip
def test_a_job_that_gave_no_answer_says_why(body: dict[str, Any], code: str) -> None:
    found = outcome_of(said(body), "n")
    assert isinstance(found, Fault)
    assert found.code == code


def test_a_verb_that_failed_there_keeps_its_own_reason() -> None:
    error = {"code": "no_space", "message": "/home has 1 GB free.", "hint": "Free some."}
    found = outcome_of(said(done(4, errors=[error])), "n")
    assert isinstance(found, Outcome)
    assert (found.status, found.code, str(found.reason)) == ("failed", "no_space", error["message"])
    found = outcome_of(said(done(3, errors=[error])), "n")
    assert isinstance(found, Outcome)
    assert found.status == "unfinished"


_ODD = (None, float("inf"), "\ud800", [5])


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield from [place] if place else []
    members = (
        value
        if isinstance(value, dict)
        else dict(enumerate(value))
        if isinstance(value, list)
        else {}
    )
    for key, inner in members.items():
        yield from _places(inner, (*place, key))


def _spoilt(value: Any) -> Iterator[Any]:
    """Yield a value with each odd thing at each place in it."""
    for place, odd in itertools.product(_places(value), _ODD):
        holder = found = copy.deepcopy(value)
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = odd
        yield found


def test_an_answer_of_any_form_spoils_no_room(tmp_path: Path) -> None:
    plan = {"torch": {"version": "2", "build": "cu126"}, "model": {"id": "m", "dtype": "f"},
            "transformers": {"version": "5"}, "python": "3.12", "placement": {}}  # fmt: skip
    data = {**plan, "checks": [{"status": "ok"}], "driver": {"version": "1"},
            "gpus": [{"name": "a", "memory_total_bytes": 5}]}  # fmt: skip
    envelope = {"exit_code": 0, "data": data, "errors": [{"code": "x", "message": "m"}]}
    for odd in _spoilt(envelope):
        out = [
            {"argv": [c, "--json"], "code": 0, "out": json.dumps(odd)} for c in ("plan", "probe")
        ]
        job = {"state": "done", "result": {"answers": out, "seconds": 1.0}}
        if isinstance(found := outcome_of(said(job), "n"), Outcome):
            assert group([found]) is not None
            json.dumps(found.to_json(), allow_nan=False, ensure_ascii=False).encode()
    body = {**done(), "errno": 5, "seconds": 1.0, "doing": {"title": "t", "done": 1, "total": 2}}
    file = tmp_path / "a.json"
    kept = {"name": "a", "status": "ok", "seconds": 1.0, "groups": ["g"],
            "results": {"probe": {"exit_code": 0}}}  # fmt: skip
    for odd in _spoilt(body):
        outcome_of(said(odd), "n")
        doing_of(said(odd), "n")
    for odd in _spoilt(kept):
        file.write_text(json.dumps(odd))
        with contextlib.suppress(SetupError):
            read_answers(tmp_path)
    file.write_text(json.dumps(kept))
    assert [o.host for o in read_answers(tmp_path)] == ["a"]


def test_answers_that_were_kept_tell_the_same(tmp_path: Path) -> None:
    envelope = {"exit_code": 3, "data": {}, "errors": []}
    kept = [
        Outcome(host="a", status="ok", seconds=1.5, machine="m1", hostname="h1", groups=("x", "y"),
                answers=(Answer(command="probe", code=3, envelope=envelope),)),
        Outcome(host="b", status="failed", code="own", reason=msg("why"), remedy=msg("how"),
                machine="m2"),
        Outcome(host="c", status="unfinished", hostname="h3"),
    ]  # fmt: skip
    for one in kept:
        (tmp_path / f"{one.host}.json").write_text(json.dumps(one.to_json()))
    assert [o.to_json() for o in read_answers(tmp_path)] == [o.to_json() for o in kept]
    assert [o.answers for o in read_answers(tmp_path)] == [o.answers for o in kept]


def _job(*answers: tuple[str, int, str]) -> dict[str, Any]:
    made = [
        {"argv": [verb, "--json"], "code": code,
         "out": json.dumps({"exit_code": code, "errors": [{"code": name}] * bool(name)})}
        for verb, code, name in answers
    ]  # fmt: skip
    return {"state": "done", "result": {"answers": made, "seconds": 1.0}}


@pytest.mark.parametrize(
    ("answers", "status", "code"),
    [
        # A machine on which nothing was installed is not a broken one.
        ([("report", 1, "site_missing"), ("doctor", 1, "findings")], "unfinished", "not_installed"),
        ([("report", 0, ""), ("doctor", 1, "findings")], "failed", "findings"),
        ([("report", 0, ""), ("plan", 4, "no_model")], "ok", ""),
        (
            [("plan", 4, "no_model"), ("report", 1, "no_receipt")],
            "failed",
            "no_model",
        ),
        # Where nothing is, nothing is left to remove.
        ([("uninstall", 2, "site_missing")], "ok", ""),
        ([("uninstall", 1, "not_writable")], "failed", "not_writable"),
    ],
)
def test_what_several_commands_come_to(
    answers: list[tuple[str, int, str]], status: str, code: str
) -> None:
    found = outcome_of(said(_job(*answers)), "n")
    assert isinstance(found, Outcome)
    assert (found.status, found.code) == (status, code)


def test_a_dry_run_tells_what_would_change() -> None:
    for status, changed in (("already", False), ("planned", True)):
        steps = [{"name": "environment", "status": status}]
        body = done(0, data={"steps": steps})
        body["result"]["answers"][0]["argv"] = ["up", "--dry-run"]
        assert of_job(body["result"]["answers"])["changed"] is changed
        found = outcome_of(said(body), "n")
        assert isinstance(found, Outcome)
        assert found.changed is changed


def test_a_restart_and_a_login_that_ends_are_named() -> None:
    found = outcome_of(said({"state": "restarted", "detail": ""}), "n")
    assert isinstance(found, Fault)
    assert found.code == "host_restarted"
    silent = Event(event="failed", host="pc", task="Look", msg="non-zero return code", rc=1)
    assert causes.of_look(silent).code == "login_script"
    shut = Event(event="failed", host="pc", task="Look", rc=9,
                 err="/bin/rbash: restricted: cannot specify a path\n")  # fmt: skip
    assert causes.of_look(shut).code == "no_command"


def test_a_host_cannot_draw_on_the_terminal() -> None:
    error = {"code": "x", "message": "\x1b[2J\x1b]0;title\x07gone", "hint": "a\rb\u202e"}
    found = outcome_of(said(done(1, errors=[error], data={"\x1b": ["\x9b31m"]})), "n")
    assert isinstance(found, Outcome)
    shown = json.dumps(found.to_json(), ensure_ascii=False)
    assert "gone" in shown
    assert all(c.isprintable() for c in shown)
    noisy = Event(event="failed", host="pc", task="Start", err="\x1b[31mboom\x07", rc=1)
    fault = outcome_of(noisy, "n")
    assert isinstance(fault, Fault)
    assert str(fault.reason).isprintable()


SSH = "Failed to connect to the host via ssh: "
CHANGED = (
    SSH + "@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n@@@@\n"
    "Host key verification failed."
)


@pytest.mark.parametrize(
    ("words", "contacted", "code"),
    [
        (CHANGED, False, "host_key_changed"),
        (SSH + "No ED25519 host key is known for 10.0.0.1 and you have requested strict checking."
         "\nHost key verification failed.", False, "host_key_unknown"),
        (SSH + "ssh: connect to host 10.0.0.1 port 22: Connection timed out", False, "host_down"),
        (SSH + "ssh: connect to host 10.0.0.1 port 22: No route to host", False, "host_down"),
        (SSH + "ssh: connect to host 10.0.0.1 port 22: Connection refused", False,
         "no_ssh_server"),
        (SSH + "ssh: Could not resolve hostname pc: Name or service not known", False,
         "name_unknown"),
        (SSH + "lab@10.0.0.1: Permission denied (publickey).", False, "login_refused"),
        (SSH + "kex_exchange_identification: Connection closed by remote host", False,
         "ssh_closes"),
        (SSH + "kex_exchange_identification: read: Connection reset by peer\n"
         "Connection closed by 10.0.0.1 port 22", False, "ssh_closes"),
        (SSH + "Your account has expired.\nConnection closed by 10.0.0.1 port 22", False,
         "login_closed"),
        (SSH + "Connection closed by 10.0.0.1 port 22", True, "connection_broke"),
        (SSH + "lab@10.0.0.1: Permission denied (publickey).", True, "login_withdrawn"),
        (SSH + "Unable to negotiate with 10.0.0.1 port 22: no matching host key type found. "
         "Their offer: ssh-rsa,ssh-dss", False, "ssh_no_method"),
        (SSH + 'Load key "/k/a b": bad permissions\nlab@pc: Permission denied (publickey).',
         False, "key_unusable"),
        (SSH + "no such identity: /k/lab: No such file or directory\n"
         "lab@pc: Permission denied (publickey,password).", False, "key_unusable"),
        (SSH + "Connection to 10.0.0.1 port 22 timed out", False, "login_slow"),
        (SSH + "Timeout, server 10.0.0.1 not responding.", True, "connection_broke"),
        (SSH + "ssh: connect to host 10.0.0.1 port 22: Connection refused", True,
         "connection_broke"),
        ("Failed to create temporary directory. mkdir: No space left on device", True,
         "disk_full"),
        # A banner may say anything; what ssh says comes last.
        (SSH + "ssh: Could not resolve hostname old: gone\n"
         "ssh: connect to host 10.0.0.1 port 22: Connection refused", False, "no_ssh_server"),
    ],
)  # fmt: skip
def test_what_ssh_says_has_a_name(words: str, contacted: bool, code: str) -> None:
    event = Event(event="unreachable", host="pc01", task="Look", msg=words)
    found = causes.of_connection(event, Target("10.0.0.1"), contacted=contacted)
    assert found.code == code
    for sentence in (found.reason, found.remedy):
        assert "{" not in str(sentence)


def _connection(words: str, place: Target) -> tuple[str, str]:
    event = Event(event="unreachable", host="pc01", task="Look", msg=words)
    found = causes.of_connection(event, place, contacted=False)
    return found.code, str(found.reason)


def test_a_banner_is_not_taken_for_what_ssh_says() -> None:
    banner = (
        "*** Connection refused? Permission denied? No space left on device? Connection timed "
        "out? A password is required. Could not resolve hostname? Call 4711. ***\n"
    )
    for words, code in (
        ("", "ssh_failed"),
        ("lab@10.0.0.1: Permission denied (publickey).", "login_refused"),
        ("ssh: connect to host 10.0.0.1 port 22: No route to host", "host_down"),
    ):
        assert _connection(SSH + banner + words, Target("10.0.0.1"))[0] == code  # fmt: skip


def test_what_a_server_wants_beside_a_key_is_told() -> None:
    """After a key that counted, sshd names only what is still wanted."""
    for methods, more in (("publickey,password", False), ("password,publickey", False),
                          ("password,keyboard-interactive", True)):  # fmt: skip
        code, reason = _connection(SSH + f"me@pc: Permission denied ({methods}).", Target("pc"))
        assert code == "login_refused"
        assert reason.startswith("pc01 wants more than a key") is more


def test_what_a_login_prints_into_an_answer_is_told() -> None:
    answer = '{"changed": false, "invocation": {"module_args": {}}}'
    broken = "Task failed: Failed to get information on remote file (/x): [lab] hello\n{ no\n"
    for event, text, detail in (
        ("failed", broken + answer, "[lab] hello"),
        ("failed", f"Failed to get (/x): {answer}\nbye {{x}}\n", "bye {x}"),
        ("unreachable", "\udcff" * 99, "(no text)"),
    ):
        said = Event(event=event, host="pc", task="Push", msg=text)
        found = (causes.of_task(said) if event == "failed" else
                 causes.of_connection(said, Target("pc"), contacted=True))  # fmt: skip
        assert found.code == "login_noise"
        assert str(found.reason).endswith(detail)
    fine = Event(event="failed", host="pc", task="Push", msg="Failed to get (/x): " + answer)
    assert causes.of_task(fine).code == "agent_failed"


def test_the_folder_that_ansible_cannot_make_is_named() -> None:
    made = (
        'mkdir -p "` echo /home/lab/.ansible/tmp `"&& mkdir "` echo /home/lab/.ansible/tmp/a-1 `"'
    )
    words = f"Failed to create temporary directory. Failed command was: ( umask 77 && {made} )"
    event = Event(event="unreachable", host="pc", task="Push", msg=words)
    found = causes.of_connection(event, Target("pc"), contacted=True)
    assert found.code == "home_not_writable"
    assert "/home/lab/.ansible/tmp cannot" in str(found.reason)
    assert str(found.remedy).endswith("sudo chown -R NAME /home/lab/.ansible")


def test_a_shell_that_repeats_the_question_is_no_limit() -> None:
    role = Path(causes.__file__).with_name("collection") / "roles/setup_assistant/tasks/main.yml"
    look = " ".join(role.read_text("utf-8").split("command: >-")[1].split("register:")[0].split())
    event = Event(event="failed", host="pc", task="Look", rc=128,
                  err=f"fatal: unrecognized command '{look}'\n")  # fmt: skip
    found = causes.of_look(event)
    assert found.code == "no_command"
    # A Python as a login shell shows it too, before its last word.
    event = replace(event, err=f"    {look}\n    ^^^^\nSyntaxError: invalid syntax\n")
    assert str(causes.of_look(event).reason).endswith(": SyntaxError: invalid syntax")


def test_no_line_of_the_collection_is_longer_than_its_users_checks_allow() -> None:
    """160 letters, by the rules of ansible-lint's production profile."""
    found = list(Path(causes.__file__).with_name("collection").rglob("*.yml"))
    long = [(f.name, n) for f in found for n in f.read_text("utf-8").split("\n") if len(n) > 160]
    assert found
    assert long == []


def test_every_command_of_the_role_is_one_line() -> None:
    """The C shell, which may be an account's own, knows no line end in quotes."""
    yaml = pytest.importorskip("yaml")
    tasks = Path(causes.__file__).with_name("collection") / "roles/setup_assistant/tasks/main.yml"
    given = [t.get("setup_assistant.room.ask", {}) for t in
             yaml.safe_load(tasks.read_text("utf-8"))[0]["block"]]  # fmt: skip
    commands = [g["command"] for g in given if "command" in g]
    assert len(commands) == 2
    assert not any("\n" in command for command in commands)


FAILED = "\nHost key verification failed."
CLOSED = "\nConnection closed by UNKNOWN port 65535"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("ssh: connect to host gate.lab port 22: Connection refused" + CLOSED, "jump_failed"),
        ("me@gate.lab: Permission denied (publickey)." + CLOSED, "jump_failed"),
        ("ssh: Could not resolve hostname gate.lab: Name or service not known" + CLOSED,
         "jump_failed"),
        (FAILED + CLOSED, "jump_failed"),
        ("channel 0: open failed: administratively prohibited: open failed" + CLOSED,
         "jump_failed"),
        ("channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed"
         + CLOSED, "no_ssh_server"),
        ("channel 0: open failed: connect failed: No route to host" + CLOSED, "host_down"),
        ("channel 0: open failed: connect failed: Name or service not known" + CLOSED,
         "name_unknown"),
        ("No ED25519 host key is known for [10.0.0.1]:2200 and you have requested strict ..."
         + FAILED, "host_key_unknown"),
        ("lab@10.0.0.1: Permission denied (publickey).", "login_refused"),
    ],
)  # fmt: skip
def test_a_host_on_the_way_is_told_from_the_one_at_its_end(words: str, code: str) -> None:
    place = Target("10.0.0.1", port=2200, direct=False, jump="me@gate.lab")
    found = _connection(SSH + words, place)
    assert found[0] == code
    assert ("gate.lab" in found[1]) == (code == "jump_failed")


@pytest.mark.parametrize(
    "words",
    [
        "Failed to connect to new control master",
        (
            "ControlSocket /tmp/x/1 already exists, disabling multiplexing\n"
            "channel 0: open failed: connect failed: open failed"
        ),
    ],
)
def test_a_server_without_sessions_is_told_at_the_first_and_at_the_next_try(words: str) -> None:
    """The second text comes only where the first try's connection is still kept."""
    refused = "mux_client_request_session: session request failed: Session open refused by peer\n"
    code, reason = _connection(SSH + refused + words, Target("10.0.0.1"))
    assert code == "no_command"
    assert "Session open refused by peer" in reason or "open failed" in reason


def test_a_key_is_kept_where_ssh_looks_for_it() -> None:
    event = Event(event="unreachable", host="pc01", task="Look", msg=CHANGED)
    place = Target("10.0.0.1", port=2200, known_hosts="/etc/lab_keys")
    found = causes.of_connection(event, place, contacted=False)
    assert 'ssh-keygen -R "[10.0.0.1]:2200" -f /etc/lab_keys - then' in str(found.remedy)
    place = Target("10.0.0.1", port=2200, alias="pc01")
    found = causes.of_connection(event, place, contacted=False)
    assert 'ssh-keygen -R "pc01" - then keep' in str(found.remedy)


@pytest.mark.parametrize(
    ("words", "code", "reason", "remedy"),
    [
        ("ED25519 host key for 10.0.0.1 was revoked and you have requested strict checking.",
         "host_key_refused", "(revoked)", "@revoked in /etc/lab_keys"),
        ("Host key ED25519 SHA256:x revoked by file /etc/krl", "host_key_refused",
         "revoked by file /etc/krl", "RevokedHostKeys"),
        ("Certificate invalid: expired\nNo ED25519 host key is known for x and you have requested",
         "host_key_refused", "count: expired.", "-s CA"),
        ("Certificate invalid: name is not a listed principal", "host_key_refused",
         "listed principal", "-s CA"),
        ("No RSA host key is known for 10.0.0.1 and you have requested strict checking.",
         "host_key_unknown", "", "ssh-keyscan"),
    ],
)  # fmt: skip
def test_a_key_of_a_host_that_is_withdrawn_is_no_new_one(
    words: str, code: str, reason: str, remedy: str
) -> None:
    text = SSH + words + "\nHost key verification failed."
    event = Event(event="unreachable", host="pc01", task="Look", msg=text)
    place = Target("10.0.0.1", known_hosts="/etc/lab_keys")
    found = causes.of_connection(event, place, contacted=False)
    assert found.code == code
    assert reason in str(found.reason)
    assert remedy in str(found.remedy)


def test_a_program_on_the_way_is_named_with_what_it_said() -> None:
    closed = "kex_exchange_identification: Connection closed by remote host" + CLOSED
    place = Target("10.0.0.1", direct=False, program="corkscrew")
    for words in ("sh: 1: corkscrew: not found\n", "Proxy could not open connection: 403\n"):
        code, reason = _connection(SSH + words + closed, place)
        assert code == "jump_failed"
        assert reason.endswith("the program corkscrew, which failed: " + words.strip())
    # Of ssh's kept connection nothing of it is heard: it is asked by hand.
    assert _connection(SSH + closed, place)[0] == "ssh_failed"
    by_ssh = replace(place, jump="me@gate", program="")
    assert "leads over me@gate," in _connection(SSH + "kinit: expired\n" + closed, by_ssh)[1]


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        ("/h/c: line 2: Bad configuration option: hostnam\n/h/c: terminating, 1", "ssh_settings",
         "line 2: Bad configuration option: hostnam"),
        ("/h/c line 4: keyword hostname extra arguments at end of line", "ssh_settings", "line 4"),
        ("command-line line 0: missing argument.", "ssh_settings", "command-line line 0"),
        ("Bad owner or permissions on /h/c", "ssh_settings", "permissions on /h/c"),
        ("Can't open user config file /h/c: No such file or directory", "ssh_settings", "/h/c"),
        ("Protocol major versions differ: 2 vs. 1\nbanner exchange: could not read version",
         "ssh_no_method", "2 vs. 1"),
        ("Connection to 10.0.0.1 closed by the line 3: Bad luck", "ssh_failed", ""),
        ("Bad packet length 1349676916.\nssh_dispatch_run_fatal: Connection to 10.0.0.1 port 22: x",
         "ssh_garbled", "Bad packet length 1349676916"),
        ("Corrupted MAC on input.", "ssh_garbled", "Corrupted MAC"),
        ("Welcome\nFailed to connect to new control master", "session_closed", "hangs up before"),
        ("client_loop: send disconnect: Broken pipe", "session_closed", "send disconnect"),
    ],
)  # fmt: skip
def test_ssh_that_never_asked_is_told_from_a_host(words: str, code: str, reason: str) -> None:
    found, said = _connection(SSH + words, Target("10.0.0.1"))
    assert found == code
    assert reason in said


def test_a_program_on_the_way_from_which_nothing_comes_is_named() -> None:
    text = SSH + "\nConnection timed out"
    assert "the program nc:" in _connection(text, Target("10.0.0.1", direct=False, program="nc"))[1]
    assert "it is off, or not on" in _connection(text, Target("10.0.0.1"))[1]


def test_a_home_folder_on_a_broken_disk_or_share_is_told() -> None:
    for number in (errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EUCLEAN, errno.ENOKEY,
                   errno.EKEYEXPIRED):  # fmt: skip
        words = f"mkdir: cannot create directory '/x': {os.strerror(number)}\n"
        event = Event(event="failed", host="pc", task="Look", rc=9, err=words)
        assert causes.of_look(event).code == "home_broken"
        found = outcome_of(said({"state": "broken", "errno": number, "detail": "/x"}), "n")
        assert isinstance(found, Fault)
        assert found.code == "home_broken"


def test_what_a_job_does_is_told_where_it_is_this_hosts() -> None:
    doing = {"title": "Installing\x1b[2J packages", "done": 3, "total": 7}
    body = {"state": "running", "doing": doing}
    assert str(doing_of(said(body), "n")) == "Installing?[2J packages 43 %"
    assert str(doing_of(said({**body, "doing": {"title": "Proving"}}), "n")) == "Proving"
    assert doing_of(said(body), "other") is None
    assert doing_of(said({"state": "running", "doing": {}}), "n") is None
    assert doing_of(said({"state": "running", "doing": [1]}), "n") is None


def test_a_clock_that_is_off_is_told() -> None:
    def notes(clock: float) -> list[str]:
        found = outcome_of(said(done(), clock=clock), "n")  # type: ignore[arg-type]
        assert isinstance(found, Outcome)
        return [str(n) for n in found.notes]

    assert notes(time.time()) == []
    assert "3285 days" in notes(time.time() - 3285 * 86400)[0]
    assert "1 h 30 min" in notes(time.time() + 5400)[0]


@pytest.mark.parametrize(("out", "seconds"), [
    ("\nlogin=7\r\nfound=3.11", "7 s"), ("\nlogin=3\n", "3 s"),
    ("\nlogin=2\n", ""), ("\nlogin=-9\n", ""), ("\nlogin=9 or so\n", ""), ("\n", ""),
])  # fmt: skip
def test_a_login_that_takes_its_time_is_told(out: str, seconds: str) -> None:
    notes = slow_login(Event(event="ok", host="pc", task="Look", out=out, rc=0))
    assert [f"takes {seconds} before" in str(n) for n in notes] == [True] * bool(seconds)


def test_python_is_told_apart() -> None:
    def look(out: str, rc: int = 0) -> str:
        event = Event(event="failed", host="pc", task="Look", out=out, rc=rc)
        return causes.of_look(event).code

    assert look("\narch=x86_64\nfolder=/x\n") == "python_missing"
    assert look("\nbroken=python3\narch=x86_64\nfolder=/x\n") == "python_partial"
    assert look("\r\nfound=3.8\r\narch=x86_64\r\n") == "python_too_old"
    assert look("\nslow=python3\narch=x86_64\nfolder=/x\n") == "host_stuck"
    assert look("sh: 1: sudo: not found", 127) == "sudo_missing"
    assert look("sudo: a password is required", 1) == "sudo_refused"
    assert look("This account is currently not available.\n", 1) == "no_command"
    assert look("sh: 1: Cannot fork\n", 2) == "host_limit"
    assert look("\nulimit -n: 8 is too low\n", 9) == "host_limit"
    assert look("\nHOME=: no home folder\n", 9) == "home_unknown"
    assert look("There were too many logins for 'lab'.\n", 254) == "host_limit"
    assert look("bash: line 1:  4711 Killed                  mkdir -p x\n", 9) == "host_limit"
    assert look("Killed by the admins: this account.\n", 1) == "no_command"
    assert look("sh: 1: cannot create /dev/null: Permission denied\n", 2) == "null_device"
    assert look("sh: 1: mkdir: not found\n", 9) == "no_command"
    assert look("umask 0777: no right to own files\n", 9) == "umask_closed"
    assert look("Password change required but no TTY available.\n", 1) == "password_expired"
    assert look("mkdir: cannot create directory '/x': File exists\n", 9) == "home_blocked"
    assert look("mkdir: '/x': Too many levels of symbolic links\n", 9) == "home_blocked"
    assert look("mkdir: cannot create directory: No space left on device", 9) == "disk_full"
    assert look("mkdir: cannot create directory: Read-only file system", 9) == "home_not_writable"
    assert look("\nbroken=python3: Segmentation fault\narch=x86_64\n") == "python_partial"
    gone = "python3: can't open file '/home/lab/.cache/setup-assistant/fleet/agent-3f42.pyz'"
    assert causes.of_agent("pc", gone, gone).code == "job_died"


def test_a_python_that_may_not_be_run_is_named_with_what_lets_it() -> None:
    denied = "timeout: failed to run command 'python3': Permission denied"
    out = f"\r\nbroken=python3: {denied}\r\narch=x86_64\r\n"
    found = causes.of_look(Event(event="failed", host="pc", task="Look", out=out, rc=0))
    assert found.code == "python_partial"
    assert denied in str(found.reason)
    assert "run python3 there" in str(found.remedy)


@pytest.mark.parametrize(("words", "code"), [
    ("setup-assistant: 0 of 10125077 bytes of the agent arrived", "push_cut"),
    ("setup-assistant: Data could not be sent to remote host 'pc'.", "push_cut"),
    ("zipimport.ZipImportError: can't decompress data; zlib not available", "python_partial"),
    ("OSError: [Errno 28] No space left on device: '/home/lab/x.12'", "disk_full"),
    ("PermissionError: [Errno 13] Permission denied: '/home/lab/x.12'", "home_not_writable"),
])  # fmt: skip
def test_what_stops_a_push_is_named(words: str, code: str) -> None:
    trace = f'Traceback (most recent call last):\n  File "<string>", line 1\n{words}\n'
    event = Event(event="failed", host="pc", task="Push", err=trace, rc=1)
    assert causes.of_task(event).code == code


def test_what_nobody_names_is_told_with_its_last_words_and_what_the_doctor_reads() -> None:
    event = Event(event="failed", host="pc", task="Push", err="Odd words of a program\n", rc=42)
    found = causes.of_task(event)
    assert found.code == "agent_failed"
    assert "(Push, exit status 42): Odd words of a program" in str(found.reason)
    assert "by hand (python3 -I " in str(found.remedy)
    words = "OSError: libssl.so.3: cannot open shared object file: No such file or directory"
    read = causes.of_task(replace(event, err=f"Traceback (most recent call last):\n{words}\n"))
    assert "libssl.so.3, which is nowhere" in str(read.remedy)
    assert "sudo apt install libssl3" in str(read.remedy)


def test_every_fault_has_a_sentence_and_a_remedy() -> None:
    rows = catalogue.layer(catalogue.FLEET)
    assert len(rows) > 15
    for row in rows:
        found = faults.fault(row.aliases[0] if row.aliases else row.id.replace("-", "_"))
        assert found.reason.template
        assert found.remedy.template


def _planned(host: str, build: str, kind: str = "none", device: str = "cuda") -> Outcome:
    plan = {
        "torch": {"version": "2.9.0", "build": build},
        "transformers": {"version": "5"},
        "model": {"id": "m", "dtype": "float16", "quantization": kind},
        "python": "3.11",
        "placement": {"device": device},
    }
    answer = Answer(command="plan", code=0, envelope={"data": plan})
    return Outcome(host=host, status="ok", answers=(answer,))


def test_machines_are_grouped_by_their_plans() -> None:
    room = [_planned("a", "cu126"), _planned("b", "cu128"), _planned("c", "cu128"),
            Outcome(host="d", status="failed")]  # fmt: skip
    assert [g.hosts for g in group(room)] == [("b", "c"), ("a",)]


@pytest.mark.parametrize(
    ("build", "kind", "device", "driver", "bundled"),
    [
        ("cu130", "none", "cuda", "580", True),
        ("cu118", "awq", "cuda", "450", False),
        ("cu126", "nf4", "cuda", "525", True),
        ("cu126", "none", "cpu", "", True),
        ("cpu", "gptq-int4", "cpu", "", False),
        ("cu\n1", "none", "cuda", "", True),
    ],
)
def test_a_group_says_which_driver_it_needs_and_whether_a_bundle_carries_it(
    build: str, kind: str, device: str, driver: str, bundled: bool
) -> None:
    (found,) = group([_planned("a", build, kind, device)])
    assert (found.driver.split(".")[0], found.bundled) == (driver, bundled)
