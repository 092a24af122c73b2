"""Secrets on command lines, in sentences and in the files of clients."""

from __future__ import annotations

import re

from setup_assistant.host.secrets import names
from setup_assistant.host.secrets.matching import regex

_A = re.ASCII | re.IGNORECASE
_ENDS = regex(r"[.,;:!?)\]}>]+$")
_WORD = r"(?:\\{0,3}\"[^\"\n]{0,1000}\"|\\{0,3}'[^'\n]{0,1000}'|[^\s\"']+)"
_FLAG = regex(
    rf"(?<![\w-])(--?([A-Za-z][\w-]{{0,60}})(?:\\{{0,3}}['\"],[ \t]{{0,20}}(?=\\{{0,3}}['\"])|['\"]?[ \t]{{1,20}})(?!\\{{0,3}}['\"]?-)['\"]?)({_WORD})",
    re.ASCII,
)
_USER_FLAG = regex(
    r"(?<![\w-])((?:-u|-U|--user|--proxy-user|--http-user)(?:['\"],)?(?:\s{1,8}|=)\\{0,3}['\"]?)"
    r"(?!\d+:\d+(?:[\s'\"]|$))([^\s:'\"/]{1,100}):([^\s:/'\"][^\s'\"]*)",
    re.ASCII,
)
_REGISTRY = regex(
    r"(?i)(/v[ \t]{1,4}['\"]?([\w-]{1,80})['\"]?[ \t][^\n]{0,60}?/d[ \t]{1,4}['\"]?)([^\s'\"]+)"
)
_ASSIGN = regex(
    r"(?i)(?:\b|(?=#))((?:env|setx|setenv|set\s+-gx|set\s+-x|arg|#define)[ \t]{1,8}([\w-]{1,80})[ \t]{1,8})(\"[^\"\n]{1,200}\"|\S+)"
)
# Programs, the flag after which a password stands, and whether it stands in the same word.
_FLAGGED = (
    (("login", "upload", "psexec", "veracrypt"), r"(?:login|twine\s{1,4}upload|psexec\S{0,8}|veracrypt)", "-p", False),
    (("sshpass", "mongo", "useradd", "usermod"), r"(?:sshpass|mongo\w{0,8}|user(?:add|mod))", "-p", None),
    (("ssh-keygen",), "ssh-keygen", "-[NP]", False),
    (("lftp", "ncftp"), r"(?:ncftp\w{0,8}|lftp)", "(?:-p|-u [^\\s,]{1,60},)", None),
    (("mysql", "mariadb"), r"(?:mysql\w{0,12}|mariadb[\w-]{0,12})", "-p", True),
    (("7z", "rar"), r"(?:7z[azr]?|7za?|rar|unrar)", "-(?:hp|p)", True),
    (("ipmitool", "zip", "sqlcmd", "bcp", "mosquitto"), r"(?:ipmitool|(?:un)?zip|sqlcmd|bcp|mosquitto_\w{3})", "-P", None),
    (("ldap",), r"ldap\w{3,10}", "-w", False),
    (("redis",), r"redis\S{0,40}", "-a", False),
    (("openssl",), "openssl", "-k", False),
    (("snmp",), r"snmp\w{0,8}", "-A", False),
    (("snmp",), r"snmp\w{0,8}", "-c", False),
    (("snmp",), r"snmp\w{0,8}", "-X", False),
    (("config",), r"(?:oss|obs|cos|tos)(?:util|cmd)\S{0,8}\s{1,4}config", "-[ks]", None),
)  # fmt: skip
_GAP = {True: "", False: r"[ \t]{1,4}", None: r"[ \t]{0,4}"}
_COMMANDS = (
    *(
        (needles, regex(rf"(\b{program}\b[^\n|;&]{{0,120}}?[\s'\"]{flag}{_GAP[same]}['\"]?)(?!\$\()([^\s'\"-][^\s'\"]*)"))
        for needles, program, flag, same in _FLAGGED
    ),
    (("curl", "wget", "http"), regex(r"((?<![\w-])(?:-[ua] ?|--cert[ =]))([^\s:'\"/-][^\s:'\"/]{0,100}:[^\s'\"]+)")),
    # An account and its password, whatever the program; no port, mapping or path.
    (("-u ",), regex(r"((?<![\w-])-u[ \t]{1,4}['\"]?[A-Za-z][\w@-]{0,60}['\"]?[ \t]{1,4}(?:[^\n|;&]{0,60}[ \t])?-p[ \t]{1,4}['\"]?)(?![\d.]{1,20}(?::|[\s'\"]|$)|[-/.~$<]|no:)(?=[^\s]{0,60}[\d!@#$%^&*])([^\s'\"]{4,})")),
    (("secret", "password"), regex(r"(\b(?:enable|username \S{1,60}(?: privilege \d{1,2})?) (?:secret|password)(?: (?:level )?\d{1,2} | ))(?=[^\s]{0,60}[\dA-Z!@#$%^&*])([^\s'\"]{3,})")),
    # Files of secrets of IPsec, of installers.
    ((' "', " '"), regex(r"(: {0,4}(?:PSK|EAP|XAUTH|NTLM|PIN|CHAP)[ \t]{1,8}['\"])([^'\"\n]+)")),
    (("rootpw",), regex(r"(\brootpw[ \t]{1,4}(?:--\w{1,20}[ \t]{1,4}){0,3}['\"]?)(?!--|\$)([^\s'\"]{3,})")),
    (("passwd",), regex(r"(\bopenssl passwd\s{1,4}(?:-\S{1,12}\s{1,4}){0,4}['\"]?)(?=[^\s]{0,60}[\dA-Z!@#$%^&*])([^\s'\")-][^\s'\")]*)")),
    # Flags of Windows, and a value of its registry.
    (("/p", "/rp"), regex(r"((?<!\S)/(?:p|pw|pwd|pass|password|rp):['\"]?|(?<!\S)/(?:rp|password)[ ]['\"]?)([^\s'\"/][^\s'\"]*)", re.IGNORECASE)),
    # A file of secrets of PPP: who, which server, the secret.
    ((" * ", "\t*\t"), regex(r"(^(?:[^\n]{0,40}-secrets:?[ ])?['\"]?[\w.@-]{1,60}['\"]?[ \t]{1,8}\*[ \t]{1,8}['\"]?)(?=[^\s]{0,60}[\d!@#$%^&*])([^\s'\"]{4,})(?=['\"]?(?:[ \t]{1,8}\S{1,40})?[ \t]*\r?$)", re.MULTILINE)),
    # Scripts of ftp, dialogues of IMAP.
    (("user ", "login "), regex(r"(^[ \t]{0,8}(?:[\w.]{1,8}[ ])?(?:user|LOGIN)[ \t]{1,4}['\"]?[\w.@*<>-]{1,60}['\"]?[ \t]{1,4}['\"]?)(?=[^\s]{0,60}[\d!@#$%^&*])([^\s'\"()]{4,})(?=['\"]?[ \t]*\r?$)", re.MULTILINE)),
    # scott/tiger@//host, as Oracle's clients take it.
    (("@",), regex(r"((?:\bthin:|\b(?:sqlplus|sqlldr|expdp|impdp|rman|sqlcl)\b[^\n]{0,60}?[ ]['\"]?)[\w.$#]{1,40}/['\"]?)([^\s/@'\"]+)(?=['\"]?@)")),
    # Address, account and password, divided by slashes.
    ((" / ",), regex(r"((?:<address>|<host>|\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|[\w-]{1,40}(?:\.[\w-]{1,40}){1,6}) / [\w.@-]{1,40} / )(?=[^\s]{0,60}[\d!@#$%^&*])(?![A-Z_]{4,}\b)([^\s/]{4,})")),
    (("log", "sign", "connect", "auth"), regex(r"(\b(?i:(?:log|sign)(?:ged|ging)? ?in|connect(?:s|ed|ing)?|authenticat(?:e|es|ed|ing))\b[^\n]{0,40}? (?:with|using) ['\"]?)(?!(?:OAuth|SAML|SHA|MD)\d)(?=[^\s]{0,60}\d)(?=[^\s]{0,60}[A-Z!@#$%^&*])(?=[^\s]{0,60}[a-z])([^\s'\"/]{6,})")),
    # A line of a browser's or curl's file of cookies.
    (("true", "false"), regex(r"(\b(?:TRUE|FALSE)[ \t]{1,8}/\S{0,200}[ \t]{1,8}(?:TRUE|FALSE)[ \t]{1,8}\d{1,12}[ \t]{1,8}\S{1,100}[ \t]{1,8})(\S+)")),
    (("token ",), regex(r"(\btoken (?:set|add|save)[ \t]{1,4}['\"]?)(?=[^\s]{0,60}\d)([^\s'\"-][^\s'\"]{5,})")),
    (("psk ",), regex(r"(\bpsk[ \t]{1,4}['\"]?)(?=[^\s]{0,60}[\d!@#$%^&*])([^\s'\"]{8,63})")),
    # An account and its password in one breath: with a mark that no name has, or after "pass".
    (("with ", "using ", "as "), regex(r"(\b(?:with|using|via|as|login|credentials?)[: ]{1,2}[\w.@-]{2,40}/)(?=[^\s/,;]{0,60}(?:!(?!=)|[$^&]))([^\s/,;]{4,})")),
    (("pass", "pw"), regex(r"(\b(?:user(?:name)?|login|account)[ =:]{1,3}(?!(?:can|may|must|should|could|will|to|has|might|cannot)\b)[^\s,;]{1,60}[ ,;/]{1,3}(?:and |with )?(?:pass|pw|pwd)[ =:]{1,3}['\"]?)(?=[^\s'\"]{0,60}[A-Z\d!@#$%^&*+_-])([^\s'\"/<*-][^\s'\"]{2,})")),
    # After several words and a colon, to the end of the line.
    (("pw ", "pass"), regex(r"(\b(?:pw|passw(?:or)?d|passphrase|passcode)(?: [\w'-]{1,16}){1,6}: )(?!SHA|UTF|[A-Z\d-]+\s)(?=[^\s]{0,60}(?:[!@#$%^&*+]|[a-z]-[A-Z]|[a-z][A-Z]))([^\s/]{4,})(?=[ \t]*\r?$)", re.MULTILINE)),
    (("code", "门", "锁"), regex(r"((?:\b(?:door|gate|alarm|safe|lock|entry|building|unlock|keypad|garage|lobby)(?: lock)? (?:code|pin)(?: is|:)?|门禁(?:密码|码)?|门锁密码?)[是为:：]?\s?)(\d{3,8}#?)(?![\d.])", _A)),
    (("asked for", "asks for", "prompt"), regex(r"((?:^|[\s:,('\"#]))(?=[^\s]{0,60}[\d!@#$%^&*])([^\s,('\"]{5,100}(?=['\"]? (?:(?:if|when) (?:it |you are |you're )?(?:is )?ask(?:s|ed) for|at) (?:the |a |its )?(?:password|passphrase|pin)\b))", re.MULTILINE)),
    (("凭证", "凭据", "creds", "credential"), regex(r"((?:凭证|凭据|\bcred(?:ential)?s)\s?[:：]\s?[A-Za-z][\w.@-]{1,40}[ ,，])(?=[!-~]{0,60}[\d!@#$%^&*])(?![/.])([!-~]{5,})(?=[ \t]*(?:\r?$|[，。；]))", _A | re.MULTILINE)),
    # In sentences: "the old one was ...", "sudo with ...", `DOMAIN\\user / ...`, a mail and ...
    (("one was", "one is", "it was", "it is"), regex(r"(\b(?:pw|passw\w{1,6}|pass(?:phrase|code)?|login)\b[^\n]{0,80}? (?:one|it) (?:was|is) ['\"]?)(?=[^\s]{0,60}\d)(?=[^\s]{0,60}[A-Za-z])([^\s,;'\"]{5,})", _A)),
    (("sudo with", "sudo using"), regex(r"(\bsudo (?:with|using) ['\"]?)(?=[^\s]{0,60}\d)(?=[^\s]{0,60}[A-Za-z])([^\s,;'\"]{5,}(?<!\.))")),
    (("/",), regex(r"((?:\b[A-Z][A-Z0-9-]{1,15}\\{1,2}[\w.-]{2,40}|\b(?i:auth|login|creds|credentials|smtp|imap)\b[^\n]{0,40}(?:\*{3}|@[\w.-]{3,60}))['\"]? ?/ ?)(?=[^\s/]{0,60}[\d!@#$%^&*+-])([^\s/;<]{4,})")),
    # A network and its password in one sentence.
    (("ssid", "wifi", "wi-fi", "wlan"), regex(r"(\b(?:e?ssid|wi-?fi|wlan)\s?[:：]\s?[^\n/]{2,40} ?/ ?)(?=[^\s/]{0,60}\d)([^\s/]{6,})", _A)),
    (("ssid", "wifi", "wi-fi", "wlan"), regex(r"(\b(?:e?ssid|wi-?fi|wlan)\b[^\n]{0,60}?[\s,;/(](?:pass|pw|key|psk|code)(?: is |[:=]\s?| ))([^\s,;]{6,})", _A)),
    (("pass",), regex(r"(\b(?:user|account|login|auth)[\w-]{0,12}[/-]?pass(?:word|wd)?[ \t]?[:=][ \t]{0,4}(?:[\w.-]{1,60}|\*{3})[ \t]?/[ \t]?)([^\s'\"/]{4,})", _A)),
    (("htpasswd",), regex(r"(\bhtpasswd\s{1,4}-\w{0,8}b\w{0,8}\s{1,4}(?:\S{1,200}\s{1,4}){1,2})(\S+)(?=\s*$)", re.MULTILINE)),
    (("curl",), regex(r"((?<![\w-])(?:-b|--cookie)[ =]['\"]?)([^\s'\"=]{1,80}=[^'\"\n]+)")),
    (("| ",), regex(r"(\b(?:echo|printf)\s{1,4}(?:-\w\s{1,4})?['\"]?)([^\s'\"|]+)(?=['\"]?\s{0,8}\|\s{0,4}(?:sudo\s{1,4}-S|[^\n|]{0,80}(?:-stdin|passwd|cryptsetup|passphrase-fd|kinit|ssh-add|openssl|gpg|load-key|unlock|keyring)))")),
    (("<<<",), regex(r"(\b(?:sudo -S|[\w-]{0,40}passwd|cryptsetup|gpg|kinit|login|keyring|secret)\b[^\n|;&<]{0,80}<<<\s{0,4}\$?['\"]?)([^\s'\"]+)")),
    (("<(", "$("), regex(r"((?i:pass|token|secret|key|cred)[\w-]{0,20}[= ]['\"]?[<$]\(\s?(?:echo|printf)\s{1,4}(?:-\w\s{1,4})?['\"]?)([^\s'\")]+)")),
    (("assword:", "assphrase"), regex(r"(\b(?:send|sendline)[ (]{1,2}[rb]?\\{0,3}['\"])([^'\"\\$\n]{3,})")),
    (("passphrase for",), regex(r"(\bpassphrase for (?:key )?(?:'[^'\n]{1,200}'|\"[^\"\n]{1,200}\"|[^\s:'\"]{1,200}): )(\S[^\n]{3,100})")),
    ((" / ",), regex(r"(\b(?:root|admin|administrator|ubuntu) / )(?=\S{0,60}\d)(?=\S{0,60}[A-Z])(?=\S{0,60}[a-z])([^\s,;]{6,})")),
    (("identified",), regex(r"(\bidentified (?:with \S{1,40} )?by (?:password )?['\"])([^'\"\n]+)", _A)),
    (("as password", "as the password"), regex(r"(\busing ['\"]?)([^\s'\"]{4,})(?=['\"]? as (?:the )?password)")),
    (("login", "authenticate", "signin", "sign_in"), regex(r"(\b(?:login|log_in|authenticate|sign_?in)\(\s{0,4}\w{0,2}['\"][^'\"\n]{1,80}['\"],\s{0,4}\w{0,2}['\"])([^'\"\n]{4,})")),
    (("connect(",), regex(r"(\bconnect\(\s{0,4}['\"][^'\"\n]{1,100}['\"],\s{0,4}(?:\d{1,5},\s{0,4})?['\"][^'\"\n]{1,80}['\"],\s{0,4}['\"])([^'\"\n]{3,})")),
    (("minio(", "auth(", "credentials(", "signer("), regex(r"(\b(?:Minio|[\w.]{0,24}(?:Auth|Credentials?|Signer))\(\s{0,4}(?:['\"][^'\"\n]{1,100}['\"],\s{0,4})?['\"])(?=[^'\"]{0,60}\d)(?=[^'\"]{0,60}[A-Za-z])([A-Za-z0-9+/=_-]{12,})(?=['\"])", re.IGNORECASE)),
    (("credentials(",), regex(r"(\bCredentials\(\s{0,4}(?:['\"][^'\"\n]{1,100}['\"],\s{0,4}){1,3}['\"])([^'\"\n]{3,})(?=['\"]\s{0,4}\))", _A)),
    # A proxy, its port, an account and its password; an account that is registered with one.
    (("socks", "http"), regex(r"(\b(?:socks[45]|https?)[ \t]{1,4}[\w.-]{3,100}[ \t]{1,4}\d{2,5}[ \t]{1,4}[\w.@-]{1,60}[ \t]{1,4})([^\s]{3,})(?=[ \t]*\r?$)", re.MULTILINE)),
    (("passntlm", "passlm"), regex(r"(\bPass(?:NTLMv2|NT|LM)[ \t]{1,8})([0-9A-Fa-f]{32})")),
    (("digest ",), regex(r"(\baddauth digest [\w.@-]{1,60}:)([^\s]{3,})")),
    (("secrets",), regex(r"(\bsecrets:?[ \t]{1,4}\S{1,100}[ \t]{1,4}[\w.@-]{1,60}[ \t]{1,4}['\"])([^'\"\n]{3,})")),
    (("unlock", "decrypt", "passphrase"), regex(r"(\b(?:password|passphrase|pin) (?:to|for) (?:unlock|decrypt|open|use) [^\n:]{1,100}: )(?=[^\s]{0,60}[\d!@#$%^&*=+-])([^\s]{4,})", _A)),
    (("->", "=>", "→"), regex(r"(\b(?:secret-tool|keyring|pass show|security find|credential|vault)\b[^\n]{0,80}?(?:->|=>|→) ?)(?=[^\s]{0,60}\d)([^\s]{4,})")),
    (("root", "admin"), regex(r"(\b(?:root|admin|administrator) ?(?:的?密码)?(?:是|为) ?)(?=[!-~]{0,40}[A-Za-z])(?=[!-~]{0,40}[\d!@#$%^&*])(?![/~.])([!-~]{5,})", _A & ~re.ASCII)),
    (("解压码", "提取码"), regex(r"((?:解压码|提取码)[是为:：]?\s?)([A-Za-z0-9]{4,8})(?![A-Za-z0-9])")),
    (("login(",), regex(r"(\blogin\(\s?['\"])([^'\"\n]{6,})(?=['\"]\s?\))")),
    (("net use",), regex(r"(\bnet use\s{1,4}(?:[A-Z*]:?\s{1,4})?\\\\\S{1,200}\s{1,4}(?:/user:\S{1,100}\s{1,4})?)([^\s/]\S*)")),
    (("net user",), regex(r"(\bnet user\s{1,4}[^\s/]{1,60}\s{1,4})([^\s/]\S*)")),
    (("%",), regex(r"((?:(?<![\w-])(?:-U|--user)[ =]{1,4}|\buser(?:name)?=)[^\s%]{1,80}%)(\S+)")),
    (("SecureString",), regex(r"(SecureString(?:\s{1,4}-\w{1,12}){0,2}\s{1,4}[\"']?)([^\s\"'-][^\s\"']*)")),
    (("auth", "credential("), regex(r"((?:auth|credential)\s{0,4}=?\s{0,4}\[?\s{0,4}\(\s{0,4}\w{0,2}['\"][^'\"\n]{0,80}['\"],\s{0,4}\w{0,2}['\"])([^'\"\n]+)", _A)),
    # A line of a list of settings: NAME, blanks, value.
    (("http-basic", "wpa_passphrase"), regex(r"(\b(?:http-basic\.\S{1,60} \S{1,60}|wpa_passphrase (?:'[^'\n]{1,60}'|\S{1,60})) ['\"]?)([^\s'\"]{3,})")),
    (("username",), regex(r"(\"username\"[^{}\n]{1,100}\"key\"\s{0,2}:\s{0,2}\")([0-9a-f]{32})\b")),
    (("sk=", "ak=", "sk:", "ak:", "ak =", "sk ="), regex(r"(\b[AaSs][Kk]\s?[=:：]\s?)(?=[A-Za-z]{0,40}\d)(?=\d{0,40}[A-Za-z])([A-Za-z0-9]{12,})")),
    # A line of .pgpass: host, port, database, account, password.
    (("",), regex(r"(^[\w.*-]{1,100}:(?:\d{2,5}|\*):[^\s:]{1,60}:[^\s:]{1,60}:)([^\s:]{3,})(?=[ \t]*\r?$)", re.MULTILINE)),
    (("snmp", "community"), regex(r"(\bcommunity\s{1,4}['\"]?)((?!string)[^\s'\"]{3,})(?=['\"]?(?:\s{1,4}(?:RO|RW|ro|rw)\b))")),
    (("AUTH ", "334 "), regex(r"((?:\bAUTH (?:PLAIN|LOGIN|XOAUTH2|CRAM-MD5) |(?:^|\n)[^\n]{0,20}334 [^\n]{0,400}\n[^\w\n]{0,8}(?:C: {0,2})?)(?=[A-Za-z0-9+/]{4}))([A-Za-z0-9+/=]{4,})")),
    # Redis: `AUTH password`, `AUTH user password`, as typed, in a script and as MONITOR shows it.
    (("auth ", 'auth"'), regex(r"((?:^|[>'\"#$|] ?)(?:(?-i:AUTH)(?:[ \t]{1,4}[^\s'\"]{1,100})?[ \t]{1,4}|auth(?:[ \t]{1,4}[^\s'\"]{1,100})?[ \t]{1,4}(?=[^\s]{0,100}[\d!@#$%^&*])))(?!(?:PLAIN|LOGIN|XOAUTH2|CRAM-MD5|NTLM|failed|required|error|method)\b)([^\s'\"]+)(?=[ \t]*['\";|]?[ \t]*\r?$)", _A | re.MULTILINE)),
    (('"auth"',), regex(r"(\"AUTH\"(?: \"[^\"\n]{1,100}\")? \")([^\"\n]+)(?=\"[ \t]*\r?$)", _A | re.MULTILINE)),
    (("pin", "puk"), regex(r"(\b(?:PIN|PUK|Pin)(?: ?[Cc]ode)?(?: (?:for|of|to) [^\n:]{1,100}?)?['\"]?(?:\s{0,2}[:=：]\s{0,4}| is | (?=\d{4,8}\b)|码[是为:：]?\s{0,2})['\"]?)(?=[^\s'\"]{0,20}\d)([^\s'\",;。，]{4,64})")),
    (("otp", "one-time", "verification"), regex(r"(\b(?:otp|one-time (?:code|password|pin)|verification code)\)?(?: is)?[: ]{1,4})(\d{3}[ -]\d{3}|\d{4,8})\b", _A)),
    (("登录", "登陆", "账", "帐号", "用户"), regex(r"((?:登[录陆](?:用|名|账号|帐号)?|账[号户]|帐号|用户名?)(?:/?密码)?[是为用：: ]{0,4}[A-Za-z0-9_.@-]{1,60}\s?/\s?)([!-~]{4,})")),
    # An account, then its password, after a word that announces both.
    # Verbs of clients that take an account and its password.
    (("_user ", "_password ", "auth-pass ", "isql "), regex(r"(\b(?:add_user|change_password|set_password|authenticate_user|auth-pass|iu?sql[ \t]+\S{1,60})[ \t]{1,4}['\"]?[\w.@-]{1,60}['\"]?[ \t]{1,4}['\"]?)(?=[^\s]{0,60}(?-i:[\dA-Z!@#$%^&*]))([^\s'\"-][^\s'\"]{3,})", re.IGNORECASE)),
    # An address, an account and a password: `192.0.2.7 admin/...`.
    (("/",), regex(r"((?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?[ \t]{1,4}[A-Za-z][\w.@-]{1,40}/)(?=[^\s/]{0,60}\d)(?=[^\s/]{0,60}[A-Za-z])([^\s/]{4,})(?![^\s]*/)")),
    (("is my", "is the", "is our"), regex(r"((?:^|[\s:,(]))(?=[^\s]{0,60}\d)(?=[^\s]{0,60}[A-Za-z])([^\s,(]{6,100}(?= is (?:my|the|our) (?:\w{1,16} ){0,2}(?:password|passphrase|token|key|secret)\b))", re.MULTILINE)),
    (("# my", "// my", "# the"), regex(r"(['\"])(?=[^'\"]{0,60}\d)(?=[^'\"]{0,60}[A-Za-z])([^\s'\"]{6,200})(?=['\"][^\n#]{0,20}(?:#|//) (?:my|the|our) [^\n]{0,30}(?:password|passphrase|token|key|secret)\b)")),
    # A line of Postfix: a server in brackets, an account and its password.
    (("]",), regex(r"(\[[\w.-]{1,100}\](?::\d{1,5})?[ \t]{1,8}[\w.@-]{1,60}:)([^\s:]{3,})(?=[ \t]*\r?$)", re.MULTILINE)),
    (("root/", "admin/", "administrator/", "userid/"), regex(r"(\b(?:esxi|idrac|ilo|bmc|ipmi|nas|vm|db|ssh|bios|console|控制台|管理口?)[:：]?[ ](?:root|admin|administrator|userid)/)(?=[^\s/]{0,60}\d)([^\s/]{4,})", _A)),
    (("cred", "account", "login"), regex(r"(\b(?:credentials?|creds|login|account)\b[^\n/]{0,60}? (?:is|are)[: ]{1,3}[\w.@-]{1,60}\s?/\s?)(?=[^\s]{0,60}\d)([^\s/]{4,})", _A)),
    (("密码",), regex(r"((?:账[号户]|帐号|用户名?)(?:和|/|、|及|与)?(?:登[录陆])?密码(?:分别)?[是为：: ]{0,3}[\w.@-]{2,60}[\s/,，、]{1,3})(?=[!-~]{0,60}\d)([!-~]{4,})")),
    (("ak ", "sk "), regex(r"(\b(?:AK|SK|ak|sk) )(?=[A-Za-z]{0,40}\d)(?=\d{0,40}[A-Za-z])([A-Za-z0-9]{16,})")),
    (("otp", "2fa", "mfa", "authenticator"), regex(r"(\b(?:t?otp|2fa|mfa|authenticator)\b[^\n]{0,24}?[\s:：=])(?=[A-Z]{0,60}[2-7])([A-Z2-7]{16,})(?![\w])", _A)),
    (("code", "码"), regex(r"((?:\b(?:backup|recovery|scratch|rescue|reset) codes?(?: are| is)?|(?:备用|恢复|备份)码)[:：\s]{1,3})((?:(?=[A-Za-z]{0,12}\d)[A-Za-z0-9]{4,12}(?:[- ](?=[A-Za-z]{0,12}\d)[A-Za-z0-9]{4,12}){0,30}))", _A)),
    (("licen", "serial", "activation", "product", "激活", "许可", "注册"), regex(r"((?:\b(?:licen[cs]e|serial|activation|product|registration)\b(?: ?(?:key|code|id|no\.?|number))?|激活码?|许可证?|注册码)[\s:：=#]{1,4})((?:(?=[A-Z]{0,8}\d)[A-Z0-9]{4,8}-|[A-Z0-9]{4,8}-){2,8}[A-Z0-9]{4,8})(?![\w-])", _A)),
    (("cred", "user", "login"), regex(r"(\b(?:credentials?|creds|login|user(?:name)? ?/ ?pass(?:word)?)(?:\s?[:=]\s?|\s)(?:[\w.@-]{1,60}|\*{3})\s?/\s?)([^\s/]{4,})", _A)),
    (("mc ",), regex(r"(\bmc (?:alias set|config host add) \S{1,100} \S{1,200} ['\"]?)(\S{1,200} \S+)")),
    (("key content", "关键内容"), regex(r"((?:\bKey Content|关键内容)[ \t]{0,24}[:：][ \t]{1,4})(\S+)", _A)),
    (("/t/",), regex(r"(://[^\s/]{1,200}/t/)([^\s/]{6,200})(?=/)")),
    (("slack.com", "discord", "hook", "telegram", "ftqq"), regex(
        r"((?:hooks\.slack\.com/(?:services|workflows)|discord(?:app)?\.com/api/webhooks|/open-apis/bot/v2/hook|"
        r"office\.com/webhook\w{0,4}|api\.telegram\.org|sctapi\.ftqq\.com)/)([\w/@:.-]*[\w/@:-])")),
)  # fmt: skip

