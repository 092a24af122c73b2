"""How texts are read, phrase by phrase: facts, frames, versions, mentions, and how logs end."""

# ruff: noqa: E501 - phrases stand here as they are printed
from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.doctor import (
    log_events,
    log_text,
    text_calls,
    text_frames,
    text_mentions,
    text_patterns,
    text_places,
    text_versions,
)
from setup_assistant.doctor.text_frames import Frame
from setup_assistant.doctor.text_patterns import Hit
from tests.doctor.body import Body
from tests.doctor.tables import Rows, Tables
from tests.doctor.test_text_ways import facts_of
from tests.recorded import names

table = Tables(Path(__file__).with_name("recorded_phrases.txt"))

FACTS = (
    "found version 12020", "found version 11080, CUDA Version: 12.4", "found version 120", "Driver Version: 535.104.05   CUDA Version: 12.2", "NVIDIA 550.54.14 driver release",
    "KMD Version: 610.10  CUDA UMD Version: 13.1", "CUDA Version: 12.2", "__cuda==12.4", "__cuda-12.1", "JetPack 5.1 of a board", "L4T R35.4, CUDA Version: 11.4",
    "with CUDA capability sm_120", "my GPU (`sm_86`)", "gpu-name=sm_90", "Value 'sm_121a' is not", "cuda capability 3.5", "cc 7.5", "compute capability 10.0 and compute capability 6.1",
    "Jetson AGX Orin", "a Jetson Nano here", "AGX Xavier", "linux-tegra kernel", "Jetson TX2", "NVIDIA GeForce RTX 3060 Ti", "Tesla V100", "on an A100 node", "from H100.py", "L40S",
    "nvidia 4090", "RTX 4090D", "GeForce RTX 4090 and RTX 4090 and T4", "显卡 4090", "RTX 9999", "/usr/lib/python3.10/site", "C:\\Python311\\x", "a.cpython-39-x", "cp312", "Python 3.9",
    "torch 2.4.0+cu121", "torch==2.1.0", "app depends on torch==2.1.0", "torch-2.0.1 no wheels", "You're on macOS", "You're on Linux, not C:\\x", "C:\\x", "PS C:\\x>", "C:\\x /home/me",
    "a matching platform tag (e.g., `macosx_15_0_x86_64`)", "/Users/me", "lib.dylib", "/home/me", "WSL2", "/mnt/c/x", "docker run x", "root@0123456789ab:~#", "aarch64", "x on Grace",
    "dnf install x", "pacman -S x", "dnf and pacman", "sudo apt install x", "DLL load failed", "ldd (Ubuntu GLIBC 2.35-0) 2.35", "__glibc=2.28", "Libc version: glibc-2.31",
    "a matching platform tag (e.g., `manylinux_2_31_x86_64`)", "whl/cpu", "whl/cpu whl/cu121", "an AMD Radeon", "a CPU-only machine", "running on a CPU-only machine", "Intel(R) Iris Xe",
    "uv pip install x", "  × No solution found", "on the following platforms: `win_amd64`, `macosx`", "compute capability 8.7", "compute capability 12.1", "compute capability 13.0",
    "compute capability 12.0",
)  # fmt: skip


@table
def facts(_body: Body) -> Rows:
    yield from ((phrase, facts_of(phrase)) for phrase in FACTS)


PACKAGES = "/v/lib/python3.11/site-packages"
FRAMES = f"""Traceback (most recent call last):
  File "/old.py", line 1, in gone
    gone()
Traceback (most recent call last):
  File "/home/me/run.py", line 3, in <module>
    ask()
  File "{PACKAGES}/torch/nn/module.py", line 4, in _wrapped_call_impl
    return call()
  File "{PACKAGES}/peft/model.py", line 5, in load
  File "/usr/lib/python3/dist-packages/yaml/a.py", line 6, in b
    c
  File "C:\\\\e\\\\Lib\\\\site-packages\\\\trl\\\\x.py", line 7
  File "/w/unsloth_compiled_cache/UnslothTrainer.py", line 8, in step
  File "/root/LLaMA-Factory/src/llamafactory/a.py", line 9, in b
  File "/root/mine/src/llamafactory/a.py", line 9, in b
  File "/h/modules/transformers_modules/m/modeling.py", line 10, in forward
  File "/usr/lib/python3.11/json/x.py", line 11, in loads
  File "<frozen importlib._bootstrap>", line 12, in _find
  File "{PACKAGES}/torch/nn/module.py", line 4, in __getattr__
~/work/note.py in cell(x)
    301 x = 1
--> 302 self.act = nn.GELU()
/v/dist-packages/vllm/a.py:77
❱ 78 │ raise x │
File /v/site-packages/swift/b.py:9, in run(self)
"""


