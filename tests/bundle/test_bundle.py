"""A bundle is made, checked, cut, tampered with, and applied where there is no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.bundle import cut
from setup_assistant.bundle.manifest import Item
from setup_assistant.host import files
from tests.bundle.conftest import ROOT, wheel
from tests.hub.server import Hub

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
Call = Callable[..., dict[str, Any]]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen signs and is not here")
    for name in ("key", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name],
                       check=True)  # fmt: skip
    return tmp_path / "key"


def test_it_is_made_checked_and_refused_when_touched(
    call: Call, stocked: dict[str, str], key: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    make = ("bundle", "create", "--to", str(bundle), "--model", "canary", "--sign", str(key))
    made = call(*make)
    assert made["exit_code"] == 0, made["errors"]
    target = made["data"]["targets"][0]
    wheels = sorted(p.name for p in (bundle / "wheels").iterdir())
    assert [w.removeprefix("wheels/") for w in target["wheels"]] == wheels
    for name, version in stocked.items():
        assert any(w.startswith(f"{name.replace('-', '_')}-{version}") for w in wheels), name
    sbom = json.loads((bundle / "sbom.cdx.json").read_text())
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.5")
    assert {c["name"] for c in sbom["components"]} >= set(stocked)
    public = ("--signer", f"{key}.pub")
    good = call("bundle", "verify", str(bundle), *public)
    assert (good["exit_code"], good["data"]["signer"][:7]) == (0, "SHA256:")

    def refusal(*arguments: str, verb: str = "verify") -> tuple[str, str]:
        said = call("bundle", verb, str(bundle), *arguments)
        assert said["exit_code"] == 1
        return said["errors"][0]["code"], said["errors"][0]["message"]

    victim = bundle / target["wheels"][0]
    kept = victim.read_bytes()
    flipped = bytearray(kept)
    flipped[len(kept) // 2] ^= 1
    victim.write_bytes(flipped)
    for verb in ("verify", "apply"):
        code, message = refusal(verb=verb)
        assert code == "bundle_damaged"
        assert victim.name in message
    victim.unlink()
    code, message = refusal(*public)
    assert code == "bundle_missing"
    assert victim.name in message
    victim.write_bytes(kept)
    # A manifest that fits the files, but is not the one that was signed.
    manifest = bundle / "manifest.json"
    original = manifest.read_text()
    manifest.write_text(original.replace('"part_bytes": 0', '"part_bytes": 1'))
    assert manifest.read_text() != original
    code, message = refusal()
    assert code == "bundle_signature"
    assert "manifest.json" in message
    manifest.write_text(original)
    assert refusal("--signer", str(tmp_path / "other.pub"))[0] == "bundle_signature"
    (bundle / "manifest.json.sig").unlink()
    assert refusal(*public)[0] == "bundle_signature"
    # Made again it is whole again; nothing was fetched that was there.
    before = {p.name: p.stat().st_mtime_ns for p in (bundle / "wheels").iterdir()}
    assert call(*make)["exit_code"] == 0
    assert {p.name: p.stat().st_mtime_ns for p in (bundle / "wheels").iterdir()} == before
    assert call("bundle", "verify", str(bundle), *public)["exit_code"] == 0


def test_sticks_and_no_network(
    call: Call, stocked: dict[str, str], variables: dict[str, str], tmp_path: Path
) -> None:
    bundle, site = tmp_path / "bundle", tmp_path / "site"
    # Something that must be cut: the other files share the parts that are left over.
    big = wheel(tmp_path / "index", "torch", stocked["torch"])
    made = call("bundle", "create", "--to", str(bundle), "--model", "canary",
                "--part-size", "600")  # fmt: skip
    assert made["exit_code"] == 0, made["errors"]
    parts = sorted(bundle.glob("part-*"))
    assert len(parts) > 1
    assert all(files.folder_bytes(p) <= 600 for p in parts)
    assert not (bundle / "wheels").exists()
    assert big.stat().st_size > 600
    sticks = [tmp_path / "stick1", tmp_path / "stick2"]
    shutil.copytree(bundle, sticks[0])
    sticks[1].mkdir()
    shutil.move(sticks[0] / parts[-1].name, sticks[1] / parts[-1].name)
    alone = call("bundle", "verify", str(sticks[0]))
    assert alone["errors"][0]["code"] == "bundle_missing"
    assert parts[-1].name in alone["errors"][0]["message"]
    both = [str(s) for s in sticks]
    assert call("bundle", "verify", *both)["exit_code"] == 0
    offline = ("unshare", "--net", "--map-root-user") if os.geteuid() else ("unshare", "--net")
    if subprocess.run([*offline, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespaces here")
    for name in ("UV_FIND_LINKS", "UV_NO_INDEX"):
        variables.pop(name)
    done = call("bundle", "apply", *both, "--site", str(site), before=offline)
    steps = {s["name"]: s["status"] for s in done["data"]["steps"]}
    assert steps["environment"] == "done", done["errors"]
    # Empty packages answer nothing: only what was installed counts here.
    assert steps["canary"] == "failed"
    found = {
        p.name.split("-")[0].replace("_", "-"): p.name.split("-")[1].removesuffix(".dist")
        for p in site.glob("env/lib/python3*/site-packages/*.dist-info")
    }
    assert {n: v.partition("+")[0] for n, v in found.items() if n in stocked} == stocked
    again = call("bundle", "create", "--to", str(bundle), "--model", "canary",
                 UV_FIND_LINKS=str(tmp_path / "index"), UV_NO_INDEX="1")  # fmt: skip
    assert again["exit_code"] == 0
    assert (bundle / "wheels").is_dir()
    assert not list(bundle.glob("part-*"))


def test_weights_travel_along(call: Call, stocked: dict[str, str], tmp_path: Path) -> None:
    model, bundle = "Qwen/Qwen2-VL-2B-Instruct", tmp_path / "bundle"
    with Hub({model: ROOT / "recipes" / "canary" / "model"}) as hub:
        made = call("bundle", "create", "--to", str(bundle), "--model", model,
                    "--part-size", "900k", MODELSCOPE_ENDPOINT=hub.url)  # fmt: skip
    assert made["exit_code"] == 0, made["errors"]
    (target,) = made["data"]["targets"]
    assert target["model"] == model
    assert f"weights/{model}/config.json" in target["weights"]
    pieces = [p.name for p in bundle.glob(f"part-*/weights/{model}/model.safetensors.*")]
    assert sorted(pieces)[:2] == ["model.safetensors.001", "model.safetensors.002"]
    sbom = json.loads((bundle / "sbom.cdx.json").read_text())
    assert model in [c["name"] for c in sbom["components"]]
    assert call("bundle", "verify", str(bundle))["exit_code"] == 0
    site = tmp_path / "site"
    done = call("bundle", "apply", str(bundle), "--site", str(site), "--dry-run")
    assert (done["exit_code"], done["data"]["model"]["id"]) == (0, model), done["errors"]
    # Put together again where it is brought up to date, though its source is gone.
    again = call("bundle", "create", "--to", str(bundle), "--model", model,
                 MODELSCOPE_ENDPOINT="http://127.0.0.1:9")  # fmt: skip
    assert again["exit_code"] != 0
    whole = bundle / "weights" / model / "model.safetensors"
    assert whole.read_bytes() == (ROOT / "recipes/canary/model/model.safetensors").read_bytes()


def test_another_machine_is_told_what_the_bundle_is_for(
    call: Call, stocked: dict[str, str], tmp_path: Path
) -> None:
    saved = tmp_path / "machine.json"
    assert call("probe", "--no-sources", "--save", str(saved))["exit_code"] == 0
    machine = json.loads(saved.read_text())
    machine["system"]["glibc"] = "2.99"
    saved.write_text(json.dumps(machine))
    made = call("bundle", "create", "--to", str(tmp_path / "b"), "--machine", str(saved),
                "--model", "canary")  # fmt: skip
    assert made["exit_code"] == 0, made["errors"]
    refused = call("bundle", "apply", str(tmp_path / "b"), "--site", str(tmp_path / "s"))
    assert (refused["exit_code"], refused["errors"][0]["code"]) == (4, "bundle_unfit")
    assert "glibc 2.99" in refused["errors"][0]["message"]


def test_a_cut_file_is_put_together_again(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    content = bytes(range(256)) * 40
    (tmp_path / "weights" / "model.bin").write_bytes(content)
    item = Item(
        path="weights/model.bin",
        size=len(content),
        sha256=files.sha256(tmp_path / "weights" / "model.bin"),
    )
    (packed,) = cut.pack(tmp_path, [item], 3000)
    assert [p.size for p in packed.pieces] == [3000, 3000, 3000, 1240]
    assert all(p.sha256 for p in packed.pieces)
    whole = cut.whole([tmp_path], [packed], tmp_path / "scratch")
    assert (whole / "weights" / "model.bin").read_bytes() == content
