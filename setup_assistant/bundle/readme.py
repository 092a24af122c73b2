"""What lies on top of a bundle for people: README.txt, and the launcher of the agent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from setup_assistant.bundle.manifest import SUMS, SUMS_SIGNATURE, Target
from setup_assistant.bundle.sign import NAMESPACE, WHO
from setup_assistant.catalog import models
from setup_assistant.host import own_folders

README, LAUNCHER = "README.txt", "run.sh"
_TEXT = """\
Everything that {count} kinds of machine need to run Qwen2-VL, without internet.
On each machine (Linux, {python}), in this folder:

    sh run.sh bundle verify .
    sh run.sh bundle apply .

With several sticks, name every stick's folder in place of the dot. run.sh is Setup Assistant for
this processor; `sh run.sh help provisioning` shows its pages. It needs no root.

To check it before anything of it runs, with all its parts in one folder:

    sha256sum -c {sums}

{trust}

{count} 类机器运行 Qwen2-VL 所需的全部内容，无需联网。
在每台机器上（Linux，{python_zh}），在此文件夹中运行：

    sh run.sh bundle verify .
    sh run.sh bundle apply .

有多个 U 盘时，用各 U 盘的文件夹代替句点。run.sh 会按处理器选用 Setup Assistant；
`sh run.sh help provisioning` 显示其说明页。无需 root。

在运行其中任何内容之前检查（所有分卷放在同一文件夹中）：

    sha256sum -c {sums}

{trust_zh}

The kinds of machine 机器类别：

{kinds}{models}"""
_SIGNED = f"""\
Whose it is, by a public key (KEY.pub) that reached you by another way than this folder:

    echo "{WHO} $(cat KEY.pub)" > ~/bundle-signer
    ssh-keygen -Y verify -f ~/bundle-signer -I {WHO} -n {NAMESPACE} -s {SUMS_SIGNATURE} < {SUMS}
    sh run.sh bundle verify . --signer KEY.pub

Nobody vouches for a key that you were not given: whoever changes the files can sign them anew."""
_SIGNED_ZH = f"""\
用通过其他途径得到的公钥（KEY.pub）确认来源：

    echo "{WHO} $(cat KEY.pub)" > ~/bundle-signer
    ssh-keygen -Y verify -f ~/bundle-signer -I {WHO} -n {NAMESPACE} -s {SUMS_SIGNATURE} < {SUMS}
    sh run.sh bundle verify . --signer KEY.pub

不是专门交给您的密钥，无人为其担保：改动文件的人可以重新签名。"""
_UNSIGNED = "It is not signed: the sums tell what broke on the way, not what somebody changed."
_UNSIGNED_ZH = "未签名：校验和只能发现传输中的损坏，不能发现他人的改动。"
_NEEDED, _NEEDED_ZH = "Python 3.10 or newer", "Python 3.10 或更新版本"
_CARRIED = """\
{on}with or without Python: run.sh puts its own into
~/.local/share/setup-assistant; uninstall names it, and leaves it while it runs from it"""
_CARRIED_ZH = """\
{on}有无 Python 均可：run.sh 会把自带的放到
~/.local/share/setup-assistant；uninstall 正由它运行时只列出而不删除"""
_LAUNCHER = """\
#!/bin/sh
# Setup Assistant for this processor, out of this folder: sh run.sh VERB ...
# 按处理器选用本文件夹中的 Setup Assistant。
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 1
arch=$(uname -m)
case $arch in
  amd64) arch=x86_64 ;;
  arm64) arch=aarch64 ;;
esac
agent=$here/agent/agent-$arch.pyz
if [ ! -f "$agent" ]; then
  echo "This bundle has nothing for $arch. 此离线包不含适用于 $arch 的内容。" >&2
  exit 4
fi
for python in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 \\
  python3.10; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    exec "$python" "$agent" "$@"
  fi
done
# The bundle's own, for machines that have none; its folder is called by its sum.
own=python/python-$arch.tar.gz
sum=$(sed -n "s|^\\([0-9a-f]*\\)  $own\\$|\\1|p" "$here/SHA256SUMS" 2>/dev/null)
if [ -f "$here/$own" ] && [ -n "$sum" ]; then
  home=${XDG_DATA_HOME:-$HOME/.local/share}/setup-assistant/python-$(printf %.12s "$sum")
  if [ ! -x "$home/bin/python3" ]; then
    (cd "$here" && echo "$sum  $own" | sha256sum -c --quiet -) || exit 1
    # How many folders are made for ours: uninstall takes those away that are empty then.
    above=0 up=$(dirname "$home")
    while [ ! -e "$up" ]; do above=$((above + 1)) up=$(dirname "$up"); done
    mkdir -p "$home.$$" && echo $above >"$home.$$/{above}" &&
      tar -xzf "$here/$own" -C "$home.$$" --strip-components 1 &&
      rm -rf "$home" && mv "$home.$$" "$home" || { rm -rf "$home.$$"; exit 1; }
  fi
  exec "$home/bin/python3" "$agent" "$@"
fi
echo "Python 3.10 or newer is needed; name one as PYTHON=/path/to/python3." >&2
echo "需要 Python 3.10 或更新版本；可用 PYTHON=路径 指定。" >&2
exit 4
"""


def _kind(target: Target) -> str:
    """Return what a machine must be, in signs that both languages share."""
    platform = target.platform
    parts = [
        f"{platform.os} {platform.arch}",
        f"glibc ≥ {platform.glibc}" if platform.glibc else "",
        f"Python {target.python}",
        f"NVIDIA driver ≥ {target.driver}" if target.driver else "CPU",
    ]
    return f"    {', '.join(p for p in parts if p)}: {target.model}\n"


def launcher() -> str:
    """Return the shell script that starts the agent of a machine's processor."""
    return _LAUNCHER.replace("{above}", own_folders.ABOVE)


def readme(targets: Sequence[Target], weights: Iterable[str], *, signed: bool,
           carried: Collection[str]) -> str:  # fmt: skip
    """Return the text of README.txt.

    Args:
        targets: the kinds of machine.
        weights: the models whose weights are in the bundle.
        signed: whether a signature will lie beside it.
        carried: the processors for which Python is in the bundle.
    """
    alone = {t.platform.arch for t in targets} - set(carried)
    archs = " ".join(sorted(carried))
    on = f"{_NEEDED}; on {archs} " if alone else ""
    on_zh = f"{_NEEDED_ZH}；{archs} 上" if alone else ""
    known = {m.id: m.licence for m in models.load()}
    rows = [f"    {name}  {known.get(name, '?')}\n" for name in sorted(weights)]
    head = "\nWeights, their licences (texts beside them) 权重及其许可证（全文见其文件夹）：\n\n"
    return _TEXT.format(
        count=len(targets),
        python=_CARRIED.format(on=on) if carried else _NEEDED,
        python_zh=_CARRIED_ZH.format(on=on_zh) if carried else _NEEDED_ZH,
        kinds="".join(map(_kind, targets)),
        sums=SUMS,
        trust=_SIGNED if signed else _UNSIGNED,
        trust_zh=_SIGNED_ZH if signed else _UNSIGNED_ZH,
        models=head + "".join(rows) if rows else "",
    )
