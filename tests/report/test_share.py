"""What is handed on says neither who nor where."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from setup_assistant.report.share import Names, share

NAMES = Names(user="mei", host="lab7.corp.example", home="/data/mei", site="/srv/room/qwen")
PUBLIC = ("pypi.org",)


def test_names_homes_hosts_and_serials_go() -> None:
    value = {
        "prefix": "/srv/room/qwen/env",
        "tool": ["/data/mei/.local/bin/uv", "/home/otto/bin/conda", r"C:\Users\Ada\x"],
        "url": "https://mei:secret@wheels.corp.example/simple and https://pypi.org/simple",
        "gpu": "GPU-0b1c2d3e-0000-1111-2222-333344445555",
        "said": "lab7 is otto's, mei. meimei stays",
        "count": 3,
    }
    text = json.dumps(share(value, NAMES, PUBLIC))
    for gone in ("otto", "Ada", "secret", "corp.example", "lab7", "0b1c2d3e", "/srv/room"):
        assert gone not in text
    assert share("mei", NAMES, PUBLIC) == "USER"
    for stays in ("SITE/env", "~/.local/bin/uv", "https://pypi.org/simple", "GPU-***", "meimei"):
        assert stays in text


def test_other_folders_are_called_by_their_word() -> None:
    folders = (("/scratch/physics", "CACHE"), ("/srv/room/qwen-env", "ENV"))
    names = Names(site="/srv/room/qwen", home="/srv/room", folders=folders)
    said = "/scratch/physics/uv /srv/room/qwen-env/bin /srv/room/qwen/env /srv/room/x"
    assert share(said, names, ()) == "CACHE/uv ENV/bin SITE/env ~/x"


def test_names_of_every_system_do_not_garble_sentences() -> None:
    root = Names(user="root", host="localhost", home="/root", site="/root/qwen2-vl")
    assert share("root user at localhost", root, ()) == "root user at localhost"
    assert share("/root/x and /rootless", root, ()) == "~/x and /rootless"


@given(st.from_regex(r"[a-z][a-z0-9_]{3,10}", fullmatch=True), st.text(max_size=30))
def test_no_home_folders_name_is_left(name: str, rest: str) -> None:
    if name in {"root", "user", "admin", "ubuntu", "home", "runner"}:
        return
    shared = share([f"/home/{name}/x", f"{name} {rest}"], Names(), ())
    assert shared[0] == "~/x"
    assert shared[1].startswith("USER ")
