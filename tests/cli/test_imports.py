"""What is imported before the first word on the screen: the list is short, and guarded."""

import json
import subprocess
import sys

# Everything outside the standard library that `--help` may import.
HELP = {"click", "setup_assistant"}
HEAVY = {
    "rich", "questionary", "prompt_toolkit", "msgspec", "pynvml", "psutil", "ruamel", "filelock",
    "torch", "transformers", "modelscope", "packaging", "platformdirs", "urllib.request", "email",
}  # fmt: skip


def _imported(code: str) -> set[str]:
    program = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          timeout=600, check=True)  # fmt: skip
    return set(json.loads(done.stderr.splitlines()[-1]))


def _outside(modules: set[str]) -> set[str]:
    names = {m.partition(".")[0] for m in modules}
    return {n for n in names - set(sys.stdlib_module_names) if not n.startswith("_")}


def _added(code: str) -> set[str]:
    return _imported(code) - _imported("pass")


def test_help_imports_click_and_nothing_else() -> None:
    code = (
        "from setup_assistant.cli.app import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    )
    added = _added(code)
    assert _outside(added) <= HELP
    assert not added & HEAVY


def test_the_first_question_is_painted_before_anything_heavy_is_imported() -> None:
    code = (
        "import os\n"
        "os.environ['TERM'] = 'xterm'\n"
        "from setup_assistant.cli import app\n"
        "from setup_assistant.cli.terminal import ask, ask_drawn\n"
        "import setup_assistant.cli.wizard.command\n"
        "ask.interactive = lambda: True\n"
        "def stop(*_):\n    raise SystemExit\n"
        "ask_drawn.painted = stop\n"
        "setup_assistant.cli.wizard.command.Probing.begin = lambda self: None\n"
        "try:\n    app.main([])\nexcept SystemExit:\n    pass"
    )
    added = _added(code)
    assert "setup_assistant.cli.wizard.command" in added
    assert not added & HEAVY
