"""`completion`: a script that completes commands and options in a shell."""

from __future__ import annotations

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.messages import _

NAME = "setup-assistant"
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
    return str(made.source_template % made.source_vars()).strip() + "\n"
