"""What is taken out of every text: logins in addresses, headers, named values, known tokens.

Each rule starts at a word that the text must hold and reads on from there; every repetition is
bounded or ends at a character that its beginning cannot be, so that the time is linear.
"""

from __future__ import annotations

import re

from setup_assistant.host.secrets import names, tokens

_A = re.ASCII | re.IGNORECASE
# What may stand between a name and its value, in code, JSON (also inside a string), YAML.
_SEP = r"\\{0,3}[\"'`]?\]?[ \t]{0,40}(?::=|=>|[:=]|：|＝)[ \t\u3000]{0,40}"
_KEYED = re.compile(rf"(?P<word>{names.WORDS})(?P<rest>[\w.-]{{0,24}})(?P<sep>{_SEP})", _A)
_SIGNED = re.compile(r"[?&;](?P<key>[\w.-]{1,60})=(?=[^&#\s])", re.ASCII)
_BEFORE = re.compile(r"[\w.-]{0,60}$", re.ASCII)
_LEAD = re.compile(r"(?i)\b([a-z]{2,10})[ ]$")
_OPENER = re.compile(r"\\{0,3}[\"'`]")
_BARE = re.compile(r"[^\s\"'`，。；、）】]+")
_ENDS = re.compile(r"[.,;:!?)\]}>]+$")
# Longer values are cut there; what a value is not is decided once for each name before it.
_LONGEST, _LONGEST_BARE = 8192, 1024

_LOGIN = re.compile(
    r"(?<![A-Za-z0-9+.-])([a-z][a-z0-9+.-]{0,30}:/{2,3})([^\s/?#\"'<>`]*)@", re.IGNORECASE
)
# A slash inside the password: no port follows the colon.
_LOGIN_SLASH = re.compile(
    r"(?<![A-Za-z0-9+.-])([a-z][a-z0-9+.-]{0,30}://)([^\s/?#\"'<>`:@]{1,80}:(?!\d{1,5}(?:[/?#\s\"']|$))"
    r"[^\s\"'<>`@]{0,200})@", re.IGNORECASE)  # fmt: skip
_LOGIN_BARE = re.compile(
    r"(?<![\w./:@%+-])([A-Za-z][\w.-]{0,60}):([^\s:@/\"'<>,;]{1,100})@"
    r"(?=(?!sha(?:256|512|384):)(?:\d{1,3}(?:\.\d{1,3}){3}|[A-Za-z][\w-]*(?:\.[\w-]+)*)(?:[:/\s\"',;)]|$))",
    re.ASCII,
)  # fmt: skip

_HEADER = re.compile(
    r"((?:proxy-|x-amz-|x-)?authori[sz]ation\\{0,3}[\"'`]?\]?\s{0,20}[:=]\s{0,20}b?)(\\{0,3}[\"'`])?",
    _A,
)
_MANY_PARTS = re.compile(r"(?:digest|aws4-|oauth|hawk|tc3-|acs3-|credential)", re.IGNORECASE)
_BEARER = re.compile(
    r"\b((?i:bearer|basic|negotiate|ntlm))(\s{1,4}|%20)"
    r"((?=[^\s]{0,200}?(?:\d|=|[a-z][A-Z]|\w_\w))[\w.~+/=-]{6,}|(?!auth)[A-Za-z]{20,})",
    re.ASCII,
)
_COOKIE = re.compile(
    r"\b((?:set-)?cookies?2?\\{0,3}[\"'`]?\]?[ \t]{0,20}(?::|=(?!=))[ \t]{0,20})(?=\S)", _A
)

