"""What is taken out of every text: logins in addresses, headers, named values, known tokens.

Each rule starts at a word that the text must hold and reads on from there; every repetition is
bounded or ends at a character that its beginning cannot be, so that the time is linear.
"""

from __future__ import annotations

import re

from setup_assistant.host.secrets import blocks, columns, commands, names, random_words, tokens
from setup_assistant.host.secrets.matching import regex, take_out

_A = re.ASCII | re.IGNORECASE
# What may stand between a name and its value, in code, JSON (also inside a string), YAML.
_SEP = r"(?:\\{0,3}[\"'`]?\]?[ \t]{0,40}(?::=|=>|[:=]|：|＝)[ \t\u3000]{0,40}|[ \t]{1,40}REG_[A-Z_]{2,12}[ \t]{1,40})"
_KEYED = regex(rf"(?P<word>{names.WORDS})(?P<rest>[\w.-]{{0,24}})(?P<sep>{_SEP})", _A)
_SIGNED = regex(
    r"(?:[?&;]|(?<![\w-])(?=(?i:x-(?:amz|goog|oss|tos|obs|cos)-|q-(?:ak|sig))))(?P<key>[\w.-]{1,60})=(?=[^&#\s])",
    re.ASCII,
)
_BEFORE = regex(r"[\w.-]*", re.ASCII)
# "canary did not pass: pillow is not installed": here it is a verb.
_VERB = regex(
    r"(?i)\b(?:not|to|did|does|tests?|checks?|must|should|will|can|may|cannot|they|all|it)[ ]$"
)
_LEAD = regex(r"(?i)\b([a-z]{2,10})[ ]$")
# What stands before the text in typed languages: `: string =`, `String::from(`.
_TYPED = regex(
    r"(?:&?'?[A-Za-z][\w<>\[\]&| ]{0,30}? ?= ?)?(?:(?:new )?(?:String(?:::from)?|str|Secret(?:Str|String)?|std::string|"
    r"bytes|Some|Buffer\.from|\[\]byte)\()?(?=[\"'`])"
)
_OPENER = regex(r"(?:[bfruBFRUNL@$]{1,2}(?=[\"']))?(\\{0,3}[\"'`])")
_BARE = regex(r"[^\s\"'`，。；、）】]+")
_ENDS = regex(r"[.,;:!?)\]}>]+$")
# Longer values are cut there; what a value is not is decided once for each name before it.
_LONGEST, _LONGEST_BARE = 8192, 1024

_LOGIN = regex(
    r"(?<![A-Za-z0-9+.-])([a-z][a-z0-9+.-]{0,30}:/{2,3})([^\s/?#\"'<>`]*)@", re.IGNORECASE
)
# A slash inside the password: no port follows the colon.
_LOGIN_SLASH = regex(
    r"(?<![A-Za-z0-9+.-])([a-z][a-z0-9+.-]{0,30}://)([^\s/?#\"'<>`:@]{1,80}:(?!\d{1,5}(?:[/?#\s\"']|$))"
    r"[^\s\"'<>`@]{0,200})@", re.IGNORECASE)  # fmt: skip
_LOGIN_BARE = regex(
    r"(?<![\w./:@%+-])([A-Za-z][\w.-]{0,60}):([^\s:@/\"'<>,;]{1,100})@"
    r"(?=(?!sha(?:256|512|384):)(?:\d{1,3}(?:\.\d{1,3}){3}|[A-Za-z][\w-]*(?:\.[\w-]+)*)(?:[:/\s\"',;()]|$))",
    re.ASCII,
)  # fmt: skip

_HEADER = regex(
    r"((?:proxy-|x-amz-|x-)?authori[sz]ation\\{0,3}[\"'`]?\]?\s{0,20}[:=]\s{0,20}(?:b(?=[\"']))?(?:\[\s{0,4}(?=\\{0,3}[\"'`]))?)(\\{0,3}[\"'`])?",
    _A,
)
_MANY_PARTS = regex(r"(?:digest|aws4-|oauth|hawk|tc3-|acs3-|credential)", re.IGNORECASE)
_BEARER = regex(
    r"\b((?i:bearer|basic|negotiate|ntlm))(\s{1,4}|%20)"
    r"((?=[^\s]{0,200}?(?:\d|=|[a-z][A-Z]|\w_\w))[\w.~+/=-]{6,}|(?!auth)[A-Za-z]{20,})",
    re.ASCII,
)
_COOKIE = regex(
    r"\b((?:set-)?cookies?2?\\{0,3}[\"'`]?\]?[ \t]{0,20}(?::|=(?!=))[ \t]{0,20}(?:\[\s{0,4}(?=\\{0,3}[\"'`]))?)(?=\S)",
    _A,
)

_NAMED = regex(
    r"((?:name|key)\\{0,3}[\"']?\s{0,8}[:=]\s{0,8}\\{0,3}[\"']?([\w-]{1,80})\\{0,3}[\"']?[\s,]{0,60}\\{0,3}[\"']?value"
    r"\\{0,3}[\"']?\s{0,8}[:=]\s{0,8}\\{0,3}[\"']?)([^\s\"']+)", _A)  # fmt: skip


def apply(text: str) -> str:
    """Return `text` with every secret in it replaced by `***`."""
    if "@" in text:
        text = _LOGIN_SLASH.sub(r"\1***@", _LOGIN.sub(_login, text))
        text = _LOGIN_BARE.sub("***@", text)
    lower = text.lower()
    if "authori" in lower:
        text = take_out(text, _HEADER, _header)
    if "cookie" in lower:
        text = take_out(text, _COOKIE, _cookie)
    if any(w in lower for w in ("bearer", "basic", "negotiate", "ntlm")):
        text = _BEARER.sub(r"\1\2***", text)
    text = random_words.hide(commands.apply(_named(blocks.apply(columns.hide(tokens.hide(text))))))
    return random_words.hide_wrapped(text) if "***" in text else text