# A call such as getenv("HF_TOKEN", "...") or add_header("X-Token", "...").
_CALL = regex(
    r"((?:get|env|setdefault|Variable|[a-z]_?[hH]eader|add|set|append|Item)\(\s{0,8}[\"']([\w.-]{2,80})[\"']\s{0,4},\s{0,8}(?:default\s?=\s?)?[bfru]{0,2}[\"'])([^\"'\n]+)"
)
_NETRC = regex(
    r"((?<![\w-])(?:machine\s{1,8}\S{1,200}|default)?\s{0,8}\blogin\s{1,8}\S{1,200}\s{1,8}"
    r"(?:account\s{1,8}\S{1,200}\s{1,8})?password\s{1,8})(\S+)", _A)  # fmt: skip
_PROSE = regex(
    r"(?P<line>^[ \t]{0,16})?(?<![\w-])(?P<before>[\w-]{0,30}[_-](?:auth|access|api)?|(?-i:[A-Z][a-z]{1,20}){1,3}|)(?P<key>password|passwd|pwd?(?= (?:for|of|is|was|to|on)\b)|passphrase|passcode|requirepass|[a-z]{2,10}pw|pass|token|secret|(?:api|chat|access|license|signing|auth|hub) key)"
    r"(?P<lead>[ \t]{1,8}(?:(?:[A-Za-z']{1,12} ){0,4}(?:is|was|are)|(?:for|of) (?:[a-z]{1,12} (?='))?(?:'[^'\n]{1,100}'|\S{1,100}?)(?: is|(?=:[ \t])))?[ \t]{0,8}:?[ \t]{0,8}(?:[0-9][ \t]|--[a-z][\w-]{0,20}[ \t](?!-)|password[ \t]{1,4}(?=\S))?)"
    r"(?P<quote>['\"]?)(?P<value>(?<=')[^'\n]{1,80}(?=')|(?<=\")[^\"\n]{1,80}(?=\")|[^\s'\"]+)(?P<rest>[^\n]{0,1})",
    _A | re.MULTILINE,
)
_CHINESE = regex(
    r"(密码|口令|令牌|密钥|密匙|私钥|验证码|授权码|访问码|暗号|提取码|激活码|卡密)((?:[(（][\w ]{1,30}[)）])?[\s\"'”』」]{0,4}(?:(?:已经?)?(?:被)?(?:设置?|改|换|重置|定)?(?:成了?|为)|(?:还|仍|就|应该|也|都|默认)?是|：|:|=|＝|->|→)"
    r"[\s:：\"'“「『]{0,4}|[\u4e00-\u9fff]{1,8}[:：]\s{0,2}(?=[!-~]{0,60}\d)(?=[!-~]{0,60}[A-Za-z])(?![/.])(?=[!-~]{6})|[ \t\u3000]{1,4})([^\s，。；、）】\"'”」』,;)]+)"
)  # fmt: skip
# Said in one breath: "密码abc12345".
_CHINESE_CLOSE = regex(
    r"((?:密码|口令|密钥|验证码|授权码))(?=[A-Za-z@#!$_.-]{0,40}\d)([\w@#!$%^&*.+-]{6,})", re.ASCII
)
# Asked for on one line of a chat and told on the next: "我：nvidia@2080ti".
_ANSWER = regex(
    r"((?:密码|口令|password|passcode|passwd)[^\n]{0,40}\n[^\S\n]{0,4}[^\s:：]{1,20}(?: \d{1,2}:\d\d(?::\d\d)?\n|[:：])[ \t]{0,4})"
    r"(?=[!-~]{0,60}[\d@!#$%^&*])(?=[!-~]{0,60}[A-Za-z])(?![^\s]{0,8}:?//?)([!-~]{5,64})(?=[ \t]{0,4}\r?$)",
    _A | re.MULTILINE,
)
_FOREIGN_WORDS = (
    "passwort", "kennwort", "mot de passe", "contraseña", "clave", "senha", "parola", "hasło",
    "wachtwoord", "пароль", "パスワード", "비밀번호", "암호",
)  # fmt: skip
_FOREIGN = regex(
    rf"((?:{'|'.join(_FOREIGN_WORDS)})"
    r"(?:(?: [^\W\d_]{1,15}){1,4}(?=[ \t]?[:：]))?\\{0,3}['\"]?[ \t]{0,4}(?:[:=：＝]|\b(?:ist|lautet|est|es|é|è|to)\b)[ \t]{0,4}\\{0,3}['\"]?)([^\s'\"，。]+)",
    re.IGNORECASE,
)
_CHINESE_NAMED = regex(
    r"((?<![\w.-])([A-Za-z][\w-]{0,60})\s{0,2}(?:是|为|设为)[\s:：]{0,4}[\"'“「]?)([!-~]{4,})",
    re.ASCII,
)
_CHINESE_ONLY = regex(r"[\u4e00-\u9fff！？…]+")
_LINE_ENDS = regex(r"[\"' \t\r]*(?:\n|\Z)")
_SHORTEST_TOKEN = 15
_LEAST_FIGURES = 3
_FIGURE = regex(r"[\d.,]{1,9}")


