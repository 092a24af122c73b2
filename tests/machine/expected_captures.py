"""What each file of the captures says, read from the files by eye.

file → (driver, CUDA, GPUs, verdicts). A GPU is (name, compute capability, total MiB, free MiB);
None where the file does not tell. A table without a "free" column: free is total minus used.
CUDA "by its branch": not in the file, but known from the driver.
"""

from __future__ import annotations

Gpu = tuple[str, str | None, int | None, int | None]
Expected = tuple[str | None, str | None, list[Gpu], list[str]]

H100 = "NVIDIA H100 80GB HBM3"
SUPER = "NVIDIA GeForce RTX 2080 SUPER"
CUT = "NVIDIA GeForce RTX 2080 ..."
R4090 = "NVIDIA GeForce RTX 4090"


def _h100(free: int, total: int | None = 81559) -> Gpu:
    return (H100, "9.0", total, free)


def _4090(*free: int) -> list[Gpu]:
    return [(R4090, "8.9", 24564, f) for f in free]


def _gb200() -> list[Gpu]:
    return [("NVIDIA GB200", "10.0", 196608, 195584)] * 2


def _super(free: int, name: str = SUPER) -> list[Gpu]:
    return [(name, "7.5", 8192, free)]


def _mig(free: tuple[int, int, int, int], total: int, card_free: int | None) -> list[Gpu]:
    sizes = (40448, 20096, 9984, 9984)
    names = ("3g.40gb", "2g.20gb", "1g.10gb", "1g.10gb")
    return [
        (H100, "9.0", total, card_free),
        *((f"{H100} MIG {n}", "9.0", s, f) for n, s, f in zip(names, sizes, free, strict=True)),
    ]


