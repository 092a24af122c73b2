"""Secrets that nothing names: words that look drawn by chance.

A token of a service that is not known here still differs from a word of a program: capitals,
small letters and figures change places at almost every letter. A word of one case may be the
public hash of a file; it is taken out only beside a word such as `key`, or after a short flag.

Scanners such as detect-secrets ask the same of quoted strings in source files; they report lines
and do not replace, and know neither running text, Chinese nor identities.
"""

from __future__ import annotations

import re

from setup_assistant.host.secrets.matching import regex, take_out

# Capitals, small letters and figures together.
_MIXED = regex(
    r"(?<![A-Za-z0-9])(?=[A-Z0-9]{0,40}[a-z])(?=[a-z0-9]{0,40}[A-Z])(?=[A-Za-z]{0,40}\d)"
    r"[A-Za-z0-9]{16,}|(?<![A-Za-z0-9])[0-9a-f]{32}\.[A-Za-z0-9]{16}(?![\w.])"
)
# The same in pieces that dashes divide, one of them long: `GOCSPX-aB3...`.
_DIVIDED = regex(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]{20})(?:[A-Za-z0-9]{0,60}[_-]){1,8}?(?=[A-Z0-9]{0,20}[a-z])(?=[a-z0-9]{0,20}[A-Z])"
    r"(?=[A-Za-z]{0,20}\d)[A-Za-z0-9]{8,15}(?![A-Za-z0-9])[\w-]*"
)
# Capitals and figures alone, or small letters and figures; long, and no hash, which has no g to z.
_ONE_CASE = regex(
    r"(?<![A-Za-z0-9])(?:(?=[0-9A-F]{0,40}[G-Z])(?:[A-Z]{0,12}\d{1,6}){4}[A-Z0-9]{4,}|"
    r"(?=[0-9a-f]{0,40}[g-z])(?:[a-z]{0,12}\d{1,6}){4}[a-z0-9]{4,})(?![A-Za-z0-9])"
)
# Short ones must stand alone.
_ALONE = regex(
    r"(?<![^\s'\"`(=：，])(?=[A-Z0-9]{0,15}[a-z])(?=[a-z0-9]{0,15}[A-Z])(?=[A-Za-z]{0,15}\d)[A-Za-z0-9]{10,15}(?![^\s'\"`);，。])"
)
_HARDWARE = regex(r"PCIe|SXM\d|NVL\d|[RG]TX|\d[KMG]i?B|[MG]Hz|E\dM\d|\dx\d|Conv\d|Gen\d")
# How files of pictures begin.
_PICTURE = regex(r"iVBORw0KGgo|R0lGOD|UklGR|9j/4|Qk[01]")
_AROUND = regex(r"[A-Za-z0-9+=._~-]*")
_RUN = regex(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
# Letters and figures, on average; names of programs have 3 to 6. Chance is fair in long words.
_LONGEST_RUN, _LONGEST_RUN_OF_LONG, _LONG = 2.5, 3.0, 24
_LONGEST = 512
_SHORTEST_PIECE, _LEAST_RUNS, _LONGEST_RUN_OF_SHORT, _LONGEST_RUN_OF_ONE_CASE = 8, 5, 2.2, 3.6
# Shapes of tiles and types that kernels carry in their names: `m16n8k16f32`.
_TERMS = regex(r"(?:[a-z]{1,4}(?:8|16|32|64|128|256|512|1024)){3,}[a-z]{0,4}")

# One case, or short: only beside a word that says what it is.
_SAYS = regex(
    r"(?<![A-Za-z0-9])(?:(?P<sure>pass(?:word|wd|phrase|code|wort)s?|pw|pass|creds?|credentials?|log[io]n|secret|auth|kinit|vpn|wi-?fi|admin(?:istrator)?|snmp|ipmi|bmc|rdp|vnc|smb|ldap|radius|otp|seed|passcode|kennwort|psk|senha|contraseña|mot de passe|wachtwoord|hasło|пароль)|(?:api|access|secret|auth|app)?[_ -]?"
    r"(?:tokens?|keys?|secrets?|auth|credentials?|api|creds?|apikey))(?![A-Za-z0-9-])|(?P<said>密码|口令|账号|帐号|解压|提取码|暗号|パスワード|비밀번호)|"
    r"令牌|密钥|凭证|凭据|授权码",
    re.IGNORECASE,
)
# What each of these words holds.
_SAYING = (
    "pass", "pw", "cred", "log", "secret", "auth", "kinit", "vpn", "wifi", "wi-fi", "admin", "snmp", "ipmi", "bmc", "rdp", "vnc", "smb", "ldap", "radius", "otp",
    "seed", "kennwort", "psk", "senha", "contraseña", "wachtwoord", "hasło", "пароль", "token", "key", "api", "码", "口令", "号", "解压", "パスワード", "비밀번호",
    "令牌", "密钥", "凭",
)  # fmt: skip
_ENDS = regex(r"[\n!?。！？；;](?![!-~])|\. |\*\*\*")
_REACH = 56
_WORD = regex(r"(?<![\w/\\.@%-])[A-Za-z0-9!@#$%^&*+?~_.-]{6,}(?<![.!?])(?![\w/\\@(=])", re.ASCII)
# Letters and figures that are names: of methods, releases, models, cards, files.
_TERM = regex(
    r"(?i)(?:sha|md|ssh|https?|aes|rsa|ed|x|oauth|ntlmv|wpa|tls|utf|base|argon|pbkdf|iso|rfc|win|python|py|cp|"
    r"cuda|cu|sm|qwen|llama|gpt|clip|rtx|gtx|ipv|ubuntu|debian|torch|ps)[_-]?\d[\w.-]*|(?:h|gb|a|v)\d{1,4}[a-z]?|\d+[A-Za-z]{1,4}|"
    r".*\.[a-z]\w{1,5}|802\.\w{1,5}|[\d.,-]+|\d{4}-\d\d-\d\dT.*|(?-i:[A-Z]{1,8}[_-]?\d{1,4})"
)
_FLAGGED = regex(
    r"(?<![\w-])((?:-[A-Za-z]|login)[= ]['\"]?(?:[a-z]{2,10}-)?)([A-Z0-9]{16,}|[a-z0-9]{16,})(?![\w./-])"
)
_HASHED = regex(
    r"(?i)sha-?\d|md5|hash|digest|etag|checksum|crc|commit|revision|blob|layer|fingerprint|integrity|"
    r"snapshot|uuid|(?:cache|public|primary|lookup|sort|dict|weight|state|registry)[ _-]key|哈希|校验|摘要|提交|版本"
)
# A sum in letters of both cases.
_SUM = regex(r"(?i)sha-?\d|hash|digest|checksum|fingerprint|integrity|哈希|校验|摘要")
# A symbol of a C++ library.
_MANGLED = regex(r"_Z[A-Z0-9]")
_HEX = regex(r"[0-9a-f-]{12,}|[0-9A-F-]{12,}")
# What a terminal, a table, a folded header or a program broke: the rest of the word follows.
_WRAPPED = regex(
    r"(\*\*\*(?:[ \t]*[|│]?[ \t]*\r?\n|[\"'][ \t]*(?:\+[ \t]*\r?\n?|\\?\r?\n)(?=[ \t]*[\"'])))"
    r"([ \t]*[|│\"']?[ \t]*)([A-Za-z0-9+/_=.~%-]{6,})"
    r"(?=[\"'`,;)]|[ \t]*[|│]?[ \t]*\r?$)",
    re.MULTILINE,
)
_MOST_LINES = 40


def hide(text: str) -> str:
    """Return `text` without words that look drawn by chance."""
    if not re.search(r"\d", text):
        return text
    text = take_out(text, _MIXED, _mixed)
    text = take_out(text, _DIVIDED, _divided)
    text = take_out(text, _ONE_CASE, _one_case)
    text = take_out(text, _ALONE, _alone)
    text = _FLAGGED.sub(lambda m: f"{m[1]}***" if _drawn(m[2]) else m[0], text)
    lower = text.lower()
    return take_out(text, _SAYS, _beside) if any(w in lower for w in _SAYING) else text


def hide_wrapped(text: str) -> str:
    """Return `text` without the rest of secrets that go on in the next line."""
    for _line in range(_MOST_LINES):
        before, text = text, _WRAPPED.sub(_rest, text)
        if text == before:
            break
    return text


def _rest(found: re.Match[str]) -> str:
    word = found[3]
    # In a program, what follows a quote is surely a part of it.
    secret = _drawn(word) or (found[1][3] in "\"'" and word.isalnum() and not word.isalpha())
    return f"{found[1]}{found[2]}***" if secret else found[0]


def _mixed(found: re.Match[str]) -> tuple[int, int] | None:
    text = found.string
    drawn = "." in found[0] or _drawn(found[0])
    if not drawn or _is_hash(text, found.start(), _SUM):
        return None
    # What hangs together with it is part of it: `pat.HEX`, `prefix-key_id-secret`.
    before = _AROUND.match(text[max(0, found.start() - _LONGEST) : found.start()][::-1])
    after = _AROUND.match(text, found.end(), found.end() + _LONGEST)
    begin = found.start() - len(before[0] if before else "")
    if _PICTURE.match(text, begin) or text.startswith("base64,", begin - 7):
        return None
    # A name and its sign of equality stay.
    begin = max(begin, text.rfind("=", begin, found.start()) + 1)
    end = after.end() if after else found.end()
    return None if _MANGLED.search(text, begin, end) else (begin, end)


def _divided(found: re.Match[str]) -> tuple[int, int] | None:
    """Return where a word of pieces lies of which a long one looks drawn, and the whole does."""
    pieces = re.split("[_-]+", found[0])
    drawn = any(len(p) >= _SHORTEST_PIECE and _all_kinds(p) and _drawn(p) for p in pieces)
    whole = "".join(pieces)
    if not drawn or not _drawn(whole) or _HARDWARE.search(found[0]):
        return None
    mangled = _MANGLED.search(found[0]) or _is_hash(found.string, found.start(), _SUM)
    return None if mangled else found.span()


def _one_case(found: re.Match[str]) -> tuple[int, int] | None:
    text, word = found.string, found[0]
    runs = re.findall(r"\d+|\D+", word)
    drawn = len(word) >= _LONG and len(word) <= _LONGEST_RUN_OF_ONE_CASE * len(runs)
    if not drawn or _TERMS.fullmatch(word) or _is_hash(text, found.start()):
        return None
    return found.span()


def _alone(found: re.Match[str]) -> tuple[int, int] | None:
    runs = len(_RUN.findall(found[0]))
    drawn = runs >= _LEAST_RUNS and len(found[0]) <= _LONGEST_RUN_OF_SHORT * runs
    if not drawn or _HARDWARE.search(found[0]) or _is_hash(found.string, found.start()):
        return None
    return found.span()


def _all_kinds(word: str) -> bool:
    return all(re.search(kind, word) for kind in ("[a-z]", "[A-Z]", "[0-9]"))


def _drawn(word: str) -> bool:
    """Whether the kinds of letters change too often for a word that somebody wrote."""
    size = min(len(word), _LONGEST)
    runs = len(_RUN.findall(word[:_LONGEST]))
    most = _LONGEST_RUN_OF_LONG if size >= _LONG else _LONGEST_RUN
    return size <= most * runs and re.search(r"\d", word) is not None


def _is_hash(text: str, at: int, words: re.Pattern[str] = _HASHED) -> bool:
    before = text[max(0, at - 140) : at].rpartition("\n")[2]
    # Near it, or at the beginning of what it is a part of: `sha512-AbC+dEf/GhI`.
    before = before[-max(40, len(before) - before.rfind(" ")) :]
    return words.search(before) is not None


def _beside(found: re.Match[str]) -> tuple[int, int] | None:
    """Return where the first odd word in a sentence after a word such as "password" lies."""
    text = found.string
    if _is_hash(text, found.end()):
        return None
    end = _ENDS.search(text, found.end(), found.end() + _REACH + 24)
    last = min(found.end() + _REACH, end.start() if end else len(text))
    for word in _WORD.finditer(text, found.end(), found.end() + _REACH + 64):
        if word.start() >= last or _HASHED.search(text, found.end(), word.start()):
            return None
        if _odd(word[0], sure=bool(found["sure"] or found["said"])):
            return word.span()
    return None


def _odd(word: str, *, sure: bool) -> bool:
    """Whether nobody would write this in a sentence. `sure`: a password is expected there."""
    figures = len(re.findall(r"\d+", word))
    if not figures or not re.search("[A-Za-z]", word) or _TERM.fullmatch(word):
        return False
    if sure:
        return True
    if figures < 3 or "." in word or "_" in word:
        return False
    return len(word) >= 8 and (_HEX.fullmatch(word) is not None or _drawn(word.replace("-", "")))
