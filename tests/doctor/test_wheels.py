"""What a wheel's tag says of its Python, and when that does not count."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.doctor.install import Dist
from setup_assistant.doctor.wheels import libraries_only


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