def apply(text: str) -> str:
    """Return `text` without what commands and sentences say."""
    return _spoken(_commands(text))


def _assigned(found: re.Match[str]) -> str:
    return f"{found[1]}***" if names.is_secret(found[2], found[3]) else found[0]


def _flag(found: re.Match[str]) -> str:
    value = found[3].lstrip("\\").strip("\"'")
    # A personal access token; as a name alone it may be a pattern.
    token = found[2] == "pat" and len(value) > _SHORTEST_TOKEN
    if not token and not names.is_secret(found[2], value):
        return found[0]
    return f"{found[1]}***"


def _commands(text: str) -> str:
    lower = text.lower()
    if "-" in text:
        text = _FLAG.sub(_flag, text)
        text = _USER_FLAG.sub(r"\1***", text)
    if any(word in text for word in ("ENV", "set", "ARG", "#define")):
        text = _ASSIGN.sub(_assigned, text)
    if "/v " in text:
        text = _REGISTRY.sub(_assigned, text)
    if "," in text and re.search(r"\([\"']", text):
        text = _CALL.sub(_assigned, text)
    for programs, pattern in _COMMANDS:
        if any(p in lower or p in text for p in programs):
            text = pattern.sub(r"\1***", text)
    return text


def _spoken(text: str) -> str:
    """Take out secrets in sentences, and in the lines of a netrc file."""
    lower = text.lower()
    if "login" in lower and "password" in lower:
        text = _NETRC.sub(r"\1***", text)
    if "pass" in lower or "pw" in lower or "token" in lower or "secret" in lower or " key" in lower:
        text = _PROSE.sub(_prose, text)
    if any(word in lower for word in _FOREIGN_WORDS):
        text = _FOREIGN.sub(_foreign, text)
    if any(word in lower for word in ("pass", "密码", "口令")):
        text = _ANSWER.sub(r"\1***", text)
    if text.isascii():
        return text
    text = _CHINESE_NAMED.sub(_assigned, _CHINESE.sub(_chinese, text))
    return _CHINESE_CLOSE.sub(r"\1***", text)


