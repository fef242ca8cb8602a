"""The display options of `run` and `report`, and the stream that a view is written to.

Click only at import: rich is loaded when there is something to show.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.text import Text

    from sigtrace.views.display import Display

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--signal",
        multiple=True,
        metavar="GLOB",
        help="Show only sends of these signals: post_save, 'blog.signals.*'.",
    ),
    click.option(
        "--sender", multiple=True, metavar="GLOB", help="Show only these senders: blog.Article."
    ),
    click.option(
        "--receiver",
        multiple=True,
        metavar="GLOB",
        help="Show only these receivers: generate_slug, 'search.*'.",
    ),
    click.option(
        "--min-ms",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="MS",
        help="Hide what took less, unless it failed or never ended.",
    ),
    click.option(
        "--depth", type=click.IntRange(min=1), metavar="N", help="Show this many levels of a tree."
    ),
    click.option("--args", is_flag=True, help="Show all arguments, also the usual ones."),
    click.option(
        "--all",
        is_flag=True,
        help="Show everything: Django's own receivers, savepoints, chains without receivers.",
    ),
)
_NAMES = ("signal", "sender", "receiver", "min_ms", "depth", "args", "all", "fold")


def display_options(command: Command) -> Command:
    """Add the display options to a command; their values are for `display_for`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def display_for(values: Mapping[str, Any], stream: IO[str]) -> Display:
    """Make the Display of option values for a stream; other values are passed over.

    `root`, beside the options, is the folder that recorded paths are relative to.
    """
    from sigtrace.cli.terminal import TerminalDisplay, columns_of, shows_links
    from sigtrace.views.display import Display, can_draw

    chosen = {name: values[name] for name in _NAMES if values.get(name) is not None}
    chosen["ascii"] = not can_draw(getattr(stream, "encoding", None))
    if not is_terminal(stream):
        return Display(**chosen)
    return TerminalDisplay(
        **chosen,
        width=columns_of(stream.fileno()),
        crop=True,
        links=shows_links(stream, os.environ),
        root=values.get("root", ""),
        descriptor=stream.fileno(),
    )


class Printer:
    """Writes texts to a stream: colours where they are wanted, one write for each text."""

    def __init__(self, stream: IO[str], environ: Mapping[str, str] = os.environ) -> None:
        from rich.console import Console

        self._stream = stream
        colour = wants_colour(stream, environ)
        self._console = Console(
            file=stream,
            force_terminal=colour,
            no_color=not colour,
            # The view uses the standard colours only; rich itself gives a dumb terminal none.
            color_system="standard" if colour else None,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def encode(self, text: Text) -> bytes:
        """The bytes of a text with its line end, for a caller that writes them by itself."""
        with self._console.capture() as capture:
            self._console.print(text, soft_wrap=True)
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return capture.get().encode(encoding, "backslashreplace")

    def print(self, text: Text) -> None:
        """Write a text and its line end."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._stream.write(self.encode(text).decode(encoding))
        self._stream.flush()


def is_terminal(stream: IO[str]) -> bool:
    """Whether the stream is a real terminal, whatever the environment pretends."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def wants_colour(stream: IO[str], environ: Mapping[str, str]) -> bool:
    """NO_COLOR wins, then FORCE_COLOR (0 and false mean no), then a terminal that is not dumb."""
    if environ.get("NO_COLOR"):
        return False
    forced = environ.get("FORCE_COLOR")
    if forced:
        return forced.lower() not in ("0", "false", "no")
    return is_terminal(stream) and environ.get("TERM") not in ("dumb", "unknown")
