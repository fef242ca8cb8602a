"""Where a place in the source leads to, for terminals in which it can be clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from sigtrace.views.display import Display


def file_link(file: object, line: object, display: Display) -> str:
    """The URL of a file and line, where the display wants links; empty for what is no file.

    All that is not a letter, a digit or a slash is percent-encoded: no path can end the escape
    sequence that it stands in, and none can name another host.
    """
    if not display.links or not isinstance(file, str) or not file or file.startswith("<"):
        return ""
    if not file.startswith("/"):
        if not display.root.startswith("/"):
            return ""
        file = f"{display.root}/{file}"
    try:
        path = quote("/" + file.lstrip("/"), safe="/", errors="surrogateescape")
    except UnicodeEncodeError:
        # A lone surrogate that stands for no byte: no file has such a name.
        return ""
    # As rich and several terminals have it: the line is the fragment.
    return f"file://{path}#{line}" if isinstance(line, int) else f"file://{path}"
