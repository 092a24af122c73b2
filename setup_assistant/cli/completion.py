"""`completion`: a script that completes commands and options in a shell."""

from __future__ import annotations

import click

from setup_assistant._bootstrap_state import in_checkout
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.host.program import NAME, program
from setup_assistant.messages import _

VARIABLE = "_SETUP_ASSISTANT_COMPLETE"
# PowerShell is not among click's shells; the answer in bash's form, `type,value`, serves it.
POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName setup-assistant -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | ForEach-Object { $_.ToString() })
    $place = $words.Count
    if ($wordToComplete -ne '') { $place = $words.Count - 1 }
    $env:_SETUP_ASSISTANT_COMPLETE = 'bash_complete'
    $env:COMP_WORDS = $words -join ' '
    $env:COMP_CWORD = "$place"
    try {
        setup-assistant | ForEach-Object {
            $kind, $value = $_ -split ',', 2
            if ($kind -eq 'plain') {
                [System.Management.Automation.CompletionResult]::new(
                    $value, $value, 'ParameterValue', $value)
            }
        }
    } finally {
        Remove-Item Env:_SETUP_ASSISTANT_COMPLETE, Env:COMP_WORDS, Env:COMP_CWORD
    }
}
"""

# Where click's scripts ask the program, by a name that need not be on PATH: what they ask instead.
_ASKED: dict[str, tuple[tuple[str, str], ...]] = {
    "bash": ((" $1)", " {program})"),),
    "zsh": (
        ("    (( ! $+commands[setup-assistant] )) && return 1\n", ""),
        (" setup-assistant)}", " {program})}}"),
    ),
    "fish": ((" setup-assistant);", " {program});"),),
}
# In a checkout people type `python3 -m setup_assistant`, which completes as the name does.
_MODULE = {
    "bash": """
_setup_assistant_module() {
    [[ ${COMP_WORDS[1]} == -m && ${COMP_WORDS[2]} == setup_assistant ]] || return 0
    COMP_WORDS=(setup-assistant "${COMP_WORDS[@]:3}")
    (( COMP_CWORD -= 2 ))
    _setup_assistant_completion setup-assistant
}
complete -o bashdefault -o default -F _setup_assistant_module python3
""",
    "zsh": """
_setup_assistant_module() {
    if [[ $words[2] == -m && $words[3] == setup_assistant && $CURRENT -gt 3 ]]; then
        words=(setup-assistant "${(@)words[4,-1]}")
        (( CURRENT -= 2 ))
        _setup_assistant_completion
    elif (( $+functions[_python] )); then
        _python "$@"
    else
        _files
    fi
}
compdef _setup_assistant_module python3
""",
    "fish": """
function _setup_assistant_module_is_meant
    string match -qr -- '^\\S+ -m setup_assistant ' (commandline -cp)
end
function _setup_assistant_module
    set -l words (string replace -r -- '^\\S+ -m setup_assistant' setup-assistant (commandline -cp))
    for found in (env _SETUP_ASSISTANT_COMPLETE=fish_complete COMP_WORDS="$words" \
            COMP_CWORD=(commandline -t) @PROGRAM@)
        string replace -rf -- '^plain,' '' $found
    end
end
complete --no-files -c python3 -n _setup_assistant_module_is_meant -a '(_setup_assistant_module)'
""",
}


@verb(
    "completion",
    summary=_(
        "Print a script that completes commands and options in your shell.\n\n"
        "bash, zsh and fish: add the example to the file that your shell reads when it starts. "
        "PowerShell: add it to $PROFILE."
    ),
    examples=(
        'eval "$(setup-assistant completion bash)"',
        'eval "$(setup-assistant completion zsh)"',
        "setup-assistant completion fish | source",
        "setup-assistant completion powershell | Out-String | Invoke-Expression",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
def command(shell: str) -> Result:
    """Print the script."""
    text = script(shell)
    data = {"shell": shell, "script": text}
    return Result("completion", data, text=lambda: show.verbatim(text.rstrip()))


def script(shell: str) -> str:
    """Return the completion script of one of the four shells."""
    if shell == "powershell":
        return POWERSHELL
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has had all three since 8.0
    made = kind(click.Group(), {}, NAME, VARIABLE)
    # Not source(): for bash it starts one, only to ask for its version.
    text = str(made.source_template % made.source_vars()).strip() + "\n"
    for asked, here in _ASKED[shell]:
        text = text.replace(asked, here.format(program=program()))
    return text + (_MODULE[shell].replace("@PROGRAM@", program()) if in_checkout() else "")
