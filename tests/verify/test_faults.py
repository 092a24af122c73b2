"""Real faults in a real environment; each must be named as the one primary cause."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from setup_assistant.verify.results import Check, Verification
from setup_assistant.verify.run import verify
from setup_assistant.weights import folder_record
from tests.verify import farm

pytestmark = pytest.mark.e2e

BOTH = ("en", "zh")


def by_name(found: Verification) -> dict[str, Check]:
    return {check.name: check for check in found.checks}


def failed(found: Verification) -> set[str]:
    return {check.name for check in found.checks if check.status == "fail"}


def test_a_sound_environment_passes_and_leaves_nothing(
    target: Path, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    # Neither the working folder nor the person's variables reach the checks.
    (work / "torch.py").write_text("raise RuntimeError('a stub of torch')", encoding="utf-8")
    monkeypatch.chdir(work)
    monkeypatch.setenv("PYTHONPATH", str(work))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    heard: list[Check] = []
    found = verify(target, on_check=heard.append)
    assert found.status == "ok", found
    assert (found.cause, found.remedy, found.evidence) == (None, None, "")
    assert tuple(heard) == found.checks
    checks = by_name(found)
    for kind in ("image", "image-url", "multi-image", "video"):
        for language in BOTH:
            check = checks[f"{kind}-{language}"]
            assert (check.kind, check.language, check.status) == (kind, language, "ok")
            assert check.answer == check.expected
            assert check.device == "cpu" or check.dtype != "float32"
            assert check.peak_memory_bytes is not None
            assert check.peak_memory_bytes > 1 << 20
            assert check.logits_distance is not None
            assert check.logits_tolerance is not None
            assert check.logits_distance <= check.logits_tolerance
    suffixes = {Path(f).suffix for c in found.checks if c.kind == "image" for f in c.files}
    assert suffixes == {".png", ".jpg", ".jpeg"}
    assert found.versions["torch"]
    assert list(home.iterdir()) == []
    assert list((own_cache / "verify").iterdir()) == []


def test_decoder_removed(env: Path) -> None:
    farm.remove(env, "decord", "decord*.dist-info")
    found = verify(env)
    assert (found.status, found.cause) == ("fail", "decoder-missing")
    assert "decord2 is not installed" in found.evidence
    assert found.remedy is not None
    assert "pip install" in found.remedy
    assert "decord2" in found.remedy
    assert str(env) in found.remedy
    checks = by_name(found)
    assert {c.kind for c in found.checks if c.status == "fail"} == {"decoder", "video"}
    for check in found.checks:
        if check.kind == "video":
            assert check.cause == "decoder-missing"
        elif check.kind != "decoder":
            assert check.status == "ok", check
    assert "read_video" in " ".join(checks["video-en"].evidence)


def test_a_decoder_that_cannot_be_loaded(env: Path) -> None:
    folder = farm.unfold(env, "decord")
    farm.write(folder / "__init__.py", "raise ImportError('libavcodec.so.99: not found')")
    found = verify(env)
    assert found.cause == "decoder-broken"
    assert "libavcodec.so.99" in found.evidence


def test_torchvision_of_another_release(env: Path) -> None:
    """By its own metadata; the import dies in the middle, as with a wrong binary."""
    info = next(p for p in farm.packages(env).glob("torchvision-*.dist-info"))
    folder = farm.unfold(env, info.name)
    text = (folder / "METADATA").read_text(encoding="utf-8")
    lines = [
        "Requires-Dist: torch (==2.1.0)" if line.startswith("Requires-Dist: torch") else line
        for line in text.splitlines()
    ]
    farm.write(folder / "METADATA", "\n".join(lines))
    package = farm.unfold(env, "torchvision")
    farm.write(package / "version.py", "__version__ = '0.16.0'\n")
    farm.write(package / "__init__.py", "import os\nos.abort()\n")
    found = verify(env)
    assert found.cause == "torchvision-mismatch"
    assert "torchvision 0.16.0 does not fit torch" in found.evidence
    assert by_name(found)["imports"].status == "fail"
    right = by_name(found)["imports"].values["wanted"]
    assert str(right) in found.evidence
    assert found.remedy is not None
    assert "torchvision==" in found.remedy
    assert {c.status for c in found.checks if c.kind in {"model", "image", "video"}} == {"blocked"}


def test_torchvision_of_the_other_variant(env: Path) -> None:
    package = farm.unfold(env, "torchvision")
    version = (package / "version.py").read_text(encoding="utf-8").split("'")[1]
    torch = (farm.packages(env) / "torch" / "version.py").read_text(encoding="utf-8")
    other = "cu128" if "Optional[str] = None\ngit" in torch else "cpu"
    release = version.partition("+")[0]
    farm.write(package / "version.py", f"__version__ = '{release}+{other}'\n")
    found = verify(env)
    assert found.cause == "torchvision-mismatch"
    assert f"torchvision {release}+{other}" in found.evidence


def test_byte_in_the_middle_of_the_weights(target: Path, recipes: Path) -> None:
    weights = recipes / "canary" / "model" / "model.safetensors"
    flip(weights)
    found = verify(target, recipes=recipes)
    assert found.cause == "weights-changed"
    assert str(weights) in found.evidence
    assert by_name(found)["weights"].status == "fail"
    assert {c.cause for c in found.checks if c.status == "fail"} == {"weights-changed"}


def test_byte_in_a_model_folder_with_a_record(target: Path, recipes: Path) -> None:
    folder = recipes / "canary" / "model"
    record(folder)
    flip(folder / "model.safetensors")
    found = verify(target, model=folder, recipes=recipes)
    assert found.cause == "weights-changed"
    assert str(folder / "model.safetensors") in found.evidence


def test_two_pictures_swapped(target: Path, recipes: Path) -> None:
    pictures = recipes / "canary" / "pictures"
    first, second = pictures / "red-circle.png", pictures / "green-triangle.png"
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    found = verify(target, recipes=recipes)
    assert found.cause == "fixtures-swapped"
    assert "pictures/green-triangle.png" in found.evidence
    assert "pictures/red-circle.png" in found.evidence
    checks = by_name(found)
    # The answers themselves are swapped, in both languages, from file and from URL.
    assert checks["image-en"].answer == checks["image-triangle-en"].expected
    assert checks["image-triangle-en"].answer == checks["image-en"].expected
    assert checks["image-zh"].answer == checks["image-triangle-zh"].expected
    assert checks["image-url-en"].answer == checks["image-triangle-en"].expected
    assert "image-triangle-en" in " ".join(checks["image-en"].evidence)
    assert checks["image-jpg-en"].status == "ok"
    assert {c.cause for c in found.checks if c.status == "fail"} == {"fixtures-swapped"}


def test_one_picture_replaced(target: Path, recipes: Path) -> None:
    pictures = recipes / "canary" / "pictures"
    shutil.copy(pictures / "red-square.jpg", pictures / "blue-circle.jpeg")
    found = verify(target, recipes=recipes)
    assert found.cause == "fixture-changed"
    assert "blue-circle.jpeg" in found.evidence
    assert by_name(found)["image-jpeg-en"].answer == by_name(found)["image-jpg-en"].expected


def test_picture_cut_short(target: Path, recipes: Path) -> None:
    path = recipes / "canary" / "pictures" / "red-square.jpg"
    path.write_bytes(path.read_bytes()[:40])
    found = verify(target, recipes=recipes)
    assert found.cause == "fixture-changed"
    assert by_name(found)["image-jpg-en"].cause == "fixture-changed"


@pytest.mark.parametrize(
    ("pattern", "package"),
    [("transformers", "transformers"), ("accelerate", "accelerate"), ("torchvision", "torchvision"),
     ("qwen_vl_utils", "qwen-vl-utils"), ("torch", "torch")],
)  # fmt: skip
def test_package_removed(env: Path, pattern: str, package: str) -> None:
    farm.remove(env, pattern, f"{pattern}-*.dist-info")
    found = verify(env)
    assert found.cause == "package-missing"
    assert found.evidence == f"{package} is not installed."
    assert found.remedy is not None
    assert package in found.remedy
    assert failed(found) == {"imports"}


def test_transformers_without_this_model(env: Path) -> None:
    folder = farm.unfold(env, "transformers")
    farm.write(folder / "__init__.py", "__version__ = '4.44.2'\nclass AutoProcessor: pass\n")
    found = verify(env)
    assert found.cause == "transformers-mismatch"
    assert "Qwen2VLForConditionalGeneration" in found.evidence
    assert found.remedy is not None
    assert "--upgrade transformers" in found.remedy


def test_transformers_that_refuses_its_neighbour(env: Path) -> None:
    folder = farm.unfold(env, "transformers")
    text = "tokenizers>=0.1,<0.2 is required for a normal functioning of this module, but found 9"
    farm.write(folder / "__init__.py", f"raise ImportError({text!r})\n")
    found = verify(env)
    assert found.cause == "dependency-version"
    assert "tokenizers>=0.1,<0.2" in found.evidence


def test_torch_that_kills_the_process(env: Path) -> None:
    package = farm.unfold(env, "torch")
    farm.write(package / "__init__.py", "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    found = verify(env)
    assert found.cause == "cpu-instructions"
    assert failed(found) == {"imports"}


def test_a_process_that_the_system_kills(env: Path) -> None:
    package = farm.unfold(env, "accelerate")
    kill = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    farm.write(package / "__init__.py", kill)
    found = verify(env)
    assert found.cause == "killed"


def test_kernels_with_wrong_numbers(env: Path) -> None:
    package = farm.unfold(env, "qwen_vl_utils")
    text = (package / "__init__.py").read_text(encoding="utf-8")
    spoil = (
        "\nimport itertools\nimport torch\n_right, _turn = torch.matmul, itertools.count()\n"
        "torch.matmul = lambda a, b: _right(a, b) * (1 + next(_turn) % 2)\n"
    )
    farm.write(package / "__init__.py", text + spoil)
    found = verify(env)
    assert found.cause == "wrong-kernel"
    assert "matmul in float32 on cpu" in found.evidence
    assert by_name(found)["image-en"].status == "blocked"


def test_numbers_that_are_slightly_off(env: Path) -> None:
    """As from another kernel: the answers are right, the logits are not."""
    package = farm.unfold(env, "qwen_vl_utils")
    text = (package / "__init__.py").read_text(encoding="utf-8")
    spoil = (
        "\nimport transformers\n_head = transformers.Qwen2VLForConditionalGeneration\n"
        "_forward = _head.forward\n"
        "def _off(self, *args, **kwargs):\n"
        "    out = _forward(self, *args, **kwargs)\n"
        "    out.logits = out.logits * 1.1\n"
        "    return out\n"
        "_off.__signature__ = __import__('inspect').signature(_forward)\n"
        "_head.forward = _off\n"
    )
    farm.write(package / "__init__.py", text + spoil)
    found = verify(env)
    assert found.cause == "logits-differ"
    check = by_name(found)["image-en"]
    assert check.answer == check.expected
    assert check.logits_distance is not None
    assert check.logits_tolerance is not None
    assert check.logits_distance > check.logits_tolerance


def test_a_decoder_that_crashes_takes_only_video_with_it(env: Path) -> None:
    folder = farm.unfold(env, "decord")
    farm.write(folder / "__init__.py", "import ctypes\nctypes.string_at(0)\n")
    found = verify(env)
    assert found.cause == "crashed"
    assert "decoder" in found.evidence
    assert "SIGSEGV" in found.evidence
    checks = by_name(found)
    assert checks["image-en"].status == "ok"
    assert checks["multi-image-zh"].status == "ok"
    assert checks["video-en"].status == "blocked"
    assert "Segmentation fault" in " ".join(checks["decoder"].evidence)


def test_a_decoder_that_hangs_is_named(env: Path) -> None:
    folder = farm.unfold(env, "decord")
    farm.write(folder / "__init__.py", "import time\ntime.sleep(600)\n")
    found = verify(env, deadline=30.0)
    assert found.cause == "timeout"
    assert "decoder" in found.evidence
    assert by_name(found)["image-url-zh"].status == "ok"


def test_a_decoder_hidden_by_a_broken_one(env: Path) -> None:
    """qwen-vl-utils takes torchcodec wherever it is installed, even where it cannot load."""
    codec = farm.packages(env) / "torchcodec"
    codec.mkdir()
    (codec / "__init__.py").write_text("", encoding="utf-8")
    failing = "raise RuntimeError('Could not load libtorchcodec. Likely causes: 1. FFmpeg')\n"
    (codec / "decoders.py").write_text(failing, encoding="utf-8")
    found = verify(env)
    assert found.cause == "decoder-hidden"
    assert found.remedy is not None
    assert "FORCE_QWENVL_VIDEO_READER=decord" in found.remedy


def test_library_path(env: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    junk = tmp_path / "junk"
    junk.mkdir()
    library = junk / "libshadow.so"
    build_aborting_library(library)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    found = verify(env)
    assert found.cause == "library-path"
    assert found.remedy is not None
    assert "unset LD_PRELOAD" in found.remedy


def test_library_path_that_harms_nobody(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    junk = tmp_path / "junk"
    junk.mkdir()
    (junk / "libnothing.so").write_bytes(b"no library")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(junk))
    assert verify(target).status == "ok"


def test_gpu_planned_where_there_is_none(target: Path) -> None:
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this machine has a GPU")
    found = verify(target, device="cuda")
    assert found.cause in {"cpu-build", "no-driver", "cuda-no-device"}
    checks = by_name(found)
    assert checks["device"].status == "fail"
    assert checks["decoder"].status == "ok"
    assert checks["image-en"].status == "blocked"


def test_deadline_names_the_check_under_way(target: Path) -> None:
    found = verify(target, deadline=0.5)
    assert found.cause == "timeout"
    assert "imports" in found.evidence
    assert "0.5 s" in found.evidence


def test_a_real_model_folder(target: Path, recipes: Path) -> None:
    found = verify(target, model=recipes / "canary" / "model", recipes=recipes)
    assert found.status == "ok", found
    names = set(by_name(found))
    assert {f"{k}-{la}" for k in ("image", "image-url", "multi-image", "video") for la in BOTH} <= (
        names
    )


def test_own_files(target: Path, recipes: Path, tmp_path: Path) -> None:
    pictures = recipes / "canary" / "pictures"
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    found = verify(
        target,
        images=(str(pictures / "red-square.jpg"), str(broken)),
        videos=(str(recipes / "canary" / "clips" / "blue-triangle-up.mp4"), str(broken)),
        recipes=recipes,
    )
    checks = by_name(found)
    assert checks["own-image-1"].answer == "A red square."
    assert checks["own-image-2"].cause == "input-unreadable"
    assert str(broken) in found.evidence
    assert checks["own-video-1"].answer == "A blue triangle moves up."
    assert checks["own-video-2"].cause == "input-unreadable"
    assert checks["decoder"].status == "ok"


def test_model_folder_without_config(target: Path, recipes: Path) -> None:
    folder = recipes / "canary" / "model"
    (folder / "config.json").unlink()
    found = verify(target, model=folder, recipes=recipes)
    assert found.cause == "config-missing"
    # Never loaded: without it transformers builds a model of 72B and eats all memory.
    assert by_name(found)["model"].status == "blocked"
    assert by_name(found)["decoder"].status == "ok"


def test_weights_that_lack_a_tensor(target: Path, recipes: Path) -> None:
    folder = recipes / "canary" / "model"
    drop_tensor(folder / "model.safetensors", "model.layers.1.mlp.up_proj.weight")
    found = verify(target, model=folder, recipes=recipes)
    assert found.cause == "weights-incomplete"
    assert "layers.1.mlp.up_proj.weight" in found.evidence


def test_unknown_model_type(target: Path, recipes: Path) -> None:
    folder = recipes / "canary" / "model"
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["model_type"] = "qwen9_vl"
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    found = verify(target, model=folder, recipes=recipes)
    assert found.cause == "transformers-mismatch"
    assert "qwen9_vl" in found.evidence


def test_weights_of_noise(target: Path, recipes: Path) -> None:
    folder = recipes / "canary" / "model"
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    data[start:] = bytes(len(data) - start)  # every weight zero
    path.write_bytes(bytes(data))
    found = verify(target, model=folder, recipes=recipes)
    assert found.cause == "weights-zeros"


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


def record(folder: Path) -> None:
    from setup_assistant.host import files

    kept = tuple(
        folder_record.Kept(
            path=p.name,
            size=p.stat().st_size,
            sha256=files.sha256(p),
            mtime=p.stat().st_mtime_ns,
        )
        for p in sorted(folder.iterdir())
    )
    folder_record.save(
        folder, folder_record.Manifest(model="m", source="s", complete=True, files=kept)
    )


def drop_tensor(path: Path, name: str) -> None:
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    # The bytes stay covered: the name alone is another.
    header["nobody.knows.this"] = header.pop(name)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


def build_aborting_library(path: Path) -> None:
    """Build a library that kills any process which imports torch."""
    import subprocess

    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    source = path.with_suffix(".c")
    # libtorch asks for this name at load time; the real one is never reached.
    source.write_text(
        "#include <stdlib.h>\nvoid *omp_get_max_threads(void) { abort(); }\n"
        "int PyThread_is_never_called(void) { return 0; }\n",
        encoding="utf-8",
    )
    subprocess.run([compiler, "-shared", "-fPIC", "-o", path, source], check=True)