_WORD = r"(?:\\{0,3}\"[^\"\n]{0,1000}\"|\\{0,3}'[^'\n]{0,1000}'|[^\s\"']+)"
_FLAG = re.compile(
    rf"(?<![\w-])(--?([A-Za-z][\w-]{{0,60}})(?:['\"],?)?[ \t]{{1,20}}['\"]?)({_WORD})", re.ASCII
)
_USER_FLAG = re.compile(
    r"(?<![\w-])((?:-u|-U|--user|--proxy-user|--http-user)(?:['\"],)?(?:\s{1,8}|=)\\{0,3}['\"]?)"
    r"(?!\d+:\d+(?:[\s'\"]|$))([^\s:'\"/]{1,100}):([^\s:/'\"][^\s'\"]*)",
    re.ASCII,
)
_ASSIGN = re.compile(
    r"(?i)\b((?:env|setx|setenv|set\s+-gx|set\s+-x|arg)[ \t]{1,8}([\w-]{1,80})[ \t]{1,8})(\S+)"
)
_NAMED = re.compile(
    r"(name\\{0,3}[\"']?\s{0,8}[:=]\s{0,8}\\{0,3}[\"']?([\w-]{1,80})\\{0,3}[\"']?[\s,]{0,60}\\{0,3}[\"']?value"
    r"\\{0,3}[\"']?\s{0,8}[:=]\s{0,8}\\{0,3}[\"']?)([^\s\"']+)", _A)  # fmt: skip
_COMMANDS = (
    (("curl", "wget", "http"), re.compile(r"((?<![\w-])-u)([^\s:'\"/-][^\s:'\"/]{0,100}:[^\s'\"]+)")),
    (("curl",), re.compile(r"((?<![\w-])(?:-b|--cookie)[ =]['\"]?)([^\s'\"=]{1,80}=[^'\"\n]+)")),
    (("sshpass",), re.compile(r"(\bsshpass\s{1,4}-p\s{0,4})(\S+)")),
    (("mysql", "mariadb"), re.compile(r"((?<![\w-])-p)([^\s'\"-][^\s]*)")),
    (("redis",), re.compile(r"((?<![\w-])-a\s{1,4})(\S+)")),
    (("plink", "pscp", "putty"), re.compile(r"((?<![\w-])-pw\s{1,4})(\S+)")),
    (("sudo",), re.compile(r"(\becho\s{1,4}['\"]?)([^\s'\"|]+)(?=['\"]?\s{0,8}\|\s{0,4}sudo\s{1,4}-S)")),
    (("openssl", "pass:"), re.compile(r"(\bpass(?:in|out)?[ =:]{1,2}pass:)(\S+)")),
    (("net use",), re.compile(r"(\bnet use\s{1,4}(?:[A-Z*]:?\s{1,4})?\\\\\S{1,200}\s{1,4}(?:/user:\S{1,100}\s{1,4})?)([^\s/]\S*)")),
    (("/t/",), re.compile(r"(://[^\s/]{1,200}/t/)([^\s/]{6,200})(?=/)")),
    (("assword for", "assphrase for"), re.compile(r"([Pp]ass(?:word|phrase) for [^\n]{1,120}?: {1,4})(\S+)")),
    (("!",), re.compile(r"((?:password|passwd|token|secret|key)[\"']?:\s{0,4}![\w/]{1,20}\s{1,4})(\S+)")),
    (("slack.com",), re.compile(r"(hooks\.slack\.com/(?:services|workflows)/)([\w/]+)")),
)  # fmt: skip

_NETRC = re.compile(
    r"((?<![\w-])(?:machine\s{1,8}\S{1,200}|default)?\s{0,8}\blogin\s{1,8}\S{1,200}\s{1,8}"
    r"(?:account\s{1,8}\S{1,200}\s{1,8})?password\s{1,8})(\S+)", _A)  # fmt: skip
_PROSE = re.compile(
    r"(?P<line>^[ \t]{0,16})?(?<![\w-])(?P<key>password|passwd|passphrase|passcode|requirepass|pass|token|secret|api key)"
    r"(?P<lead>[ \t]{1,8}(?:is|was|are|for \S{1,60} is|of \S{1,60} is)?[ \t]{0,8}:?[ \t]{0,8})"
    r"(?P<quote>['\"]?)(?P<value>[^\s'\"]+)(?P<rest>[^\n]{0,1})",
    _A | re.MULTILINE,
)
_CHINESE = re.compile(
    r"(密码|口令|令牌|密钥|密匙|私钥|验证码|授权码|访问码|暗号)([\s\"'”』」]{0,4}(?:是|为|设为|改为|：|:|=|＝|->|→)"
    r"[\s\"'“「『]{0,4}|[ \t\u3000]{1,4})([^\s，。；、）】\"'”」』,;)]+)"
)  # fmt: skip
_CHINESE_ONLY = re.compile(r"[\u4e00-\u9fff！？…]+")
_FIGURE = re.compile(r"[\d.,]{1,9}")


