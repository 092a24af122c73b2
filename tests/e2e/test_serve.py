"""`serve` on the canary: a real server, asked by the stock OpenAI client."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from setup_assistant.steps.serve_packages import folder_of
from tests import chromium
from tests.built import ROOT, Built

pytestmark = pytest.mark.e2e
CANARY = ROOT / "recipes" / "canary"
CLIENT = """
import base64, json, sys
sys.path.append(sys.argv[1])
from openai import OpenAI
client = OpenAI(base_url=sys.argv[2] + "/v1", api_key=sys.argv[3])
def data(kind, path):
    return f"data:{kind};base64," + base64.b64encode(open(path, "rb").read()).decode()
def ask(part, text, stream=False):
    content = [part, {"type": "text", "text": text}]
    return client.chat.completions.create(model="canary", stream=stream, temperature=0,
        max_tokens=32, messages=[{"role": "user", "content": content}])
picture = {"type": "image_url", "image_url": {"url": data("image/png", sys.argv[4])}}
clip = {"type": "video_url", "video_url": {"url": data("video/mp4", sys.argv[5])}}
pieces = [c.choices[0].delta.content for c in ask(picture, "描述这张图片。", True) if c.choices]
print(json.dumps({
    "picture": ask(picture, "Describe this image.").choices[0].message.content,
    "clip": ask(clip, "Describe this video.").choices[0].message.content,
    "pieces": [p for p in pieces if p],
    "models": [m.id for m in client.models.list()],
}))
"""


class Running(NamedTuple):
    """A server of its own process: its port, token and process."""

    port: int
    token: str
    child: subprocess.Popen[str]
    said: str = ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(built: Built) -> Iterator[Running]:
    with serving(built) as running:
        yield running


@contextmanager
def serving(built: Built) -> Iterator[Running]:
    port = free_port()
    command = built.place.command("serve", "--site", str(built.site), "--port", str(port), "--yes")
    child = subprocess.Popen(command, cwd=ROOT, env=built.place.environment(), text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    said = []
    try:
        assert child.stdout is not None
        for line in child.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        found = re.search(rf"http://127\.0\.0\.1:{port}/#(\S+)", "".join(said))
        assert found, "".join(said)
        yield Running(port, found[1], child, "".join(said))
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
            child.wait(60)
        if child.stdout is not None:
            child.stdout.close()


def test_the_stock_client_gets_right_answers(built: Built, server: Running) -> None:
    done = subprocess.run(
        [built.env / "bin" / "python", "-c", CLIENT, folder_of(built.env),
         f"http://127.0.0.1:{server.port}", server.token,
         CANARY / "pictures" / "red-circle.png", CANARY / "clips" / "red-circle-right.mp4"],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert said["picture"] == "A red circle."
    assert said["clip"] == "A red circle moves to the right."
    assert "".join(said["pieces"]) == "一个红色的圆形。"
    assert len(said["pieces"]) > 2
    assert said["models"] == ["canary"]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_what_it_prints_can_be_pasted(built: Built, server: Running) -> None:
    curl = re.search(r"^  (curl .*\\\n.*)$", server.said, re.MULTILINE)
    client = re.search(r"^  (OpenAI\(.*\))$", server.said, re.MULTILINE)
    assert curl, server.said
    assert client, server.said
    done = subprocess.run(["sh", "-c", f"{curl[1]} -sS"], capture_output=True, text=True,
                          timeout=900, check=False)  # fmt: skip
    assert json.loads(done.stdout)["choices"], done.stderr
    code = f"from openai import OpenAI; print([m.id for m in {client[1]}.models.list()])"
    path = {"PYTHONPATH": str(folder_of(built.env))}
    done = subprocess.run([built.env / "bin" / "python", "-c", code], env=path, text=True,
                          capture_output=True, timeout=900, check=False)  # fmt: skip
    assert done.stdout == "['canary']\n", done.stderr


@pytest.mark.skipif(chromium.PROGRAM is None, reason="no chromium (apt install chromium)")
@pytest.mark.parametrize(
    ("language", "name", "question", "answer"),
    [
        ("en-US", "pictures/red-circle.png", "Describe this image.", "A red circle."),
        ("zh-CN", "clips/red-circle-right.mp4", "描述这段视频。", "一个红色的圆形向右移动。"),
    ],
)
def test_the_page_answers_in_a_browser(
    server: Running, tmp_path: Path, language: str, name: str, question: str, answer: str
) -> None:
    url = f"http://127.0.0.1:{server.port}/#{server.token}"
    page = chromium.Page(url, tmp_path / "profile", language)
    try:
        page.upload("#files", [CANARY / name])
        page.wait("document.querySelectorAll('#preview > *').length === 1")
        page.run(f"document.getElementById('question').value = {json.dumps(question)}")
        page.run("document.getElementById('ask').click()")
        page.wait("!document.getElementById('ask').disabled")
        assert page.run("document.getElementById('answer').textContent") == answer
        assert page.run("document.documentElement.lang") == language[:2]
        # The token is not left in the address, and so not in the history.
        assert page.run("location.hash") == ""
    finally:
        page.close()


def test_a_taken_port_is_told_before_anything_is_loaded(built: Built, server: Running) -> None:
    done = built.place.run("serve", "--site", str(built.site), "--port", str(server.port))
    assert done.returncode == 1
    assert str(server.port) in done.stderr
    assert "Loading" not in done.stderr


def test_the_environment_keeps_its_packages(built: Built, server: Running) -> None:
    assert not list((built.env / "lib").rglob("site-packages/fastapi"))
    done = built.place.run("doctor", "--static", "--env", str(built.env))
    assert done.returncode == 0, done.stdout


def test_ctrl_c_ends_it_cleanly(built: Built) -> None:
    with serving(built) as own:
        own.child.send_signal(signal.SIGINT)
        rest, _err = own.child.communicate(timeout=600)
        assert own.child.returncode == 0
        assert "Traceback" not in rest
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", own.port)) != 0


def test_what_was_not_proved_is_refused(built: Built, tmp_path: Path) -> None:
    plan = json.loads((built.site / "plan.json").read_text(encoding="utf-8"))
    plan["transformers"]["version"] = "4.0.0"
    (tmp_path / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    done = built.place.run("serve", "--site", str(tmp_path))
    assert done.returncode == 4
    assert "4.0.0" in done.stderr
