"""What runs inside the traced program: the hooks on Django, and the recorder that they feed.

Only the standard library is imported here, and Django's modules are taken from `sys.modules` as
the target loads them.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from .. import options as options_module
from ..events import MUTED_SIGNALS
from .bulk import BulkHooks
from .callbacks import CallbackHooks
from .changes import Changes
from .connections import Connections
from .describe import Describer
from .effects import EffectHooks
from .failures import say, strip
from .naming import Receivers, Signals
from .patching import Patches
from .places import Places
from .queries import QueryHooks
from .receiving import ReceiverSpan
from .recorder import Recorder
from .relations import RelationHooks
from .requests import RequestHooks
from .saves import SaveHooks
from .signals import SignalHooks
from .sites import Sites
from .spans import clock, current
from .tasks import TaskHooks
from .testcases import TestHooks
from .tools import Tools
from .transactions import TransactionHooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..options import RecordOptions
    from .writer import OpenSink

installed: Probe | None = None
"""The probe that records this process into a run, once there is one."""

_OF_RUNS = """
_pytest.runner celery.signals django.apps.registry django.test.testcases unittest.case
""".split()
_OF_MUTED = tuple(dict.fromkeys(path.rpartition(".")[0] for path in MUTED_SIGNALS))


class Probe:
    """The one tracer of a process, with all that it has replaced.

    `tools` describe whatever it may meet; `open_sink` is where lines go, if not to a run's folder.
    """

    def __init__(self, options: RecordOptions, open_sink: OpenSink | None = None) -> None:
        self.options = options
        self.patches = Patches()
        self.recorder = Recorder(options, open_sink)
        places = Places(options.project)
        receivers = Receivers(places)
        signals = Signals(places)
        describe = Describer(options, receivers)
        sites = Sites(places)
        self._connections = Connections(describe, receivers, signals, sites)
        self._connections.keep_values = options.keep_values
        self.tools = tools = Tools(
            self.recorder,
            describe,
            Changes(options, describe),
            receivers,
            signals,
            sites,
            self._connections,
        )
        self._signals = SignalHooks(tools, self.patches, sys.modules["django.dispatch.dispatcher"])
        saves = SaveHooks(tools, self.patches)
        bulk = BulkHooks(tools, self.patches)
        self._callbacks = callbacks = CallbackHooks(tools, self.patches)
        self._transactions = TransactionHooks(tools, self.patches, callbacks)
        requests = RequestHooks(self.recorder.scopes, self.patches)
        tests = TestHooks(self.recorder.scopes, self.patches, places)
        tasks = TaskHooks(self.recorder.scopes, self.patches)
        effects = EffectHooks(tools, self.patches, places) if options.effects else None
        self._effects = effects
        self._installers: dict[str, tuple[Callable[[Any], None], ...]] = {
            "_pytest.runner": (tests.install_pytest,),
            "celery.signals": (tasks.install,),
            "django.apps.registry": (self._install_apps,),
            "django.core.handlers.base": (requests.install_handlers,),
            "django.core.management.base": (requests.install_commands,),
            "django.db.backends.base.base": (callbacks.install,),
            "django.db.backends.utils": (QueryHooks(tools, self.patches).install,),
            "django.db.models.base": (saves.install_model,),
            "django.db.models.fields.related_descriptors": (
                RelationHooks(tools, self.patches).install,
            ),
            "django.db.models.query": (saves.install_queryset, bulk.install),
            "django.test.testcases": (tests.install_django,),
            "unittest.case": (tests.install_unittest,),
            "django.db.transaction": (self._transactions.install,),
        }
        if effects is not None:
            self._installers["django.core.mail.message"] = (effects.install_mail,)
            self._installers["celery.signals"] += (effects.install_celery,)
        self._name_of_signal = signals
        self._written = False
        self._started = False

    def start(self) -> None:
        """Open the trace file and hook the dispatcher. Raises SinkError without a file."""
        self.recorder.start(self._name_of_signal)
        self._signals.install()
        if hasattr(sys.modules.get("django.core.signals"), "request_finished"):
            # Not told by the dispatcher's own import: others were here before.
            self._signals.instrument_known()
            self._connections.find_all(sys.modules["django.dispatch.dispatcher"].Signal)
        if self._effects is not None:
            self._effects.start()

    def attach(self) -> None:
        """Hook Django for a while: tests and their runners are left alone.

        What is to be hooked is loaded, which needs no settings: no import hook tells of what a
        block loads itself, as `django.setup()` does.
        """
        import importlib  # what an import hook tells of its modules does without

        if not self._started:
            self._started = True
            self.recorder.start(self._name_of_signal)
        self.recorder.revive()
        self._signals.install()
        self._signals.instrument_known()
        self._connections.came_late = True
        names = [name for name in self._installers if name not in _OF_RUNS]
        for name in dict.fromkeys((*names, *_OF_MUTED)):
            importlib.import_module(name)
            self.loaded(name)

    def detach(self) -> None:
        """Leave Django as `attach` found it."""
        self.recorder.active = False
        self.patches.undo()
        self._connections.forget()
        self._callbacks.forget()
        self._transactions.forget()

    def border(self) -> int:
        """Write what this thread has gathered; return the time of the trace, Unix nanoseconds."""
        recorder = self.recorder
        process = recorder.process or recorder.open_process()
        recorder.flush(current.get())
        return clock() + process.epoch

    def running(self) -> ReceiverSpan | None:
        """The receiver's call in which this thread or task is, if it is in none of its sends."""
        span = current.get()
        return span if type(span) is ReceiverSpan else None

    def loaded(self, module_name: str) -> None:
        """Hook a module of Django's that has just been executed."""
        try:
            if not self.options.all_signals:
                self._signals.mute(module_name)
            for install in self._installers.get(module_name, ()):
                install(sys.modules[module_name])
        except Exception as error:
            self.recorder.failed(error)

    def _install_apps(self, module: Any) -> None:
        def make_populate(original: Any) -> Any:
            def populate(self_: Any, *args: Any, **kwargs: Any) -> Any:
                try:
                    result = original(self_, *args, **kwargs)
                except BaseException as error:
                    strip(error)
                    raise
                if self_ is module.apps and self_.ready and not self._written:
                    self._write_receivers()
                return result

            return populate

        self.patches.wrap(module.Apps, "populate", make_populate)
        if module.apps.ready:
            # The project was set up before we came.
            self._write_receivers()

    def _write_receivers(self) -> None:
        self._written = True
        try:
            self._connections.write(
                os.path.join(self.options.run_dir, "receivers.json"),
                os.environ.get("DJANGO_SETTINGS_MODULE"),
                () if self.options.all_signals else MUTED_SIGNALS,
                [config.name for config in sys.modules["django.apps"].apps.get_app_configs()],
            )
        except OSError as error:
            say(f"receivers.json was not written: {error.strerror}")
        except Exception as error:
            self.recorder.failed(error)


def install(hook: Any) -> None:
    """Trace this process; `hook` is the import hook that has just seen Django's dispatcher load.

    Raises ValueError or SinkError where the options or the trace directory are unusable: the hook
    says so in one line and the process runs untraced.
    """
    global installed
    probe = Probe(options_module.decode(os.environ[options_module.VARIABLE]))
    probe.start()
    for name in hook.loaded_names:
        probe.loaded(name)
    hook.on_loaded = probe.loaded
    installed = probe


def prepare(hook: Any) -> None:
    """Make ready to bring the project up and to write what is connected, instead of tracing."""
    from .inspecting.boot import Boot

    boot = Boot(options_module.decode_inspection(os.environ[options_module.VARIABLE]))
    hook.on_loaded = boot.loaded
    # For `launch.inspecting`, whose program is one call of it.
    sys.modules["_sigtrace"].main = boot.main  # type: ignore[attr-defined]