def apply(text: str) -> str:
    """Return `text` with every secret in it replaced by `***`."""
    if "@" in text:
        text = _LOGIN_SLASH.sub(r"\1***@", _LOGIN.sub(_login, text))
        text = _LOGIN_BARE.sub("***@", text)
    lower = text.lower()
    if "authori" in lower:
        text = _headers(text)
    if "cookie" in lower:
        text = _cookies(text)
    if any(w in lower for w in ("bearer", "basic", "negotiate", "ntlm")):
        text = _BEARER.sub(r"\1\2***", text)
    text = _named(tokens.hide(text))
    if "-" in text:
        text = _FLAG.sub(_flag, text)
        text = _USER_FLAG.sub(r"\1***", text)
    return _spoken(_commands(text))


def without_login(text: str) -> str:
    """Return `text` with the logins cut out of the addresses in it, up to the last @ of each."""
    return _LOGIN_SLASH.sub(r"\1", _LOGIN.sub(r"\1", text))


def _login(found: re.Match[str]) -> str:
    # The account of every git server.
    return found[0] if found[2] in ("git", "hg", "***") else f"{found[1]}***@"


def _headers(text: str) -> str:
    parts, at = [], 0
    for found in _HEADER.finditer(text):
        if found.start() < at:
            continue
        end = _value_end(text, found.end(), found[2] or "")
        value = text[found.end() : end]
        if not found[2] and (quote := re.search(r"[\"']", value)):
            # Digest and signatures hold quotes of their own.
            many = _MANY_PARTS.match(value)
            end = end if many else found.end() + quote.start()
        if not value.strip():
            continue
        parts += [text[at : found.end()], "***"]
        at = end
    return "".join(parts) + text[at:]


def _cookies(text: str) -> str:
    parts, at = [], 0
    for found in _COOKIE.finditer(text):
        if found.start() < at:
            continue
        if (
            "=" not in text[found.end() : found.end() + 200]
            and "{" not in text[found.end() : found.end() + 2]
        ):
            continue
        opener = _OPENER.match(text, found.end())
        begin = opener.end() if opener else found.end()
        end = _value_end(text, begin, opener[0] if opener else "")
        if not opener and (quote := re.search(r"[\"']", text[begin:end])) and text[begin] != "{":
            end = begin + quote.start()
        parts += [text[at:begin], "***"]
        at = end
    return "".join(parts) + text[at:]


def _value_end(text: str, begin: int, opener: str) -> int:
    """Return where a value ends: at the quote that opened it, else at the end of its line."""
    limit = min(len(text), begin + _LONGEST)
    line = text.find("\n", begin, limit)
    line = limit if line < 0 else line
    if not opener:
        return line
    at = begin
    while (at := text.find(opener, at, line)) >= 0:
        if "\\" in opener or text[at - 1] != "\\":
            return at
        at += 1
    return line


def _named(text: str) -> str:
    """Take out values by the names before them: settings, JSON, YAML, queries, dumps."""
    if not re.search("[:=：＝]", text):
        return text
    text = _NAMED.sub(_pair, text) if "value" in text else text
    lower = text.lower()
    if any(h in lower for h in names.HINTS):
        text = _each_named(text, _KEYED, query=False)
    return _each_named(text, _SIGNED, query=True) if "?" in text or "&" in text else text


