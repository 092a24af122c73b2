"""What a wheel's tag says of its Python, and when that does not count."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.doctor.install import Dist
from setup_assistant.doctor.wheels import fits, libraries_only


@pytest.mark.parametrize(
    ("files", "only"),
    [
        # decord 0.6.0 says cp36 on every Python, and works on every one.
        (("decord/__init__.py", "decord/libdecord.so", "decord.libs/libz-eb09ad1d.so.1.2.3"), True),
        (("numpy/_core/_multiarray_umath.cpython-312-x86_64-linux-gnu.so",), False),
        (("torchvision/_C.so", "torchvision.libs/libpng16.so"), False),
        (("six.py",), False),
    ],
)
def test_libraries_serve_every_python(tmp_path: Path, files: tuple[str, ...], only: bool) -> None:
    info = tmp_path / "x-1.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("".join(f"{name},sha256=x,7\n" for name in files))
    assert libraries_only(Dist(name="x", version="1", info=info)) == only


@pytest.mark.parametrize(
    ("tag", "python", "system", "arch", "fine"),
    [
        ("cp311-cp311-manylinux_2_28_x86_64", "3.11.7", "Linux", "x86_64", True),
        ("cp311-cp311-manylinux_2_28_x86_64", "3.12.1", "Linux", "x86_64", False),
        ("cp311-cp311-manylinux_2_28_x86_64", "3.11.7", "Linux", "aarch64", False),
        ("cp311-cp311-manylinux_2_28_x86_64", "3.11.7", "Windows", "AMD64", False),
        ("cp39-abi3-linux_aarch64", "3.13", "Linux", "aarch64", True),
        ("cp39-abi3-linux_aarch64", "3.9", "Linux", "arm64", True),
        ("cp39-abi3-linux_aarch64", "3.8", "Linux", "aarch64", False),
        ("cp39-none-musllinux_1_1_x86_64", "3.10", "Linux", "x86_64", False),
        ("py3-none-any", "3.14", "Windows", "AMD64", True),
        ("py2.py3-none-any", "3.14", "Linux", "s390x", True),
        ("py2-none-any", "2.7", "Linux", "x86_64", True),
        ("py4-none-any", "3.14", "Linux", "x86_64", False),
        ("pp310-pypy310_pp73-any", "3.10", "Linux", "x86_64", False),
        ("graalpy311-graalpy240_311_native-any", "3.11", "Linux", "x86_64", False),
        ("weird3-none-any", "3.11", "Linux", "x86_64", True),
        ("cp312-cp312-win_amd64", "3.12", "Windows", "AMD64", True),
        ("cp312-cp312-win32", "3.12", "Windows", "AMD64", False),
        ("cp312-cp312-macosx_11_0_arm64", "3.12", "Darwin", "arm64", True),
        ("cp312-cp312-macosx_11_0_universal2", "3.12", "Darwin", "x86_64", True),
        ("cp312-cp312-macosx_11_0_x86_64", "3.12", "Darwin", "arm64", False),
        ("cp312-cp312-linux_s390x", "3.12", "Linux", "s390x", True),
        ("cp312-cp312-manylinux1_i686.manylinux2014_x86_64", "3.12", "Linux", "x86_64", True),
        ("no tag", "3.12", "Linux", "x86_64", True),
    ],
)
def test_a_tag_fits_an_interpreter(
    tag: str, python: str, system: str, arch: str, fine: bool
) -> None:
    assert fits(tag, python, system, arch) is fine
