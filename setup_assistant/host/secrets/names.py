"""Which names hold a secret, and which values after such a name are none."""

from __future__ import annotations

import functools
import re

from setup_assistant.host.secrets.matching import regex

# Parts of names that a secret follows. `token` alone is more often a word of language models.
WORDS = (
    r"pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|"
    r"(?:api|access|private|account|shared|signing|encryption|master|license|subscription|auth|"
    r"session|storage|client|deploy|webhook)[_. -]?key|auth|session|sess(?:id)?|csrf|xsrf|jwt|[_-]key|-api|cookie|otp|psk|psw|pw|creds?|macaroon|_[as]k|[_-]pat(?![a-z])|[_-]crumb"
)
HINTS = ("pass", "pwd", "secret", "token", "credential", "key", "auth", "sess", "csrf", "xsrf", "jwt",
         "cookie", "otp", "psk", "psw", "-api", "pw", "cred", "macaroon", "_ak", "_sk", "_pat", "-pat", "crumb")  # fmt: skip
_SURE = regex(
    r"pass(?:word|wd|phrase|code)|secret|credential|(?:api|access|private|account|shared|signing|"
    r"encryption|master|license|subscription|auth|session|storage|client|deploy|webhook)key|sessionid|csrf|xsrf|pwd$|macaroon"
)
# What follows such a word and makes the name harmless: `password_file`, `secret_name`.
_HARMLESS_REST = regex(
    r"(?:less|files?|paths?|dir|folder|store|types?|len|length|count|ur[li]|endpoint|name|hint|"
    r"policy|prompt|required|env|var|source|provider|manager|command|cmd|min|max|expir\w*|ttl|"
    r"timeout|age|cache|helper|class|regex|field|label|state|status|auth\w*|protected|"
    r"ly|error|change|reset|incorrect|wrong)$"
)
_TOKEN = regex(r"token(?:value|secret|key|b64|base64|raw|\d{0,3})$")
# Tokens of a language model, not of a person.
_MODEL_TOKEN = regex(
    r"(?:^|[^a-z])(?:[bes]os|pad|unk|sep|cls|mask|image|img|video|audio|vision|start|end|special|"
    r"stop|chat|next|new|last|first|max|min|num|fim|prefix|suffix|per|each|one|single|every|im|"
    r"box|quad|object|object_ref|ref|added|extra|additional|think|tool|out|in|text|unexpected|"
    r"invalid|of|this|control|byte|word|sub_?word|cached)[_ -]?token\d?$"
)
_ENV_KEY = regex(r"[A-Z][A-Z0-9_]*_KEY(?:_?\d+)?")
_WORKING_FOLDER = ("PWD", "OLDPWD", "INIT_CWD")
_EXACT = frozenset({
    "pass", "auth", "rediscliauth", "requirepass", "masterauth", "sid", "jsessionid",
    "phpsessid", "sessid", "sess", "session", "msessionid", "jwt", "becomepass", "sshpass",
    "npmauth", "cookie", "pw", "psw", "creds", "cred", "xsession", "sessdata", "psk", "wpapsk", "presharedkey",
})  # fmt: skip
_ENDS = regex(
    r"[_.-](?:pass|auth|jwt|cookie|session|psk|pat|crumb)$|[a-z]{2,10}_?pw$|^x-(?!cache|surrogate|sort|routing)[a-z-]{1,30}-key$|"
    r"(?:^|[^a-z])(?!(?:by|com|tres|sur|low|high|band|all|multi|one|single|first|over|under)pass)[a-z]{2,8}pass$"
)

# A code of figures.
_CODES = frozenset({"otp", "totp", "otpcode", "mfacode", "pincode", "smscode"})
# Other keys are told by what they hold: letters and figures without a meaning.
_OTHER_KEY = regex(r"[_.-](?:key|[as]k)$|^x-[a-z-]*-api$")
_NO_SECRET_KEY = regex(
    r"(?:cache|primary|foreign|sort|partition|public|group|state|dict|hash|lookup|unique|index|"
    r"weight|model|config|registry|object|file|host|map)[_.-]?key$"
)
_RANDOM = regex(r"(?=[^\s]{0,60}\d)(?=[^\s]{0,60}[A-Za-z])[A-Za-z0-9+/=_-]{20,}")

