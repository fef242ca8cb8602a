"""What a URL or a path among the values carries of secrets: hidden, whatever the value's name."""

from __future__ import annotations

import re

from ..events import HIDDEN
from ..privacy import filter_argv

_PART = re.compile(r"[^\s/?#&=\"'<>]+")
# A key or a hash: no word is so long, and has digits in it.
_RANDOM = re.compile(r"(?=[A-Za-z_]*\d)(?=\d*[A-Za-z_])[A-Za-z0-9_]{16,}")


def filter_address(text: str, redact: tuple[str, ...] = (), show: tuple[str, ...] = ()) -> str:
    """Hide credentials, what a query has under a secret name, and each part that looks random.

    `https://me:x@host/reset/MQ/c5k3xz-0f…/?token=x` becomes
    `https://me:***@host/reset/MQ/***/?token=***`. Text without a slash is returned as it is.
    """
    if "/" not in text:
        return text
    (text,) = filter_argv(["", text], redact, show)[1:]
    return _PART.sub(lambda match: HIDDEN if _RANDOM.search(match[0]) else match[0], text)
