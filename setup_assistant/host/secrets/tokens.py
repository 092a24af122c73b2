"""Secrets that can be told by their own shape: tokens of known services, keys in PEM."""

from __future__ import annotations

import re

from setup_assistant.host.secrets.matching import regex

_WORD = r"[A-Za-z0-9]"
# Prefix and shape of what each service hands out. Case matters where prose would be hit.
_SHAPES = (
    r"(?:hf|Hf|api_org)_(?:[A-Za-z0-9]{16,}|(?=[a-z]{0,40}[A-Z0-9])[A-Za-z0-9]{8,})",
    r"HF_(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{16,}",
    r"(?i:gh[oprsu]_[A-Za-z0-9]{10,}|github_pat_\w{10,})",
    r"(?:glpat|gldt|glrt|glptt|glcbt|glimt|glft|glagent|gloas)-[\w-]{8,}",
    r"sk-(?:ant|proj|or|svcacct|admin|lf)-[\w-]{8,}",
    r"sk-(?=[A-Za-z_-]{0,60}\d)[\w-]{12,}",
    r"[rsp]k_(?:live|test)_\w{8,}",
    r"nvapi-[\w-]{8,}",
    r"(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{8,}",
    r"LTAI[A-Za-z0-9]{8,}",
    r"AIza[\w-]{12,}",
    r"pypi-(?:AgE[\w-]{4,}|(?=[a-z-]{0,60}[A-Z0-9])[\w-]{16,})",
    r"npm_[A-Za-z0-9]{16,}",
    r"dckr_(?:pat|oat)_[\w-]{6,}",
    r"xox[abceoprs]-[\w-]{8,}|xapp-[\w-]{8,}",
    r"eyJ[\w-]{4,}\.[\w-]{2,}(?:\.[\w-]*)?|eyJ[A-Za-z0-9+/_-]{24,}={0,2}",
    r"(?<!-)ms-(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{2,12}){1,5}|(?=(?:[A-Za-z-]{0,20}\d){3})[A-Za-z0-9-]{20,})",
    r"(?:gsk|r8|fw|tvly|pplx|xai|dapi|whsec|shpat|lin_api|dop_v1|hvs|hvb|tgp_v1|secret|ntn|figd|rnd|wandb_v1)[_.-](?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{16,}|dapi[0-9a-f]{32}",
    r"(?<=\$)ANSIBLE_VAULT;[^\n\\]{1,80}(?:\n[ \t]{0,16}[0-9a-f]{1,100}){1,2000}",
    r"ya29\.[\w-]{10,}|SG\.[\w-]{12,}\.[\w-]{12,}",
    r"(?:lsv2_(?:pt|sk)|jina|pcsk|sk|rpa|csk|fo1|vck)_(?=[A-Za-z_-]{0,60}\d)[\w-]{20,}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{8,}",
    r"(?:\d{6}-){7}\d{6}",
    r"\$argon2\w{0,2}\$[^\s:'\"]{8,}",
    r"\$(?:1|2[abxy]|5|6|7|y|apr1|sha\d|pbkdf2[\w-]{0,12}|scrypt)\$[^\s:'\",]{8,}",
    r"(?:glsa|glc|sntrys|rubygems|sgp|phx|pul|ATATT3|ATCTT3|PMAK|AKLT|ALTAK|dp\.pt)[_.-]?(?=[A-Za-z_-]{0,60}\d)[\w-]{16,}",
    r"(?:key|hk)-[0-9a-f]{32}(?![0-9a-f])|(?:sbp|cal_live|do[or]_v1)_[0-9a-f]{32,64}|vast-[0-9a-f]{64}|ark-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    r"bce-(?:auth-)?v\d/[\w/-]{8,}",
    # Pieces of figures that dots divide, as some services join them.
    r"[a-z]{2,6}\.(?:[0-9a-f]{16,64}\.){1,3}[0-9a-f]{16,64}(?![\w.])",
    # How accounts of Windows and MySQL keep a password.
    r"(?<=:)[0-9A-Fa-f]{32}:[0-9A-Fa-f]{32}(?=:::)|\*[0-9A-F]{40}(?![0-9A-Za-z])",
    # A product key of Windows.
    r"(?=[A-Z-]{0,28}\d)[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4}(?![\w-])",
)
# In a repr or in JSON the letter before may belong to an escaped line break.
_TOKEN = regex(
    rf"(?:(?<!{_WORD})|(?<=\\[nrt])|(?<=-u)|(?<=%5F)|(?<=%20))(?:{'|'.join(_SHAPES)})", re.ASCII
)
# Looked for first: most texts hold none of them.
_HINTS = (
    "hf_", "api_org_", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "gl", "sk-", "k_live_",
    "k_test_", "nvapi-", "akia", "asia", "aroa", "aida", "abia", "acca", "ltai", "aiza",
    "pypi-", "npm_", "dckr_", "xox", "xapp", "eyj", "ms-", "gsk", "r8",
    "fw", "tvly", "pplx", "xai", "dapi", "whsec", "shpat", "lin_api", "dop_v1", "hvs", "hvb", "tgp_",
    "secret", "ntn", "figd", "rnd", "wandb_v1", "ansible_vault", "age-secret", "recovery", "恢复密钥", "sntrys", "rubygems", "sgp", "phx", "pul", "atatt3", "atctt3", "pmak", "aklt", "altak", "bce-",
    "key-", "hk-", "sbp_", "cal_live", "doo_v1", "dor_v1", "vast-", "ark-", "dp.pt", "ya29", "sg.", "lsv2_", "jina_", "sk_", "rpa_", "fo1_", "vck_", "$1$", "$2", "$5$", "$6$", "$7$", "$y$", "$apr1$", "$argon", "$sha", "$pbkdf2",
    "$scrypt", ":::", "*", "st.", "pat.", "key.", "sk.", "tok.", "product", "key:", "产品密钥",
)  # fmt: skip
_SSH_KEY = regex(
    r"\b(ssh-(?:rsa|dss|ed25519)|ecdsa-[\w-]{1,40}|sk-[\w.@-]{1,60})\s{1,4}AAAA[\w+/=]{8,}"
)
# A line of key material whose first line was said before.
_KEY_LINE = regex(
    r"(?m)^[ \t]{0,16}(?!iVBORw0KGgo|R0lGOD|UklGR|/9j/4)(?=[^\s]{0,60}[a-z])(?=[^\s]{0,60}[A-Z])(?=[^\s]{0,60}\d)[A-Za-z0-9+/]{60,76}={0,2}$"
)
_KEY_BEGIN = regex(r"(?:MII[A-Z]|b3BlbnNzaC1rZXktdjE)[A-Za-z0-9+/]{16,}={0,2}")
_PUTTY = regex(
    r"(Private-Lines: \d{1,4}\r?\n)(?:[A-Za-z0-9+/=]{1,100}(?:\r?\n|$)){1,200}(Private-MAC: )?\w*"
)
_BEGIN = regex(r"-----BEGIN ([A-Z0-9 ]{0,40})-----")


def hide(text: str) -> str:
    """Return `text` without keys and tokens that are known by their shape."""
    if "-----BEGIN" in text:
        text = _without_pem(text)
    text = _KEY_LINE.sub("***", text)
    if "Private-Lines" in text:
        text = _PUTTY.sub(r"\1***", text)
    if "MII" in text or "b3Blbn" in text:
        text = _KEY_BEGIN.sub("***", text)
    if "AAAA" in text:
        text = _SSH_KEY.sub(r"\1 ***", text)
    lower = text.lower()
    return _TOKEN.sub("***", text) if any(h in lower for h in _HINTS) else text


def _without_pem(text: str) -> str:
    """Take out every private key: to its end, or to the end of a text that was cut off."""
    parts, at = [], 0
    while found := _BEGIN.search(text, at):
        if "PRIVATE" not in found[1] and "SECRET" not in found[1]:
            parts.append(text[at : found.end()])
            at = found.end()
            continue
        parts.append(text[at : found.start()] + "***")
        end = text.find("-----END", found.end())
        if end < 0:
            return "".join(parts)
        stop = text.find("-----", end + len("-----END"))
        at = len(text) if stop < 0 else stop + len("-----")
    parts.append(text[at:])
    return "".join(parts)