# Names that sign a request; they mean this only in the query of an address.
_QUERY = regex(
    r"x-(?:amz|oss|goog|tos|obs|cos|ms|qn)-[\w-]*|q-(?:sign|ak|key|signature|header|url)[\w-]*|"
    r"(?:oss|aws)?accesskeyid|googleaccessid|sig|signature|sign|expires|policy|key-pair-id|key|"
    r"code|state|session_state|nonce|saml(?:request|response)|assertion|code_verifier|ticket|ak|sk|hdnts|wssecret|wstime|auth|security-token|"
    r"response-content-disposition",
    re.IGNORECASE,
)  # fmt: skip

# Values that are no secret: nothing, a placeholder, a word of a sentence, code.
_WORDS_AFTER = frozenset({
    "a", "absent", "access", "again", "against", "also", "an", "and", "any", "are", "argument",
    "as", "asked", "asks", "at", "authentication", "based", "be", "because", "been", "before",
    "but", "by", "can", "cannot", "changed", "check", "could", "default", "disabled", "does",
    "empty", "enabled", "entered", "entry", "env", "environment", "error", "expected",
    "expects", "expired", "expires", "failed", "failure", "false", "field", "file", "files",
    "for", "format", "from", "gives", "given", "had", "has", "have", "hash", "hashing", "here",
    "hidden", "hint", "how", "command", "flag", "flags", "switch", "if", "in", "incorrect", "input", "instead", "into", "invalid",
    "is", "it", "length", "line", "login", "logins", "manager", "management", "may", "means",
    "mismatch", "missing", "must", "name", "needed", "needs", "never", "nil", "no", "none",
    "not", "now", "null", "of", "off", "ok", "on", "only", "option", "optional", "or", "out",
    "page", "parameter", "policy", "prompt", "prompts", "protected", "protection", "provided",
    "reader", "required", "requires", "reset", "rotation", "rules", "set", "should", "so",
    "store", "string", "strength", "support", "than", "that", "the", "their", "them", "then",
    "there", "this", "to", "true", "type", "under", "undefined", "unknown", "unset", "update",
    "usage", "use", "used", "user", "using", "value", "values", "variable", "via", "was",
    "were", "str", "int", "bool", "bytes", "float", "list", "dict", "object", "auth", "tokens",
    "when", "where", "which", "while", "whose", "will", "with", "without", "would", "wrong",
    "yes", "you", "your",
    # A name in a program: `login(passwd=pw)`.
    "key", "keys", "pw", "pwd", "pass", "passwd", "password", "passphrase", "secret", "secrets", "cred",
    "creds", "credentials", "api_key", "apikey", "access_key", "secret_key", "session",
})  # fmt: skip
_NOTHING = regex(
    r"[\s\"'`.,;:!?(){}\[\]*…|-]*|\*{3,}\W*|<.*|\$[A-Z_][A-Z0-9_]*\W*|\$[a-z_]+\W*|\$[({].*|%\w+%|"
    r"%[sr]\W*|\{[^{}]*\}?\W*|\{\s*[\"'].*|=.*|:.*|(?:self|args|cls|config|settings|kwargs|os|request|options|opts|ctx|"
    r"getpass|env|secrets)\.[A-Za-z_.]+.*|[A-Za-z_.]{2,}[(\[].*|"
    r"\(?(?:ConvertTo|Get|New|Read|Import)-[A-Z]\w+|(?:str|int|bool|bytes|float|dict|list|object|Optional|Any|Path|None)\W.*",
    re.ASCII | re.DOTALL,
)
_PLACEHOLDERS = frozenset({
    "FILE", "TOKEN", "PASSWORD", "TEXT", "VALUE", "STRING", "KEY", "SECRET", "NAME", "NONE", "TRUE",
    "FALSE", "NULL", "USER", "PATH", "VAR", "ENV", "NAME_OF_VARIABLE",
})  # fmt: skip
# What a Chinese sentence goes on with after a colon: "密码：请联系管理员", "token：约占 56 KiB".
_GOES_ON = regex(
    r"(?:请|见|如|在|由|无|不|未|已|可|需|要|应|同|即|与|和|或|为|没|忘|错|过期|失效|必|联系|自行|"
    r"默认|暂|稍|详|从|将|会|是|长度|个数|数量|约|每|该|此|这|指|用于|用来)[\u4e00-\u9fff…]*"
)
_CHINESE = regex(r"[\u4e00-\u9fff][^A-Za-z]*")
# "secrets: 0 found", "PASS: tests/test_x.py".
_COUNT_OR_FILE = regex(r"\d{1,2}(?: [a-z]+)?|[\w.-]+(?:/[\w.-]+)+\.[a-z]{1,5}")
# "session: closed by peer".
_STATE = regex(r"[a-z]{2,12}(?:ed|ing)[.,;]?")
_FIGURE = regex(r"[+-]?[\d.,_/]{1,9}(?:[eE][+-]?\d+)?(?:ms|s|%|k|K|M|B)?[.,;)\]}]*")