@table
def frames(_body: Body) -> Rows:
    for place in (len(FRAMES), FRAMES.index("Lib"), 60):
        for frame in text_frames.before(FRAMES, place):
            yield f"{place}: {frame}", f"remote {frame.remote}, own {frame.own}"
    for top in ("", "swift", "vllm"):
        yield f"asker apart from {top}", text_frames.asker_of(FRAMES, len(FRAMES), top)
    yield "asker", text_frames.asker(text_frames.before(FRAMES, len(FRAMES)))
    yield "nobody", text_frames.asker(())
    far = FRAMES + "x\n" * 398
    yield "lines that are near", len(text_frames.before(far, len(far)))
    near = FRAMES[-60:] + "x" * 19_950
    yield "characters that are near", len(text_frames.before(near, len(near)))


CLASSES = (
    "Trainer",
    "Seq2SeqTrainer",
    "TrainingArguments",
    "MyTrainer",
    "Qwen2VLModel",
    "MyModel",
    "FancyAttention",
    "DynamicCache",
    "AnyForCausalLM",
    "PatchedModel",
    "LoraConfig",
    "odd",
)


@table
def owners_of_classes(_body: Body) -> Rows:
    for top in ("", "trl", "transformers", "vllm"):
        inner = (Frame(file=f"{PACKAGES}/{top}/a.py", top=top),) if top else ()
        yield top or "nobody", {name: text_calls._owner(name, inner) for name in CLASSES}


CAUSED = "The conflict is caused by:\n"
VERSIONS = (
    "a 1.0 requires b>=2, but you have b 1.5 which is incompatible.",
    "a 1.0 requires b>=2, but you have b 2.5 which is incompatible.",
    "WARNING: a 1.0 has requirement c (>=2); python_version < '3.13', which is not installed.",
    "The package `a` requires `b<2`, but `2.1` is installed", "The package `a` requires `b<2`, but it's not installed", "VersionConflict: (b 0.1 (/v), Requirement.parse('b>=0.4'), {'a'})",
    "VersionConflict: (b 0.1 (/v), Requirement.parse('b>=0.4'))",
    "b is installed with version 0.2, which is less than the minimum required version 0.5",
    f"{CAUSED} The user requested b>=2\n a 1.0 depends on b<2\n",
    f"{CAUSED} The user requested b>=2\n a 1.0 depends on b<=2\n c 1.0 depends on b==1.*\n",
    f"{CAUSED} a 1.0 depends on b>2\n c 2.0 depends on b==1.5\n",
    f"{CAUSED} a 1.0 depends on b==2\n a 1.0 depends on b==3\n",
    f"{CAUSED} a 1.0 depends on b>=2,<4\n c 1.0 depends on b>=3,!=3.1\n The user requested b==1\n",
    f"{CAUSED} a 1.0 depends on b>=2\n a 0.9 depends on b>=2\n",
    f"{CAUSED} a 1.0 depends on b>=2\n c 0.9 depends on d>=2\n",
    "The user requested (constraint) b==1\n a 1.0 depends on b==2.*\n",
    "Because a==1.0 depends on b==2 and you require b==3, we", "Because a>=1 depends on b<2 and your project requires b>2, we", "torch==2.7.1+cu126 depends on system:cuda==12.6 and triton==3.3.1 depends on system:cuda==12.9", "torch==2.7.1 depends on system:cuda==12.6 and x==1 depends on system:cuda==12.6", "satisfies the requirement b==9 (from versions: 2.0, 10.1, 1.5, odd)",
    "satisfies the requirement b===9 (from versions: none)", "satisfies the requirement b (from versions: )", "Only b<=2.0 is available and a depends on b>=3", "Only b<=3.0 is available and a depends on b>=3", "ImportError: this requires b >= 1.2, < 2 to run", "please update to b>=3",
    "error: must have python>=3.10", "Error: needs the latest version of b~=2.0", "fatal: you need b>=1",
)  # fmt: skip