def without_login(text: str) -> str:
    """Return `text` with the logins cut out of the addresses in it, up to the last @ of each."""
    return _LOGIN_SLASH.sub(r"\1", _LOGIN.sub(r"\1", text))


def _login(found: re.Match[str]) -> str:
    # The account of every git server.
    return found[0] if found[2] in ("git", "hg", "***") else f"{found[1]}***@"


def _header(found: re.Match[str]) -> tuple[int, int] | None:
    end = _value_end(found.string, found.end(), found[2] or "")
    value = found.string[found.end() : end]
    if not found[2] and (quote := re.search(r"[\"']", value)) and not _MANY_PARTS.match(value):
        # Digest and signatures hold quotes of their own.
        end = found.end() + quote.start()
        value = value[: quote.start()]
    nothing = names.is_nothing(value) or _sentence(value)
    return (found.end(), end) if value.strip() and not nothing else None


def _sentence(value: str) -> bool:
    """Whether a sentence follows, e.g. "authorization: the plan allows it"."""
    words = value.split(None, 3)
    spoken = all(w.strip(".,;").isalpha() and w.islower() for w in words)
    return len(words) > 2 and words[0] != "auth" and (spoken or names.is_nothing(words[0]))


def _cookie(found: re.Match[str]) -> tuple[int, int] | None:
    text, at = found.string, found.end()
    if "=" not in text[at : at + 200] and "{" not in text[at : at + 2]:
        return None
    opener = _OPENER.match(text, at)
    begin = opener.end() if opener else at
    end = _value_end(text, begin, opener[1] if opener else "")
    if not opener and (quote := re.search(r"[\"']", text[begin:end])) and text[begin] != "{":
        end = begin + quote.start()
    return begin, end


def _value_end(text: str, begin: int, opener: str) -> int:
    """Return where a value ends: at the quote that opened it, else at the end of its line."""
    limit = min(len(text), begin + _LONGEST)
    line = text.find("\n", begin, limit)
    line = limit if line < 0 else line
    if not opener:
        return line
    at = begin
    while (at := text.find(opener, at, line)) >= 0:
        # YAML and SQL write a quote inside quotes twice.
        twice = opener == "'" and at > begin and text[at + 1 : at + 2] == "'"
        if not twice and ("\\" in opener or text[at - 1] != "\\"):
            return at
        at += 1 + twice
    return line


def _named(text: str) -> str:
    """Take out values by the names before them: settings, JSON, YAML, queries, dumps."""
    if not re.search("[:=：＝]|REG_", text):
        return text
    lower = text.lower()
    text = _NAMED.sub(_pair, text) if "value" in lower else text
    if any(h in lower for h in names.HINTS):
        text = take_out(text, _KEYED, _keyed)
    return take_out(text, _SIGNED, _in_query) if re.search("[?&]|-[sS]ig", text) else text


def _in_query(found: re.Match[str]) -> tuple[int, int] | None:
    return _named_part(found, found["key"], found.end(), query=True)


def _keyed(found: re.Match[str]) -> tuple[int, int] | None:
    name = _name(found.string, found)
    before = found.string[max(0, found.start() - 12) : found.start()]
    if name.lower() == "pass" and _VERB.search(before):
        return None
    return _named_part(found, name, _begin(found.string, found.end()), query=False)


def _named_part(
    found: re.Match[str], name: str, begin: int, *, query: bool
) -> tuple[int, int] | None:
    text = found.string
    if not names.may_hold(name, query=query):
        return None
    if not query and (opener := _OPENER.match(text, begin)):
        begin, end = opener.end(), _value_end(text, opener.end(), opener[1])
    else:
        opener = None
        name_at = text.rfind(name, max(0, found.start() - 60), found.end())
        begin, end = _value(text, found.end(), name, name_at, query=query)
    if begin == end or not names.is_secret(name, text[begin:end], query=query):
        return None
    if end - begin >= _LONGEST_BARE and not opener and (whole := _BARE.match(text, begin)):
        end = whole.end()
    return begin, end


def _begin(text: str, at: int) -> int:
    """Return where a value begins behind its type, or behind tags and anchors of YAML."""
    for place in (at, blocks.after_tags(text, at)):
        if (typed := _TYPED.match(text, place)) and typed.end() > place:
            return typed.end()
    return blocks.after_tags(text, at)


def _name(text: str, found: re.Match[str]) -> str:
    # Read backwards, which takes one look at each character.
    before = _BEFORE.match(text[max(0, found.start() - 60) : found.start()][::-1])
    name = (before[0][::-1] if before else "") + found["word"] + found["rest"]
    # "image token: 5" is a figure of a model: the word before belongs to the name.
    if found["word"].lower() == "token" and name.lower() == "token":
        lead = _LEAD.search(text[max(0, found.start() - 12) : found.start()])
        name = f"{lead[1]}_{name}" if lead else name
    return name.lstrip("-.")


def _value(text: str, begin: int, name: str, name_at: int, *, query: bool) -> tuple[int, int]:
    """Return where a value without quotes lies, without what ends the sentence."""
    if not query and (end := blocks.end_of_value(text, begin, name, name_at)):
        return begin, end
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