def _prose(found: re.Match[str]) -> str:
    value, key = found["value"], found["key"].lower()
    sure = ("pass" in key and key != "pass") or key.endswith("pw")
    alone = (
        sure
        and found["line"] is not None
        and bool(_LINE_ENDS.match(found.string, found.end("value")))
    )
    shaped = re.search(r"\d", value) is not None and re.search(r"[A-Za-z]", value) is not None
    if not sure and not (shaped and len(value) >= 8 and "(" not in value and "." not in value[:-1]):
        return found[0]
    if not names.in_prose(value, alone=alone) or (not sure and _of_a_model(key, value)):
        return found[0]
    end = _ENDS.search(value[-8:])
    return f"{found['line'] or ''}{found['before']}{found['key']}{found['lead']}{found['quote']}***" + (
        end[0] if end else "") + found["rest"]  # fmt: skip


def _of_a_model(key: str, value: str) -> bool:
    """Whether this is the name of a token of a model: `token <|image_pad|>`, `token vision_1`."""
    return "token" in key and "_" in value and len(re.findall(r"\d+", value)) < _LEAST_FIGURES


def _foreign(found: re.Match[str]) -> str:
    # "Passwort: falsch" is a sentence.
    word = found[2].isalpha() and found[2].islower()
    return found[0] if word or names.is_nothing(found[2]) else f"{found[1]}***"


def _chinese(found: re.Match[str]) -> str:
    # A remark in brackets is no part of it, as in 授权码 abcdefgh(163 邮箱).
    value, bracket, note = found[3].partition("(")
    spoken = not re.search("[：:=＝]", found[2])
    if (spoken and _CHINESE_ONLY.fullmatch(value)) or (
        _FIGURE.fullmatch(value) and found[1] == "令牌"
    ):
        return found[0]
    return found[0] if names.is_nothing(value) else f"{found[1]}{found[2]}***{bracket}{note}"
