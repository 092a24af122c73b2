"""How texts tell accounts, people and computers: each rule with the words it needs to begin."""

from __future__ import annotations

import re

from setup_assistant.host.secrets.columns import SURNAME
from setup_assistant.host.secrets.matching import regex

_NAME = r"[^\s,;:=@/&%\\'\"`<>()\[\]{}|，。；、（）]{1,64}"
# The name may stand on the next line, where the next line is no name and value of its own.
_S = (
    r"\\{0,3}['\"`]?\*{0,2}(?:[ \t]{0,8}(?::=|=>|[:=：＝])\*{0,2}|[ \t]{1,40}REG_[A-Z_]{2,12})[ \t\u3000]{0,40}"
    r"(?:\r?\n[ \t]{0,8}(?![^\s:=]{1,40}\s?[:=]))?\\{0,3}['\"`]?"
)
_I = re.IGNORECASE
# One name in a sentence: no word that tells how something is.
_ONE = (
    r"(?!(?:not|now|only|also|still|yours?|the|an?|on|in|at|as|to|by|of|for|with|and|or|very|too|so|"
    r"good|bad|free|full|empty|broken|gone|ready|there|here|always|never)\b)"
    r"(?![a-z]{1,20}(?:ed|ing|ive|ble|ent|al|ous|ful|ly|ic|less)\b)[A-Za-z][\w.-]{1,31}(?<![.-])"
)
# A name that a figure, a dot or a dash tells from a word of a sentence.
_NUMBERED = (
    r"(?!(?:x86|amd64|arm64|aarch64|ppc64|ed25519|cuda|python|win)\w*\b)[A-Za-z]"
    r"(?:[\w-]{0,60}[.-][\w.-]{0,60}\w|[A-Za-z_]{0,40}\d[\w.-]{0,60}(?<!\.))"
)
_LIST = rf"{_ONE}(?:(?:, | and |, and | or ){_ONE}){{0,20}}"
_LIST_END = r"(?=\s{0,2}(?:[.,;:!)]|$)| (?:and|with|but)\b)"
# Programs whose -u, -U and -h are an account and a computer.
_CLIENTS = (
    r"\b(?:psql|pg_\w{2,16}|createdb|dropdb|mysql\w{0,12}|mariadb[\w-]{0,12}|redis-cli|docker|podman|helm|skopeo|"
    r"crane|mosquitto_\w{3}|smbclient|mongo\w{0,8}|ldap\w{3,10}|sqlcmd|ipmitool|twine|curl|[xw]freerdp|influx|"
    r"clickhouse-client|beeline|cqlsh|rsync|ssh|scp|sftp)\b[^\n|;&]{0,160}?[ \t]"
)
# State, time and number of nodes of a job.
_JOB = r"[ \t]{1,20}(?:R|PD|CG|CD|F|S|ST)[ \t]{1,20}(?:\d{1,4}-)?\d{1,3}:\d\d(?::\d\d)?[ \t]{1,20}\d{1,4}[ \t]"
USERS = (
    (("authenticat", "log", "sign"), regex(rf"\b(?:authenticat\w{{1,6}}|log(?:ged)? in|sign(?:ed)? in)\b[^\n'\":]{{0,40}}? as ({_ONE})", _I)),
    (("user ", "account ", "login "), regex(rf"\b(?:user|account|login) ({_NAME}) (?=(?:from|at|via) \[?[\da-f]{{1,4}}[.:])", _I)),
    (("author", "committer"), regex(r"\b(?:author|committer):? ([A-Za-z][\w.-]{1,40}) (?=<)", _I)),
    (("我叫", "我是", "名叫"), regex(rf"(?:我叫|名叫|我是(?:[^，。,\n]{{0,12}}的)?)({SURNAME}[\u4e00-\u9fff]{{1,2}})(?=[，。,.！!；\s]|$)")),
    (("my name is", "i am ", "i'm "), regex(r"\b(?:[Mm]y name is|I am|I'm) ([A-Z][^\W\d_]{1,20}(?: [A-Z][^\W\d_]{1,20}){1,2})\b(?! [A-Z])")),
    (("联系", "咨询", "感谢", "抄送", "转告", "通知", "请教", "找"), regex(rf"(?:联系|咨询|感谢|抄送|转告|通知|请教|找)[ ]?({SURNAME}[\u4e00-\u9fff]{{1,2}})(?=[ ，。,、(（]|老师|$)", re.MULTILINE)),
    (("user ",), regex(rf"\buser ['\"]?({_ONE})['\"]? (?=\((?:uid|id|pid)\b|\(\d{{3,10}}\))", _I)),
    (("user ", "account ", "login "), regex(rf"\b(?:user|account|login) (['\"`])({_NAME})\1", _I)),
    (("my ",), regex(rf"\bmy (?:account|user ?name|user|login)(?: is|:)? ({_ONE}){_LIST_END}", _I)),
    # A dot or a figure tells a name from a word of the sentence, and a file by its ending.
    (("user ",), regex(r"\buser ['\"]?(?![\w.-]*\.(?:toml|json|ya?ml|py|txt|cfg|ini|conf|md|sh|service|slice)\b)([a-z][\w-]{0,30}[._\d][\w.-]{0,30}\w)(?=['\"]?\s)", _I)),
    # In aligned columns, in the log of a web server, and before one's mail.
    (("user", "login", "owner", "account"), regex(rf"(?m)^[ \t]{{0,8}}(?:user ?name|login|owner|account)[ \t]{{2,60}}({_NAME})[ \t]*\r?$", _I)),
    (("/20",), regex(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3} \S{1,60} ([A-Za-z][\w.@-]{1,60}) \[\d\d/[A-Z][a-z]{2}/\d{4}")),
    (("name: ",), regex(r"\b[Nn]ame: ([^\W\d_]{2,20} [^\W\d_]{2,20})(?=[,;]?\s{1,2}(?:[Ee]-?[Mm]ail|[Mm]ail|[Pp]hone|[Tt]el|Matric|[Dd]epartment))")),
    (("password for ",), regex(rf"\bpassword for ['\"`]({_NAME})['\"`]", _I)),
    (("@",), regex(rf"@({SURNAME}[\u4e00-\u9fff]{{1,2}})(?=[\s，,：:])")),
    (("-u", "-l", "--user"), regex(rf"{_CLIENTS}(?:-u|-U|-l|--user(?:name)?)(?:[ \t]{{1,4}}|=|(?=[A-Za-z]))['\"]?(?!-)([A-Za-z]{_NAME})")),
    (("session_name", "session-name", "first", "last", "real", "given", "family"), regex(rf"\b(?:role[_-]session[_-]name|(?:first|last|real|given|family)[_ -]?name)\b{_S}({_NAME})", _I)),
    (("account (",), regex(r"\baccount \(([\w.-]{2,64})\)", _I)),
    (("account ", "user ", "login "), regex(r"\b(?:account|user|login)[ \t]{1,4}['\"]?([A-Za-z](?=[\w.-]{0,40}[\d_])[\w.-]{1,40}\w)(?=['\"]?(?:[;,.)]|\s*$| (?:with|and)\b))", _I | re.MULTILINE)),
    (("log", "sign in"), regex(rf"\b(?:log ?in|logged in|sign in) (?:with|as|using) ({_NAME})\s{{0,2}}/", _I)),
    (("-u",), regex(rf"\b(?:mysql\w{{0,12}}|mariadb[\w-]{{0,12}})\b[^\n|;&]{{0,80}}?[ ]-(u({_ONE}))(?=\s|$)")),
    (("--user ",), regex(rf"(?<![\w-])--user ({_ONE})(?= )")),
    (("user", "account", "login", "owner"), regex(rf"(?<![\w-])--(?:(?:[\w-]{{1,20}}-)?user=|(?:[\w-]{{1,20}}-)?(?:user-?name|account(?:-name)?|login|owner)[ =])['\"]?([A-Za-z]{_NAME})")),
    # An account with its password.
    (("-u ", "-u'"), regex(rf"(?<![\w-])-u[ \t]{{1,4}}['\"]?({_NAME})['\"]?[ \t](?:[^\n|;&]{{0,60}}[ \t])?(?:-p|-A|--pass)")),
    # Lines of `ps aux` and `squeue` without their head.
    ((".",), regex(r"(?:^|[:$#>] )([a-z_][\w.-]{1,31})[ \t]{1,20}\d{2,8}[ \t]{1,8}(?:\d{1,3}\.\d[ \t]{1,8}\d{1,3}\.\d|\d{3,5}[ \t]{1,8}\d{1,3}\.\d)[ \t]", re.MULTILINE)),
    ((":",), regex(rf"[ \t]([a-z_][\w.-]{{1,31}})(?={_JOB})")),
    (("benutzer", "utilisateur", "usu", "ユーザー", "사용자", "польз"), regex(rf"(?:Benutzer(?:name)?|utilisateur|usuario|usuário|ユーザー名?|사용자|пользователь){_S}({_NAME})", _I)),
    # In sentences: who one is, as whom one goes where, who was refused.
    (("i'm ", "i am "), regex(rf"\bi(?:'m| am) (?!stuck|new|lost|fine|sure|back|out|off|blocked|up)({_ONE}) on (?={_NUMBERED})", _I)),
    ((" as ",), regex(rf"\b(?:ssh|sudo|login|push|pull|go|connect)(?: (?:to )?[\w.:/-]{{2,60}})? as ({_ONE})(?= (?:in|to|into|on|with|and|using|from)\b|[,;)]|$)", _I)),
    ((" for ",), regex(rf"\b(?:password|passwd|credentials?|login|auth\w{{0,12}})\b[^\n]{{0,60}}? (?:rejected|denied|refused|failed|expired|invalid|wrong) for ['\"]?({_ONE})(?=[\s'\".,;]|$)", _I)),
    (("请 ",), regex(r"请 ([A-Za-z][\w.-]{2,30}) (?=重新申请|联系|确认|尽快|提供|处理)")),
    (("denied to",), regex(r"\bPermission to ([\w.-]{2,64})/[\w.-]{1,100} denied to ([\w-]{2,64})")),
    (("crontab ",), regex(rf"\bcrontab (?:of|for) ({_ONE})", _I)),
    (("员", "师", "人"), regex(rf"(?:管理员|负责人|工程师|老师|同学|同事)({SURNAME}[\u4e00-\u9fff]{{1,2}}?)(?=[在说用把登反安已上提配创申想要问发重跑装撤看帮处改删给查])")),
    (("的",), regex(rf"(?<![\u4e00-\u9fff])({SURNAME}[\u4e00-\u9fff]{{1,2}})的(?:账号|帐号|密码|口令|电话|手机|邮箱|电脑|笔记本|家目录)")),
    # What `ps -ef`, `id`, `tailscale status`, `gh auth status` print, and whose jobs are asked for.
    ((":",), regex(rf"(?m)^({_NAME})[ \t]{{1,20}}\d{{1,8}}[ \t]{{1,20}}\d{{1,8}}[ \t]{{1,8}}\d{{1,3}}[ \t]{{1,8}}(?:\d\d:\d\d|[A-Z][a-z]{{2}}\d\d)[ \t]{{1,8}}\S{{1,12}}[ \t]{{1,8}}(?:\d-)?\d\d:\d\d:\d\d[ ]")),
    (("groups=",), regex(r"(?<=,)\d{1,10}\(([A-Za-z][\w.-]{2,32})\)(?=[,\s]|$)")),
    (("@ ",), regex(rf"(?m)[ \t]({_NAME})@[ \t]{{2,}}(?:linux|windows|mac ?os|ios|android|freebsd)\b", _I)),
    ((" account ",), regex(rf"\blogged in to \S{{1,100}} (?:account|as) ({_NAME})", _I)),
    (("-u", "-U", "--user"), regex(rf"\b(?:squeue|sacct|scancel|sreport|sshare|qstat|bjobs|pgrep|pkill|lsof|crontab|htop|top|ps)\b[^\n|;&]{{0,80}}?[ ](?:-[uU][ ]?|--users?[ =])([A-Za-z]{_NAME})(?=\s|$)")),
    # What pip asks; an account that Windows is told of.
    (("user for ", "username for ", "login for "), regex(rf"\b(?:user(?:name)?|login) for '?[^\s']{{1,200}}?'?: ({_NAME})", _I)),
    (("net user ",), regex(r"\bnet user\s{1,4}([A-Za-z][\w.-]{1,40})(?=\s)", _I)),
    # A row of two cells.
    (("|",), regex(rf"(?m)^[ \t]{{0,4}}\|[ `*]{{0,4}}(?:user(?:[ _-]?name)?|login|account|owner|用户名?|账号)[ `*]{{1,20}}\|[ `*]{{1,20}}({_NAME})[ `*]{{1,40}}\|[ \t]*\r?$(?!\n[ \t]{{0,4}}\|[ :-]{{0,9}}-)", _I)),
    # Ansible's own log, and in Chinese "用 alice 登录".
    (("n=ansible",), regex(rf"\bp=\d{{1,8}} u=({_NAME}) n=ansible")),
    (("用",), regex(r"用[ ]?([A-Za-z](?![\w-]{0,40}-cli\b)[\w.-]{2,40})[ ]?(?:账号|帐号|账户|用户|身份)?[ ]?登[录陆]")),
    # In sentences of other languages.
    (("utilisateur ", "usuario ", "benutzer ", "utente ", "gebruiker "), regex(rf"(?:utilisateur|usuario|benutzer|utente|gebruiker) (?![a-z]{{1,20}}(?:et|en|ant|ente|ado|ato|lich)\b)({_ONE})(?=[ ]?[;,.)]|[ \t]*$)", _I | re.MULTILINE)),
    (("logged in as",), regex(rf"\blogged in as:?[ \t]{{1,4}}['\"]?{_NAME}['\"]? \(({_NAME})\)", _I)),
    (("logged in as:",), regex(rf"\blogged in as:[ \t]{{1,4}}['\"]?({_NAME})", _I)),
    (("password",), regex(rf"\b(?:account|user|login|name)[ \t]{{1,4}}({_ONE})[ \t](?:with|and|/)[ \t](?:the |this |an? )?(?:\w{{1,16}} )?password\b", _I)),
    (("登录", "登陆"), regex(r"登[录陆](?:用|账号|帐号|名|为)?[：: ]{0,3}([A-Za-z][\w.-]{1,40})[ ]?/")),
    (("connect", "authenticat", "logg"), regex(rf"\b(?:authenticat\w{{1,6}}|logged in|logging in|connect\w{{0,6}})\b[^\n'\"]{{0,120}}? as ['\"]({_NAME})['\"]", _I)),
    (("publickey for", "password for", "keyboard-interactive"), regex(r"\b(?:publickey|password|keyboard-interactive/pam) for (?:invalid user )?([\w.-]{2,64}) from ")),
    (("acct=",), regex(rf"\bacct=['\"]?({_NAME})")),
    # Whom a label names, and who stands before a number or an address of mail.
    (tuple("人者员工理维姓名署师学值长管户生客方办"), regex(rf"(?:(?<![主本])人|姓名|名字|署名|导师|老师|教师|者|员|工|运维|值班|主管|[组队院班部所处科课]长|经理|学生|同学|客户|用户|甲方|乙方|经办)(?:[ \t]{{1,4}}|\s?[:：=＝]\s?)({SURNAME}[\u4e00-\u9fff]{{1,2}})(?![\u4e00-\u9fff])")),
    (tuple("员人师班工"), regex(rf"(?:管理员|负责人|联系人|工程师|值班员|技术员|操作员|维护员|辅导员|找|问|联系|@)({SURNAME}[\u4e00-\u9fff]{{1,2}})(?=[ \t]{{0,2}}[，,。；;、（()）：:/]|[ \t]*\r?$)", re.MULTILINE)),
    (("1", "0", "@", "+"), regex(rf"(?<![\u4e00-\u9fff])({SURNAME}[\u4e00-\u9fff]{{1,2}})[ \t,，、:：/-]{{1,4}}(?=(?:\+86[ -]?)?1[3-9]\d{{9}}(?!\d)|0\d{{2,3}}-\d{{7}}|[\w.+-]{{1,64}}@\w)")),
    (("owner", "contact", "user", "assigned"), regex(r"\b(?:[Rr]egistered [Oo]wner|[Oo]wner|[Cc]ontact|[Uu]ser|[Aa]ssigned to|[Rr]equested by)\s{0,4}[:=][ \t]{0,40}['\"]?([A-Z][a-z]{1,20} [A-Z][a-z]{1,20})(?=['\"]?[ \t]*(?:\r?\n|$|[,;(<]))")),
    (("天", "午", "晚", "才", "早", "同", "户", "友", "长", "兄"), regex(rf"(?:[昨今前]天|昨晚|刚才|早上|[上下]午|晚上|同事|同学|学长|师兄|室友|客户|用户)({SURNAME}[\u4e00-\u9fff]{{1,2}}?)(?=[在说用把登反安已上提配创申想要问发重跑装])")),
    # Connections of ODBC, a kubeconfig, a list of accounts of a file in YAML.
    (("uid=",), regex(rf"(?<![\w-])Uid=({_NAME})(?=[;\s]|$)", _I)),
    (("%",), regex(rf"(?<![\w-])(?:-U|--user)[ =]['\"]?(?:[\w.-]{{1,40}}[\\/]{{1,2}})?({_NAME})%")),
    (("owner ", "assigned to ", "belongs to ", "ed by "), regex(r"\b(?i:owner|assigned to|belongs to|(?:reported|requested|approved|booked|managed|maintained|signed|written|sent|filed) by) ([A-Z][a-z]{1,20} [A-Z][a-z]{1,20})(?=[,;.)\n]|$| (?:on|at|from|for)\b)")),
    (("users:", "user:"), regex(rf"(?m)^[ \t]{{0,8}}(?:users|accounts|members|owners|maintainers|admins|contexts):[ \t]*\r?\n[ \t]{{0,8}}-[ \t](?:name:[ \t]{{1,4}})?['\"]?({_NAME})['\"]?[ \t]*\r?$", _I)),
    (("老师", "教授", "经理", "工", "师", "博士", "主任", "哥", "姐"), regex(rf"(?<![\u4e00-\u9fff])(?:[\u4e00-\u9fff]{{0,6}}[或和与及找问是给跟向])?({SURNAME}(?:老师|教授|经理|工程师|师[兄姐弟妹]|博士|主任|[哥姐工](?![\u4e00-\u9fff])))")),
    (("sudo:", "sudo["), regex(r"\bsudo(?:\[\d{1,8}\])?: +([a-z_][\w.-]{1,31}) : ")),
    (("(1", "（1"), regex(rf"({SURNAME}[\u4e00-\u9fff]{{1,2}})[(（](?=1[3-9]\d{{9}})")),
    (("教授", "老师", "博士", "同学", "经理", "工", "主任", "师", "先生", "女士", "总"), regex(rf"({SURNAME}[\u4e00-\u9fff]{{1,2}}?)[ ]?(?:教授|老师|博士|同学|经理|工程师|主任|师[兄姐弟妹]|先生|女士)")),
    (("uid=", "cn=", "samaccountname="), regex(r"\b(?:uid|cn|sAMAccountName)=([^,=\n]{2,64}),\s?(?:ou|dc|cn|o)=", _I)),
    # DOMAIN\user, alone in quotes or before a password.
    (("\\",), regex(r"(?<![\w\\/:.])(?![A-Z]\d{2,4}\\)[A-Z][A-Z0-9-]{1,15}\\{1,2}([A-Za-z][\w.-]{1,40})(?![\w\\.])")),
    (("id=",), regex(r"\b(?:user|group|[ug]|owner)_?id=([^()\s=]{1,64})\(\d{1,10}\)", _I)),
    (("users", "accounts", "logins"), regex(rf"\b(?:vpn|ssh|ftp|samba|ldap|linux|unix|slurm|cluster|server|database|db|jupyter|domain|lab) (?:users|accounts|logins)\b(?: are| now are| were| is)?[ :]{{1,4}}({_LIST}){_LIST_END}", _I)),
    (("users", "accounts", "logins"), regex(rf"\b(?:users|accounts|logins|usernames)\s?:\s{{1,4}}({_LIST}){_LIST_END}", _I)),
    (("account", "username", "user name", "login"), regex(rf"\b(?:account|user ?name|login(?: name)?)(?: (?:on|for|at|of) [^\n;]{{1,80}}?)? (?:is|will be|ist|lautet|est|es)[ :]{{1,3}}['\"]?({_ONE})['\"]?{_LIST_END}", _I)),
    (("m)",), regex(r"(?m)(?<=[ |])([a-z_][\w.-]{1,31})(?::[\w./-]{1,60}(?:/\d{1,8})?)?\(\d{1,6}M\)")),
    (("user", "logname", "login", "owner", "account", "author", "name", "maintain", "signed", " by"), regex(rf"(?=[_ulonamsc])(?<!last )(?i:\b|_|(?<=proxy)|(?<=job)|(?<=task)|(?<=db)|(?<=http)|(?<=ssh)|(?<=smtp)|(?<=ftp)|(?<=mail)|(?<=svc)|(?<=admin)|(?<=login)|(?-i:(?<=[a-z])(?=[A-Z])))(?:user(?:[_ -]?name)?|logname|login|owner|account|author|nickname|user[_-]id|"
               rf"maintainer|signed-off-by|submitted by|created by)(?:\b|(?<=_)){_S}(?:[\w.-]{{1,30}}\\{{1,4}})?({_NAME})", _I)),
    (("sudo", "su ", "ssh", "chown", "user", "password for", "logged"), regex(rf"\b(?:sudo\s{{1,4}}-u|su\s{{1,4}}-|ssh\s{{1,4}}-l|chown\s{{1,4}}(?:-R\s{{1,4}})?|"
               rf"logged in as|session opened for user|invalid user|(?:for|by|as|of) user|"
               rf"password for)\s{{1,4}}({_NAME})", _I)),
    (("凭证", "凭据", "creds", "credential"), regex(rf"(?:凭证|凭据|\bcred(?:ential)?s)\s?[:：]\s?({_NAME})[ ,，]")),
    (("用户", "号 ", "户 ", "登录名", "登陆名"), regex(r"(?:(?:用户名?|账号|帐号|账户|登[录陆]名)[ \t]{1,4}|(?:用户名|登[录陆]名)(?=[a-z]))([A-Za-z][\w.-]{2,40})(?=[ \t]{0,2}(?:[\u4e00-\u9fff，。；、！,;]|\r?$))", re.MULTILINE)),
    # The head of a message in a chat that was copied: who, and when.
    ((":",), regex(rf"(?m)^[ \t]{{0,4}}({SURNAME}[\u4e00-\u9fff]{{1,2}})[ \t]{{1,8}}(?:\d{{2,4}}[-/年]\d{{1,2}}[-/月]\d{{1,2}}日?[ \t]{{1,4}})?(?:[上下中]午[ \t]?)?\d{{1,2}}:\d{{2}}(?::\d{{2}})?[ \t]*\r?$")),
    (("<",), regex(rf"<(?:user(?:name)?|owner|author|login|Data Name=['\"]\w{{0,24}}User(?:Name)?['\"])>({_NAME})<", _I)),
    # In statements of a database, in flags of Windows and in a value of its registry.
    (("user ", "role ", "login "), regex(rf"\b(?:USER|ROLE|LOGIN)[ ](?:IF (?:NOT )?EXISTS )?['\"`]?({_NAME})['\"`]?(?:@['\"`]?[\w.%-]{{1,60}}['\"`]?)? (?:WITH|IDENTIFIED|PASSWORD|ENCRYPTED|SET)\b", _I)),
    (("grant ",), regex(rf"\bGRANT [^\n]{{1,200}} TO ['\"`]?({_NAME})", _I)),
    (("/u", "/ru"), regex(rf"(?<!\S)/(?:u|user|ru|username)[: ]['\"]?(?:[\w.-]{{1,40}}\\{{1,2}})?([A-Za-z]{_NAME})", _I)),
    ((" : eap", " : psk", " : xauth"), regex(rf"(?m)^[ \t]{{0,8}}['\"]?({_NAME})['\"]? : (?:EAP|PSK|XAUTH|NTLM|CHAP)\b")),
    (("--name=", "--name "), regex(rf"--name[= ]['\"]?({_NAME})(?=[^\n]{{0,80}}--password)|--password[^\n]{{1,80}}--name[= ]['\"]?({_NAME})")),
    (("username ",), regex(rf"(?m)^[ \t]{{0,4}}username ({_NAME}) (?:privilege|secret|password|role)\b")),
    (("/v ",), regex(rf"/v\s{{1,4}}['\"]?\w{{0,30}}User(?:Name)?['\"]?\s[^\n]{{0,60}}/d\s{{1,4}}['\"]?({_NAME})", _I)),
    (("(uid=", " all="), regex(r"\bby ([A-Za-z][\w.-]{1,40})\(uid=|(?<![\w%.-])([a-z][\w.-]{1,40})[ \t]{1,20}ALL ?= ?\(")),
    (("sudoers",), regex(r"([\w.-]{2,40}) is not in the sudoers")),
    (("whoami",), regex(r"\bwhoami\s{0,4}(?:\n|->)\s{0,4}(?:[\w.-]{1,40}\\{1,2})?([\w.-]{2,40})[ \t]*(?:\n|$)")),
    (("uid", "gid"), regex(r"\b[ug]id[= ]\d{1,10}\(([^)\s]{1,64})\)")),
    (("用户", "号", "户", "登录名", "登陆名", "姓名", "作者", "人", "者"), regex(rf"(?:用户名?|(?:账号|帐号|账户)名?|登[录陆]名|姓名|作者|(?:联系|收件|寄件|发件|申请|负责|报告)人|导师|所有者|所有者|用户名称)"
               rf"(?:[还仍就都]?是|为|\s{{0,4}}[:：=＝])[\s\"'“「]{{0,4}}({_NAME})")),
    (("-", "d", "l"), regex(r"(?<![\w-])[-bcdlps][rwxsStT-]{9}[.+@]?\s{1,8}\d{1,8}\s{1,8}(\S{1,64})\s{1,8}\S")),
    (("-", "d", "l"), regex(r"(?<![\w-])[-bcdlps][rwxsStT-]{9}[.+@]?\s{1,8}\d{1,8}\s{1,8}\S{1,64}\s{1,8}(\S{1,64})")),
    (("machine",), regex(rf"\bmachine\s{{1,8}}\S{{1,200}}\s{{1,8}}login\s{{1,8}}({_NAME})")),
    (("pts/", "tty"), regex(rf"(?m)(?:^|[:$#>] )({_NAME})[ \t]{{1,20}}(?:pts/\d+|tty\d+)\s")),
    (("user",), regex(rf"(?m)^\s{{0,8}}User\s{{1,8}}({_NAME})\s*$")),
    ((":x:", ":*:", ":!:"), regex(rf"(?m)^({_NAME}):[x*!]:\d+:\d+:")),
)  # fmt: skip
FULL_NAMES = (
    (("name", "author", "maintainer", "-by", " by", "teilnehmer", "ansprech", "bearbeiter", "responsable", "report"), regex(
        r"(?:\b|_)(?:(?i:(?:author|committer|full|real|display|owner|contact|customer|given|family|first|last|sur|student|employee|holder|billing|requester|reviewer|assignee|pi)[ _.-]?name)|[Aa]uthor|user\.name|[Ff]ull ?[Nn]ame|[Rr]eviewed-by|[Tt]ested-by|[Mm]aintainer|[Ss]igned-off-by|[Cc]reated by|[Ss]ubmitted by|[Rr]eported by|[Nn]ame of user|Teilnehmer|Ansprechpartner|Bearbeiter|Responsable|[Rr]eporter)['\"]?"
        r"\\{0,3}['\"]?\s{0,4}[:=]?\s{0,4}\\{0,3}['\"]?([A-ZÀ-ÖØ-Þ][\w.'-]{1,40}(?: [A-ZÀ-ÖØ-Þ][\w.'-]{0,40}){1,2})"
    )),
    (("name",), regex(
        r"\b(?i:owner|authors?|user|contact|maintainer|person|committer|reviewer|member|creator|assignee|sender|recipient|customer|student|teacher|employee|profile)[\]\"'}: \t]{0,4}[\s{]{1,20}[\"']?name[\"']?\s{0,4}[=:]\s{0,4}[\"']?([A-Z][\w.'-]{1,40}(?: [A-Z][\w.'-]{0,40}){1,2})"
    )),
    # Who is spoken to, and who signs.
    (("hallo", "hello", "hi ", "dear", "liebe", "bonjour", "hola", "ciao", "hey "), regex(
        r"(?m)^[> \t]{0,8}(?:Hallo|Hello|Hi|Dear|Lieber?|Bonjour|Hola|Ciao|Hey) (?!World|All|Team|Everyone|There|Folks|Sir|Madam|Community|Support|Qwen|Together|Zusammen)([A-ZÀ-ÖØ-Þ][^\W\d_]{1,20}(?: [A-ZÀ-ÖØ-Þ][^\W\d_]{1,20})?)(?=[,!]|[ \t]*$)"
    )),
    (("regards", "cheers", "thanks", "grüße", "gruß", "wishes", "sincerely", "cordialement", "saludos", "best,"), regex(
        r"(?i:regards|cheers|thanks|grüße|gruß|wishes|sincerely|cordialement|saludos|best)[,.!]?[ \t]*\r?\n[> \t]{0,8}(?:-{1,2} ?)?([A-ZÀ-ÖØ-Þ][^\W\d_]{1,20}(?: [A-ZÀ-ÖØ-Þ][^\W\d_]{1,20}){0,2})(?=[ \t]*(?:\r?\n|$))"
    )),
    (("–", "—", "--"), regex(
        r"(?m)(?<=[.!?] )(?:[–—]|--) ?([A-ZÀ-ÖØ-Þ][^\W\d_]{1,20} [A-ZÀ-ÖØ-Þ][^\W\d_]{1,20})(?=[ \t]*\r?$)"
    )),
    # In what `git blame` shows.
    (("(",), regex(
        r"\(([A-ZÀ-ÖØ-Þ][\w.'-]{1,40}(?: [A-ZÀ-ÖØ-Þ][\w.'-]{0,40}){1,2})(?= {1,20}\d{4}-\d\d-\d\d \d\d:\d\d)"
    )),
    (("mr", "ms", "dr", "prof"), regex(r"\b(?:Mrs?|Ms|Dr|Prof)\.? (?:Dr\. )?([A-Z][\w'-]{1,40}(?: [A-Z][\w'-]{1,40}){0,2})")),
    # In a line of `getent passwd`.
    ((":",), regex(r"(?m)^[\w.-]{1,64}:[x*!]?:\d{1,10}:\d{1,10}:([A-Z][^:,\n]{1,60})")),
    # Before one's mail.
    (("@",), regex(
        r"\b([A-Z][\w'-]{1,40}(?: [A-Z][\w.'-]{0,40}){1,2})(?=\\{0,3}[\"']? ?[(<][\w.+-]{1,64}@)"
    )),
)  # fmt: skip
HOSTS = (
    # Told by its form, or by a word: bio-gpu-03, "the machine is lab17".
    (("scp ", "rsync "), regex(rf"\b(?:scp|rsync)\b[^\n|;&]{{0,80}}?[ \t]({_NUMBERED}):(?=[\w./~-])")),
    (("hostname ",), regex(r"(?m)(?:^|[$#>] )[ \t]{0,8}hostname[ \t]{1,8}([\w.-]{2,100})[ \t]*\r?$")),
    (("node", "host", "server", "machine", "worker"), regex(r"\b(?:node|host|server|machine|worker) ([a-z][a-z0-9]{0,20}-[a-z0-9-]{0,40}\d)(?![\w-]|\.\w)")),
    (("-",), regex(r"(?<![\w./@-])((?!(?:multi|single|per|each|any|tesla|nvidia|amd|cuda|torch|x)-)[a-z][a-z0-9]{0,20}-(?:gpu|node|login|dgx|hpc|srv|server|worker|nas|ws|compute|bastion|jump|head)-?\d{1,4})(?![\w-])")),
    (("-",), regex(r"(?<![\w./@-])((?:gpu|dgx|hgx|hpc|srv|lab)-(?!card|node-|only|[abhltv]\d{1,4}\b)[a-z]{1,8}-?\d{1,4}|[dh]gx-?\d{2})(?![\w-]|\.\w)")),
    (("domain ", "workgroup "), regex(r"\b(?i:domain|workgroup) (?!DNS|TLS|SSL|HTTP|NAME|ADMIN|USER|NOT)([A-Z][A-Z0-9-]{2,14})\b(?![.\w])")),
    # What `lsof` and `tailscale status` print.
    (("tcp ", "udp ", "->"), regex(r"(?:\b(?:TCP|UDP)[ ]|->)([A-Za-z][\w.-]{1,60}):(?:\d{1,5}|[a-z][a-z-]{1,14})(?=->|[ ]\(|\s|$)")),
    (("100.",), regex(r"(?m)^[ \t]{0,4}100\.\d{1,3}\.\d{1,3}\.\d{1,3}[ \t]{1,12}([A-Za-z][\w-]{1,62})[ \t]")),
    # As a domain calls its computers; and one that does not answer.
    (("-",), regex(r"(?<![\w./-])([A-Z][A-Z0-9]{1,11}-(?:PC|NB|WS|LT|SRV|SVR|DC|VM|HOST|NODE|LAPTOP|DESKTOP|SERVER)-?\d{1,5})(?![\w-])")),
    (("host ",), regex(r"\bhost ([A-Za-z][\w-]{0,40}\d) (?:is |was |has )?(?:unreachable|down|up|not reachable|timed out|refused|rebooted)\b", _I)),
    # Numbered as computers are, and nothing else is.
    (("0",), regex(r"(?<![\w./@:-])((?:node|gpu|cn|gn|srv|login|compute|[dh]gx|server|host|worker|gpunode|gpusrv|lab|ws|pc)-?0\d{1,3})(?![\w-]|\.\d)")),
    (("的",), regex(r"(?<![\w./@-])([A-Za-z][\w-]{0,40}\d)[ ]?的[ ]?(?:root|密码|口令|账号|管理员|IP)")),
    (("machine",), regex(rf"\b[Mm]achine{_S}([A-Z][A-Z0-9]{{0,15}}-[A-Z0-9-]{{0,20}}\d)\b")),
    (("node",), regex(rf"\bnode{_S}(?!v\d)({_NUMBERED})(?![\w/])", _I)),
    (("log", "ssh"), regex(rf"\b(?:log(?:ged|ging)? ?(?:in|on) ?(?:to|on)|ssh(?:'?ed)? (?:to|into|onto)) ({_NUMBERED})(?=[\s,;:.)]|$)", _I)),
    ((" is ", "called", "named"), regex(r"\b(?:machine|server|node|box|workstation|host|computer) (?:is|(?:is )?(?:called|named)) ['\"]?([A-Za-z][\w.-]{0,40}\d[\w-]{0,20})(?![\w.-]*[\w-])", _I)),
    ((":",), regex(rf"{_JOB}{{1,20}}([A-Za-z][\w.-]{{1,60}})")),
    (("|",), regex(r"(?m)^[ \t]{0,4}\|[ `*]{0,4}(?:host(?:[ _-]?name)?|server|node|machine|computer|主机名?|服务器)[ `*]{1,20}\|[ `*]{1,20}([A-Za-z][\w.-]{1,60}[\d.-][\w.-]{0,40})[ `*]{1,40}\|[ \t]*\r?$(?!\n[ \t]{0,4}\|[ :-]{0,9}-)", _I)),
    # A domain before an account, a computer whose login is kept, a server by its label.
    (("\\",), regex(r"(?<![\w\\/:.])(?!HK|NT\b|BUILTIN|AUTHORITY|[A-Z]\\|[A-Z]\d{2,4}\\)([A-Z][A-Z0-9-]{1,15})\\{1,2}(?=[a-z][\w.-]{1,40}(?![\w.\\-]))")),
    (("cmdkey",), regex(r"\bcmdkey\S{0,4}[ ]/(?:add|generic|delete):([\w.-]{2,100})", _I)),
    (("server", "nas", "bastion", "gateway", "data source", "broker", "head node", "login node"), regex(rf"\b(?=[fdmljsnbgh _-])(?:(?:file|db|mail|license|login|jump)?[ _-]?server|nas|bastion|jump(?: ?host|box)?|gateway|data source|broker|(?:login|head) node){_S}(?:tcp:)?(?!v\d)({_NUMBERED})(?![\w./])", _I)),
    (("rechner", "equipo", "ordinateur", "ordenador", "poste", "quina", "コンピュータ", "ホスト", "サーバ", "호스트", "서버", "компьютер", "сервер", "хост"), regex(rf"(?:rechner|equipo|ordinateur|ordenador|poste|m[áa]quina|コンピューター?名?|ホスト名?|サーバー?名?|호스트|서버|компьютер|сервер|хост){_S}({_NUMBERED})", _I)),
    (("domain=", "workgroup", "realm"), regex(rf"(?:,domain=|\bworkgroup{_S}|\brealm{_S})([A-Za-z][\w.-]{{1,60}})", _I)),
    (("whoami",), regex(r"\bwhoami\s{0,4}(?:\n|->)\s{0,4}([\w.-]{2,40})\\{1,2}[\w.-]{2,40}[ \t]*(?:\n|$)")),
    # What Windows calls a computer that nobody named.
    (("-",), regex(r"(?<![\w.-])((?:DESKTOP|LAPTOP|WIN|EC2AMAZ)-(?=[A-Z]{0,12}\d)[A-Z0-9]{6,12})(?![\w-])")),
    (("host ", "machine ", "device ", "laptop ", "workstation ", "computer ", "client "), regex(r"\b(?i:host|machine|device|laptop|workstation|computer|client) (?!RTX|GTX|GPU|TPU|PCI|USB|MIG|CUDA|HDMI|SHA|UTF|ISO|RFC)([A-Z][A-Z0-9]*-[A-Z0-9-]{0,20}\d)\b")),
    (("ansible_",), regex(r"(?m)^[ \t]{1,20}([A-Za-z][\w.-]{1,100}):[ \t]{0,4}\r?\n[ \t]{1,30}ansible_")),
    (("ansible_",), regex(r"(?m)^[ \t]{0,8}([A-Za-z][\w.-]{1,100})[ \t]{1,20}ansible_")),
    ((" on ",), regex(r"\b(?:tasks?|steps?|jobs?|running|ran|failed|started|runs) on ([A-Za-z][\w.-]{0,60}\d[\w-]{0,20})(?=[\s:,.]|$)", _I)),
    # How Ansible reports.
    ((" | ", ": [", ": ok="), regex(r"(?m)(?:^|[ \]])([A-Za-z][\w.-]{1,100}) \| (?:UNREACHABLE|FAILED|SUCCESS|CHANGED)|(?:\bfatal|(?m:^)(?:[^\n]{0,80} \| )?(?:ok|changed|failed|skipping|unreachable|rescued)): \[([A-Za-z][\w.-]{1,100})\]|^([A-Za-z][\w.-]{1,100})[ \t]{1,80}: ok=\d")),
    (("computername", "hostname", "userdomain"), regex(r"(?m)^[ \t]{0,8}(?:computer ?name|host ?name|userdomain)[ \t]{2,60}([\w.-]{2,100})[ \t]*\r?$", _I)),
    (("机器", "主机", "服务器"), regex(rf"(?:机器|主机|服务器)[:：][ ]?({_NUMBERED})", _I)),
    (("在",), regex(r"在[ ]?(?!cuda|python|torch|qwen|rtx|gtx)([a-z]+-[\w-]{0,40}\d)[ ]?上")),
    (("error:",), regex(r"(?m)^(?:srun|slurmstepd|sbatch|pdsh): error: ([\w.-]{2,64}): ")),
    ((":",), regex(r"(?<![\w./@:-])((?:[A-Za-z][\w-]{0,60}\.){2,6}[a-z]{2,10}):\d{2,5}\b")),
    # The first line of gpustat.
    (("20",), regex(r"(?m)^([\w.-]{2,64})[ \t]{2,60}[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d 20\d\d\b")),
    (("master_addr", "master_host"), regex(r"\bMASTER_(?:ADDR|HOST)[=:][ ]?['\"]?([A-Za-z][\w.-]{1,100})")),
    (("--",), regex(r"--(?:master[_-]addr|rdzv[_-]endpoint|nodelist|hostfile|node-rank-host|server-name)[ =]['\"]?([A-Za-z][\w.-]{1,100})")),
    (("nodelist", "batchhost"), regex(r"\b(?:NodeList|BatchHost)=([A-Za-z][\w.-]{1,100})")),
    (("-h", "--host"), regex(rf"{_CLIENTS}(?:-h|-H|--host(?:name)?)(?:[ \t]{{1,4}}|=)['\"]?([A-Za-z][\w.-]{{1,100}})")),
    # Together with its address.
    (("10.", "172.", "192.168."), regex(r"(?<![\w.-])([A-Za-z][\w.-]{1,100})(?:/|,|, | \(|\(| \[)(?=(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}(?![.\d]))")),
    # The first line of `watch`.
    (("every",), regex(r"(?m)^Every [\d.,]{1,8}s: [^\n]{0,300}[ \t]([\w.-]{2,64}): (?:[A-Z][a-z]{2} |\d|[周星])")),
    (("cifs", "smb"), regex(r"(?<![\w:/])//([A-Za-z][\w.-]{1,60})/(?=\S)")),
    # What `docker info` and its kind call a computer.
    (("name:",), regex(r"(?m)^\s{0,8}(?:CPUs|Total Memory|Architecture): [^\n]{1,60}\n\s{0,8}Name: ([\w.-]{2,100})$")),
    (("name", "nodelist", "fqdn"), regex(rf"\b(?:host[_ ]?name|nodename|computer[_ ]?name|machine[_ ]name|nodelist|dns name|"
               rf"server name|fqdn|slurmd_nodename|node[_ ]name)(?:\b|(?<=_)){_S}([\w.-]{{2,100}})", _I)),
    (("host",), regex(rf"(?:\b|_)HOST(?:NAME)?{_S}([\w.-]{{2,100}})")),
    (("host",), regex(rf"\bhost{_S}({_NUMBERED})", _I)),
    (("host",), regex(r"\b(?:resolve host(?:name)?|on host|unknown host|connect to host|reach host|from host|"
               r"to host|at host)(?:\s{0,4}[:=]\s{0,4}|\s{1,4}(?!(?:side|port|machine|computer|system|memory|drivers?|network|names?|is|was|for|with|and|or|the|has|timed|failed|refused|unreachable)\b))['\"]?([\w.-]{2,100})", _I)),
    (("host name", "computer name"), regex(r"\b(?:host|computer) name[ .]{0,40}:\s{1,40}([\w.-]{2,100})", _I)),
    (("cancelled", "node"), regex(r"\b(?:ON|on node) ([\w.-]{2,60})(?= CANCELLED|:|,| |$)")),
    (("connect", "reach", "resolve"), regex(r"\b(?:connect(?:ion)? to|connecting to|reach|resolve)\s{1,4}['\"]?([\w-]{1,60}(?:[.-][\w-]{1,60}){1,8})['\"]?(?=[:\s]{1,4}(?:port\s{1,4})?\d{2,5}\b)", _I)),
    (("hostname",), regex(r"(?m)^(?:[^\n]{0,80}[$#>] ?)?hostname[ \t]*\r?\n([A-Za-z][\w.-]{2,63})[ \t]*\r?$", _I)),
    (("logonserver",), regex(r"\bLOGONSERVER=\\{0,4}([\w.-]{2,60})")),
    (("domain",), regex(rf"\bUSER(?:DNS)?DOMAIN{_S}([\w.-]{{2,100}})", _I)),
    (("computer", "workstation", "pc"), regex(rf"\b(?:computer|workstation|pc){_S}({_NUMBERED})", _I)),
    (("hostname",), regex(r"\bhostname (?:was |is )?(?:set|changed) to ['\"<]?([A-Za-z][\w.-]{1,100})", _I)),
    (("是", "为", "叫"), regex(r"(?i)(?:host ?name|主机名?|服务器|机器|节点)[ ]?(?:是|为|叫做?)[ ]?([a-z][\w.-]{2,60})")),
    (("服务器", "主机", "节点", "机器"), regex(r"(?:服务器|主机|节点|机器)\s{1,2}([A-Za-z][\w-]{0,40}\d[\w.-]{0,40})")),
    (("nccl",), regex(r"(?m)(?:^|\s)([A-Za-z][\w.-]{1,60}):\d{1,8}:\d{1,8} \[\d{1,3}\] NCCL")),
    (("linux",), regex(r"\bLinux\s([\w.-]{1,64})\s\d+\.\d+\.\d+\S*\s#")),
    ((":",), regex(r"(?m)^(?:[A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.+-]{8,24})\s"
               r"([A-Za-z][\w.-]{1,63})\s[\w./-]{1,60}(?:\[\d+\])?:\s")),
    (("主机", "服务器", "机器名", "计算机名", "节点"), regex(r"(?:主机名?|服务器|机器名|计算机名|主机名称|节点)(?:是|为|\s{0,4}[:：=＝])[\s\"'“「]{0,4}([\w.-]{2,100})")),
    (("ssh", "sftp", "ping", "telnet", "nslookup"), regex(rf"\b(?:ssh|sftp|ping|telnet|nslookup)\s{{1,4}}(?:-\w\s{{1,4}}\S{{1,60}}\s{{1,4}}){{0,3}}"
               rf"({_NUMBERED})(?=[\s:]|$)")),
    # A group of IPv6 is no name, and the next none of a port.
    (("proxy", "server", "peer", "node", "to", "from"), regex(r"\b(?:proxy|server|peer|node|to|from)\s{1,4}(?:at\s{1,4})?([a-z][\w.-]{1,60}):\d{2,5}\b(?!:[\w:])", _I)),
    (("host",), regex(r"(?m)^\s{0,8}Host(?:Name)?\s{1,8}([A-Za-z][\w.-]{2,100})\s*$")),
    ((":/",), regex(r"(?<![\w/.])(?<!-v )(?<!volume[ =])([A-Za-z][\w.-]{2,60}):/(?=[A-Za-z])(?![^\s]{0,3}/)")),
)  # fmt: skip
