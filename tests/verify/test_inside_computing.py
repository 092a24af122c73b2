"""What computes inside an environment: kernels, memory, and a model without its weights.

Stand-ins take the places of torch, transformers and accelerate, as in `test_inside_order`; with the
real ones the same is run by the tests marked `e2e`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.verify.test_inside import module, room

__all__ = ["room"]


class Number:
    """Takes the place of a tensor: its shape, its largest value, and how far off that is."""

    def __init__(self, *shape: int, value: float = 1.0, apart: float = 0.0) -> None:
        self.shape, self.value, self.apart = shape, value, apart
        self.place: tuple[str, ...] = ()

    def to(self, *place: str) -> Number:
        moved = Number(*self.shape, value=self.value)
        moved.place = place
        return moved

    def __truediv__(self, other: float) -> Number:
        return Number(*self.shape, value=self.value / other)

    def __sub__(self, _other: Number) -> Number:
        return Number(value=self.apart)

    def float(self) -> Number:
        return self

    def cpu(self) -> Number:
        return self

    def abs(self) -> Number:
        return Number(value=abs(self.value))

    def max(self) -> float:
        return self.value


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A torch of two cards; `calls` keeps what was done, `off` how far each kernel is off."""
    calls: list[Any] = []
    off: dict[str, float] = {}

    def kernel(name: str) -> Any:
        def run(*given: Number) -> Number:
            calls.append((name, [(n.shape, n.value, n.place) for n in given]))
            # The largest value is 4: what is off by 4 x is off by x of it.
            return Number(value=-4.0, apart=-4.0 * off.get(name, 0.0))

        return run

    cuda = SimpleNamespace(
        device_count=lambda: 2,
        get_device_properties=lambda i: SimpleNamespace(name=f"card {i}", major=8, minor=i),
        get_device_capability=lambda i: (8, i),
        is_available=lambda: True,
        synchronize=lambda place: calls.append(("synchronize", place)),
        empty_cache=lambda: calls.append("empty_cache"),
        reset_peak_memory_stats=lambda i: calls.append(("reset", i)),
        max_memory_reserved=lambda i: 10 + i,
        max_memory_allocated=lambda i: 20 + i,
    )
    made = SimpleNamespace(
        __version__="2.9.1", cuda=cuda, calls=calls, off=off,
        float32="f32", float16="f16", bfloat16="bf16", float8="f8",
        get_num_threads=lambda: 3,
        set_num_threads=lambda count: calls.append(("threads", count)),
        Generator=lambda: SimpleNamespace(manual_seed=lambda seed: f"seed {seed}"),
        randn=lambda *shape, generator: Number(*shape, value=8.0 if generator == "seed 7" else 0.0),
        matmul=kernel("matmul"),
        nn=SimpleNamespace(functional=SimpleNamespace(
            conv3d=kernel("conv3d"), scaled_dot_product_attention=kernel("attention")
        )),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "torch", made)
    return made


SHAPES = {
    "conv3d": [(8, 3, 2, 14, 14), (32, 3, 2, 14, 14)],
    "matmul": [(256, 256), (256, 256)],
    "attention": [(1, 4, 64, 32)] * 3,
}


@pytest.mark.parametrize(("place", "waits"), [("cpu", False), ("cuda:1", True)])
def test_three_kinds_of_kernel_are_compared_with_the_cpu(
    place: str, waits: bool, torch: SimpleNamespace
) -> None:
    module("kernels").run(place, "float16")
    expected: list[Any] = []
    for name, shapes in SHAPES.items():
        expected.append((name, [(s, 2.0, ()) for s in shapes]))
        expected.append((name, [(s, 2.0, (place, "f16")) for s in shapes]))
        expected.extend([("synchronize", place)] if waits else [])
    assert torch.calls == expected