@table
def versions(_body: Body) -> Rows:
    def told(need: text_versions.Need) -> str:
        return f"{need.asker or '-'}: {need.name}{need.spec} ({need.have or '-'}) at {need.start}"

    for phrase in VERSIONS:
        offers = [(o.name, str(o.wanted), [str(v) for v in o.versions], o.start)
                  for o in text_versions.offers(phrase)]  # fmt: skip
        ways = {
            "unmet": [told(n) for n in text_versions.unmet(phrase)],
            "conflicting": [told(n) for n in text_versions.conflicting(phrase)],
            "asked": [told(n) for n in text_versions.asked(phrase)],
            "agreed": text_versions.agreed(phrase, "b"),
            "builds": text_versions.builds(phrase), "offers": offers,
        }  # fmt: skip
        yield " ".join(phrase.split()), {name: found for name, found in ways.items() if found}
    many = "".join(f"a{n} 1.0 requires b>=2, but you have b 1.5\n" for n in range(14))
    yield "of many that are not met", len(text_versions.unmet(many))
    long = CAUSED + "".join(f" a{n} 1.0 depends on b>=1\n" for n in range(99))
    for more in ("", " z 1.0 depends on b>=1\n"):
        text = f"{long}{more} c 1.0 depends on b<1\n"
        yield f"of {100 + bool(more)} demands", [n.asker for n in text_versions.conflicting(text)]


SAID = "CUDA error: out of memory"
MENTIONS = (
    "{}", "RuntimeError: {}", "`{}` is raised by torch", "I think `{}` is raised by torch",
    "Then I get `{}` is raised by it", "If you see {}", "如果出现 {}", "当你运行时会出现 {}", "fix: {}",
    "- Fix {} in kernels", "* [Core] Avoid {}", "chore(ci): {}", "- 修复 {}", "How to fix {}",
    "Move things to avoid {}", "except {}:", "if (x != {})", "case {}:",
    "| {} | bad |", "|a|b|\n|--|--|\n| {} | bad |", "x\n| {} | bad |",
    "The authors tell that '{}' is met", "The page reports an error '{}' often", "we got '{}' today",
    "They said that it printed '{}' to us", "It happens so often that “{}” is known", "a 'b' '{}'",
    "The other day it failed here and then `{}` is raised by it",
    "1. Error: a\n2. Error: b\n3. Error: {}\n", "1. Error: a\n2. Error: {}\n", "9) {}",
    "with pytest.raises(ValueError, match={})", "  12 with self.assertRaisesRegex(E, '{}')",
    "The text `{} and a great deal more of what stands around it until the end of the line` is read",
    "Some text that is quoted `{} and more` here", "`error: {}` stands there in a page",
    "the words ' {}' stand apart", "enum { A = 1, } {} = 2,", "报错 '{}'", "When it fails {}",
)  # fmt: skip


@table
def mentions(_body: Body) -> Rows:
    for phrase in MENTIONS:
        text = phrase.replace("{}", SAID)
        at = text.rindex(SAID)
        yield text, (text_mentions.mentioned(text, Hit(at, at + len(SAID), {})),
                     text_mentions.supposed(text, at))  # fmt: skip
    for phrase in ("torch.OutOfMemoryError is what you get", "torch.OutOfMemoryError: is no",
                   "OutOfMemoryError means a lot", "SomeException is raised"):  # fmt: skip
        end = phrase.index(" ") if ": " not in phrase else phrase.index(":")
        yield phrase, text_mentions.mentioned(phrase, Hit(0, end, {}))
    far = "|--|--|\n" + "x" * 7_980 + "\n| {} |"
    for more in ("", "y" * 30):
        text = far.replace("{}", more + SAID)
        at = text.rindex(SAID)
        yield f"a table far above {len(more)}", text_mentions.mentioned(text, Hit(at, at + 9, {}))