EXPECTED: dict[str, Expected] = {
    # 11176-10729, then idle cards; 11178 MiB is a 1080 Ti, and every "108..." is 6.1
    "determined-418-0.txt": (
        "418.39",
        "10.1",
        [
            ("GeForce GTX 108...", "6.1", 11176, 447),
            ("GeForce GTX 108...", "6.1", 11178, 11178),
            ("GeForce GTX 108...", "6.1", 11178, 11178),
            ("TITAN Xp", "6.1", 12196, 12196),
        ],
        [],
    ),
    "docs-dind-455-0.txt": ("455.45.01", "11.1", [("Tesla T4", "7.5", 15109, 15109)], []),
    "docs-gpuop-470-0.txt": (
        "470.82.01", "11.4", [("Tesla P100-PCIE...", "6.0", 16280, 16280)], []
    ),
    "docs-k8s-450-0.txt": ("450.80.02", "11.0", [("A100-SXM4-40GB", "8.0", 40537, 40537)], []),
    # eight cards in MIG mode whose own memory is N/A (80 GiB is the size they are sold with)
    "docs-mig-535-0.txt": (
        "535.104.12",
        "12.2",
        _mig((40448 - 16, 20096 - 11, 9984 - 5, 9984 - 5), 81920, None) * 8,
        [],
    ),
    "docs-ocp-510-0.txt": ("510.47.03", "11.6", [("Tesla T4", "7.5", 15360, 15360)], []),
    "docs-t4-535-0.txt": ("535.86.10", "12.2", [("Tesla T4", "7.5", 15109, 15109)], []),
    "docs-telemetry-450-0.txt": ("450.51.06", "11.0", [("Tesla T4", "7.5", 15109, 15109)], []),
    # -L alone names neither driver nor memory
    "exp-linux-h100-80gb-hbm3-590.48.01.L.txt": (None, None, [(H100, "9.0", 81920, None)], []),
    "exp-linux-h100-80gb-hbm3-590.48.01.csv.txt": ("590.48.01", "13.1", [_h100(81081)], []),
    "exp-linux-h100-80gb-hbm3-590.48.01.q.txt": ("590.48.01", "13.1", [_h100(81081)], []),
    "exp-linux-h100-80gb-hbm3-590.48.01.table-load.txt": (
        "590.48.01", "13.1", [_h100(81559 - 19818)], []
    ),
    "exp-linux-h100-80gb-hbm3-590.48.01.table.txt": ("590.48.01", "13.1", [_h100(81559)], []),
    "exp-linux-h100-80gb-hbm3-590.48.01.version.txt": ("590.48.01", "13.1", [], []),
    "exp-linux-h100-mig-590.48.01.L.txt": (
        None,
        None,
        [
            (H100, "9.0", 81920, None),
            (f"{H100} MIG 3g.40gb", "9.0", 40960, None),
            (f"{H100} MIG 2g.20gb", "9.0", 20480, None),
            (f"{H100} MIG 1g.10gb", "9.0", 10240, None),
            (f"{H100} MIG 1g.10gb", "9.0", 10240, None),
        ],
        [],
    ),
    "exp-linux-h100-mig-590.48.01.csv.txt": ("590.48.01", "13.1", [_h100(81022)], []),
    "exp-linux-h100-mig-590.48.01.q.txt": (
        "590.48.01", "13.1", _mig((40423, 20080, 9976, 9976), 81559, 81022), []
    ),
    "exp-linux-h100-mig-590.48.01.table-load.txt": (
        "590.48.01",
        "13.1",
        _mig((40448 - 11091, 20096 - 17, 9984 - 9, 9984 - 9), 81559, 81559 - 11125),
        [],
    ),
    "exp-linux-h100-mig-590.48.01.table.txt": (
        "590.48.01", "13.1", _mig((40448 - 26, 20096 - 17, 9984 - 9, 9984 - 9), 81559, 81500), []
    ),
    "exp-linux-h100-mig-590.48.01.version.txt": ("590.48.01", "13.1", [], []),
    "exp-linux-rtx-2080-super-595.71.05.L.txt": (None, None, [(SUPER, "7.5", 8192, None)], []),
    "exp-linux-rtx-2080-super-595.71.05.csv.txt": ("595.71.05", "13.2", _super(7571), []),
    "exp-linux-rtx-2080-super-595.71.05.q.txt": ("595.71.05", "13.2", _super(7571), []),
    "exp-linux-rtx-2080-super-595.71.05.table-load.txt": (
        "595.71.05", "13.2", _super(8192 - 819, CUT), []
    ),
    "exp-linux-rtx-2080-super-595.71.05.table.txt": (
        "595.71.05", "13.2", _super(8192 - 214, CUT), []
    ),
    "exp-linux-rtx-2080-super-595.71.05.version.txt": ("595.71.05", "13.2", [], []),
    "exp-linux-rtx-2080-super-610.57.04.L.txt": (None, None, [(SUPER, "7.5", 8192, None)], []),
    "exp-linux-rtx-2080-super-610.57.04.csv.txt": ("610.57.04", "13.3", _super(7582), []),
    "exp-linux-rtx-2080-super-610.57.04.q.txt": ("610.57.04", "13.3", _super(7582), []),
    "exp-linux-rtx-2080-super-610.57.04.table-load.txt": (
        "610.57.04", "13.3", _super(8192 - 815, CUT), []
    ),
    "exp-linux-rtx-2080-super-610.57.04.table.txt": (
        "610.57.04", "13.3", _super(8192 - 211, CUT), []
    ),
    "exp-linux-rtx-2080-super-610.57.04.version.txt": ("610.57.04", "13.3", [], []),
    "exp-windows-rtx-2080-super-591.86.L.txt": (None, None, [(SUPER, "7.5", 8192, None)], []),
    "exp-windows-rtx-2080-super-591.86.csv.txt": ("591.86", "13.1", _super(7286), []),
    "exp-windows-rtx-2080-super-591.86.q.txt": ("591.86", "13.1", _super(7286), []),
    "exp-windows-rtx-2080-super-591.86.table-load.txt": (
        "591.86", "13.1", _super(8192 - 1296, CUT), []
    ),
    "exp-windows-rtx-2080-super-591.86.table.txt": ("591.86", "13.1", _super(8192 - 702, CUT), []),
    "exp-windows-rtx-2080-super-591.86.version.txt": ("591.86", "13.1", [], []),
    "exp-windows-rtx-2080-super-610.62.L.txt": (None, None, [(SUPER, "7.5", 8192, None)], []),
    "exp-windows-rtx-2080-super-610.62.csv.txt": ("610.62", "13.3", _super(7191), []),
    "exp-windows-rtx-2080-super-610.62.q.txt": ("610.62", "13.3", _super(7191), []),
    "exp-windows-rtx-2080-super-610.62.table-load.txt": (
        "610.62", "13.3", _super(8192 - 1366, CUT), []
    ),
    "exp-windows-rtx-2080-super-610.62.table.txt": ("610.62", "13.3", _super(8192 - 797, CUT), []),
    "exp-windows-rtx-2080-super-610.62.version.txt": ("610.62", "13.3", [], []),
    "gpud-e2e-HWSlowdownQueryOutput.txt": (
        "550.127.05", "12.4", [("NVIDIA A10", "8.6", 23028, 22503)], []
    ),
    "gpud-e2e-NormalQueryOutput.txt": (
        "550.127.05", "12.4", [("NVIDIA A10", "8.6", 23028, 22503)], []
    ),
    "gpud-e2e-NormalSMIOutput.txt": (
        "550.127.05", "12.4", [("NVIDIA A10", "8.6", 23028, 23027)], []
    ),
    # lspci: device 2330 of maker NVIDIA, held by the nvidia driver; the other is a Matrox
    "gpud-lspci-h100.txt": (None, None, [("NVIDIA GPU", "9.0", None, None)], []),
    "gpud-nvidia-smi-query.535.129.03.out.0.valid.a10.txt": (
        "535.129.03", "12.2", [("NVIDIA A10", "8.6", 23028, 22511)], []
    ),
    "gpud-nvidia-smi-query.535.154.05.out.0.valid.4090.txt": (
        "535.154.05", "12.2", _4090(17486, 2258, 21696, 18684, 14252, 18392, 22152, 8288), []
    ),
    "gpud-nvidia-smi-query.535.154.05.out.0.valid.txt": (
        "535.154.05", "12.2", _4090(3888, 2860, 1172, 1426, 4, 24217, 1838, 17728), []
    ),
    "gpud-nvidia-smi-query.535.154.05.out.1.valid.txt": (
        "535.154.05", "12.2", _4090(24217, 2608, 24217, 24217, 578, 24217, 24217, 24217), []
    ),
    "gpud-nvidia-smi-query.535.154.05.out.2.valid.txt": (
        "535.154.05", "12.2", _4090(24217, 2126, 24217, 24217, 1372, 24217, 24217, 24217), []
    ),
    "gpud-nvidia-smi-query.535.154.05.out.3.valid.txt": (
        "535.154.05", "12.2", _4090(2138, 24217, 24217, 2012, 24217, 24217, 24217, 4326), []
    ),
    "gpud-nvidia-smi-query.535.161.08.out.0.valid.txt": (
        "535.161.08", "12.2", [_h100(81007)] * 8, []
    ),
    # breaks off before the memory; eight attached, one described
    "gpud-nvidia-smi-query.535.183.01.out.0.invalid.txt": (
        "535.183.01", "12.2", [(H100, "9.0", 81920, None)], []
    ),
    "gpud-nvidia-smi-query.535.183.01.out.0.valid.txt": (
        "535.183.01", "12.2", [*[_h100(81007)] * 2, _h100(71786), *[_h100(81007)] * 5], []
    ),
    "gpud-nvidia-smi-query.560.35.03.out.0.valid.txt": (
        "560.35.03", "12.6", [("NVIDIA TITAN V", "7.0", 12288, 11760)], []
    ),
    # 450 W and 23028 MiB with ECC: a 3090 Ti or a 4090; the name does not tell
    "gpud-nvidia-smi.525.125.06.out.0.valid.txt": (
        "525.125.06", "12.0", [("NVIDIA GeForce ...", None, 23028, 21007)], []
    ),
    "k8s-hw-a100.xml": ("570.148.08", "12.8", [("NVIDIA A100-SXM4-40GB", "8.0", 40960, 40443)], []),
    "k8s-hw-gb200.xml": ("580.173.02", "13.0", [("NVIDIA GB200", "10.0", 189471, 188730)] * 4, []),
    "k8s-hw-h100.xml": ("580.105.08", "13.0", [_h100(81080)] * 8, []),
    "k8s-hw-t4.xml": ("595.91.07", "13.2", [("Tesla T4", "7.5", 15360, 14913)], []),
    "k8s-mock-qx-a100-healthy.xml": (
        "550.163.01", "12.4", [("NVIDIA A100-SXM4-40GB", "8.0", 40960, 40377)] * 2, []
    ),
    "k8s-mock-qx-gb200-ecc-injected.xml": ("580.65.06", "13.0", _gb200(), []),
    "k8s-mock-qx-gb200-fabric-degraded.xml": ("580.65.06", "13.0", _gb200(), []),
    "k8s-mock-qx-gb200-healthy.xml": ("580.65.06", "13.0", _gb200(), []),
    "k8s-mock-qx-gb200-lost.xml": (
        "580.65.06",
        "13.0",
        [("NVIDIA GB200", "10.0", 196608, 195584), ("NVIDIA GB200", "10.0", None, None)],
        ["gpu_lost"],
    ),
    "k8s-mock-qx-gb200-throttle-counters.xml": ("580.65.06", "13.0", _gb200(), []),
    "k8s-mock-qx-gb300-healthy.xml": (
        "570.124.06", "12.8", [("NVIDIA GB300 NVL", "10.3", 294912, 293376)] * 2, []
    ),
    # CUDA 9.0 by its branch; a GT 730 may be 2.1 or 3.5, and nothing is said of its memory
    "pai-nvidia_smi_outdated_gpu.xml": (
        "384.111", "9.0", [("GeForce GT 730", None, None, None)], []
    ),
    # CUDA 9.0 by its branch
    "pai-nvidia_smi_sample.xml": (
        "384.66",
        "9.0",
        [("GeForce GTX 1070", "6.1", 8112, 6084), ("GeForce GTX 1070", "6.1", 8114, 4057)],
        [],
    ),
    "pai-nvidia_smi_sample_ecc_unsupported.xml": (
        "410.73", "10.0", [("GeForce RTX 2080 Ti", "7.5", 10989, 10989)] * 2, []
    ),
    # every field but the memory is ERR!
    "pytorch-ci-525-allERR.txt": (
        "525.89.02", "12.0", [("NVIDIA GPU", None, 23028, 23028 - 4184)], ["gpu_failing"]
    ),
    "pytorch-ci-58095-0.txt": ("580.95.05", "13.0", [_h100(81559)] * 4, []),
    "spark-gb10-58082-0.txt": ("580.82.09", "13.0", [("NVIDIA GB10", "12.1", None, None)], []),
    "spark-gb10-58095-0.txt": ("580.95.05", "13.0", [("NVIDIA GB10", "12.1", None, None)], []),
    "synth-L-two.txt": (
        None,
        None,
        [
            ("NVIDIA GeForce RTX 3090", "8.6", 24576, None),
            ("NVIDIA GeForce GTX 1080 Ti", "6.1", 11264, None),
        ],
        [],
    ),
    # CUDA 12.4 by its branch: the banner says N/A, because libcuda is not there
    "synth-container-no-libcuda.txt": (
        "550.144.03", "12.4", [("NVIDIA A40", "8.6", 46068, 46067)], ["libcuda_missing"]
    ),
    "synth-csv-bad-field.txt": (None, None, [], ["field_unsupported"]),
    # CUDA 13.0 by its branch
    "synth-csv-gb10.txt": ("580.126.09", "13.0", [("NVIDIA GB10", "12.1", None, None)], []),
    "synth-csv-jetson.txt": (None, None, [("Orin (nvgpu)", "8.7", None, None)], []),
    # no heading: the second number may be used or free
    "synth-csv-unknown-error.txt": (
        None, None, [("GeForce RTX 2080 Ti", "7.5", 11264, None)], []
    ),
    "synth-err-driver-comm.txt": (None, None, [], ["driver_not_loaded"]),
    "synth-err-gpu-lost.txt": (None, None, [], ["gpu_lost"]),
    "synth-err-handle-notfound.txt": (None, None, [], ["gpu_unreachable"]),
    "synth-err-mismatch-new.txt": (None, None, [], ["driver_library_mismatch"]),
    "synth-err-mismatch-old.txt": (None, None, [], ["driver_library_mismatch"]),
    "synth-err-no-devices.txt": (None, None, [], ["no_devices"]),
    "synth-err-no-libnvml.txt": (None, None, [], ["nvml_missing"]),
    "synth-err-not-installed-bash.txt": (None, None, [], ["nvidia_smi_missing"]),
    "synth-err-not-installed-cmd.txt": (None, None, [], ["nvidia_smi_missing"]),
    "synth-err-unknown.txt": (None, None, [], ["nvml_unknown_error"]),
    "synth-err-wsl-blocked.txt": (None, None, [], ["blocked_by_os"]),
    "synth-gb10-na-memory.xml": ("580.126.09", "13.0", [("NVIDIA GB10", "12.1", None, None)], []),
    "synth-jetson-orin-540.txt": ("540.4.0", "12.6", [("Orin (nvgpu)", "8.7", None, None)], []),
    # CUDA 9.1 by its branch
    "synth-old-396-no-cuda-field.txt": (
        "390.48", "9.1", [("GeForce GTX 750 Ti", "5.0", 1999, 1999 - 310)], []
    ),
    "synth-power-ERR.txt": (
        "535.161.08", "12.2", [("Tesla V100-PCIE-16GB", "7.0", 16384, 16384 - 593)], []
    ),
    "synth-wsl2-ok.txt": ("566.36", "12.7", [(R4090, "8.9", 24564, 24564 - 1650)], []),
    # four slices of 14 multiprocessors (one seventh) and 19.5 GiB; four cards, one described
    "telegraf-a100-sxm4-v12.xml": (
        "535.54.03",
        "12.2",
        [
            ("NVIDIA A100-SXM4-80GB", "8.0", 81920, 80999),
            *[("NVIDIA A100-SXM4-80GB MIG 1g.20gb", "8.0", 19968, 19955)] * 4,
        ],
        [],
    ),
    "telegraf-a10g.xml": ("515.105.01", "11.7", [("NVIDIA A10G", "8.6", 23028, 22569)], []),
    "telegraf-gtx-1070-ti.xml": (None, None, [("GeForce GTX 1070 Ti", "6.1", 4096, 4054)], []),
    # the driver did not know the card yet; PCI device 2184 is a GTX 1660
    "telegraf-gtx-1660-ti.xml": ("418.43", "10.1", [("Graphics Device", "7.5", 5912, 5912)], []),
    "telegraf-quadro-p2000-v12.xml": (
        "525.125.06", "12.0", [("Quadro P2000", "6.1", 5120, 5051)], []
    ),
    "telegraf-quadro-p400.xml": ("418.43", "10.1", [("Quadro P400", "6.1", 1998, 1998)], []),
    "telegraf-rtx-3060-v12.xml": (
        "570.124.04", "12.8", [("NVIDIA GeForce RTX 3060", "8.6", 12288, 11806)], []
    ),
    "telegraf-rtx-3080-v12.xml": (
        "536.40", "12.2", [("NVIDIA GeForce RTX 3080", "8.6", 10240, 8938)], []
    ),
    "telegraf-rtx-3090-v12.xml": (
        "525.147.05", "12.0", [("NVIDIA GeForce RTX 3090", "8.6", 24576, 24258)], []
    ),
}  # fmt: skip
