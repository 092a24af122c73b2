"""What programs log of the CUDA cards that they found: rows that name a card and its capability.

Servers of models, samples of CUDA, frameworks and tools each have a form of their own, so a program
is one pattern with named groups: `name`; `number`, which the driver counts a card by; `index`,
`uuid` or `bus`, which with it tell a repeated row from a second card; `count` of cards alike; the
capability as `cc`, `major` and `minor` or `sm`; the memory as `gib`, `mib` or `bytes`, what is free
or used of it with `free_` or `used_` in front.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from setup_assistant.machine.reading import Card, Reading, bus_id, vendor, with_free
from setup_assistant.units_text import GIB, MIB

_SCALES = {"gib": GIB, "mib": MIB, "bytes": 1}
_MAKER = r"(?:NVIDIA|GeForce|Tesla|Quadro|GRID|TITAN)"
_MOST = 64


def _anywhere(first: str, *others: str) -> str:
    """Return one pattern of a text that holds the first, and perhaps the others, in any order."""
    more = "".join(rf"(?=(?:[\s\S]*?{pattern})?)" for pattern in others)
    return rf"\A(?=[\s\S]*?{first}){more}"


# As in: "[0] NVIDIA GeForce RTX 4090 | 50°C,  73 % | 12894 / 24564 MB | user(12874M)"
GPUSTAT = (
    r"^\[(?P<number>\d+)\] (?P<name>[^|\n]+?) *\|[^|\n]*\| *"
    r"(?P<used_mib>\d+) */ *(?P<mib>\d+) MB"
)
# As in: "node7   Fri Jun 30 11:52:07 2023  535.54.03"
GPUSTAT_DRIVER = r"(?m)^\S+ +\w{3} +\w{3} +\d+ [\d:]{8} \d{4} +(\d{3}\.\d[\d.]*)$"
# " Device 0 [NVIDIA GeForce RTX 3080] PCIe GEN 4@16x ..." and "MEM[||| 1.234Gi/10.000Gi]".
NVTOP = (
    r"Device (?P<number>\d+) \[(?P<name>[^\]\n]+)\](?:(?!Device \d)[\s\S])*?"
    r"(?:MEM\[[|\s]*(?P<used_gib>[\d.]+)Gi/(?P<gib>[\d.]+)Gi\]|\Z|(?=Device \d))"
)
# transformers-cli env, accelerate env, llamafactory-cli env: "- GPU type: NVIDIA A100-SXM4-80GB"
GPU_TYPE = _anywhere(
    r"^ *-? *GPU type: *(?P<name>\S.*?) *$",
    r"^ *-? *(?:GPU number|Num GPUs): *(?P<count>\d+)",
    r"^ *-? *GPU memory: *(?P<gib>[\d.]+) ?GB",
)
# diffusers-cli env: "- Accelerator: NVIDIA GeForce RTX 3090, 24576 MiB", one more a line below.
ACCELERATOR = (
    r"^(?:- Accelerator: )?(?P<name>(?:NVIDIA|Tesla|Quadro|GeForce) [^,\n]+), (?P<mib>\d+) MiB$"
)
# Unsloth: "NVIDIA GeForce RTX 4090. Num GPUs = 2. Max memory: 23.65 GB. Platform: Linux." It calls
# the compute capability CUDA.
UNSLOTH = _anywhere(
    r"(?P<name>(?:NVIDIA|Tesla|Quadro|GeForce) [^.\n]+?)\.\s+(?:Num GPUs = (?P<count>\d+)\.\s+)?"
    r"Max memory: (?P<gib>[\d.]+) GB",
    r"Torch: \S+\.\s+CUDA(?: =|:) (?P<cc>\d{1,2}\.\d)\b",
)
# 'msg="inference compute" id=GPU-… library=cuda compute=8.9 driver=12.3 name="NVIDIA …"
# total="15.7 GiB" available="15.4 GiB"'; since 0.12 the name is the description.
OLLAMA = (
    r'msg="inference compute" (?=[^\n]*\blibrary=cuda)(?=[^\n]*\bcompute=(?P<cc>\d{1,2}\.\d))'
    r'(?=[^\n]*\b(?:description|name)="(?P<name>[^"\n]+)")(?=[^\n]*\btotal="(?P<gib>[\d.]+) GiB")'
    r'(?=[^\n]*\bavailable="(?P<free_gib>[\d.]+) GiB")(?:id=(?P<uuid>GPU-[\w-]+))?'
)
# What it asks the driver before, without the name.
OLLAMA_ASKED = (
    r"\[(?P<uuid>GPU-[\w-]+)\] CUDA totalMem (?P<mib>\d+) ?mb"
    r"(?:[^\n]*\n[^\n]*\[(?P=uuid)\] CUDA freeMem (?P<free_mib>\d+) ?mb)?"
    r"(?:[^\n]*\n[^\n]*\[(?P=uuid)\] Compute Capability (?P<cc>\d{1,2}\.\d))?"
)
OLLAMA_DRIVER = r"libcuda\.so\.(\d{3}\.\d+(?:\.\d+)?)"
OLLAMA_CUDA = r'msg="inference compute"[^\n]*\bdriver=(\d+\.\d)\b|CUDA driver version: (\d+\.\d)\b'
# A report in Markdown: "- **GPU 1:** NVIDIA GeForce RTX 3080 | 10240 MiB | driver 570.86.10 | …".
BULLETS = r"^[ *-]*GPU (?P<index>\d+):[* ]+(?P<name>[^|\n]+?) *\| *(?P<mib>\d+) MiB *\|"
BULLETS_DRIVER = r"\| *driver (\d{3}\.\d+(?:\.\d+)?)"
# llama.cpp and what is built on it, since 2024 with the memory: VRAM is in MiB.
GGML = (
    r"\bDevice (?P<index>\d+): (?P<name>[^,\n]+), compute capability (?P<cc>\d{1,2}\.\d)"
    r"(?:, VMM: \w+)?(?:, VRAM: (?P<mib>\d+) MiB)?"
)
# 'Device 0: "NVIDIA Tegra X1"', then the versions, the capability and the memory.
DEVICE_QUERY = (
    r'\bDevice (?P<index>\d+): ["“](?P<name>[^"”\n]+)["”][^\n]*\n[^\n]*\n'
    r" *CUDA Capability[^\n:]*: +(?P<cc>\d{1,2}\.\d)\b[^\n]*\n"
    r"(?: *Total amount of global memory:[^\n(]*\((?P<bytes>\d+) bytes\))?"
)
DEVICE_QUERY_CUDA = r"CUDA Driver Version / Runtime Version +(\d+\.\d)"
# The line that says which device was made of a card, in any version.
TENSORFLOW = (
    r"\bdevice: (?P<index>\d+), name: (?P<name>[^,\n]+), pci bus id: (?P<bus>[0-9a-fA-F:.]+)"
    r"(?:, compute capability: (?P<cc>\d{1,2}\.\d))?"
)
# Earlier lines: "Found device 0 with properties:", then the card, in two layouts.
TENSORFLOW_FOUND = (
    r"\bname: (?P<name>[^\n]+?) major: (?P<major>\d+) minor: (?P<minor>\d)[^\n]*\n"
    r"[^\n]*pciBusID:? (?P<bus>[0-9a-fA-F:.]+)"
)
TENSORFLOW_PROPERTIES = (
    r"\bpciBusID: (?P<bus>[0-9a-fA-F:.]+) name: (?P<name>[^\n]+?) computeCapability: (?P<cc>[\d.]+)"
    r"\n[^\n]*deviceMemorySize: (?P<gib>[\d.]+)GiB"
)
# What PyTorch warns of where a build has no kernels for a card.
TORCH_WARNING = (
    rf"(?P<name>{_MAKER} [^\n:\"]*?) with CUDA capability sm_(?P<sm>\d{{2,3}}) is not compatible"
)
# The value that `torch.cuda.get_device_properties` shows.
TORCH_PROPERTIES = (
    r"_CudaDeviceProperties\(name='(?P<name>[^'\n]+)', major=(?P<major>\d+), minor=(?P<minor>\d),"
    r" total_memory=(?P<mib>\d+)MB"
)
# ComfyUI when it starts; and its page of a crash, in Markdown.
COMFYUI_START = _anywhere(
    r"\bDevice: cuda:(?P<number>\d+) (?P<name>[^\n:]+?)(?: :|$)", r"\bTotal VRAM (?P<mib>\d+) MB"
)
COMFYUI = (
    r"\*\*Name:\*\* cuda:(?P<index>\d+) (?P<name>[^\n:]+?)(?: :[^\n]*)?\n(?:[^\n]*\n)?"
    r"[^\n]*\*\*VRAM Total:\*\* (?P<bytes>\d+)\n[^\n]*\*\*VRAM Free:\*\* (?P<free_bytes>\d+)"
)
# SD.Next: "Torch detected GPU: NVIDIA … VRAM 12287 Arch (8, 6) Cores 28"; later `gpu="…" vram=…`.
SDNEXT = (
    r"Torch detected(?: GPU)?: (?:gpu=)?\"?(?P<name>[^\"\n]+?)\"? vram[ =](?P<mib>\d+)"
    r"(?: arch[ =]\((?P<major>\d+), (?P<minor>\d)\))?"
)
# The device plugin of HAMi for Kubernetes.
HAMI = r"registered device id=(?P<index>\d+), memory=(?P<mib>\d+), type=(?P<name>[^,\n]+)"
# What jetson-stats tells of the module, whose memory is also the GPU's.
JETSON = r"\bModule: (?P<name>NVIDIA Jetson [^\n(]+?) \((?P<gib>\d+) ?GB ram\)"
JETSON_CUDA = r"- CUDA: (\d+\.\d+)"
# fastfetch and neofetch: "GPU 1: NVIDIA GeForce RTX 3070 @ 1.73 GHz (7.82 GiB) [Discrete]".
FETCH = (
    rf"\bGPU(?: (?P<index>\d+))?: (?P<name>{_MAKER} [^\n@(\[]*?)(?: @ [\d.]+ [GM]Hz)?"
    r"(?: \((?P<gib>[\d.]+) GiB\))?(?: \[(?:Discrete|Integrated)\])? *$"
)


def rows(
    *layouts: str, driver: str = "", cuda: str = "", apart: bool = False
) -> Callable[[str], Reading]:
    """Return what reads the cards of one program's rows, and the versions beside them.

    Args:
        layouts: patterns of a row, the most telling first: the first that is there counts.
        driver: pattern of the driver's version.
        cuda: pattern of the highest CUDA version that the driver knows.
        apart: whether each row is a card of its own, however alike.
    """
    patterns = [re.compile(row, re.MULTILINE | re.IGNORECASE) for row in layouts]

    def read(text: str) -> Reading:
        found: dict[str, Card] = {}
        matches = (list(pattern.finditer(text)) for pattern in patterns)
        for match in next(filter(None, matches), []):
            said = {k: v for k, v in match.groupdict().items() if v}
            named = next((said[k] for k in ("uuid", "bus", "number", "index") if k in said), "")
            own = named or (str(len(found)) if apart else said["name"])
            # A program that starts twice logs the same cards again.
            for more in range(min(int(said.get("count", 1)), _MOST)):
                found.setdefault(own + " " * more, _card(said, len(found)))
        return Reading(
            source="nvidia-smi",
            driver=_version(driver, text) if found else None,
            cuda=_version(cuda, text) if found else None,
            cards=tuple(found.values()),
        )

    return read


def _card(said: dict[str, str], place: int) -> Card:
    name = said["name"].strip() if "name" in said else None
    card = Card(
        name=name,
        index=int(said.get("number", place)),
        vendor=vendor(name or ""),
        uuid=said.get("uuid"),
        pci_bus_id=bus_id(said.get("bus")),
        compute_capability=_capability(said),
        total_bytes=_size(said, ""),
        free_bytes=_size(said, "free_"),
        used_bytes=_size(said, "used_"),
    )
    return with_free(card)


def _capability(said: dict[str, str]) -> str | None:
    if "sm" in said:
        return f"{said['sm'][:-1]}.{said['sm'][-1]}"
    return f"{said['major']}.{said['minor']}" if "major" in said else said.get("cc")


def _size(said: dict[str, str], kind: str) -> int | None:
    return next(
        (int(float(said[kind + u]) * scale) for u, scale in _SCALES.items() if kind + u in said),
        None,
    )


def _version(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text) if pattern else None
    return next(filter(None, found.groups()), None) if found else None
