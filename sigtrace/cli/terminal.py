"""What the terminal that a view is drawn in can do: how wide it is now, whether it knows links."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from sigtrace.cli.display import is_terminal, wants_colour
from sigtrace.views.display import WIDTH, Display

if TYPE_CHECKING:
    from collections.abc import Mapping

# Terminals that make a link of OSC 8, by what they set. All others get none: old VTEs and Emacs's
# term-mode show the sequence as text, and many find `file:line` by themselves. tmux counts as it
# passes a link on where the terminal around it takes it, and drops it elsewhere.
_PROGRAMS = ("Hyper", "WarpTerminal", "WezTerm", "ghostty", "iTerm.app", "tmux", "vscode", "zed")
_TERMS = ("alacritty", "contour", "foot", "wezterm", "xterm-ghostty", "xterm-kitty")
_VARIABLES = ("DOMTERM", "KONSOLE_VERSION")
_FIRST_VTE = 5000

# Within these the variables of the terminal around them are still set.
_HIDING = ("INSIDE_EMACS", "STY")
_REMOTE = ("SSH_CONNECTION", "SSH_TTY")


@dataclass(frozen=True)
class TerminalDisplay(Display):
    """The display of a terminal, whose window can be resized between two chains."""

    descriptor: int = -1

    @property
    def columns(self) -> int:
        width = columns_of(self.descriptor, self.width)
        return Display(width=width).columns


def columns_of(descriptor: int, otherwise: int = WIDTH) -> int:
    """The columns of a terminal; `otherwise` where it does not say."""
    try:
        return os.get_terminal_size(descriptor).columns or otherwise
    except OSError:
        return otherwise


def shows_links(stream: IO[str], environ: Mapping[str, str]) -> bool:
    """Whether a path that is drawn on the stream can be clicked at.

    FORCE_HYPERLINK decides for a terminal that is not known (0: no links).
    """
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if not is_terminal(stream) or not wants_colour(stream, environ) or term in ("dumb", "unknown"):
        return False
    forced = environ.get("FORCE_HYPERLINK")
    if forced:
        return forced != "0"
    if any(environ.get(name) for name in _HIDING):
        return False
    if any(environ.get(name) for name in _REMOTE):
        # The path is another machine's; only this one opens files there.
        return program == "vscode"
    return (
        program in _PROGRAMS
        or term.startswith(_TERMS)
        or any(environ.get(name) for name in _VARIABLES)
        or _number(environ.get("VTE_VERSION", "")) >= _FIRST_VTE
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
