"""The script by which a shell completes commands and options when somebody presses Tab."""

from typing import Final

import click
from click.shell_completion import get_completion_class

SHELLS: Final = ("bash", "zsh", "fish")

# Where each shell looks for what a user has added, in its own manual.
_MORE: Final = """\b
Examples:
  opos completion bash > ~/.local/share/bash-completion/completions/opos
  opos completion zsh > ~/.zfunc/_opos
      with fpath+=~/.zfunc above compinit in ~/.zshrc
  opos completion fish > ~/.config/fish/completions/opos.fish
  source <(opos completion bash)      # for this shell alone
"""

_ASKED_BY: Final = "_OPOS_COMPLETE"
"""The variable that the script sets when it asks `opos` for words: click makes it from the program's name."""


@click.command(epilog=_MORE)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes `opos` in SHELL."""
    click.echo(script(shell))


def script(shell: str) -> str:
    """The script for one of `SHELLS`; the packages put it where each shell looks."""
    made = get_completion_class(shell)
    assert made is not None, "click completes all three"
    return str(made.source_template % made(_nothing, {}, "opos", _ASKED_BY).source_vars())


_nothing = click.Command("opos")