def is_secret(name: str, value: str, *, query: bool = False) -> bool:
    """Whether `value`, which stands after `name`, is a secret.

    `query`: the pair stands in the query of an address, where more names sign a request.
    """
    if query and _QUERY.fullmatch(name):
        return bool(value)
    kind = _kind(name)
    if not kind or is_nothing(value) or _COUNT_OR_FILE.fullmatch(value) or _is_folder(name, value):
        return False
    if kind == "code" and re.fullmatch(r"\d{4,8}", value):
        return True
    if kind == "key":
        return _RANDOM.fullmatch(value) is not None
    if kind in ("loose", "code"):
        # `pass: 12`, `token = 3.5`, `token：约占`: figures of a test run, words about a model.
        figure = _FIGURE.fullmatch(value) or _CHINESE.fullmatch(value) or _STATE.fullmatch(value)
        return not figure and value != name.rpartition(".")[2]
    return value.strip("\"'`.,;") not in (name, name.rpartition(".")[2])


def _is_folder(name: str, value: str) -> bool:
    """Whether this is the working folder of a shell, whose name is that of a password."""
    return name in _WORKING_FOLDER and re.match(r"[/~\\$]|[A-Za-z]:", value) is not None


def is_sure(name: str) -> bool:
    """Whether whatever stands under a name is secret, also a list or a block of lines."""
    return _kind(name) == "sure"


def may_hold(name: str, *, query: bool) -> bool:
    """Whether a secret may stand after a name, whatever the value."""
    return bool(_kind(name)) or (query and _QUERY.fullmatch(name) is not None)


@functools.lru_cache(maxsize=2048)
def _kind(name: str) -> str:
    """Return how sure a name is: "sure", "loose" (its value may be a figure), "code" or nothing.

    "key": only a value that looks like one is secret.
    """
    lower = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    flat = re.sub(r"[^a-z0-9]", "", lower)
    if (word := _SURE.search(flat)) and "askpass" not in flat:
        return "" if _HARMLESS_REST.match(flat[word.end() :]) else "sure"
    if _TOKEN.search(flat):
        return "" if _MODEL_TOKEN.search(lower) else "loose"
    if flat in _EXACT or _ENDS.search(lower) or flat.endswith("cookie"):
        return "" if "askpass" in flat else "loose"
    return _rarer_kind(name, lower, flat)


def _rarer_kind(name: str, lower: str, flat: str) -> str:
    if flat in _CODES:
        return "code"
    if _ENV_KEY.fullmatch(name) and "PUBLIC" not in name:
        return "loose"
    return "key" if _OTHER_KEY.search(lower) and not _NO_SECRET_KEY.search(lower) else ""


def is_nothing(value: str) -> bool:
    """Whether a value is none: empty, a placeholder, a word of a sentence, code."""
    bare = value.strip().strip("\"'`.,;:!?()[]{}").strip()
    if bare.lower() in _WORDS_AFTER or bare in _PLACEHOLDERS:
        return True
    return (_GOES_ON.fullmatch(bare) or _NOTHING.fullmatch(value)) is not None


def in_prose(value: str, *, alone: bool) -> bool:
    """Whether a word that follows "password" in a sentence is one.

    `alone`: nothing else stands on the line, so that any word may be one.
    """
    bare = value.strip("\"'`.,;:!?()[]{}")
    if (
        value.startswith("--")
        or is_nothing(value)
        or re.fullmatch(r"(?:sha|md)\d+|base64|utf-?8|https?2?|\d+-bit", bare)
    ):
        return False
    if alone:
        return True
    letters = re.fullmatch(r"[A-Za-z]*", bare) is not None
    if not letters:
        return len(bare) >= 4
    mixed = re.search(r"[a-z][A-Z]", bare) is not None
    return mixed or (len(bare) >= 6 and not bare.endswith(("ed", "ing", "s", "tion")))
