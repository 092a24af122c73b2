"""A small bundle with one of everything, sealed as any other, without resolving anything."""

from __future__ import annotations

from pathlib import Path

from setup_assistant.bundle.carried_python import CarriedPython
from setup_assistant.bundle.finish import Goods, item_of, seal
from setup_assistant.bundle.manifest import Item, Manifest, Target
from setup_assistant.bundle.wheels import Wheel
from setup_assistant.choose.plan import Platform
from setup_assistant.choose.wishes import Wishes
from tests.bundle.conftest import wheel

WEIGHTS = ("config.json", "model.safetensors", "说明 readme (1).md", "assets/empty.txt")


def small(
    folder: Path, *, part_bytes: int = 0, key: Path | None = None, name: str = "a",
    python: CarriedPython | None = None,
) -> Manifest:  # fmt: skip
    """Make it; `name` tells bundles apart."""
    (folder / "wheels").mkdir(parents=True)
    made = wheel(folder / "wheels", f"package-{name}", "1.0")
    stock = {
        "agent/agent-x86_64.pyz": b"PK agent " + name.encode() * 50,
        "locks/12345678.lock": b"package==1.0\n",
        f"wheels/{made.name}": made.read_bytes(),
    }
    weights = {f"weights/Qwen/{name}/{w}": f"{name} {w} ".encode() * 40 for w in WEIGHTS}
    weights[f"weights/Qwen/{name}/assets/empty.txt"] = b""
    for path, data in {**stock, **weights}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    items = {p: item_of(folder, p) for p in (*stock, *weights)}
    agents = (items.pop("agent/agent-x86_64.pyz"),)
    models: dict[str, list[Item]] = {f"Qwen/{name}": [items[w] for w in weights]}
    offer = Wheel(path=f"wheels/{made.name}", url="", sha256=items[f"wheels/{made.name}"].sha256,
                  size=None, project=f"package-{name}", version="1.0")  # fmt: skip
    target = Target(
        id="12345678",
        key="torch1.0",
        platform=Platform(os="Linux", arch="x86_64", glibc="2.28"),
        python="3.11",
        backend="uv",
        lock="locks/12345678.lock",
        wheels=(offer.path,),
        model=f"Qwen/{name}",
        weights=tuple(weights),
        driver="580.65.06",
    )
    pythons: tuple[Item, ...] = ()
    if python:
        python.put_into(folder)
        pythons = (item_of(folder, python.path),)
    goods = Goods(folder=folder, targets=(target,), agents=agents, items=tuple(items.values()),
                  offers=(offer,), weights=models,
                  pythons=pythons)  # fmt: skip
    return seal(goods, wishes=Wishes(), sources=(), part_bytes=part_bytes, key=key)
