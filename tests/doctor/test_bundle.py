"""The report for a public thread: attacked with everything that names somebody or something."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from setup_assistant.doctor import public_report
from setup_assistant.host.secrets import anonymous
from tests.doctor.body import Body

# A text, and the words that must not be left of it.
ATTACKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("/home/alice/models/x.py", ("alice", "models")),
    ('File "/home/al ice/m odel/x.bin", line 3', ("al ice", "odel")),
    ("/Users/Bob Smith/env/lib failed", ("Bob", "Smith")),
    ("/root/.cache/hidden/x", ("hidden",)),
    ("~/secret-project/x and ~carol/y", ("secret-project", "carol")),
    ("/mnt/nas/projectX/model.safetensors: absent", ("nas", "projectX")),
    ("C:\\Users\\Bob Smith\\env\\lib\\x.dll", ("Bob", "Smith", "env")),
    ("D:/AI/bob/env", ("bob",)),
    ("\\\\fileserver\\share\\bob", ("fileserver", "share")),
    ("file:///home/alice/x", ("alice",)),
    ("mail bob.smith@corp.example.com now", ("bob", "corp")),
    ("git@git.corp.local:team/repo.git", ("corp", "team")),
    ("10.1.2.3:8080 and 192.168.0.17", ("10.1", "192.168", "8080")),
    ("fe80::1ff:fe23:4567:890a 2001:db8::1 [2001:db8::2]:443", ("fe80", "2001", "443")),
    ("00:1A:2b:3c:4D:5e 00-1A-2B-3C-4D-5E", ("1A", "1a")),
    ("hf_AbCdEfGhIjKlMnOpQrStUvWxYz", ("AbCd",)),
    ("ms-0a1b2c3d-4e5f-6789-abcd-ef0123456789", ("0a1b",)),
    ("ghp_0123456789abcdefghijABCDEFGHIJ012345", ("0123",)),
    ("github_pat_11ABCDEFG0abcdefghijkl_mno", ("11ABC",)),
    ("AKIAIOSFODNN7EXAMPLE", ("IOSFO",)),
    ("sk-proj-abcdefghijklmnop", ("abcdef",)),
    ("Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc", ("eyJ",)),
    ("password: hunter2", ("hunter2",)),
    ("HF_TOKEN=abcdef AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", ("abcdef", "wJal", "K7M")),
    ("http://me:s3cr3t@proxy.corp:3128/", ("s3cr3t", "proxy.corp", "3128")),
    ("https_proxy=http://user:pa@ss@host:80", ("user", "pa@", "ss@", "host:")),
    ("socks5h://u:pw@gate:1080", ("pw", "gate")),
    ("https://pypi.corp.internal/simple/torch/", ("corp", "internal")),
    ("https://x.example/?token=abcdef&sig=zzz", ("abcdef", "zzz", "x.example")),
    ("HTTPSConnectionPool(host='files.corp.internal', port=443)", ("corp",)),
    ("Could not resolve host: mirror.corp.lan", ("mirror", "corp")),
    ("s3://my-bucket/key", ("my-bucket",)),
    ("GPU-0a1b2c3d-4e5f-6789-abcd-ef0123456789", ("0a1b",)),
    ("serial number: 1324567890123", ("13245",)),
    (f"host {socket.gethostname()} up", (socket.gethostname(),)),
    # In other letters, and encoded once or twice.
    ("%2Fhome%2Falice%2Fmodels and %252fhome%252fcarol", ("alice", "models", "carol")),
    ("c:%5CUsers%5Cbob%5Cx C%3A%5CUsers%5Cdan", ("bob", "dan")),
    ("http%3A%2F%2Fme%3As3cr3t%40proxy.corp%3A3128", ("s3cr3t", "proxy.corp")),
    ("https_proxy=http%3A%2F%2Fme%3As3cr3t%40gate", ("s3cr3t", "gate")),
    ("ALICE and Alice's, of /home/alice/x", ("ALICE", "Alice")),
    ("/HOME/ALICE/x /Home/Bob/y", ("ALICE", "Bob")),
    (f"{socket.gethostname().upper()} is up", (socket.gethostname().upper(),)),
    ("HF_abcdefABCDEFghij1234 hf%5Fabcdefghijklmnop1234", ("abcdefAB", "abcdefgh")),
    ("用户张三 /home/张三/模型", ("张三", "模型")),
    # Of other programs' output.
    ("Hf_Token: abcdef --token ghijkl12345 --api-key=mnopqr", ("abcdef", "ghijkl", "mnopqr")),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", ("wJal", "K7M")),
    ("Cookie: m_session_id=abc123; csrf=zz9", ("abc123", "zz9")),
    ("Set-Cookie: sid=abc123def", ("abc123",)),
    ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQ bob@laptop", ("AAAAB3", "bob", "laptop")),
    ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----", ("MIIEvQ",)),
    ("ssh bob@build7 -p 22", ("bob", "build7")),
    ("uid=1000(bob) gid=1000(staff) USER=bob", ("bob", "staff")),
    ("-rw-r--r-- 1 bob staff 12 Jan 1 x", ("bob", "staff")),
    ("SLURM_JOB_USER=bob SLURMD_NODENAME=gpu-node-17", ("bob", "gpu-node-17")),
    ("Cannot connect to proxy gate01:3128", ("gate01",)),
    ("nfs: fileserver:/export/bob", ("fileserver:", "export", "bob")),
    ("Serial Number                  : 1320221012345", ("1320221",)),
    ("Board Serial Number : 0324418123456", ("0324418",)),
    ('"serial": "1320221012345"', ("1320221",)),
    ("MIG-GPU-0a1b2c3d-4e5f-6789-abcd-ef0123456789/3/0", ("0a1b",)),
)  # fmt: skip
KEPT = (
    "nvidia-cudnn-cu13==9.26.0.51", "/usr/lib/x86_64-linux-gnu/libc.so.6", "/dev/nvidia0",
    "operator torchvision::nms does not exist", "torch 2.15.0+cu132, driver 580.65.06",
    "https://pypi.org/simple/torch/", "12:34:56", "sm_120", "torch.cuda.is_available()",
    "libtorch_cuda.so: NEEDED libcudnn.so.9", "tokenizer_config.json: absent",
    "number of image tokens: 12", "/usr/local/cuda/lib64:/usr/lib/wsl/lib", "cuda:0 line 12",
    "tokenizers==0.22.1", "Error 804: forward compatibility was attempted",
)  # fmt: skip


@pytest.mark.parametrize(("text", "words"), ATTACKS, ids=[t[:40] for t, _w in ATTACKS])
def test_nothing_is_left_that_names_somebody(text: str, words: tuple[str, ...]) -> None:
    value = {"a": [text], "b": {"source": "x", "value": f"because of {text}."}}
    shown = public_report.public(value, {})
    for word in words:
        assert word not in json.dumps(shown), shown


@pytest.mark.parametrize("text", KEPT)
def test_what_helps_is_left(text: str) -> None:
    assert anonymous(text) == text


def test_a_name_seen_in_a_path_goes_everywhere() -> None:
    value = {
        "a": "/home/alice/x",
        "b": "process of alice",
        "c": "https://build7.corp/x build7.corp",
    }
    shown = json.dumps(anonymous(value))
    assert "alice" not in shown
    assert "ci7" not in shown


def test_versions_of_four_numbers_are_no_addresses() -> None:
    value = {"packages": {"nvidia-cublas": "13.4.1.3"}, "e": [
        {"source": "nvidia-cudnn-cu12", "value": "9.1.0.70"}], "t": "found 9.1.0.70"}  # fmt: skip
    shown = json.dumps(anonymous(value))
    assert "13.4.1.3" in shown
    assert shown.count("9.1.0.70") == 2


def test_a_report_says_what_is_wrong_and_what_is_installed(body: Body, tmp_path: Path) -> None:
    (body.packages / "~orch").mkdir()
    case = body.case()
    findings = [f.to_json() for f in body.diagnose().findings]
    text = public_report.report(
        {"findings": findings}, {str(body.env): "<env>"}, public_report.facts_of(case)
    )
    value = json.loads(text)
    assert [f["id"] for f in value["findings"] if f["status"] == "fail"] == ["leftovers"]
    assert "duplicates" in value["passed"]
    assert value["packages"]["torch"] == "2.8.0+cu126"
    assert value["packages"]["nvidia-cudnn-cu12"] == "9.10.2.21"
    assert value["gpus"][0]["name"] == "NVIDIA GeForce RTX 4090"
    assert "<env>/lib/python3.11/site-packages" in text
    assert str(tmp_path) not in text
    assert "GPU-1" not in text
