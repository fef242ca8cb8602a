"""At an interactive prompt, waits until the launcher has drawn what a statement set off.

The prompt is told by what shows it: `str(sys.ps1)` in Python's own interpreters and in `code`, the
end of a cell in IPython. Nothing of either stays replaced once the prompt has come.
"""

from __future__ import annotations

import _socket
import sys
from _thread import get_ident
from typing import Any, Self

from ..options import CHAIN_ENDED, DRAWN, PROMPT_COMES

_PATIENCE_SECONDS = 0.25

# So many chains of one statement are waited for one by one, in order with what it prints itself.
_MOST_WAITS = 20


class Prompt:
    """The prompt of this process, if it has one; `path` is the launcher's socket, "" for none."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._known = False
        self._armed = False
        self._waits = 0

    def is_news(self) -> bool:
        """Whether this process is an interactive interpreter and nobody has asked since it is."""
        if self._known or "ps1" not in sys.__dict__:
            return False
        self._known = True
        return True

    def chain_ended(self) -> None:
        """Wait for the tree of a chain that is wholly on disk."""
        if not self._path or not self._known:
            return
        if not self._armed:
            self._arm()
        if self._waits < _MOST_WAITS and _may_wait():
            self._waits += 1
            self._wait(CHAIN_ENDED)

    def comes(self) -> None:
        """Wait for all that is still to be drawn: the prompt is about to be shown."""
        if self._armed:
            self._armed = False
            self._wait(PROMPT_COMES)

    def forked(self) -> None:
        """In a forked child, which has no prompt of its own."""
        self._path = ""
        self._known = True

    def _arm(self) -> None:
        self._armed = True
        self._waits = 0
        shell = _ipython()
        if shell is None:
            sys.ps1 = _NextPrompt(self, sys.ps1)
        else:
            shell.events.register("post_execute", self._cell_ended)

    def _cell_ended(self) -> None:
        _ipython().events.unregister("post_execute", self._cell_ended)
        self.comes()

    def _wait(self, what: bytes) -> None:
        """Tell the launcher; the first time that it says nothing for a while is the last."""
        if not self._path:
            return
        connection = None
        try:
            connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
            connection.settimeout(_PATIENCE_SECONDS)
            connection.connect(self._path)
            connection.send(what)
            answer = connection.recv(16)
            while answer and DRAWN not in answer:
                # It draws: that can take longer.
                answer = connection.recv(16)
            if not answer:
                self._path = ""
        except OSError:
            self._path = ""
        finally:
            if connection is not None:
                connection.close()


class _NextPrompt(str):
    """Stands for `sys.ps1` until the prompt is shown: `str()` of it is what shows it."""

    __slots__ = ("_original", "_prompt")

    _prompt: Prompt
    _original: Any

    def __new__(cls, prompt: Prompt, original: Any) -> Self:
        self = super().__new__(cls, original if issubclass(type(original), str) else ">>> ")
        self._prompt = prompt
        self._original = original
        return self

    def __str__(self) -> str:
        if sys.__dict__.get("ps1") is self:
            sys.ps1 = self._original
        self._prompt.comes()
        return str(self._original)

    def __hash__(self) -> int:
        # The interpreter of 3.13 keeps the texts of prompts by this: ours is to be asked each time.
        return id(self)


def _ipython() -> Any:
    """IPython's shell, where that is what runs."""
    module = sys.modules.get("IPython.core.interactiveshell")
    shell = getattr(module, "InteractiveShell", None)
    return getattr(shell, "_instance", None)


def _may_wait() -> bool:
    """Whether waiting here holds up nobody but the statement: the main thread, without a loop."""
    threading = sys.modules.get("threading")
    if threading is None or threading.main_thread().ident != get_ident():
        return False
    events = sys.modules.get("asyncio.events")
    return events is None or events._get_running_loop() is None