RAW = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07x", "a &lt;b&gt; &#39;c&#39; <br>d</br> <pre>e", "<br>kept",
    "a\r\nb\rc\u00a0d\0e", "> a\n> b\n", "> a\nb\nc\nd\n", ">>> a\n> b\n| c\n", "| - a\n| + b\n| c",
    "torch{sys_platform == 'linux'}==2.0", "you may get `an error` here", "**a bold text** and x**y**",
    "!!! Exception during processing !!! it broke", "Error occurred when executing A b:\n\nit broke",
    '{"cells": [{"outputs": [{"text": ["a\\n", "b"]}, {"traceback": ["c", "d"]}, 5, {"text": "e"}]}, 7]}',
    '{"cells": 5}', '{"cells": [', '{"log": "a\\n"}\n{"message": "b"}\n{"odd": 1}\nplain',
    '{"msg": 5, "text": "c"}', 'a\\nb\\nc\\nd\\"e\\"\\n', "a\\nb\n",
    "File x.py:9, in f()\n  7 a\n  8 b\n--> 9 c\n  10 d\n 11\n", "\n".join(f"  {n} x" for n in range(9)),
    "\n".join([*(f"  {n} x" for n in range(1, 9)), "-> 9 y", *(f"  {n} z" for n in range(10, 19))]),
    "web-1  | a\nweb-1  | b\nweb-1  | c", "web-1  | a\nweb-1  | b\nc", "#12 1.939 a\n" * 3,
    "2026-01-02 03:04:05,678 a\n" * 3, "[rank0]: a\n" * 3, "(Worker pid=8) a\n" * 3, "err> a\n" * 3,
    "INFO a\n" * 3, "b " * 100 + "c" * 399, "b " * 100 + "c" * 400,
)  # fmt: skip


@table
def raw_texts(_body: Body) -> Rows:
    yield from ((repr(raw)[:90], repr(log_text.clean(raw))) for raw in RAW)
    wide = "x" * 60
    for lines in ([wide, "tail"], [wide, "Traceback y"], [wide[:39], "tail"], [wide], [wide, ""],
                  [wide + "y" * 73, "tail"], [wide[:36] + " and", wide], ["a", wide, wide, "b c"],
                  ["-" * 60, wide[:34] + " a", "more", "[b]"]):  # fmt: skip
        yield str(lines), list(log_text.unwrapped("\n".join(lines)))
    yield "a log", list(log_text.unwrapped(("x" * 60 + "\n") * 1_000))


ENDS = (
    "Successfully installed a-1", "Successfully installed a-1\nerror: no", "x\nDone.\n", "done it",
    "WARNING: error\nSuccessfully built a", "W1203 error\nFinished", "Finished\na\nb", "Finished\na\nb\nc",
    "Installed 3 packages in 2s", 'INFO: 1.2.3.4 - "GET / HTTP/1.1" 200 OK', "a.py   OK", "a.py OK",
    " 10%|# | 1/9 [00:01<00:09, 1.2it/s]", "{'loss': 1.0}", "Everything is up to date", "Killed",
    "Loading checkpoint shards: 100%", "Loading checkpoint shards:  50%", "All tests passed",
)  # fmt: skip
ATTEMPTS = (
    ("Retrying in 2 s", "Downloading a"), ("Retrying in 2 s", "other", "error: no"),
    ("Retrying in 2 s", "ERROR: Downloading failed"), ("attempt 1 of 3", "x", "attempt 2 of 3", "done"),
    ("Retrying", "Retry(total=3)", "Collecting a", "Retrying"), ("Collecting a", "Retrying"),
    ("Building wheel for a", " Failed building wheel", "x", "Successfully installed a", "y"),
    ("Building wheels for a", " Failed", "Building wheel for b", "Successfully installed b-1"),
    ("Building wheel for a", " Failed", "ERROR: no"), ("Failed building", "Successfully installed a"),
)  # fmt: skip
OWN = ('  File "/home/me/a.py", line 1, in f', "    x()", "ValueError: a",
       f'  File "{PACKAGES}/b.py", line 2', "KeyError: b", "a.b.UserWarning: c", "TypeError",
       '| File "/w/c.py", line 3', "UserWarning: d", "IndexError: e", 'File "/w/c.py", line 3',
       "(pid=3) torch.OutOfMemoryError: f")  # fmt: skip