@pytest.mark.parametrize(
    ("dtype", "most"),
    [("float32", 1e-2), ("float16", 2e-2), ("bfloat16", 6e-2), ("float8", 6e-2)],
)
@pytest.mark.parametrize("kernel", [*SHAPES])
def test_how_far_a_kernel_may_be_off(
    kernel: str, dtype: str, most: float, torch: SimpleNamespace
) -> None:
    run = module("kernels").run
    torch.off[kernel] = most
    run("cpu", dtype)
    for off, said in ((most * 1.01, f"{most * 1.01:.3g}"), (float("nan"), "nan")):
        torch.off[kernel] = off
        with pytest.raises(module("lines").Fault) as raised:
            run("cuda:0", dtype)
        fault = raised.value
        assert fault.cause == "wrong-kernel"
        assert fault.evidence == [f"{kernel} in {dtype} on cuda:0 is off by {said}"]
        assert fault.values == {"operation": kernel, "dtype": dtype, "device": "cuda:0"}


@pytest.mark.parametrize(
    ("device", "dtype", "ran", "evidence"),
    [
        ("cpu", "float32", ["cpu float32"],
         ["CPU, 3 threads", "cpu: matmul, conv3d and attention agree with the CPU (float32)"]),
        ("cuda", "float16",
         ["cuda:0 float32", "cuda:0 float16", "cuda:1 float32", "cuda:1 float16"],
         ["card 0 (compute capability 8.0), card 1 (compute capability 8.1)",
          "cuda:0: matmul, conv3d and attention agree with the CPU (float32, float16)",
          "cuda:1: matmul, conv3d and attention agree with the CPU (float32, float16)"]),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("torch")
def test_every_card_is_tried_in_each_dtype(
    device: str, dtype: str, ran: list[str], evidence: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels, fault_of = module("kernels"), module("lines").Fault
    tried: list[str] = []
    errors: list[Exception] = []

    def run(place: str, name: str) -> None:
        tried.append(f"{place} {name}")
        if errors:
            raise errors[0]

    monkeypatch.setattr(kernels, "run", run)
    assert kernels.check(device, dtype) == {"evidence": evidence}
    assert tried == ran
    known, image = fault_of("wrong-kernel"), "no kernel image is available for execution"
    for error in (known, RuntimeError("odd"), RuntimeError(image)):
        errors[:] = [error]
        with pytest.raises(fault_of) as raised:
            kernels.check(device, dtype)
        if error is known:
            assert raised.value is known
            continue
        assert raised.value.cause == ("no-kernel" if "image" in str(error) else "device-failed")
        assert raised.value.values["torch"] == "2.9.1"
        assert raised.value.values["gpu"] == evidence[0]


def test_the_memory_of_a_card_is_the_allocators_of_all_cards(torch: SimpleNamespace) -> None:
    memory = module("memory")
    memory.reset("cuda")
    assert torch.calls == ["empty_cache", ("reset", 0), ("reset", 1)]
    assert (memory.peak_bytes("cuda"), memory.reserved_bytes("cuda")) == (41, 21)
    assert memory.reserved_bytes("cpu") is None


def test_the_memory_of_a_process_is_what_the_system_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = module("memory")
    monkeypatch.setattr(memory, "Path", lambda path: tmp_path / path.lstrip("/"))
    memory.reset("cpu")  # nowhere to write it
    own = tmp_path / "proc/self"
    own.mkdir(parents=True)
    (own / "clear_refs").touch()
    memory.reset("cpu")
    assert (own / "clear_refs").read_text() == "5"
    asked = SimpleNamespace(RUSAGE_SELF=1, getrusage=lambda _who: SimpleNamespace(ru_maxrss=7))
    monkeypatch.setitem(sys.modules, "resource", asked)
    for text, platform, peak in (
        ("VmPeak:\t 99 kB\nVmHWM:\t 12 kB\nVmRSS:\t 3 kB\n", "linux", 12 * 1024),
        ("VmHWM:\t odd kB\n", "linux", 7 * 1024),
        ("", "linux", 7 * 1024),
        ("", "darwin", 7),
    ):
        (own / "status").write_text(text)
        monkeypatch.setattr(sys, "platform", platform)
        assert memory.peak_bytes("cpu") == peak
    monkeypatch.setitem(sys.modules, "resource", None)
    assert memory.peak_bytes("cpu") is None


class Part:
    """Takes the place of `nn.Module`."""

    def register_buffer(self, name: str, tensor: object) -> None:
        setattr(self, name, tensor)


class Linear(Part):
    def __init__(self, out: int, into: int) -> None:
        self.weight, self.bias = Sized(out, into), f"bias {out}"
        self.out_features = out


class Sized:
    """Takes the place of a tensor of which the size counts."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape
        self.made: list[Any] = []

    def numel(self) -> int:
        count = 1
        for side in self.shape:
            count *= side
        return count

    def new_empty(self, shape: tuple[int, ...]) -> str:
        self.made.append(("empty", shape))
        return "weight"

    def new_zeros(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        self.made.append(("zeros", shape))
        return shape


@pytest.fixture
def packed(torch: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    torch.empty = lambda count, *, dtype, device: (count, dtype, device)
    torch.int32, torch.int8 = "i32", "i8"
    torch.nn.Module, torch.nn.Linear = Part, Linear
    monkeypatch.setitem(sys.modules, "torch.nn", torch.nn)
    yield module("packed_layers")
    del sys.modules["inside.packed_layers"]  # it holds the stand-ins


@pytest.mark.parametrize(
    ("bits", "nested", "weights", "scales", "unpacked"),
    [
        # 256 x 384 numbers are 768 groups of 128, or 1536 of 64; 6 times 256 of those.
        (4, False, 12288, 2 * 768 + 768 // 2, (0,)),
        (8, False, 24576, 2 * 768 + 768, (0,)),
        (4, True, 12288, 1536 + 4 * 6, (256, 384)),
    ],
)
def test_a_packed_layer_takes_the_memory_of_a_quantized_one(
    packed: ModuleType, bits: int, nested: bool, weights: int, scales: int,
    unpacked: tuple[int, ...],
) -> None:  # fmt: skip
    made = packed.Packed(Linear(256, 384), bits, nested=nested)
    assert made.qweight == (weights, "i32", "meta")
    assert made.scales == (scales, "i8", "meta")
    assert (made.unpacked, made.bias) == (unpacked, "bias 256")
    given = Sized(1, 5, 384)
    assert made.forward(given) == (1, 5, 256)
    assert given.made == [("empty", unpacked), ("zeros", (1, 5, 256))]


def test_the_linear_layers_of_the_language_model_are_packed(packed: ModuleType) -> None:
    layers = {"model.layers.0": Part(), "model.layers.0.up": Linear(128, 128),
              "model.visual.up": Linear(128, 128), "lm_head": Linear(128, 128)}  # fmt: skip
    model = SimpleNamespace(
        named_modules=lambda: iter(layers.items()), get_submodule=lambda name: layers[name]
    )
    packed.pack(model, 8, nested=True)
    (name,) = vars(layers["model.layers.0"])
    made = layers["model.layers.0"].up  # type: ignore[attr-defined]
    assert (name, type(made), made.unpacked) == ("up", packed.Packed, (128, 128))
    assert made.qweight[0] == 128 * 128 * 8 // 32
    packed.pack(model, 4)
    assert layers["model.layers.0"].up.unpacked == (0,)  # type: ignore[attr-defined]


class Tensor:
    """Takes the place of a tensor that is filled."""

    def __init__(self, *, floating: bool) -> None:
        self.is_floating_point = lambda: floating
        self.data, self.filled = self, None

    def fill_(self, number: float) -> None:
        self.filled = number


class Empty:
    """Takes the place of a model without weights; keeps what is done to it."""

    _no_split_modules: Any = None

    def __init__(self, done: list[Any]) -> None:
        self.done, self.tensors = done, [Tensor(floating=True), Tensor(floating=False)]
        self.generation_config: object = "as published"

    def eval(self) -> None:
        self.done.append("eval")

    def tie_weights(self) -> None:
        self.done.append("tie")

    def to_empty(self, device: str) -> None:
        self.done.append(f"empty {device}")

    def get_submodule(self, name: str) -> Any:
        return SimpleNamespace(to_empty=lambda device: self.done.append(f"{name} {device}"))

    def parameters(self) -> list[Tensor]:
        return self.tensors[:1]

    def buffers(self) -> list[Tensor]:
        return self.tensors[1:]


@pytest.mark.parametrize(
    ("more", "packs"),
    [
        ({}, []),
        ({"bits": 0}, []),
        ({"bits": 4, "quantization": "awq"}, [(4, False)]),
        ({"bits": 4, "quantization": "nf4", "max_memory": None}, [(4, True)]),
    ],
)
def test_a_model_is_built_of_constants(
    more: dict[str, Any], packs: list[Any], torch: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    done: list[Any] = []
    model = Empty(done)
    torch.get_default_dtype = lambda: "usual"
    torch.set_default_dtype = done.append
    torch.device = lambda name: contextlib.nullcontext(done.append(name))

    def from_config(config: object) -> Empty:
        if config == "bad":
            raise ValueError("no")
        done.append(config)
        return model

    standing = SimpleNamespace(
        The=SimpleNamespace(_from_config=from_config), GenerationConfig=lambda: "plain"
    )
    monkeypatch.setitem(sys.modules, "transformers", standing)
    dummies = module("dummies")
    monkeypatch.setattr(dummies, "configuration", lambda about: about["config"])
    packed: list[Any] = []
    packing = SimpleNamespace(pack=lambda _model, bits, nested: packed.append((bits, nested)))
    monkeypatch.setitem(sys.modules, "inside.packed_layers", packing)
    request = {"architecture": {"class": "The", "config": "good"}, "dtype": "float16", **more}
    made, places = dummies.build(request, "cpu")
    assert (made, places, packed) == (model, ["cpu: the whole model"], packs)
    assert done == ["f16", "meta", "good", "usual", "eval", "empty cpu", "tie"]
    assert made.generation_config == "plain"
    assert [t.filled for t in model.tensors] == [2**-10, 0]
    done.clear()
    with pytest.raises(ValueError, match="no"):
        dummies.build({**request, "architecture": {"class": "The", "config": "bad"}}, "cpu")
    assert done == ["f16", "meta", "usual"]


@pytest.mark.parametrize(
    ("device", "limits", "place"),
    [
        ("cpu", {"0": 5, "1": 6}, "cpu"), ("cpu", {}, "cpu"), ("cuda", {}, "cuda:0"),
        ("cuda", {"0": 5}, "cuda:0"),
    ],
)  # fmt: skip
def test_a_model_lies_on_one_device(device: str, limits: dict[str, int], place: str) -> None:
    done: list[Any] = []
    assert module("dummies")._place(Empty(done), limits, device) == [f"{place}: the whole model"]
    assert done == [f"empty {place}", "tie"]


def test_a_model_is_spread_over_cards_and_never_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[Any] = []
    where: dict[str, Any] = {"head": 1, "a": 0, "b": 1}

    def infer(model: Empty, **asked: Any) -> dict[str, Any]:
        done.append(asked)
        return where

    standing = SimpleNamespace(
        infer_auto_device_map=infer,
        dispatch_model=lambda _model, device_map: done.append(device_map),
    )
    monkeypatch.setitem(sys.modules, "accelerate", standing)
    place, model = module("dummies")._place, Empty(done)
    limits = {"0": 5, "1": 6}
    assert place(model, limits, "cuda") == ["cuda:0: 1 modules", "cuda:1: 2 modules"]
    asked = {"max_memory": {0: 5, 1: 6}, "no_split_module_classes": []}
    moved = ["head cuda:1", "a cuda:0", "b cuda:1"]
    assert done == ["tie", asked, *moved, "tie", where]
    where |= {"c": "disk", "d": "cpu", "e": "cpu"}
    model._no_split_modules = {"Block"}
    done.clear()
    with pytest.raises(module("lines").Fault) as raised:
        place(model, limits, "cuda")
    assert (raised.value.cause, raised.value.evidence) == (
        "offloaded", ["weights lie on cpu, disk"],
    )  # fmt: skip
    assert done[1]["no_split_module_classes"] == ["Block"]
    assert len(done) == 2
