"""Addresses and numbers that name a computer, a device or a person."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterable

from setup_assistant.host.secrets import paths
from setup_assistant.host.secrets.matching import regex

# Hosts that everybody uses; they say which service failed, and nothing else.
_PUBLIC = frozenset({
    "pypi.org", "pythonhosted.org", "pytorch.org", "huggingface.co", "hf.co", "hf-mirror.com",
    "modelscope.cn", "modelscope.ai", "anaconda.org", "anaconda.com", "conda.io", "github.com",
    "githubusercontent.com", "github.io", "nvidia.com", "tsinghua.edu.cn", "aliyun.com",
    "aliyuncs.com", "ustc.edu.cn", "sjtu.edu.cn", "python.org", "debian.org", "ubuntu.com",
    "docker.io", "docker.com", "readthedocs.io", "apache.org", "w3.org", "json-schema.org",
    "gnu.org", "kernel.org", "opensource.org", "pypa.io", "microsoft.com", "vllm.ai", "qwen.ai", "openai.com",
    "google.com", "stackoverflow.com", "gitee.com", "gitlab.com", "ghcr.io", "quay.io", "npmjs.org", "rust-lang.org",
    "crates.io", "nodejs.org", "redhat.com", "fedoraproject.org", "archlinux.org", "cmake.org", "llvm.org", "arxiv.org",
    "wikipedia.org", "bfsu.edu.cn", "huaweicloud.com", "tencent.com", "tencentyun.com", "baidu.com", "163.com",
    "apple.com", "ollama.com", "intel.com", "amd.com", "astral.sh",
})  # fmt: skip
_TOP = (
    r"com|net|org|cn|edu|gov|corp|lan|internal|intra|intranet|localdomain|priv|private|de|uk|jp|"
    r"fr|kr|tw|hk|ru|eu|au|ca|io|ai|dev|cloud|test|example|invalid|local|home|in|us|ac|info|mil|"
    r"lab|labs|cluster|hpc|grid|intern|lokal|fritz\.box|school|office|site|xyz|tech|nl|ch|se|fi|pl|at|be|cz|"
    r"sg|my|vn|br|mx|it|es|nz|il|tr|ua|no|cc|me|co"
)
# Endings that are names in programs as well: more than one dot, or a dash or figure, is wanted.
_WEAK_TOP = frozenset({
    "lab", "labs", "cluster", "grid", "school", "office", "site", "tech", "at", "it", "es", "no", "me",
    "co", "se", "be", "my", "cc", "ch", "fi", "pl", "tr", "hpc", "il", "nl", "cz", "sg", "xyz", "br",
    "intern", "lokal", "vn", "mx", "nz", "ua",
    "local", "home", "in", "us", "test", "example", "io", "ai", "dev", "info", "cloud",
    "private", "au", "ca", "ac", "de",
})  # fmt: skip
# Those of a home's or a lab's network, where a path may follow.
_HOME_TOP = frozenset({"local", "home", "lab", "cluster", "intern", "lokal"})
_HOST = regex(
    rf"(?<![\w@/-])(?<!\w\.)((?:<host>|[A-Za-z0-9][A-Za-z0-9-]{{0,62}})(?:\.[A-Za-z0-9-]{{1,63}}){{0,8}}\.(?:{_TOP}))(?::\d{{1,5}})?"
    r"(?![\w(=-]|\.\w)",
    re.IGNORECASE,
)  # fmt: skip
_URL = regex(r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{0,30}):///?([^\s'\"<>)\]，。；]*)")
_PLAIN_QUERY = regex(
    r"(?:(?:^|&)(?:revision|filepath|recursive|download|ref|page)=[\w./-]{1,100}){1,6}",
    re.IGNORECASE,
)
_API = regex(r"(?:/(?:v\d(?:/[a-z_]{1,20}){0,2}|health|metrics|docs)?)?")
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "0.0.0.0")  # noqa: S104 - to be recognised

_QUAD = regex(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(:\d{1,5}|/\d{1,2})?(?!\.?\d)")
# What stands before a version: a comparison, a package, the word itself.
_VERSION = regex(
    r"(?:[=<>~!]=|[<>]|(?<![A-Za-z0-9])v|\b(?:chrome|chromium|edge?|opr|safari|pip|uv|curl|python|requests|modelscope)/|[A-Za-z0-9]-|\.so\.|_|\b(?:version|release|driver|cuda|cudnn|cublas|"
    r"cufft|curand|cusolver|cusparse|cusparselt|nccl|nvjitlink|nvtx|nvrtc|cupti|cufile|tensorrt|toolkit|"
    r"torch|triton|python|kernel|firmware|glibc|nvidia|[\w-]{1,40}-cu1\d)[\w-]{0,40}|版本|驱动)"
    r"[\s,:'\"=|(]{0,12}v?(\d{1,3}(?:\.\d{1,3}){3})(?![.:/]?\d)",
    re.IGNORECASE,
)
_ADDRESSED = regex(
    r"(?:\b(?:inet6?|ip|ipv[46]|addr(?:ess)?|via|gateway|server|proxy|ping|ssh|scp|dns|nameserver|"
    r"peer|host|from|to|at|connect(?:ed|ing)?|listen(?:ing)?|remote|client|src|dst|route|subnet|"
    r"network|master_addr|bind|reach(?:ed)?)\b|地址|网关|服务器|代理|内网|主机|@|://)[^\d\n]{0,16}"
    r"(\d{1,3}(?:\.\d{1,3}){3})",
    re.IGNORECASE,
)
_DIGITS = regex(r"\d|(?i:gpu-|mig-|ssid|wlan|wi-?fi|access-p|[a-f]{2}[:-]|[@t][\])}]| dot )")
_DOTS = regex(r"\d\.\d{1,3}\.\d{1,3}\.\d")
_IPV6 = regex(
    r"(?<![\w:.])\[?((?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|\d{1,3}(?:\.\d{1,3}){3})?)(?:%\w{1,16})?"
    r"(?:/\d{1,3})?(?:\](?::\d{1,5})?)?(?![\w:])"
)
_NUMBERED = ("serial", "s/n", "sn", "board", "tag", "asset", " id", "_id", "-id", "tid", "eid", "nid", "identifier", "iccid", "zoom", "uuid", "imei", "imsi", "badge", "号", "serie", "série", "nummer", "番号", "numéro", "inventar")  # fmt: skip
_UID = r"(?!1000\b|65534\b)[1-9]\d{3,9}\b"
_NUMBERS = (
    (("gpu-", "mig-"), regex(r"(?<![A-Za-z0-9])((?:MIG-)?(?:GPU|MIG))-[0-9a-fA-F]{6,8}(?:-[0-9a-fA-F]{2,12}){0,4}(?:/\d{1,2}){0,2}"), r"\1-<uuid>"),
    (("ssid",), regex(r"(?i)\b((?:e?ssid)\\{0,3}['\"]?[ \t]{0,20}[:=]?[ \t]{0,4}\\{0,3}['\"])([^'\"\n\\]{1,64})"), r"\1***"),
    (("ssid",), regex(r"(?i)\b((?:e?ssid)[ \t]{0,20}[:=][ \t]{0,4})([^'\"\s][^'\"\n]{0,63})"), r"\1***"),
    (("ssid",), regex(r"(?i)\b(e?ssid )(?=[\w-]{0,30}[A-Z\d_-](?-i:[a-z\d]))(?=[\w-]{0,30}[\d_-])[\w-]{3,32}"), r"\1***"),
    (("access-points",), regex(r"(\baccess-points:[ \t]*\r?\n[ \t]{1,40}['\"]?)[^'\":\n]{1,64}(?=['\"]?:)"), r"\1***"),
    (("wlan", "wifi", "wi-fi"), regex(r"(?i)\b((?:wlan|wi-?fi)[^\n]{0,60}?\b(?:name|profile)=\\{0,3}['\"]?)([^'\"\s\\]{1,64}|(?<=['\"])[^'\"\n\\]{1,64})"), r"\1***"),
    (("wifi", "wi-fi"), regex(r"(?i)\b(wi-?fi ?[:：]\s?)(?=[\w-]{0,30}[\d_-])[\w-]{4,32}"), r"\1***"),
    (("sha256:",), regex(r"\bSHA256:[A-Za-z0-9+/]{43}(?![A-Za-z0-9+/])"), "SHA256:<id>"),
    (("-",), regex(r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9A-Za-z])"), "<uuid>"),
    ((":", "-"), regex(r"(?<![0-9A-Za-z:-])(?!(?:00[:-]){5}00|(?:(?i:ff)[:-]){5}ff)(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4,19}[0-9A-Fa-f]{2}(?![0-9A-Za-z:-])"), "<address>"),
    ((".",), regex(r"(?<![0-9A-Za-z.])(?=[0-9a-f.]{0,13}[a-f])[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}(?![0-9A-Za-z.])"), "<address>"),
    (_NUMBERED, regex(r"(?i)(?:\b|(?<=[\u4e00-\u9fff]))((?:(?:\w{1,24}_)?serial(?:[ _-]?(?:number|num|no|short))?(?: (?:of|for|from) (?:[\w-]{1,16} ){0,4}[\w-]{1,16})?|s/n|sn(?=\s{0,3}[:=：])|board[ _-]?(?:id|serial)|asset(?:[ _-]?tag|[ _-]?(?:id|no|number)|(?=\s?[:=]))|chassis[ _-]?serial|"
                r"service[ _-]?tag|disk[ _-]?identifier|machine[ _-]?id|boot[ _-]?id|system[ _-]?uuid|hardware[ _-]?id|imei|meid|imsi|iccid|host[ _-]?id|"
                r"seriennummer|inventar(?:nummer|nr\.?)|geräte-?id|matrikel(?:nummer|nr\.?)|personalnummer|num[ée]ro de s[ée]rie|n[úu]mero de s[ée]rie|numer seryjny|serienummer|シリアル番号|資産番号|管理番号|製造番号|社員番号|일련번호|"
                r"序列号|机器码|条码|编号|资产编号|设备编号|工号|学号|员工号|账号|帐号|账户|product[ _-]?id|instance[ _-]?id|meeting[ _-]?id|zoom[ _-]?id|会议号|房间号|employee[ _-]?(?:id|no)|student[ _-]?(?:id|no)|badge)\.?"
                r"\\{0,3}['\"]?(?:\s{0,30}[:=：＝#>,|]\s{0,40}|[ \t]{1,30}(?:is\s{1,4})?)\\{0,3}['\"]?)(?=[\w-]{0,60}\d)[\w/-]{3,}"), r"\1***"),
    # What `wmic` prints: the name alone on a line.
    (("serial", "number", "uuid"), regex(r"(?im)^([ \t]{0,8}(?:serial ?(?:number)?|identifyingnumber|uuid)[ \t]{0,40}\r?\n\s{0,8})(?=[\w-]{0,40}\d)[\w/-]{4,}[ \t]{0,40}\r?$"), r"\1***"),
    (("19", "20"), regex(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])"), "<id>"),
    # Nodes of a cluster, by their numbers.
    (("[",), regex(r"(?i)(?:\b|(?<=_))((?:nodes?|(?:node|host)list|hosts?|on)(?:[=: ]|\s?[:=]\s?))[a-z][a-z0-9-]{0,30}\[\d{1,5}(?:[-,]\d{1,5}){1,40}\]"), r"\1<host>"),
    (("[0",), regex(r"(?<![\w.$-])[a-z][a-z-]{0,20}\[0\d{1,4}(?:[-,]\d{1,5}){1,40}\]"), "<host>"),
    # An account of a cloud, and who or what in it.
    (("arn:", "acs:"), regex(r"\b((?:arn:aws[\w-]{0,10}|acs):[\w-]{0,30}:[\w-]{0,30}:)\d{10,20}(?::[\w/+=,.@*-]{1,200})?"), r"\1<id>"),
    (("at]", "at)", "@]", "@)", "at}"), regex(r"(?<![\w.+-])[\w.+-]{1,64}\s?[\[({]\s?(?i:at|@)\s?[\])}]\s?[\w-]{1,63}(?:(?:\.|\s?[\[({]\s?(?i:dot)\s?[\])}]\s?)[\w-]{1,63}){1,6}"), "<mail>"),
    ((" dot ",), regex(r"(?i)(?<![\w.+-])[\w.+-]{1,64} at [\w-]{1,63}(?: dot [\w-]{1,63}){1,4}\b"), "<mail>"),
    (("wwn", "wwid", "eui", "guid", "naa"), regex(r"(?i)\b((?:wwn|wwid|eui(?:-?64)?|nguid|naa|guid)(?: device id)?[\s:=.\"']{1,40}(?:eui\.|naa\.|0x)?)(?:[0-9a-f] [0-9a-f]{6} [0-9a-f]{8,9}|[0-9a-f]{6} [0-9a-f]{10}|[0-9a-f]{12,32})(?![\w])"), r"\1<id>"),
    # What `nvme list` and `lsusb -v` put beside a device.
    (("nvme", "sd"), regex(r"((?:/dev/|(?<![\w/]))(?:nvme\d{1,3}n\d{1,3}|sd[a-z]{1,2})[ \t]{1,20}(?:/dev/\S{1,40}[ \t]{1,20})?)(?=[A-Z0-9_-]{0,20}\d{3})[A-Z0-9_-]{8,24}(?=\s|$)"), r"\1***"),
    (("iserial",), regex(r"(\biSerial[ \t:=]{1,30}(?:\d{1,3}[ \t]{1,4})?)(?=[\w.:-]{0,40}\d)[\w.:-]{5,}"), r"\1***"),
    (("licen",), regex(r"(?i)\b(licen[cs]e (?:number|no\.?|id|server)[\s:=#]{1,4})(?=[\w.@-]{0,40}\d)[\w.@-]{4,}"), r"\1<id>"),
    (("ext", "分机"), regex(r"(?i)(?<=[( ,;/，；（])((?:ext\.?|extension|分机)[ :：]{1,2})(?:\d{1,3}-)?\d{3,6}(?![\d.%]|\s?[KMG]i?B)"), r"\1<phone>"),
    (("phone", "tel", "mobil", "handy", "fon", "fax", "cell", "电话", "手机", "传真"), regex(r"(?i)((?:\b(?:tele)?phone|\btel|\bmobile?|\bhandy|\btelefon|\bfon|\bfax|\bcell|电话|手机|传真)(?: ?(?:no\.?|number)|号码?)?[.:：=]{0,2}[ ]{0,3})(?=[\d(])(?=(?:\D{0,4}\d){7})\(?\d{1,5}\)?(?:[ /-]{1,3}\d{2,8}){1,5}(?![\w.])"), r"\1<phone>"),
    (("viewer", "desk", "partner", "向日葵", "识别码", "设备代码", "伙伴"), regex(r"(?i)((?:team ?viewer|any ?desk|to ?desk|rust ?desk|sunlogin|partner id|向日葵|识别码|设备代码|伙伴)[^\d\n]{0,16})(?:\d{3}[ -]?){3,4}(?!\d)"), r"\1<id>"),
    (("s-1-5-21-",), regex(r"(?i)\bS-1-5-21(?:-\d{1,10}){3,5}"), "<id>"),
    (("证", "护照", "卡号", "银行卡"), regex(r"((?:身份证|护照|证件|银行卡|社保卡|学生证|卡号)(?:号码?)?(?:是|为)?[\s:：=＝]{0,4})(?=[A-Za-z]{0,3}\d)[A-Za-z0-9 ]{6,24}"), r"\1<id>"),
    (("微信", "qq", "wechat", "钉钉", "飞书", "telegram"), regex(r"(?i)((?:微信|QQ|wechat|钉钉|飞书|telegram)(?:号码?|群| ?id)?(?:\s{0,2}[:：=＝是]\s{0,2}|\s{1,2})@?)(?=[A-Za-z]{0,40}[\d_])[\w-]{5,40}"), r"\1<id>"),
    ((" ", "-"), regex(r"(?<![\d.-])[3-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}(?![\d-])"), "<id>"),
    (("|1|",), regex(r"\|1\|[^|\s]{3,40}\|[A-Za-z0-9+/]{27}="), "<host>"),
    (("卡",), regex(r"((?:银行|工资|信用|储蓄|借记|校园|社保|医保)?卡(?:号)?(?:是|为)?[:：\s]{0,3})\d{12,19}(?!\d)"), r"\1<id>"),
    (tuple("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"), regex(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·•](?=[A-Z0-9]{0,5}\d)[A-Z0-9]{5,6}"), "<id>"),
    (("hkid", "nric", "national", "tax", "steuer", "iban", "dni", "cpf", "cnpj", "aadhaar", "pesel", "fiscal", "ausweis", "nhs", "insurance", "versicherung", "personn", "henkil", "curp"),
     regex(r"(?i)\b((?:hkid|nric|national[ _-]?(?:id|insurance)|tax[ _-]?(?:id|payer)|steuer-?(?:id|nummer|nr)|iban|dni|cpf|cnpj|aadhaar|pesel|codice fiscale|(?:personal)?ausweis(?:nummer|nr)?|nhs|insurance|versicherungsnummer|personn(?:ummer|r)|henkilötunnus|curp)(?:[ _-]?(?:no\.?|number|id|card|is)){0,2}\\{0,3}['\"]?[ :#=]{1,4}\\{0,3}['\"]?)(?=[A-Z]{0,4}[\d ])(?=(?:[^\n]?\d){4})[A-Z0-9][A-Z0-9 ./-]{4,30}[A-Z0-9](?:\([0-9A]\))?"), r"\1<id>"),
    (("account",), regex(r"(?i)\b(account(?:[ _-]?(?:id|no\.?|number))?\\{0,3}['\"]?\s{0,4}[:=]\s{0,4}\\{0,3}['\"]?)\d{8,20}\b"), r"\1<id>"),
    # Room and telephone in a line of `getent passwd`.
    ((":x:", ":*:"), regex(r"(?m)^([\w.-]{1,64}:[x*!]:\d{1,10}:\d{1,10}:[^:,\n]{0,60},)[^:\n]{1,80}(?=:[^:\n]{0,200}:)"), r"\1<id>"),
    (("宿舍", "寝室", "住址", "收件地址"), regex(r"((?:宿舍|寝室|住址|收件地址)[:：\s]{1,3})[^\s，。；,;<]{2,40}(?: [\w-]{2,12})?"), r"\1<id>"),
    (("mac",), regex(r"(?i)(\bmac[ _-]?addr(?:ess)?\\{0,3}['\"]?[ \t]{0,4}[:=][ \t]{0,4}\\{0,3}['\"]?)[0-9a-f]{12}(?![0-9a-z])"), r"\1<address>"),
    # Accounts and groups by their numbers; the first and the last of a system are everybody's.
    (("id", "groups=", "runas", "fsgroup"), regex(rf"(?i)\b((?:(?:e|r|fs|au|login)?[ug]id|groups(?==)|runAs(?:User|Group)|fsGroup)\\{{0,3}}['\"]?(?:[ \t]{{0,4}}[:=][ \t]{{0,4}}| )){_UID}"), r"\1<id>"),
    (("groups=",), regex(rf"(?<=,){_UID}(?=\([A-Za-z])"), "<id>"),
    (("chown", "chgrp", "--user", "-u "), regex(rf"((?<![\w-])(?:chown|chgrp|--user|-u)(?: -{{1,2}}[\w-]{{1,20}}){{0,3}}[= ]){_UID}(?::\d{{1,10}}\b)?"), r"\1<id>"),
    (("user",), regex(rf"((?<![\w-])(?:run/user/|user[-@]|(?:of|for|by|as|unknown|invalid) user )){_UID}(?=[/.:,;)\s]|$)"), r"\1<id>"),
    (("no such user",), regex(rf"(\bid: ['\"‘]?){_UID}(?=['\"’]?: no such user)"), r"\1<id>"),
    (("r-", "rw", "--"), regex(rf"((?<![\w-])[-bcdlps][rwxsStT-]{{9}}[.+@]?\s{{1,8}}\d{{1,8}}\s{{1,8}}){_UID}(?=\s{{1,8}}[\w<])"), r"\1<id>"),
    (("r-", "rw", "--"), regex(rf"((?<![\w-])[-bcdlps][rwxsStT-]{{9}}[.+@]?\s{{1,8}}\d{{1,8}}\s{{1,8}}\S{{1,64}}\s{{1,8}}){_UID}(?=\s{{1,8}}\d)"), r"\1<id>"),
    (("wxid_",), regex(r"wxid_\w{5,40}"), "<id>"),
    (("passport", "ssn", "social security", "driver"), regex(r"(?i)\b((?:passport|ssn|social security|driver'?s? licen[sc]e)(?: (?:no\.?|number|id|is)){0,2}[ :#=]{1,4})(?=[A-Z]{0,2}\d)[A-Z0-9-]{6,14}"), r"\1<id>"),
    (("+",), regex(r"(?<![\w.+])\+(?=(?:[ ()-]{0,2}\d){8})[1-9]\d{0,2}[ -]?(?:\(?\d{1,4}\)?[ -]?){2,4}\d{2,4}(?!\w)"), "<phone>"),
    (("+",), regex(r"\+\d{1,3}[ -]?\(0\)[ -]?\d{1,5}(?:[ /-]\d{2,8}){1,4}"), "<phone>"),
    (("路", "街", "号", "巷", "弄"), regex(r"(?:[\u4e00-\u9fff]{2,3}[省市区县]){1,3}[\u4e00-\u9fff]{1,12}(?:路|街|大道|巷|弄|道)(?:\d{1,5}[号弄](?:院|楼)?[\w-]{0,12}[室楼层栋]?)"), "<id>"),
    ((" ", "-"), regex(r"(?<![\w.-])1[3-9]\d[ -]\d{4}[ -]\d{4}(?![\w-])"), "<phone>"),
    (("-", "(0"), regex(r"(?<![\w.-])(?:\(0\d{2,3}\)\s?|0\d{2,3}-)\d{3,4}[- ]?\d{4}(?![\w-])"), "<phone>"),
    (("(0",), regex(r"(?<![\w.-])\(0\d{1,4}\)\s?\d{3,5}[- /]?\d{2,6}(?![\w-])"), "<phone>"),
    (("-",), regex(r"(?<![\w.-])(?:\(\d{3}\)\s?|\d{3}-)\d{3}-\d{4}(?![\w-])"), "<phone>"),
    (("00-",), regex(r"(?<![\w.-])[48]00-\d{3,4}-\d{3,4}(?![\w-])"), "<phone>"),
)  # fmt: skip
_MOBILE = regex(r"(?<![A-Za-z0-9_.-])1[3-9]\d{9}(?![A-Za-z0-9_.])")
_PHONE_WORD = regex(
    r"(?i)(?:phone|tel|mobile|cell|call|wechat|whatsapp|contact|fax|电话|手机|联系|致电|微信|传真)\W{0,12}\w{0,12}\W{0,4}$"
)
_COUNTED = regex(
    r"(?i)(?:[=:(\[,/]\s{0,8}|\b(?:size|bytes?|total|free|used|memory|allocated|reserved|need|len|length|offset|of|got|expected|count|at|to|from|than)\s{1,4})$"
)
_UNIT = regex(r"\s{0,2}(?:bytes?|B\b|[KMG]i?B|字节|[,\])/}]|param|tokens?|ns\b|us\b|of\b)")


class Public:
    """The hosts that may be named."""

    def __init__(self, more: Iterable[str]) -> None:
        self._more = frozenset(h.lower() for h in more if h)

    def knows(self, host: str) -> bool:
        """Whether a host, without port, is one that everybody uses."""
        host = host.lower().rstrip(".")
        if host in self._more or host in _LOOPBACK:
            return True
        parts = host.split(".")
        return any(
            ".".join(parts[i:]) in _PUBLIC for i in range(max(0, len(parts) - 4), len(parts))
        )

    def shown(self, found: re.Match[str]) -> str:
        """Return a host that was found as it may be shown."""
        return found[0] if self.knows(found[0]) else "<host>"

    def urls(self, text: str) -> str:
        """Return `text` with the addresses in it shortened to what everybody may know."""
        return _URL.sub(self._url, text) if "://" in text else text

    def _url(self, found: re.Match[str]) -> str:
        scheme = found[1]
        if not found[2]:
            return found[0]
        host, slash, path = found[2].partition("/")
        host = host.rpartition("@")[2]
        if scheme.lower() == "file":
            return "file://" + paths.hide(f"/{found[2]}")
        bare = host if host.startswith("[") else host.partition(":")[0]
        if bare.lower() in _LOOPBACK:
            api = _API.match(slash + path)
            return f"{scheme}://{host.partition('?')[0]}{api[0] if api else ''}"
        if self.knows(bare):
            # What follows a question mark may sign a request.
            path, mark, query = path.partition("?")
            kept = mark + query if _PLAIN_QUERY.fullmatch(query) else ""
            return f"{scheme}://{host}{slash}{path}{kept}"
        return f"{scheme}://<host>"

    def hide(self, text: str) -> str:
        """Return `text` without the names of other hosts."""
        return _HOST.sub(self._named, text) if "." in text else text

    def _named(self, found: re.Match[str]) -> str:
        host = found[1]
        top = host.rpartition(".")[2].lower()
        plain = host.count(".") == 1 and not re.search(r"[\d-]", host.rpartition(".")[0])
        plain = plain and found.string[max(0, found.start() - 1) : found.start()] != "."
        follows = found.string[found.end() : found.end() + 1]
        return (
            found[0]
            if self.knows(host)
            or (
                top in _WEAK_TOP
                and plain
                and ":" not in found[0]
                and not (follows == "/" and top in _HOME_TOP)
            )
            else "<host>"
        )


def versions_in(text: str) -> frozenset[str]:
    """Return numbers of four parts that are versions by what stands before them."""
    return frozenset(_VERSION.findall(text) if _DOTS.search(text) else ())


def hide_numbers(text: str) -> str:
    """Return `text` without serial numbers, UUIDs, hardware addresses, phone and ID numbers."""
    if not _DIGITS.search(text):
        return text
    lower = text.lower()
    for needles, pattern, instead in _NUMBERS:
        if any(n in lower for n in needles):
            text = pattern.sub(instead, text)
    return _MOBILE.sub(_phone, text)


def hide(text: str, versions: frozenset[str], public: Public) -> str:
    """Return `text` without addresses and names of computers."""
    text = public.hide(text)
    if text.count(":") > 1:
        text = _IPV6.sub(_six, text)
    if not _DOTS.search(text):
        return text
    addressed = frozenset(_ADDRESSED.findall(text)) - versions

    def four(found: re.Match[str]) -> str:
        number = found[1]
        # A mask of a network is everybody's.
        keep = number in versions or number in _LOOPBACK or number.startswith("255.")
        if not keep and not found[2] and number not in addressed:
            keep = _like_version(number)
        return found[0] if keep else "<address>"

    return _QUAD.sub(four, text)


@functools.lru_cache(maxsize=4096)
def _like_version(number: str) -> bool:
    """Whether a number of four parts is rather a version: small throughout, or too large."""
    parts = [int(p) for p in number.split(".")]
    private = parts[0] == 10 or parts[:2] == [192, 168] or (parts[0] == 172 and 16 <= parts[1] < 32)
    return max(parts) > 255 or (not private and max(parts[:3]) <= 25)


def _six(found: re.Match[str]) -> str:
    return "<address>" if _names_computer(found[1]) else found[0]


@functools.lru_cache(maxsize=4096)
def _names_computer(text: str) -> bool:
    """Whether a text with colons is an address of IPv6 that tells a computer."""
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    groups = text.split(":")
    if (
        address.is_loopback
        or address.is_multicast
        or (address.ipv4_mapped is None and max(map(len, groups)) < 3)
    ):
        return False  # a slice, or a name of C++
    return any(c.isdigit() for c in text) or text[:2].lower() in ("fe", "fc", "fd")


def _phone(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 40) : found.start()]
    if _PHONE_WORD.search(before):
        return "<phone>"
    if before.endswith(("(", "（")) and found.string[found.end() : found.end() + 1] in (")", "）"):
        return "<phone>"
    number = _COUNTED.search(before) or _UNIT.match(found.string, found.end())
    return found[0] if number else "<phone>"
