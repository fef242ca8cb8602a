"""Where the result of a command goes: stdout, whose reader may leave, or a file, whole or not."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sigtrace.errors import SigtraceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

Command = TypeVar("Command", bound=Callable[..., Any])


def format_option(formats: Sequence[str]) -> Callable[[Command], Command]:
    """Return the option `--format` of a command that writes text unless told otherwise."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        help="What to write.",
    )


output_option = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file instead of stdout.",
)
"""The option `--output`."""


@contextlib.contextmanager
def stdout() -> Iterator[TextIO]:
    """Give standard output, and end quietly where the reader of the pipe has seen enough.

    SigtraceError if it cannot be written for another reason.
    """
    if sys.stdout is None:
        raise SigtraceError("Standard output is closed.")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that the terminal does not know is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        # Nothing to flush at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise SigtraceError(
                f"Standard output could not be written: {error.strerror}."
            ) from error


def write_atomically(path: Path, text: str) -> None:
    """Write a file whole or not at all; SigtraceError if it cannot be written."""
    with whole_file(path) as file:
        file.write(text)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Give a file that is there once the block has ended well; SigtraceError if it cannot be."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                yield file
            os.chmod(name, 0o666 & ~_umask())  # noqa: PTH101
            os.replace(name, path)  # noqa: PTH105
        except BaseException:
            os.unlink(name)  # noqa: PTH108
            raise
    except OSError as error:
        raise SigtraceError(
            f"{path} could not be written: {error.strerror}.",
            hint="Name a file in a folder that you may write to.",
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
