"""The course of a run, with a stand-in for Ansible: what answers, silence and breaks come to."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.agent.inside.answer import MARKER
from setup_assistant.errors import SetupError
from setup_assistant.fleet import engine, play_loop, run
from setup_assistant.fleet.inventory import Inventory
from setup_assistant.fleet.inventory_rules import Become, Host, Refused
from setup_assistant.fleet.outcome import Outcome
from setup_assistant.fleet.playbook import Job
from setup_assistant.fleet.record import Record
from setup_assistant.fleet.server import serving_from
from setup_assistant.messages import Message, msg
from tests.recorded import compare

KEPT = Path(__file__).with_name("recorded_play.txt")
# Tells of each host that it is limited to what is that host's turn, and keeps what it was given.
STAND_IN = f"""\
#!{sys.executable} -ISE
import hashlib, json, os, sys, time
from pathlib import Path
if sys.argv[1] == "--version":
    print("ansible-playbook [core 2.17.1]")
    sys.exit()
home = Path(sys.argv[0]).parent
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
before = [json.loads(p.read_text())["hosts"] for p in home.glob("given-*")]
hosts = Path(given["--limit"][1:]).read_text().split()
inventory = json.loads(Path(given["--inventory"]).read_text())["all"]["hosts"]
(home / f"given-{{len(before)}}").write_text(json.dumps({{
    "arguments": sys.argv[1:], "hosts": hosts, "inventory": inventory, "folder": os.getcwd(),
    "env": {{k: v for k, v in os.environ.items() if k.startswith(("ANSIBLE", "SETUP_A", "LC_ALL"))
            and k[16:21] not in ("CACHE", "TEST_")}},
    "settings": Path("ansible.cfg").read_text(),
}}))
print("Welcome\\n{{not an event}}\\n" + '{{"event": 1}}')
for host, turns in json.loads((home / "stories.json").read_text()).items():
    turn = sum(host in names for names in before)
    for told in turns[turn] if host in hosts and turn < len(turns) else ():
        if isinstance(told.get("out"), dict):
            said = {{**told["out"], "nonce": inventory[host]["nonce"]}}
            proved = "\\n".join(said[k] for k in ("nonce", "machine", "body"))
            said["proof"] = hashlib.sha256(proved.encode()).hexdigest()
            told["out"] = "Hello\\n{MARKER} " + json.dumps(said) + "\\n"
        print(json.dumps({{"host": host, **told}}), flush=True)
time.sleep(float((home / "wait").read_text()) if (home / "wait").exists() else 0)
print("the last words", file=sys.stderr)
sys.exit(4)
"""
Event = dict[str, Any]


@pytest.fixture
def ansible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent_cache: Path) -> Iterator[Path]:
    """A folder on PATH with nothing but the stand-in."""
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(agent_cache))
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "ansible-playbook"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(play_loop, "_PAUSE_SECONDS", 0.01)
    engine._own.cache_clear()
    yield folder
    engine._own.cache_clear()


@pytest.fixture
def ssh_server() -> Iterator[int]:
    """A port where something greets as an SSH server and goes on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"SSH-2.0-x\r\n\0\0")

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def stories(folder: Path, told: dict[str, list[list[Event]]]) -> None:
    (folder / "stories.json").write_text(json.dumps(told))


def given(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "given-0").read_text())
    return value


def answer(machine: str, hostname: str, home: str, state: str, **body: Any) -> Event:
    text = json.dumps({"state": state, **body})
    out = {"machine": machine, "host": hostname, "home": home, "state": state, "body": text}
    return {"event": "running" if state == "running" else "ok", "task": "Start", "out": out}


def done(machine: str, hostname: str, home: str = "", code: int = 0) -> Event:
    said = json.dumps({"exit_code": code, "data": {}, "errors": []})
    answers = [{"argv": ["probe", "--json"], "code": code, "out": said}]
    return answer(machine, hostname, home, "done", result={"answers": answers, "seconds": 1.5})


def told(outcome: Outcome) -> str:
    lines = [f"{outcome.host}: {outcome.status} {outcome.code} {outcome.seconds} {outcome.groups}"]
    for said in (outcome.reason, outcome.remedy, *outcome.notes):
        lines += [f"  {said.english}"] if said else []
    return "\n".join(lines)


LOOK, PUSH = {"event": "ok", "task": "Look"}, {"event": "ok", "task": "Push"}
_BY_SSH = "Failed to connect to the host via ssh: "
_CUT = f"{_BY_SSH}kex_exchange_identification: read: Connection reset by peer"
RESET = {"event": "unreachable", "task": "Gather", "msg": _CUT}
REFUSED = {**RESET, "msg": f"{_BY_SSH}ssh: connect to host 127.0.0.1 port 9: Connection refused"}
DENIED = {**RESET, "msg": f"{_BY_SSH}lab@127.0.0.1: Permission denied (publickey,password)."}
UNKNOWN = {**RESET, "msg": f"{_BY_SSH}Something that no one knows"}
HALF = {"title": "weights", "done": 12, "total": 25}
TOLD: dict[str, list[list[Event]]] = {
    "well": [[LOOK, PUSH, done("m1", "well", "h1"),
              {"event": "failed", "task": "Start", "msg": "too late"}]],
    "at-once": [[LOOK, {**done("m8", "at-once"), "task": "Push"}]],
    "stranger": [[{"event": "ok", "task": "Start", "out": "no answer", "rc": 0}]],
    "moved": [[done("m2", "moved", "h1")]],
    "same": [[done("m1", "well", "h1")]],
    "posing": [[done("m3", "moved")]],
    "partly": [[done("m4", "partly", code=3)]],
    "no-python": [[{"event": "failed", "task": "Look", "rc": 127,
                    "err": "/bin/sh: 1: python3: not found"}]],
    "full": [[{"event": "failed", "task": "Push", "msg": "No space left on device"}]],
    "ended": [[{"event": "failed", "task": "Start", "msg": "MODULE FAILURE", "rc": 1}]],
    "shut": [[REFUSED]],
    "flap": [[LOOK, RESET], [done("m5", "flap")]],
    "gone": [[RESET], [RESET], [RESET], [done("m6", "gone")]],
    "gets-on": [[LOOK, RESET], [RESET],
                [answer("m7", "gets-on", "", "running", doing={"title": "weights"}), RESET],
                [answer("m7", "gets-on", "", "running", doing=HALF), RESET],
                [done("m7", "gets-on")]],
    "shut-later": [[LOOK, REFUSED], [REFUSED], [REFUSED]],
    "denied": [[DENIED]],
    "denied-later": [[PUSH, DENIED]],
    "unknown": [[UNKNOWN], [UNKNOWN], [UNKNOWN]],
    "silent": [],
}  # fmt: skip


@pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is not installed")
def test_what_becomes_of_each_host(ansible: Path, ssh_server: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    stories(ansible, {**TOLD, "somebody": [[done("m", "h")]]})
    greeted = ("flap", "gone", "gets-on", "unknown")
    hosts = tuple(
        Host(name=n, address="127.0.0.1", port=ssh_server if n in greeted else nobody,
             key="/no/such/key" if n.startswith("denied") else "", groups=(f"of {n}",))
        for n in TOLD
    )  # fmt: skip
    left = Refused(name="odd", reason=msg("a value of another kind"))
    record = Record(("room,",))
    record.begin("probe", ["moved"])
    record.end([{"name": "moved", "status": "ok", "code": "", "machine": "before"}])
    heard: list[str] = []

    def tell(name: str, outcome: Outcome | None, doing: Message | None) -> None:
        if outcome is None and doing is not None:
            heard.append(f"{name}: {doing.english}")

    inventory = Inventory(path="room", hosts=hosts, refused=(left,))
    job = Job(title="probe", commands=(("probe", "--json"),))
    ended = run.run(inventory, job, forks=99, record=record, tell=tell)
    shown = "\n".join(map(told, ended.outcomes))
    for port in (nobody, ssh_server):
        shown = shown.replace(str(port), "PORT")
    compare(KEPT, {"outcomes": shown, "doing": "\n".join(sorted(set(heard)))})
    assert [o.host for o in ended.outcomes] == [*TOLD, "odd"]
    assert {o.host for o in ended.failed} == {o.host for o in ended.outcomes if o.status != "ok"}
    assert set(record.failed()) == {o.host for o in ended.failed}
    assert (record.machine("moved"), record.machine("partly")) == ("m2", "")


def test_what_the_engine_is_given(ansible: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_FORKS", "1")
    stories(ansible, {n: [[done(n, n)]] for n in ("a", "b", "c")})
    root = Become(wanted=True, user="root", method="sudo", password="one")
    hosts = (
        Host(name="a", address="10.0.0.1", port=2222, user="lab", key="/k", ssh_args="-J x",
             python="/usr/bin/python3", password="two", become=root),
        Host(name="b", local=True, become=Become(password="three")),
        Host(name="c"),
    )  # fmt: skip
    inventory = Inventory(path="room", hosts=hosts, refused=())
    job = Job(title="up", commands=(("up",),), become=True, timeout=90.4)
    run.run(inventory, job, forks=2, record=Record(("x,",)), tell=lambda *_: None)
    found = given(ansible)
    folder = found["folder"]
    text = json.dumps(found, indent=1).replace(folder, "FOLDER")
    limit = next(a for a in found["arguments"] if a.startswith("@")).rpartition("/")[2]
    control = found["settings"].partition("control_path_dir = ")[2].strip()
    plugins = str(Path(engine.__file__).parent)
    for own, name in ((limit, "LIMIT"), (control, "CONTROL"), (plugins, "FLEET")):
        text = text.replace(own, name)
    for nonce in (h["nonce"] for h in found["inventory"].values()):
        text = text.replace(nonce, "NONCE")
    compare(KEPT, {"given": text})


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            {"event": "failed", "task": "Look", "rc": 127, "err": "sh: python3: not found"},
            "python3",
        ),
        ({"event": "ok", "task": "Start", "out": "nothing of ours", "rc": 1}, "nothing of ours"),
        ({"event": "unreachable", "task": "Look", "msg": "Permission denied (publickey)."}, ""),
        ({"event": "ok", "task": "Look"}, "?"),
    ],
)
def test_a_host_that_does_not_serve(ansible: Path, event: dict[str, Any], said: str) -> None:
    stories(ansible, {"pc": [[event]]})
    host = Host(name="pc", address="127.0.0.1", port=1)
    job = Job(title="serve", commands=(("bundle", "serve"),))
    with pytest.raises(SetupError) as raised, serving_from(host, job, lambda *_: None):
        pass
    assert raised.value.code == "server_failed"
    assert said in str(raised.value.message)
    assert "pc" in str(raised.value.message)


def test_a_host_serves_until_the_room_is_done(ansible: Path) -> None:
    (ansible / "wait").write_text("60")
    said = ({"done": 3, "total": 12}, {"port": 0}, {"port": 65536}, {"port": "80"}, {"done": 1},
            {"port": 8123})  # fmt: skip
    stories(
        ansible, {"pc": [[LOOK, *(answer("m", "h", "", "running", doing=more) for more in said)]]}
    )
    heard: list[tuple[float, float | None, str]] = []
    job = Job(title="serve", commands=(("bundle", "serve"),))
    with serving_from(Host(name="pc"), job, lambda *a: heard.append(a)) as port:
        assert port == 8123
    assert heard == [(3, 12, "")]
