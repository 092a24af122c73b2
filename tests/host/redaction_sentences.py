"""A sixth corpus: people, accounts and computers that sentences name, and sentences without any."""

from __future__ import annotations

SECRETS: tuple[tuple[str, ...], ...] = ()
IDENTITIES: tuple[tuple[str, ...], ...] = (
    # Where somebody goes, works or runs something.
    ("I ssh'ed into andromeda as wkorhonen and vllm was gone.", "andromeda", "wkorhonen"),
    ("It hangs on bellona but not on quirinus.", "bellona", "quirinus"),
    ("we have two nodes: deneb and altair", "deneb", "altair"),
    ("Could you reboot polaris? The password for sirius works.", "polaris", "sirius"),
    ("the fenrir server and our nyx box", "fenrir", "nyx"),
    ("heimdall is unreachable since noon", "heimdall"),
    ("eos lost its second card", "eos"),
    ("fuji's fans are loud", "fuji"),
    ('"server": "taiga"', "taiga"),
    ("Last login: Sun Nov 29 18:22:10 2026 from tide-west", "tide-west"),
    ("drained: qn[03-07]", "qn[03-07]"),
    ("call me, ext. 7-3391", "7-3391"),
    ("lwagner  7712  312  4.1 991 881 ? Rl 09:12 122:41 python", "lwagner"),
    # Who asks, is asked, says, owns, signs.
    ("According to Tadeusz Wierzba the quota is full.", "Tadeusz", "Wierzba"),
    ("Ask Okwuosa, or tell Xiomara it is fixed.", "Okwuosa", "Xiomara"),
    ("the wheel was built by Ritva Laine", "Ritva", "Laine"),
    ("Quarshie says the fan is dead", "Quarshie"),
    ("It is Zsofia's laptop.", "Zsofia"),
    ("my colleague Brandvold has root", "Brandvold"),
    ("cc Rasmus, Yetunde & Gwozdz", "Rasmus", "Yetunde", "Gwozdz"),
    ("Thanks, Anneliese", "Anneliese"),
    ("no idea why\n— Pirjo", "Pirjo"),
    ("Co-authored-by: Zbigniew", "Zbigniew"),
    # Accounts: after the word, of their owner's things, in chats.
    ("unauthorized: user svc-embed", "svc-embed"),
    ("this is qbuser's container, submitted by kxlind", "qbuser", "kxlind"),
    ("[09:41] f.osei: still down", "f.osei"),
    ("@t_harju could you look?", "t_harju"),
    ("CRON[812]: (zbackup) CMD (/bin/true)", "zbackup"),
    ('New-Object PSCredential("osvaldo", $p)', "osvaldo"),
    ("Target User Name:\tr.sadik", "r.sadik"),
    # In Chinese.
    ("请在 tianshan 上重启，或 ssh 到 kunlun", "tianshan", "kunlun"),
    ("驱动是由赵启明安装的", "赵启明"),
    ("@小红 问一下", "小红"),
    ("账号 yfguo 没有权限", "yfguo"),
)
INNOCENT = (
    "It works on CPU but not on Windows.", "The job failed on startup; ask your administrator.",
    "Thanks, everyone", "Dear customer, your driver is too old.", "on conda-forge and on PyPI",
    "models on Hugging Face", "Built by Docker from Dockerfile", "the Triton server and the vllm server",
    "attempted on non supported HW", "@pytest.fixture", "Host Max : N/A", "machine: n1-standard-8",
    "user namespaces are disabled", "works on gpu0 and on cuda:0", "Microsoft says Windows needs it.",
    "Hopper, Ada and Grace are cards.", "according to NVIDIA the card is dead",
    "the server is down", "the python process on rtx-4090 died", "在 GPU 上运行，让 Python 使用 UTF-8。",
    "用户没有权限", "由管理员安装", "CUDA's driver, PyTorch's server", "running as root on Linux",
)  # fmt: skip
