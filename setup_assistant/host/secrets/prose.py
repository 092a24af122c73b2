"""People, accounts and computers in sentences: told by their places, where no known word stands.

Who does or is asked, where somebody goes, what is down, what was said to be whose: each place
takes words too, so that only what `words` does not know is a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setup_assistant.host.secrets import programs, words
from setup_assistant.host.secrets.columns import SURNAME
from setup_assistant.host.secrets.matching import regex

_CAP = r"(?:Mc|Mac|O['’]|D['’])?[A-ZÀ-ÖØ-ÞĆČĎĐĘĚĞİŁŃŇŌŘŚŞŠŤŪŮŹŻŽ][a-zß-öø-ž]{1,20}(?:['’-][A-ZÀ-ÖØ-ÞĆČĎĐĘĚĞİŁŃŇŌŘŚŞŠŤŪŮŹŻŽ][a-zß-öø-ž]{1,20})?"
_OF = r"(?:(?:van|von|de|der|den|da|dos|di|du|bin|al|el|la|le|ten|ter)[ ]){0,2}"
_FULL = rf"{_CAP}(?:[ ]{_OF}{_CAP}){{0,2}}"
_TITLED = r"(?:(?:Mrs?|Ms|Dr|Prof|Professor|Herr|Frau)\.?[ ]){0,2}"
_NAMES = rf"{_TITLED}{_FULL}(?:(?:,[ ]|[ ]?&[ ]|[ ]/[ ]|,?[ ](?:and|or)[ ])(?:@|{_TITLED})?{_FULL}){{0,8}}"
_ACCOUNT = r"[a-z][\w.-]{1,40}\w"
_HOST = r"[A-Za-z][\w-]{1,60}[A-Za-z0-9]"
_HOSTS = rf"{_HOST}(?:(?:,[ ]|,?[ ](?:and|or|nor|but[ ]not|vs\.?|to)[ ](?:on[ ])?|[ ]?/[ ]?){_HOST}){{0,12}}"
_GERMAN_HOST = (
    r"(?:[a-z][a-z-]{0,40}\d[\w-]{0,20}|[a-z][a-z-]{1,60}[a-z](?![ ]+[A-ZÄÖÜ]))(?![\w.]*[\w/(=\[])"
)
_END = r"(?![\w.]*[\w/(=\[])"

_SAYS = (
    r"says?|said|told|asked|asks|thinks|thought|believes|wrote|writes|suggest(?:s|ed)|recommend(?:s|ed)|complain(?:s|ed)|"
    r"mention(?:s|ed)|replied|answered|noticed|left|quit|owns|forgot|insists|promised|claims|bought|borrowed|rebooted|"
    r"reinstalled|installed|upgraded|configured|unplugged|swapped|moved|maintains|admins|approved|confirmed|reported|"
    r"wants|needs|knows|has[ ](?:access|root|sudo|the[ ])|set[ ]up|broke|fixed|changed|updated|gave|sent|showed|helped|"
    r"is[ ](?:on[ ]|out[ ]|away|sick|the[ ](?:admin|owner|one)|our|my|looking|working|using|running)|will[ ](?:look|fix|check|do|be)|"
    r"and[ ]I\b|can[ ](?:you|look|help|fix|reboot)|could[ ]you|would[ ]you|please|uses|used|runs|started|killed|took|tried"
)
_SAY = (
    " sa",
    " told",
    " ask",
    " th",
    " bel",
    " wr",
    " sug",
    " rec",
    " co",
    " me",
    " re",
    " an",
    " no",
    " le",
    " qu",
    " ow",
    " fo",
    " in",
    " pr",
    " cl",
    " bo",
    " up",
    " un",
    " sw",
    " mo",
    " ma",
    " ad",
    " wa",
    " ne",
    " kn",
    " ha",
    " se",
    " br",
    " fi",
    " ch",
    " ga",
    " sh",
    " he",
    " is",
    " wi",
    " ca",
    " pl",
    " us",
    " ru",
    " st",
    " ki",
    " to",
    " tr",
)
_PEOPLE = (
    # Who is asked, thanked, written to, named.
    (("ask", "tell", "told", "thank", "cc", "according", "dear", "hi ", "hi, ", "hello", "hey", "hallo", "morning", "contact", "ping", "notify", "inform", "mail", "messag", "call", "this is", "i am", "i'm", "name is", "here is", "colleague", "mate ", "boss", "visor", "professor", "student", "intern", "postdoc", "admin", "manager", "owner", "researcher", "engineer", "pi ", "since ", "because ", "until ", "unless ", "when ", "while ", "that ", "let ", "me and", "attn", "from", "to:", "von:", "an:", "de:", "para:", "à:", "da:", "behalf", "belong", "assigned", " to ", " by ", " with ", " for ", " of ", " and ", " via ", " von "),
     (rf"\b(?:[Aa]sk(?:ed|ing)?|[Tt]ell|[Tt]old|[Tt]hank(?:s|[ ]you)?(?:[ ]to|,)?|[Cc][Cc]'?e?d?:?|[Aa]ccording[ ]to|[Dd]ear|[Hh]i|[Hh]ello|[Hh]ey|[Hh]allo|[Mm]orning|"
     rf"[Cc]ontact(?:ed)?|[Pp]ing(?:ed)?|[Nn]otify|[Ii]nform|[Ee]-?[Mm]ail(?:ed)?|[Mm]essaged?|[Cc]all(?:ed)?|this[ ]is|[Ii][ ]am|[Ii]'m|[Nn]ame[ ]is|[Hh]ere[ ]is|"
     rf"colleagues?|labmate|officemate|boss|supervisor|advisor|professor|student|intern|postdoc|admin|sysadmin|administrator|manager|owner|"
     rf"researcher|engineer|teammate|PI|[Ss]ince|[Bb]ecause|[Uu]ntil|[Uu]nless|when|while|that|let|me[ ]and|[Aa]ttn:?|[Ff]rom:|[Tt]o:|Von:|An:|De:|Para:|À:|Da:|"
     rf"on[ ]behalf[ ]of|belongs?[ ]to|assigned[ ]to|(?:forwarded|escalated|reassigned|handed[ ]over|sent|given)[ ]to|"
     rf"[a-z]{{2,16}}(?:ed|wn|en|t|ned)[ ](?:up[ ])?by|(?:by|with|from|for|to|of|and|via|von)(?=[ ]{_CAP}[ ]{_CAP}|[ ](?:Dr|Prof|Mr))),?[ ]({_NAMES})")),
    # Who says, does, owns.
    (_SAY,
     rf"(?<![\w.-])({_NAMES})[ ](?:{_SAYS})\b"),
    (("'s ", "’s "),
     (rf"(?<![\w.-])({_NAMES})['’]s[ ](?:[a-z0-9-]{{1,16}}[ ]){{0,2}}(?:machine|workstation|laptop|desktop|box|pc|PC|account|home|job|jobs|server|script|env\w{{0,12}}|conda|"
     rf"folder|directory|node|GPU|gpu|card|run|model|container|notebook|session|quota|process|office|desk|key|group|lab|team|fork|branch|repo|patch|mail|message|password|token|login)\b")),
    # Who is spoken to at the beginning of a line, and who signs.
    ((" ",),
     rf"(?m)^[> \t]{{0,8}}(?:@?)({_FULL})(?:,|[ ]?[—–:-]{{1,2}}[ ])[ ]?(?=(?:can|could|would|do|did|please|any|the|my|we|I|is|are|have|why|what|thanks|thx)\b)"),
    (("regards", "cheers", "thanks", "thx", "thank you", "best", "sincerely", "greetings", "grüße", "yours"),
     rf"(?m)(?:[Rr]egards|[Cc]heers|[Tt]hanks|[Tt]hx|[Tt]hank[ ]you|[Bb]est|[Ss]incerely|[Gg]reetings|[Gg]rüße|[Yy]ours)[,.!]?[ ]{{1,2}}[—–-]{{0,2}}[ ]?({_FULL})[ \t]*\.?\r?$"),
    (("-", "—", "–"),
     rf"(?m)(?:^|[.!?)][ ]|[ ]{{2}})(?:[—–]|--?)[ ]?({_FULL})[ \t]*\r?$"),
    ((":", " by "),
     rf"(?m)^[ \t>]{{0,8}}(?:(?:[Cc]o-?)?[Aa]uthored-[Bb]y|(?:[A-Z][a-z]{{2,16}}-)by|[Rr]eporter|[Aa]ssignee|[Oo]wner|[Cc]ontact|[Rr]equested by|[Oo]pened by|[Cc]ustomer|[Aa]gent|[Tt]echnician|[Ee]mployee|[Ss]ubmitter|[Aa]uthor|[Oo]perator|PI):?[ ]{{1,20}}({_NAMES})"),
)  # fmt: skip
_ACCOUNTS = (
    (("user", "account", "login", "uid", "namespace", "--as"),
     rf"\b(?:user|account|user[ _-]?name|login|uid|User|Account|Username|USER|namespace|--as)[ =:]{{1,3}}['\"]?({_ACCOUNT})(?=['\"]?(?:[\s,;:)]|\.(?:\s|$)|$))"),
    ((" by ", " to "),
     rf"\b(?:owned|submitted|booked|reserved|occupied|claimed|reported|requested|approved|blocked|taken|launched|cancelled|canceled|killed|assigned)[ ](?:by|to)[ ](?:user[ ])?({_ACCOUNT})(?=[\s,;:).]|$)"),
    (("ask", "tell", "told", "contact", "cc", "poke", "bug", "ping", "kick", "blame", "remind", "messag", "mail", "page", "notif", "switch", "change", "become"),
     (rf"\b(?:[Aa]sk(?:ed)?|[Tt]ell|[Tt]old|[Cc]ontact(?:ed)?|[Cc][Cc]'?e?d?:?|[Pp]oked?|[Bb]ug(?:ged)?|[Pp]ing(?:ed)?|[Kk]ick(?:ed)?|[Bb]lamed?|[Rr]emind(?:ed)?|[Mm]essaged?|[Ee]-?mail(?:ed)?|[Pp]aged|[Nn]otif(?:y|ied)|[Bb]ecome|"
     rf"(?:[Ss]witch(?:ed)?|[Cc]hanged?)(?:[ ]to)?[ ]user(?:[ ]to)?)[ ]@?({_ACCOUNT})(?=[\s,;:).!?]|$)")),
    (("benutzer ", "nutzer ", "konto ", "kennung ", "anwender "), rf"\b(?:[Bb]enutzer|[Nn]utzer|[Kk]onto|[Kk]ennung|[Aa]nwender)[ ]['\"„]?({_ACCOUNT})(?=['\"“]?(?:[\s,;:).!?]|$))"),
    ((" as ",),
     rf"\b(?:ssh(?:'?ed|ing)?|logg?(?:ed|ing)?[ -]?(?:in|on)|login|connect(?:ed|ing)?|sudo|su|runs?|running|ran|signed[ ]in|executed|started)\b[^\n.'\"]{{0,60}}?[ ]as[ ](?:user[ ])?['\"`]?({_ACCOUNT})(?=['\"`]?(?:[\s,;:)]|\.(?:\s|$)|$))"),
    (("'s ", "’s "),
     rf"(?<![\w.])({_ACCOUNT})['’]s[ ](?:account|jobs?|home|process(?:es)?|runs?|containers?|workstation|laptop|machine|box|desktop|folder|directory|env\w{{0,12}}|notebook|quota|session|venv|script|crontab|password|token|key|cache|checkpoints?)\b"),
    # Who speaks in a chat; whom it calls.
    ((":", ">"),
     r"(?m)^[ \t]{0,4}(?:\[\d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?\]|\(\d{1,2}:\d\d\)|\d{1,2}:\d\d(?: ?[AP]M)?) ?<?[@+%]?([A-Za-z][\w.-]{1,30})(?:>[ ]|:[ ])"),
    (("@",),
     r"(?<![\w./@=:\\-])@([A-Za-z][\w.-]{1,38}\w)(?=[,:!?](?:\s|$)|[ ]+[A-Za-z\u4e00-\u9fff])|(?<=[a-z,:] )@([A-Za-z][\w.-]{1,38}\w)(?=\.?\s*$)"),
    (("cron[",),
     rf"\bCRON\[\d{{1,8}}\]: \(({_ACCOUNT})\)"),
    (("pscredential",),
     rf"\bPSCredential\s?\(?\s?['\"]({_ACCOUNT})['\"]"),
    (("name",),
     rf"(?i:\b(?:account|subject|target|caller|logon)[ _]?(?:user)?[ _]?name)\\{{0,3}}['\"]?\s{{0,4}}[:=]\s{{0,20}}\\{{0,3}}['\"]?(?:[\w.-]{{1,40}}\\{{1,2}})?({_ACCOUNT})"),
    # Whose process, job or file; what administrators type; who did or may do what.
    ((" of ",), rf"\b(?:[Jj]obs?|[Pp]rocess(?:es)?|[Rr]uns?|[Qq]uota|[Hh]ome|[Aa]ccount|[Ss]essions?|[Cc]ontainers?|[Pp]assword|[Ff]iles)[ ]of[ ](?:user[ ])?({_ACCOUNT})(?=[\s,;:).]|$)"),
    (("ed by ", "set by "), rf"\b(?:drained|resumed|downed|set|rebooted|locked|unlocked|opened|closed|stopped|terminated|banned|disabled|enrolled|registered)[ ]by[ ](?:user[ ])?({_ACCOUNT})(?=[\s,;:).@]|$)"),
    (("user", "passwd", "chage", "loginctl", "pkill", "deluser", "quota"), rf"\b(?:user(?:mod|add|del)|adduser|deluser|passwd|chage|gpasswd|chfn|chsh|quota|enable-linger|killall[ ]-u)\b(?:[ ]-\w{{1,4}}(?:[ ](?![a-z][\w.-]{{1,40}}[ \t]*(?:$|[|;&\n]))\S{{1,40}})?|[ ]--[\w=/-]{{1,40}}){{0,5}}[ ]({_ACCOUNT})(?=\s|$)"),
    (("chown", "install -o", "setfacl"), rf"\b(?:chown|setfacl)\b(?:[ ]-\w{{1,10}}|[ ]--\w{{1,20}}){{0,4}}[ ](?:[ugd]:){{0,2}}({_ACCOUNT})(?::(?:({_ACCOUNT})(?=\s)|[\w-]{{0,4}}))?"),
    (("group", "sudoers", "docker"), rf"\b[Aa]dd(?:ed|ing)?[ ](?:user[ ])?({_ACCOUNT})[ ]to[ ](?:the[ ])?[\w'`-]{{2,20}}(?:[ ]group|[ ]sudoers)?"),
    (("completed", "failed", "running", "pending", "timeout", "cancelled", "out_of_me"), rf"(?m)^[^\n]{{0,80}}?[ \t|]({_ACCOUNT})[ \t|]{{1,20}}(?:COMPLETED|FAILED|RUNNING|PENDING|TIMEOUT|CANCELLED|OUT_OF_ME\w{{0,5}})\b"),
    (("ansible",), rf"\bansible(?:-\w{{1,10}})?\b[^\n|;&]{{0,200}}?[ ]-u[ ]?({_ACCOUNT})(?=\s|$)"),
    (("(item=",), rf"=> \(item=['\"]?({_ACCOUNT})['\"]?\)"),
    (("account", "org"), rf"\b(?:\w{{1,20}}Account(?:Name)?|orgs?|organi[sz]ations?)['\"]?[:=][ ]?['\"]?({_ACCOUNT})(?=['\"]?(?:[\s,;}}]|$))"),
    (("（", "("), rf"{SURNAME}[\u4e00-\u9fff]{{1,2}}[ ]?[（(]({_ACCOUNT})[）)]"),
    (("grant", "denied for"), rf"\b(?:[Gg]rant(?:ed)?[ ]({_ACCOUNT})[ ](?:access|sudo|root|rights)|denied[ ]for[ ](?:user[ ])?['\"]?({_ACCOUNT})(?=['\"]?(?:[\s,;:).@]|$)))"),
)  # fmt: skip
_COMPUTERS_SURE = (
    (("ssh", "mosh", "telnet", "remote", "jump"),
     rf"\b(?:[Ss][Ss][Hh](?:'?e?d|ing)?|[Mm]osh|[Tt]elnet|[Rr]emote[ds]?|[Jj]ump(?:ed)?)[ ](?:back[ ])?(?:in[ ]?to|on[ ]?to|to|through|via|from)[ ](?:the[ ]|our[ ])?({_HOSTS})"),
    (("log",),
     rf"\b[Ll]og(?:ged|ging)?[ ]?(?:in|on)[ ]?(?:to|on(?:to)?)[ ](?:the[ ]|our[ ])?({_HOSTS})"),
    (("called", "named", "hostname"),
     rf"\b(?:machine|server|node|box|host|workstation|cluster|computer|laptop|VM|vm)s?,?[ ](?:is[ ]|are[ ])?(?:called|named|hostname)[ ]['\"`]?({_HOSTS})"),
    (("host ", "node ", "machine ", "server ", "workstation "),
     rf"\b(?:[Hh]ost|[Nn]ode|[Mm]achine|[Ss]erver|[Ww]orkstation)[ ]['\"`]?({_HOST})['\"`]?[ ](?:is|was|went|has|does|keeps|cannot|did|not|lost|will)\b"),
    (("login: ",),
     rf"\bLast (?:failed )?login: [^\n]{{10,80}}? from ({_HOST})"),
    (("(uid ",),
     rf"\(uid \d{{1,10}}\) on ({_HOST})"),
    (("node ", "host ", "worker ", "machine "),
     rf"\b(?:on|from) (?:node|host|worker|machine) ['\"`]({_HOST})['\"`]"),
    (("machine", "server", "node", "box", "host", "workstation", "cluster", "computer", "laptop"), r"\b(?:[Mm]achine|[Ss]erver|[Nn]ode|[Bb]ox|[Hh]ost|[Ww]orkstation|[Cc]luster|[Cc]omputer|[Ll]aptop)[ ]([a-z]{3,20}\d{1,4})(?=[\s,;:.)]|$)"),
)  # fmt: skip
_COMPUTERS = (
    (("on ", "onto ", "off "),
     rf"\b(?:on|On|onto|off|ON)[ ](?:both[ ]|either[ ]|only[ ])?['\"`]?({_HOSTS}){_END}"),
    # In German a noun begins with a capital, before which words describe it: "auf neuen Karten".
    (("auf ",), rf"\b[Aa]uf[ ]({_GERMAN_HOST})(?:[ ](?:und|oder)[ ]({_GERMAN_HOST}))?"),
    (("von ",), rf"\b[Vv]on[ ]({_GERMAN_HOST})[ ]nach[ ]({_GERMAN_HOST})"),
    (("reboot", "image", "drain", "power", "access to", "root ", "password ", "reach", "ping", "job"),
     rf"\b(?:[Rr]eboot(?:ed|ing)?|[Rr]e-?imaged?|[Dd]rain(?:ed|ing)?|[Pp]ower(?:ed|ing)?[ -]?(?:off|cycled?|down)|access[ ]to|root[ ](?:\w{{1,10}}[ ])?(?:on|of|for)|password[ ](?:of|for|on)|[Rr]each|[Pp]ing(?:ed)?|jobs?[ ](?:to|at|from))[ ](?:the[ ]|our[ ])?({_HOSTS}){_END}"),
    (("machine", "host", "server", "box", "workstation", "node", "cluster", "computer", "laptop", "partition", "nas", "vm"),
     rf"\b(?:[Mm]achine|[Hh]ost|[Ss]erver|[Bb]ox|[Ww]orkstation|[Nn]ode|[Cc]luster|[Cc]omputer|[Ll]aptop|[Pp]artition|NAS|VM)s?,?[ ]['\"`]?(?=[a-z])({_HOSTS}){_END}"),
    (("boxes", "machines", "servers", "nodes", "hosts", "workstations", "clusters"),
     rf"\b(?:[Bb]oxes|[Mm]achines|[Ss]ervers|[Nn]odes|[Hh]osts|[Ww]orkstations|[Cc]lusters)(?:[ ](?:are|namely)|[:,—(-]{{1,2}})[ ]?({_HOSTS}){_END}"),
    ((" machine", " server", " box", " node", " host", " workstation", " cluster", " partition", " login node", " head node"),
     rf"\b(?:[Tt]he|[Oo]ur|[Mm]y|[Tt]hat|[Oo]n|[Ff]rom|[Tt]o)[ ](?:old[ ]|new[ ])?({_HOST})[ ](?:machine|server|box|node|host|workstation|cluster|partition|login[ ]node|head[ ]node)\b"),
    (("down", "offline", "unreachable", "back", "up again", "reboot", "drained", "powered", "dead", "overheat", "out of service"),
     rf"(?<![\w./'-])({_HOSTS})[ ](?:is|was|are|were|went|has[ ]been|got|came|keeps|still|just)[ ](?:still[ ]|currently[ ]|now[ ]|again[ ])?(?:down|offline|unreachable|back[ ]up|back[ ]online|up[ ]again|rebooted|rebooting|drained|powered[ ]off|dead|overheating|out[ ]of[ ]service)\b"),
    ((" rebooted", " lost ", " has ", " hangs", " hung"),
     rf"(?<![\w./'-])({_HOST})[ ](?:rebooted|lost[ ](?:its|a|one|the|both)\b|has[ ](?:two|four|eight|one|2|4|8|1|only)\b|hangs[ ]|hung[ ])"),
    (("'s ", "’s "),
     rf"(?<![\w./-])({_HOST})['’]s[ ](?:gpus?|GPUs?|cards?|drivers?|fans?|disks?|nvme|uptime|kernel|motherboard|BMC|IPMI|IP)\b"),
    (("host", "server", "node", "machine", "workstation", "computer"),
     rf"\b(?:[Hh]ost|[Ss]erver|[Nn]ode|[Mm]achine|[Ww]orkstation|[Cc]omputer|HOST|NODE)(?:[ _-]?[Nn]ame|NAME)?\\{{0,3}}['\"]?[ \t]{{0,8}}[:=][ \t]{{0,20}}\\{{0,3}}['\"]?({_HOST})(?=\\{{0,3}}['\"]?(?:[\s,;}})]|$))"),
    # What a client says that finds no computer; where something is copied from.
    (("connect", "resolve", "reach", "lookup"), rf"\b(?:[Cc]onnect(?:ing|ed|ion)?[ ]to|[Rr]esolv(?:e|ing)(?:[ ]host(?:name)?)?:?|[Ll]ookup)[ ]['\"`]?({_HOST})(?=['\"`]?(?:[ ](?:port|failed|timed|refused|as|with|via|over|on|because|and)\b|:\d|[,;.)]|$))"),
    (("permission denied", "no route", "connection ", "host key", "not known"), rf"(?m)^({_HOST}): (?:Permission denied|No route|Connection|Host key|Name or service)|service not known: ['\"]?({_HOST})"),
    (("from ", " to ", "mounted", "exported"), rf"\b(?:comes?|came|cop(?:y|ied)|moved?|export(?:ed)?|mount(?:ed)?|sync(?:ed)?|transferr?(?:ed)?|migrated?|rsync(?:ed)?|scp|back)[ ](?:(?:it|them|this|everything|data|weights|the[ ]\w{{1,16}})[ ])?(?:over[ ])?(?:from|to)[ ]({_HOSTS}){_END}"),
    (("<none>",), rf"\d[ \t]{{1,12}}({_HOST})[ \t]{{1,12}}<none>"),
    (("is ",), rf"\b[Ii]s[ ]({_HOST})[ ](?:free|available|busy|idle|up|down|online|offline|back|slow|in[ ]use)\b"),
    (("completed", "failed", "running", "timeout", "cancelled", "out_of_me"), rf"[ \t|](?:COMPLETED|FAILED|RUNNING|TIMEOUT|CANCELLED|OUT_OF_ME\w{{0,5}})[ \t|]{{1,20}}(?:\d[\w:.-]{{0,20}}[ \t|]{{1,20}}){{0,4}}({_HOST})[ \t|]*(?:$|\n)"),
    (("ansible",), rf"\bansible(?:-\w{{1,10}})?\b[^\n|;&]{{0,200}}?[ ](?:-i|-l|--limit)[ =]?['\"]?({_HOSTS}),?(?=['\"]?(?:\s|$))"),
    (("gpustat",), rf"\bgpustat:?[ ]({_HOST})[ ]{{2}}"),
    (("servidor", "serveur", "rechner", "machine", "macchina", "quina", "server", "knoten", "equipo", "nodo", "nœud", "servern", "serwer"), rf"\b(?:[Ss]ervidor|[Ss]erveur|[Rr]echner|[Mm]aschine|[Mm]acchina|[Mm][áa]quina|[Oo]rdinateur|[Kk]noten|[Ee]quipo|[Nn]odo|[Nn]œud|[Ss]erwer)[ ]({_HOST})(?=[\s,;:.)]|$)"),
    (("disk", "bios", "driver", "gpu", "kernel", "fan", "card", "uptime", "log"), rf"\b(?:disks?|BIOS|bios|drivers?|GPUs?|kernel|fans?|cards?|uptime|logs?)[ ](?:of|on)[ ]({_HOSTS}){_END}"),
    ((" does", " did"), rf"(?<![\w./'-])({_HOST})[ ](?:does not|doesn't|did not|didn't)[ ](?:come|boot|respond|answer|post)\b"),
    (("squeue", "srun", "salloc", "sbatch", "sinfo", "pdsh", "nodes "), rf"\b(?:s(?:queue|run|alloc|batch|info)|pdsh)\b[^\n|;&]{{0,80}}?[ ](?:-w|--nodelist)[ =]?({_HOST})|\b[Nn]odes ({_HOST}) are\b"),
    (("[",), rf"\[({_HOST})(?:\]:|:)\d{{2,5}}\b"),
    (("mpirun", "deepspeed", "horovod", "mpiexec"), rf"\b(?:mpirun|mpiexec|deepspeed|horovodrun)\b[^\n|;&]{{0,80}}?[ ](?:--host|-H|--include)[ =]({_HOST}):\d(?:[\d,]{{0,20}}[,@]({_HOST}):\d)?"),
    ((".",), rf"(?m)(?:^|[ ])\d{{1,3}}(?:\.\d{{1,3}}){{3}}[ \t]{{1,20}}({_HOST})(?=[ \t]{{1,20}}[\w-]{{1,60}}\.\w|[ \t]*$)"),
    (("pts/", "tty"), rf"(?:pts/|tty)\d{{1,4}}[ \t]{{1,20}}({_HOST})[ \t]{{1,20}}(?:[A-Z][a-z]{{2}} |\d\d:\d\d)"),
    (("domain",), rf"\b(?:Account|Logon|User)[ ]?Domain['\"]?:[ \t]{{0,20}}['\"]?({_HOST})"),
)  # fmt: skip
_SAME_LINE_CHINESE = (
    rf"(?:[Ss][Ss][Hh]|登[录陆]|连接?|连不|远程|进|重启|上)[ ]?(?:到|进|上|去|了|一?下|至){{0,2}}[ ]?({_HOST})",
    rf"(?:在|从|把|给|到了?|叫|是|和|跟|与|及|、|这台|那台|机器|主机|节点|服务器|集群)[ ]?({_HOST})(?=[ ]?(?:由|上|这|那|里|两台|三台|几台|机器|主机|服务器|节点|集群|的|和|跟|与|、|，|。|跑|重启|挂|宕|掉))",
    rf"(?:开通|申请|进入|访问)[ ]?({_HOST})[ ]?(?:的|权限|，|。|$)",
    rf"(?<![\w./@-])({_HOST})[ ]?(?:上面?的?|这台|那台|机器|主机|服务器|节点|挂了|宕机|掉线|掉卡|连不上|登不上|重启|又)",
)
_CHINESE_ACCOUNT = rf"(?:(?:用户|账号|帐号|账户)[ ]?({_ACCOUNT})[ ]?(?:的|这个|登|跑|提交|占|说|，|。|在|被|没|无|不)|(?:用|以)[ ]?({_ACCOUNT})[ ]?(?:账|帐|用户|身份|登)|(?:由|问|找|联系|给)[ ]?({_ACCOUNT})[ ]?(?:开|处理|负责|说|，|。|要|来|帮|占|提交))"
_CHINESE_PEOPLE = (
    rf"(?:由|被|请|让|给|跟|和|问|找|联系|等|经|替|向)[ ]?({SURNAME}[\u4e00-\u9fff]{{1,2}}?)[ ]?(?=安装|负责|维护|处理|配置|重启|管理|部署|升级|提供|搭建|申请|提交|开通|确认|看|帮|改|删|装|修|说|说过|用|占|拿|借|要|的(?:账|机|电|任|程|进|容|目|作|代))",
    rf"(?m)(?:^|[，。；,;！!？?：:\s])({SURNAME}[\u4e00-\u9fff]{{1,2}}?)[ ]?(?=说|已经|昨天|今天|刚|把|在用|正在|反映|告诉|重启了|安装了|装的|装了|负责|离职|的(?:账号|机器|电脑|任务|程序|进程|容器|目录|工位|作业|代码))",
    rf"(?:管理员|负责人|联系人|导师|老板|同事|室友)(?:就?是|叫|为|：|:)[ ]?({SURNAME}[\u4e00-\u9fff]{{1,2}})(?=[ ，。,；;（(]|$)",
    r"(?<![\w@])@([\u4e00-\u9fff]{2,4})(?=[\s，,：:。！!？?]|$)",
    r"(?:我是|我叫|这里是|联系|请教|找|问|麻烦|感谢|谢谢)[ ]?([小老阿](?:[王李张刘陈杨赵黄吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯董萧曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田周马高方金程明芳强军红丽华伟]))(?=[\s，,。！!？?：:的说帮看]|$)",
)

_PERSONS = tuple((needles, regex(p)) for needles, p in _PEOPLE)
_OF_ACCOUNTS = tuple((needles, regex(p)) for needles, p in (*_ACCOUNTS, *programs.ACCOUNTS))
_OF_COMPUTERS = (
    *((n, regex(p), True) for n, p in (*_COMPUTERS_SURE, *programs.COMPUTERS)),
    *((n, regex(p), False) for n, p in (*_COMPUTERS, *programs.OBJECTS)),
)
_CHINESE_COMPUTERS = tuple(regex(p) for p in _SAME_LINE_CHINESE)
_CHINESE_ACCOUNTS = regex(_CHINESE_ACCOUNT)
_CHINESE_NAMES = tuple(regex(p) for p in _CHINESE_PEOPLE)
_CHINESE = regex(r"[\u4e00-\u9fff]")
_ANYWHERE = regex(
    rf"(?<![\w./@:#=\\+<-])({_CAP})((?:[ ]{_OF}{_CAP}){{0,2}})(?![\w/=(+-]|\.\w)((?:(?:,[ ]|[ ]?&[ ]|,?[ ](?:and|or)[ ]){_CAP}(?![\w/=(+-]|\.\w)){{1,6}})?"
)
_CAPITAL = regex(rf"\b{_CAP}")
_DIVIDED = regex(r"(?:,? (?:and|or|nor|but not|vs\.?|to) (?:on )?|, ?| ?/ ?)")


def people_in(text: str) -> Iterator[str]:
    """Yield each part of the names of people that sentences tell."""
    for found in _ANYWHERE.finditer(text):
        if words.given(found[1]):
            yield found[1]
            yield from (n for n in _CAPITAL.findall(found[2] + (found[3] or "")) if words.person(n))
    lower = text.lower()
    for needles, pattern in _PERSONS:
        for found in pattern.finditer(text) if any(n in lower for n in needles) else ():
            yield from (n for n in _CAPITAL.findall(found[1]) if words.person(n))
    if _CHINESE.search(text):
        for pattern in _CHINESE_NAMES:
            yield from pattern.findall(text)


def accounts_in(text: str) -> Iterator[str]:
    """Yield the accounts that sentences tell."""
    lower = text.lower()
    for needles, pattern in _OF_ACCOUNTS:
        if any(n in lower for n in needles):
            yield from filter(words.account, _groups(pattern, text))
    if _CHINESE.search(text):
        yield from filter(words.account, _groups(_CHINESE_ACCOUNTS, text))


def computers_in(text: str) -> Iterator[str]:
    """Yield the computers that sentences tell, also those that are named together with one."""
    lower = text.lower()
    for needles, pattern, sure in _OF_COMPUTERS:
        for said in _groups(pattern, text) if any(n in lower for n in needles) else ():
            yield from (n for n in _DIVIDED.split(said) if words.computer(n, sure=sure))
    if _CHINESE.search(text):
        for pattern in _CHINESE_COMPUTERS:
            yield from filter(words.computer, pattern.findall(text))


def _groups(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield what the groups of a pattern that took part have found."""
    for found in pattern.finditer(text):
        yield from filter(None, found.groups())