def _each_named(text: str, pattern: re.Pattern[str], *, query: bool) -> str:
    parts, at = [], 0
    for found in pattern.finditer(text):
        if found.start() < at:
            continue
        name = found["key"] if query else _name(text, found)
        if not names.may_hold(name, query=query):
            continue
        opener = None if query else _OPENER.match(text, found.end())
        begin, end = _value(text, found.end(), opener[0] if opener else "", name, query=query)
        if begin == end or not names.is_secret(name, text[begin:end], query=query):
            continue
        if end - begin >= _LONGEST_BARE and not opener and (whole := _BARE.match(text, begin)):
            end = whole.end()
        parts += [text[at:begin], "***"]
        at = end
    return "".join(parts) + text[at:]


def _name(text: str, found: re.Match[str]) -> str:
    before = _BEFORE.search(text[max(0, found.start() - 60) : found.start()])
    name = (before[0] if before else "") + found["word"] + found["rest"]
    # "image token: 5" is a figure of a model: the word before belongs to the name.
    if found["word"].lower() == "token" and name.lower() == "token":
        lead = _LEAD.search(text[max(0, found.start() - 12) : found.start()])
        name = f"{lead[1]}_{name}" if lead else name
    return name.lstrip("-.")


def _value(text: str, begin: int, opener: str, name: str, *, query: bool) -> tuple[int, int]:
    """Return where the value at `begin` lies, without its quotes and what ends the sentence."""
    if opener:
        begin += len(opener)
        return begin, _value_end(text, begin, opener)
    found = _BARE.match(text, begin, begin + _LONGEST_BARE)
    if not found:
        return begin, begin
    value = found[0]
    in_query = query or text[begin - len(name) - 2 : begin - len(name) - 1] in ("?", "&")
    if in_query:
        value = re.split(r"[&#<>\\]", value, maxsplit=1)[0]
    if not query and (ends := _ENDS.search(value[-8:])):
        value = value[: len(value) - len(ends[0])]
    return begin, begin + len(value)


def _pair(found: re.Match[str]) -> str:
    return f"{found[1]}***" if names.is_secret(found[2], found[3]) else found[0]


def _flag(found: re.Match[str]) -> str:
    value = found[3].lstrip("\\").strip("\"'")
    if value.startswith("-") or not names.is_secret(found[2], value):
        return found[0]
    return f"{found[1]}***"


def _commands(text: str) -> str:
    if "ENV" in text or "set" in text or "ARG" in text:
        text = _ASSIGN.sub(_pair, text)
    for programs, pattern in _COMMANDS:
        if any(p in text for p in programs):
            text = pattern.sub(r"\1***", text)
    return text


def _spoken(text: str) -> str:
    """Take out secrets in sentences, and in the lines of a netrc file."""
    lower = text.lower()
    if "login" in lower and "password" in lower:
        text = _NETRC.sub(r"\1***", text)
    if "pass" in lower or "token" in lower or "secret" in lower or "api key" in lower:
        text = _PROSE.sub(_prose, text)
    return text if text.isascii() else _CHINESE.sub(_chinese, text)


def _prose(found: re.Match[str]) -> str:
    value, key = found["value"], found["key"].lower()
    sure = "pass" in key and key != "pass"
    alone = sure and found["line"] is not None and not found["rest"].strip("\"' \t\r")
    shaped = re.search(r"\d", value) is not None and re.search(r"[A-Za-z]", value) is not None
    if not sure and not (shaped and len(value) >= 8 and "(" not in value and "." not in value[:-1]):
        return found[0]
    if not names.in_prose(value, alone=alone) or (not sure and "token" in key and "_" in value):
        return found[0]
    end = _ENDS.search(value[-8:])
    return f"{found['line'] or ''}{found['key']}{found['lead']}{found['quote']}***" + (
        end[0] if end else "") + found["rest"]  # fmt: skip


def _chinese(found: re.Match[str]) -> str:
    value = found[3]
    spoken = not re.search("[：:=＝]", found[2])
    if (spoken and _CHINESE_ONLY.fullmatch(value)) or (
        _FIGURE.fullmatch(value) and found[1] == "令牌"
    ):
        return found[0]
    return found[0] if names._no_value(value) else f"{found[1]}{found[2]}***"  # noqa: SLF001
