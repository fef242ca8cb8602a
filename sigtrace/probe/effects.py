"""What a chain does outside of the database: mail, queued tasks, network, programs.

Only with `--effects`: an audit hook cannot be taken away again, and every process pays for it.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from .places import DJANGO, INTERNAL, OWN
from .spans import Span, current
from .text import quote
from .tracing import traced

if TYPE_CHECKING:
    from types import FrameType

    from .patching import Patches
    from .places import Place, Places
    from .tools import Tools

_NETWORK = ("socket.connect", "socket.sendto", "http.client.send", "smtplib.send")
_PROGRAMS = ("subprocess.Popen", "os.system", "os.posix_spawn", "os.spawn")
_EVENTS = frozenset((*_NETWORK, *_PROGRAMS))
_BROKERS = tuple(f"{os.sep}{name}{os.sep}" for name in ("kombu", "amqp", "librabbitmq"))
_DATABASE = f"{os.sep}db{os.sep}"
_MOST = 1_000


class EffectHooks:
    """Writes a span of the kind `effect` for each, below the span in which it happens.

    One span has each effect of one place once. The connections of Django's database backends and
    those of a task's broker are none: the query and the task say it.
    """

    def __init__(self, tools: Tools, patches: Patches, places: Places) -> None:
        self._tools = tools
        self._patches = patches
        self._places = places
        self._seen: dict[tuple[str, str, str], None] = {}

    def start(self) -> None:
        """Listen to what Python itself reports."""
        sys.addaudithook(self._audit)

    def install_mail(self, module: Any) -> None:
        """Hook `django.core.mail.message`: each message, whatever the backend does with it."""
        recorder = self._tools.recorder
        self._patches.wrap(
            module.EmailMessage,
            "send",
            lambda original: traced(recorder, original, self._begin_mail, self._tail),
        )

    def install_celery(self, module: Any) -> None:
        """Listen to `celery.signals`, in the process that queues a task."""
        self._patches.connect(module.before_task_publish, self._publish)

    def _begin_mail(self, message: Any, args: Any, kwargs: Any) -> Span | None:
        if current.get() is None:
            return None
        span = self._tools.recorder.open("effect", '"mail"')
        span.data = ("mail", "null", self._tools.sites.find())
        return span

    def _tail(self, span: Span, result: Any) -> str:
        return _fields(*span.data)

    def _publish(self, sender: Any = None, **named: Any) -> None:
        try:
            name = sender if type(sender) is str else "?"
            self._note("task", f"task {name}", "null", self._tools.sites.find())
        except Exception as error:
            self._tools.recorder.failed(error)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in _EVENTS:
            return
        try:
            span = current.get()
            if span is None or span.kind == "effect" or self._is_infrastructure():
                return
            place = self._tools.sites.find()
            if event in _NETWORK:
                self._note("network", "network", self._address(event, args), place)
            else:
                self._note("program", f"program {_program(args)}", "null", place)
        except Exception as error:
            # Whatever is raised here would stop what the target does.
            self._tools.recorder.give_up(f"{type(error).__name__} in an audit hook")

    def _note(self, effect: str, name: str, target: str, place: Place) -> None:
        recorder = self._tools.recorder
        up = current.get()
        if up is None or not recorder.active:
            return
        key = (up.id, name, place.fields)
        if key in self._seen:
            return
        if len(self._seen) >= _MOST:
            self._seen.clear()
        self._seen[key] = None
        span = recorder.open("effect", quote(name))
        recorder.end(span, _fields(effect, target, place))
        recorder.flush(up)

    def _is_infrastructure(self) -> bool:
        """Whether a database backend or a task's broker connects, and not the project."""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            filename = frame.f_code.co_filename
            whose = self._places.origin(filename)
            if whose == DJANGO:
                return _DATABASE in filename
            if whose == OWN:
                return False
            if whose != INTERNAL and any(name in filename for name in _BROKERS):
                return True
            frame = frame.f_back
        return False

    def _address(self, event: str, args: tuple[Any, ...]) -> str:
        """`"10.0.0.5:443"`, where values are recorded and the event has an address."""
        address = args[1] if event.startswith("socket.") and len(args) > 1 else None
        if self._tools.recorder.options.values == "none" or type(address) is not tuple:
            return "null"
        host, port = (*address, None, None)[:2]
        return quote(f"{host}:{port}") if type(host) is str and type(port) is int else "null"


def _fields(effect: str, target: str, place: Place) -> str:
    return ',"effect":"%s","target":%s%s' % (effect, target, place.fields)


def _program(args: tuple[Any, ...]) -> str:
    """The name of a program, without its folder and arguments."""
    command = args[0] if args else None
    if type(command) is bytes:
        command = os.fsdecode(command)
    words = command.split() if type(command) is str else []
    return os.path.basename(words[0]) if words else "?"
