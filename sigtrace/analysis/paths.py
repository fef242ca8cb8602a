"""The last part of an import path: what people call a signal or a receiver by."""

from __future__ import annotations


def last_part(path: str) -> str:
    """`post_save` of `django.db.models.signals.post_save`; of what no module names, all of that.

    `<Signal at blog/bus.py:5>` of `blog.bus.<Signal at blog/bus.py:5>`: the dots in it are none of
    the path's.
    """
    if path.endswith(">"):
        _, bracket, nameless = path.rpartition(".<")
        if bracket:
            return f"<{nameless}"
        if path.startswith("<"):
            return path
    return path.rpartition(".")[2]
