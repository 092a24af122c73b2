"""What is handed on says neither who nor where."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from setup_assistant.host.secrets import anonymous, identities

KNOWN = {
    "users": ("mei",),
    "hosts": ("lab7.corp.example",),
    "folders": {"/data/mei": "<home>", "/srv/room/qwen": "<site>"},
    "public_hosts": ("wheels.example",),
}


def test_names_homes_hosts_and_serials_go() -> None:
    value = {
        "prefix": "/srv/room/qwen/env",
        "tool": ["/data/mei/.local/bin/uv", "/home/otto/bin/conda", r"C:\Users\Ada\x"],
        "url": "https://mei:secret@wheels.corp.example/simple and https://pypi.org/simple",
        "index": "https://wheels.example/simple",
        "gpu": "GPU-0b1c2d3e-0000-1111-2222-333344445555",
        "serial": "1320221012345",
        "said": "lab7 is otto's, mei. meimei stays",
        "count": 3,
    }
    text = json.dumps(anonymous(value, **KNOWN))
    for gone in ("otto", "Ada", "secret", "corp.example", "lab7", "0b1c2d3e", "/srv/room", "13202"):
        assert gone not in text
    assert anonymous("mei", **KNOWN) == "<user>"
    for stays in ("<site>/env", "<home>/.local/bin/uv", "https://pypi.org/simple", "GPU-<uuid>",
                  "https://wheels.example/simple", "meimei"):  # fmt: skip
        assert stays in text


def test_other_folders_are_called_by_their_word() -> None:
    folders = {"/scratch/physics": "<cache>", "/srv/room/qwen-env": "<env>",
               "/srv/room/qwen": "<site>", "/srv/room": "<home>"}  # fmt: skip
    said = "/scratch/physics/uv /srv/room/qwen-env/bin /srv/room/qwen/env /srv/room/x"
    expected = "<cache>/uv <env>/bin <site>/env <home>/x"
    assert anonymous(said, folders=folders) == expected


def test_names_of_every_system_do_not_garble_sentences() -> None:
    known = {"users": ("root",), "hosts": ("localhost",), "folders": {"/root": "<home>"}}
    assert anonymous("root user at localhost", **known) == "root user at localhost"
    assert anonymous("/root/x and /rootless", **known) == "<home>/x and /rootless"


@example("a0__")
@given(st.from_regex(r"[a-z][a-z0-9_]{3,10}", fullmatch=True))
def test_no_home_folders_name_is_left(name: str) -> None:
    if name in identities._NOBODY:
        return
    path, sentence = anonymous([f"/home/{name}/x", f"{name} was here"])
    assert path == "<path>"
    assert sentence.startswith("<user>")
