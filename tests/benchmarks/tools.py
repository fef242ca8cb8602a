"""The other tools in the table: how each is put around a batch, as its own documentation says.

`start` runs in the worker, before `django.setup()`; what it returns makes a context manager for a
batch. The batch's clock stands still while a context is entered and left: what a tool does then
(opening and sending a transaction, saving a trace) is in no figure.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Around = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Tool:
    """`title` is the column's; `most` operations are done under one context (None: all).

    `omits` is what the tool does besides, outside of what is timed.
    """

    title: str
    module: str
    start: Callable[[Path], Around]
    omits: str
    most: int | None = None

    def is_installed(self) -> bool:
        """Whether this interpreter could import it."""
        return importlib.util.find_spec(self.module) is not None


def start_sentry(folder: Path) -> Around:
    import sentry_sdk
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.transport import Transport

    class Nowhere(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            pass

    sentry_sdk.init(
        dsn="http://key@127.0.0.1/1",
        transport=Nowhere,
        traces_sample_rate=1.0,
        integrations=[DjangoIntegration(signals_spans=True)],
    )
    return lambda: sentry_sdk.start_transaction(op="benchmark", name="batch")


def start_kolo(folder: Path) -> Around:
    os.environ["KOLO_PATH"] = str(folder)
    import kolo

    # Saved before the next turn, not while others have theirs; nor is a process started then.
    return lambda: kolo.enable({"auto_emit": False}, _save_in_thread=False)


def start_viztracer(folder: Path) -> Around:
    from viztracer import VizTracer

    tracer = VizTracer(verbose=0, output_file=str(folder / "result.json"))

    @contextmanager
    def around() -> Iterator[None]:
        tracer.start()
        try:
            yield
        finally:
            tracer.stop()
            tracer.clear()

    return around


def start_profile(folder: Path) -> Around:
    import cProfile

    return cProfile.Profile


TOOLS = {
    "sentry": Tool(
        "Sentry",
        "sentry_sdk",
        start_sentry,
        "opening, finishing and sending the transaction; it names no signal, sender or argument",
        # 20 receivers and a query each: a transaction keeps 1,000 spans.
        most=40,
    ),
    "kolo": Tool("kolo", "kolo", start_kolo, "saving its trace"),
    "viztracer": Tool("viztracer", "viztracer", start_viztracer, "saving its trace"),
    "cprofile": Tool("cProfile", "cProfile", start_profile, "sorting; it keeps sums, no calls"),
}


def none(folder: Path) -> Around:
    return nullcontext


NO_TOOL = Tool("none", sys.__name__, none, "")
