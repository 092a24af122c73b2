"""The whole road on the embedded model, for real: torch, transformers, qwen-vl-utils."""

import hashlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.version import Version

from tests.built import ROOT, Built, Place

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(1800),
]


DEAD = "http://127.0.0.1:9"


def _tree(folder: Path) -> dict[str, tuple[int, str]]:
    """Return path → (mtime, content hash) of everything but the environment's bulk."""
    found = {}
    for root, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if f not in ("lib", "__pycache__")]
        for name in names:
            path = Path(root) / name
            if path.is_symlink():
                continue
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path.relative_to(folder))] = (path.stat().st_mtime_ns, digest)
    return found


def test_the_road_ends_in_a_full_receipt(built: Built) -> None:
    assert built.envelope["exit_code"] == 0, built.envelope
    receipt = json.loads((built.site / "receipt.json").read_text())
    checks = receipt["checks"]
    assert {c["status"] for c in checks} == {"ok"}
    for kind in ("image", "image-url", "multi-image", "video"):
        languages = {c["language"] for c in checks if c["kind"] == kind}
        assert languages == {"en", "zh"}, kind
    packages = receipt["environment"]["packages"]
    assert Version(packages["torch"]) >= Version("2.6")
    assert Version(packages["transformers"]) >= Version("5")
    assert "torchaudio" not in packages
    assert receipt["status"] == "done"


def test_the_same_again_changes_nothing(built: Built) -> None:
    before = _tree(built.site)
    again = built.place.json("up", "--yes", "--model", "canary", "--site", str(built.site))
    assert again["exit_code"] == 0, again
    assert {s["status"] for s in again["data"]["steps"]} == {"already"}
    assert _tree(built.site) == before


def test_a_lock_is_replayed_without_the_network(built: Built, place: Place, tmp_path: Path) -> None:
    site = tmp_path / "second"
    lock = built.site / "requirements.lock"
    # A dead proxy stands for the cut: whatever asks the network fails.
    done = place.json("up", "--yes", "--model", "canary", "--site", str(site),
                      "--lock", str(lock), "--offline",
                      HTTPS_PROXY=DEAD, HTTP_PROXY=DEAD)  # fmt: skip
    assert done["exit_code"] == 0, done
    first = json.loads((built.site / "receipt.json").read_text())
    second = json.loads((site / "receipt.json").read_text())
    assert second["environment"]["packages"] == first["environment"]["packages"]
    assert (site / "requirements.lock").read_bytes() == lock.read_bytes()


def test_a_lock_with_another_hash_is_refused(built: Built, place: Place, tmp_path: Path) -> None:
    text = (built.site / "requirements.lock").read_text()
    start = text.index("sha256:", text.index("idna==")) + len("sha256:")
    end = text.index("==", start)
    # Every hash of idna, so that neither its wheel nor its source can be taken.
    wrong = text[:start] + re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64,
                                  "sha256:" + text[start:end])[7:] + text[end:]  # fmt: skip
    lock = tmp_path / "requirements.lock"
    lock.write_text(wrong)
    done = place.json("up", "--yes", "--model", "canary", "--site", str(tmp_path / "s"),
                      "--lock", str(lock))  # fmt: skip
    assert done["exit_code"] == 1
    assert done["errors"][0]["code"] == "hash_mismatch"
    assert "idna" in done["errors"][0]["message"]
    assert not (tmp_path / "s" / "env").exists()


def test_nothing_lies_outside_the_site_and_the_cache(built: Built) -> None:
    left = sorted(str(p.relative_to(built.place.home)) for p in built.place.home.rglob("*"))
    assert left == []


def test_the_sites_scripts_answer(built: Built) -> None:
    for name in ("image", "multi_image", "video"):
        script = built.site / "scripts" / f"{name}.py"
        done = subprocess.run(
            [built.env / "bin" / "python", script], capture_output=True, text=True,
            timeout=900, check=False, cwd=built.site,
            env=built.place.environment(HF_HUB_OFFLINE="1"),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        assert any(word in done.stdout for word in ("red", "circle", "Both")), done.stdout


def test_without_a_hub_the_road_ends_partly_done(place: Place, tmp_path: Path) -> None:
    site = tmp_path / "site"
    done = place.json("up", "--yes", "--model", "auto", "--site", str(site))
    assert (done["exit_code"], done["status"]) == (3, "partial")
    assert f"up --yes --site {site}" in done["data"]["resume"]
    assert any(done["data"]["resume"] in e["hint"] for e in done["errors"])
    receipt = json.loads((site / "receipt.json").read_text())
    assert receipt["status"] == "partial"
    assert {c["status"] for c in receipt["checks"] if c["suite"] == "canary"} == {"ok"}


def _moments(site: Path) -> dict[str, Callable[[], bool]]:
    """Return five moments of a run, each told by what it leaves on the disk."""
    part = site / "env.part"

    def ledger(step: str, event: str) -> bool:
        try:
            text = (site / "ledger.jsonl").read_text()
        except OSError:
            return False
        return f'"step": "{step}", "event": "{event}"' in text

    return {
        "plan written": (site / "plan.json").exists,
        "environment begun": (part / "pyvenv.cfg").exists,
        "packages arriving": lambda: any(part.glob("lib/python3*/site-packages/*.dist-info")),
        "environment there": (site / "env").exists,
        "canary asked": lambda: ledger("canary", "started"),
    }


def test_killed_at_five_moments_the_rerun_completes(place: Place, tmp_path: Path) -> None:
    site = tmp_path / "site"
    arguments = ("up", "--yes", "--model", "canary", "--site", str(site))
    for name, reached in _moments(site).items():
        process = subprocess.Popen(
            place.command(*arguments), cwd=ROOT, env=place.environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 900
        while not reached() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert reached(), f"never came to: {name}"
        process.send_signal(signal.SIGKILL)
        process.wait()
    final = place.json(*arguments)
    assert final["exit_code"] == 0, final
    assert not (site / "env.part").exists()
    assert not (site / ".work").exists()
    assert sorted(place.home.rglob("*")) == []
    _uninstall_leaves_nothing(place, site, tmp_path)


def _uninstall_leaves_nothing(place: Place, site: Path, tmp_path: Path) -> None:
    # The cache is shared with the other tests; one of our own shows that ours would go, and what
    # somebody else keeps in that folder stays.
    own = Place(place.home, tmp_path / "own-cache")
    own.cache.mkdir()
    (own.cache / "something").write_text("x")
    shown = own.json("uninstall", "--site", str(site), "--dry-run")
    assert shown["exit_code"] == 0
    assert (site / "receipt.json").exists()
    refused = own.run("uninstall", "--site", str(site))
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    done = own.json("uninstall", "--site", str(site), "--yes")
    assert done["exit_code"] == 0, done
    assert not site.exists()
    assert [p.name for p in own.cache.iterdir()] == ["something"]


def test_edited_scripts_and_foreign_files_survive_uninstall(place: Place, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "scripts").mkdir(parents=True)
    plan = place.json("up", "--dry-run", "--model", "canary", "--site", str(tmp_path / "none"))
    assert plan["exit_code"] == 0
    assert not (tmp_path / "none").exists()
    refused = place.json("up", "--yes", "--model", "canary", "--site", str(site))
    assert refused["exit_code"] == 2
    assert refused["errors"][0]["code"] == "site_foreign"