@table
def events(_body: Body) -> Rows:
    yield from ((repr(text), log_events.ended_well(text)) for text in ENDS)
    for lines in ATTEMPTS:
        seen = log_events.Attempts()
        for number, line in enumerate(lines):
            seen.read(line, number if line != "x" else None)
        yield " / ".join(lines), sorted(seen.overcome)
    starts = [sum(len(line) + 1 for line in OWN[:n]) for n in range(len(OWN) + 1)]
    found = log_events.Events(OWN, starts, {4})
    yield "in a file of one's own", [n for n in range(len(OWN)) if found.own(starts[n])]
    yield "overcome", [n for n in range(len(OWN)) if found.overcome(starts[n + 1] - 1)]


PATTERNS = (r"a\.b\d+cde", "ab?cd*e{2}fgh+", "[]x]yz[^]]w", "(a|bcd)ef|gh", r"x\|y|z", "(?:a(b)c)de",
            r"[\]a]bc", "a{b", "(ab", r"\bword\W")  # fmt: skip
PLACES = (
    "https://huggingface.co/api/models/Own/Model-1 failed", "hf-mirror.com/docs/x then Qwen2-VL-7B",
    "modelscope.cn/api/v1/models/a/b", "Qwen2.5-VL-3B-Instruct-AWQ", "huggingface.co/datasets/x",
    "download.pytorch.org/whl", "download-r2.pytorch.org", "repo.anaconda.com", "pypi.tuna.x",
    "files.pythonhosted.org", "/simple/a/", "raw.githubusercontent.com", "nothing", "x\n" * 45 + "pypi.org",
    "pypi.org\n" + "x\n" * 39, "a pypi.org b\nhuggingface.co",
)  # fmt: skip
MODULES = (f"{PACKAGES}/torchvision/_C.so", "/w/knn/csrc/_ext/a.so", "/w/flash_attn/_C.cpython.pyd",
           f"{PACKAGES}/_own.so", "/usr/lib/libx.so", "/a/ops/lib/x.so", "C:\\p\\ops\\_C.pyd")  # fmt: skip


@table
def places_and_patterns(_body: Body) -> Rows:
    for pattern in PATTERNS:
        yield pattern, (text_patterns.literals_of(pattern), text_patterns.literal_of(pattern))
    for text in PLACES:
        lines = text.split("\n")
        yield repr(text)[-60:], [text_places.of(lines, n) for n in (1, len(lines))]
    for module in MODULES:
        yield module, text_places.package_at(module)
    text = "b1 a1 b2 a2"
    for wanted in (("a(?P<n>.)", "b(?P<n>.)"), ("gone", "a."), ("A1",)):
        for least in (0, 3, 9):
            hit = text_patterns.first(wanted, text, lambda h, at=least: bool(h.start >= at))
            yield f"{wanted} from {least}", hit
    for count in (199, 200):
        text = "ab " * count + "ac"
        hit = text_patterns.first(("a.",), text, lambda h, at=3 * count: bool(h.start == at))
        yield f"after {count} that do not count", hit


@pytest.mark.parametrize("name", list(table.makers))
def test_each_phrase_is_read_as_before(tmp_path: Path, name: str) -> None:
    table.compare(name, Body(tmp_path))


def test_no_table_is_kept_that_is_made_no_more() -> None:
    assert names(table.kept) == set(table.makers)
