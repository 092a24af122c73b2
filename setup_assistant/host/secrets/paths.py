"""Folders in texts: homes on any root, other folders outside the system's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from setup_assistant.host.secrets.matching import regex

# Folders that every system has; what lies under them names nobody.
_SYSTEM = (
    r"(?:usr|lib|lib64|lib32|proc|sys|dev|bin|sbin|etc|boot|snap|app|workspace|pytorch|"
    r"opt/(?:conda|miniconda\d*|anaconda\d*|miniforge\d*|mambaforge|nvidia|venv|rocm[\w.-]*|"
    r"cuda[\w.-]*|hpcx|python[\w.]*|intel|amazon|microsoft)|"
    r"var/(?:lib|log|cache|run|tmp)|run/(?:nvidia[\w.-]*|docker[\w.]*|systemd|udev|lock)|"
    r"root|tmp/(?:tmp|pip-)[\w-]*)"
)
_HOME = regex(r"[\\/](?:home|Users|用户)[\\/]{1,4}([^\\/\s:\"'<>|，。；、]{1,64})", re.IGNORECASE)
_HOME_SPACED = regex(
    r"[\\/](?:home|Users)[\\/]{1,4}([^\\/\n:\"'<>|]{1,64})(?=[\\/])", re.IGNORECASE
)
_STOP = r"\s'\"`,;:()\[\]{}<>|，。；、（）"
# Two parts at least; what follows a verb of HTTP is no folder.
_UNIX = regex(
    rf"(?<![\w<>./:~*\\-])(?<!GET )(?<!HEAD )(?<!POST )(?<!PUT )(?<!url: )(?<!base64,)/(?!{_SYSTEM}(?:/|(?![^{_STOP}])))"
    rf"[^/{_STOP}]+/[^{_STOP}]+"
)
_SPACED = regex(
    r"(?<![\w<>./:~])(?:/[\w.-]{1,30}){0,4}/(?:home|Users)/[^/\n:\"'<>]{1,64}(?=/)(?:/[^/\n'\",;:()\[\]<>]{1,64}(?<! )(?=/)){0,12}(?:/[^\s'\",;:()\[\]]*)?",
    re.IGNORECASE,
)
_QUOTED = regex(rf"(?<=['\"])/(?!{_SYSTEM}[/'\"])[^'\"\n]{{1,1000}}(?=['\"])")
_ROOTS_HOME = regex(r"(?<![\w<>./:~])/root(?=/)[^\s'\",;:()\[\]]+")
_TILDE = regex(rf"(?<![\w.~/])~[\w.-]*/[^{_STOP}]+|(?<![\w.~/])~[A-Za-z][\w.-]+")
# What every home has names nobody.
_EVERY_HOME = regex(
    r"~/\.(?:ssh|cache|config|local|docker|conda|netrc|bashrc|profile|bash_profile|zshrc|condarc|gitconfig|git-credentials|"
    r"pip|pypirc|aws|kube|huggingface|modelscope|triton)"
    r"(?:/(?:id_[a-z0-9_]{2,12}|config(?:\.json)?|known_hosts|authorized_keys|credentials|token|hub|pip|pip\.conf|uv|"
    r"huggingface|modelscope|torch|vllm|bin|lib|share|git)(?![\w-])){0,6}/?"
)
_DRIVE_QUOTED = regex(r"(?<=['\"])[A-Za-z]:[\\/][^'\"\n]{1,1000}(?=['\"])")
_DRIVE = regex(r"(?<![A-Za-z0-9])[A-Za-z]:[\\/](?![\\/]?[\s'\"])[^'\"\n,;)|<>，。]{1,1000}")
_DRIVE_SYSTEM = regex(r"[A-Za-z]:[\\/]+(?:Windows|Program Files)", re.IGNORECASE)
_SHARE = regex(r"(?<![\\\w])\\\\[^\s'\",;\\]{1,100}\\[^'\"\n,;)]{0,1000}")
_REMOTE = regex(r"(?<![\w/.])(?<!-v )(?<!volume[ =])[A-Za-z][\w.-]{1,60}:/(?!/)[^\s'\",;)]{2,}")
_PACKAGES = regex(r"[\\/](?:site|dist)-packages(?:[\\/]|$)")


def homes_in(text: str) -> Iterator[str]:
    """Yield the accounts whose home folders a text names."""
    lower = text.lower()
    if not any(root in lower for root in ("home", "users", "用户")):
        return
    for pattern in (_HOME, _HOME_SPACED):
        for found in pattern.finditer(text):
            yield found[1].strip().strip("\\.,;:)")


def replacer(folders: Mapping[str, str]) -> Callable[[str], str]:
    """Return what puts words in the place of folders; a folder inside another comes first."""
    known = {f.rstrip("/\\"): word for f, word in folders.items() if len(f.rstrip("/\\")) > 1}
    if not known:
        return lambda text: text
    longest = sorted(known, key=len, reverse=True)
    pattern = regex(rf"(?<![\w/.])({'|'.join(map(re.escape, longest))})(?![\w.-])")
    return lambda text: pattern.sub(lambda m: known[m[1]], text)


def hide(text: str) -> str:
    """Return `text` without folders; what lies in a folder of packages stays."""
    if "\\" in text or ":" in text:
        text = _DRIVE_QUOTED.sub(_drive, text)
        text = _DRIVE.sub(_drive, text)
        text = _SHARE.sub(_path, text)
        text = _REMOTE.sub("<host>:<path>", text)
    if "/" in text or "~" in text:
        text = _QUOTED.sub(_path, text)
        for pattern in (_SPACED, _ROOTS_HOME, _UNIX, _TILDE):
            text = pattern.sub(_path, text)
    return text


def _drive(found: re.Match[str]) -> str:
    return found[0] if _DRIVE_SYSTEM.match(found[0]) else _path(found)


def _path(found: re.Match[str]) -> str:
    if _EVERY_HOME.fullmatch(found[0].rstrip(".")):
        return found[0]
    packages = _PACKAGES.search(found[0])
    return "<path>" + (found[0][packages.start() :] if packages else "")
