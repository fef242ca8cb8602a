"""The probe of this process while blocks are open: the one that records it, or one of our own."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigtrace.folders import PROJECT_FILES, project_root
from sigtrace.options import RecordOptions
from sigtrace.testing import blocks
from sigtrace.testing.errors import TraceError

if TYPE_CHECKING:
    from sigtrace.probe import Probe

_MOST_BYTES = sys.maxsize


class InProcess:
    """Listens to the probe from the first block that is entered to the last one that is left."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._users = 0
        self._own: Probe | None = None
        self._listened: Probe | None = None

    @property
    def probe(self) -> Probe:
        """The probe that records this process into a run, else one of our own that keeps nothing.

        Raises TraceError without Django.
        """
        recording = sys.modules.get("_sigtrace.probe")
        installed: Probe | None = getattr(recording, "installed", None)
        return installed if installed is not None else self._our_own()

    @property
    def folders(self) -> tuple[str, str]:
        """What paths are relative to, and the project's own folder; empty where none is known."""
        base = self.probe.options.project
        root = _settings_root()
        return base, base if root is None else str(root)

    def begin(self) -> Probe:
        """Have lines heard. Raises TraceError where nothing can be recorded."""
        if sys.platform == "win32":
            raise TraceError("sigtrace.trace() works on Linux and macOS, not on Windows.")
        with self._lock:
            probe = self.probe
            if probe is self._own:
                if not self._users:
                    self._attach(probe)
            elif not probe.recorder.active:
                raise TraceError("This process is no longer traced, for the reason said above.")
            self._tap(probe)
            self._listened = probe
            self._users += 1
            return probe

    def end(self) -> None:
        """Have them heard no longer, if this was the last block."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            if self._listened is not None and self._listened is self._own:
                self._own.detach()
            elif self._listened is not None:
                self._untap(self._listened)
            self._listened = None

    def _our_own(self) -> Probe:
        if self._own is None:
            try:
                import django.dispatch.dispatcher  # noqa: F401
            except ImportError as error:
                raise TraceError(
                    "sigtrace.trace() needs Django, which cannot be imported here.",
                    "Install it, or run the project's own interpreter.",
                ) from error
            from sigtrace.probe import Probe
            from sigtrace.probe.tap import Tap

            self._own = Probe(
                RecordOptions("", str(_project()), values="all", max_bytes=_MOST_BYTES),
                lambda: Tap(self._hear),
            )
        return self._own

    def _hear(self, text: str) -> None:
        blocks.hear(text, self.probe.running())

    def _attach(self, probe: Probe) -> None:
        try:
            probe.attach()
        except BaseException:
            probe.detach()
            raise

    def _tap(self, probe: Probe) -> None:
        from sigtrace.probe.tap import Tap

        process = probe.recorder.process or probe.recorder.open_process()
        # A fork has a sink of its own.
        if not isinstance(process.sink, Tap):
            process.sink = Tap(self._hear, process.sink, probe.recorder.drop)

    def _untap(self, probe: Probe) -> None:
        from sigtrace.probe.tap import Tap

        process = probe.recorder.process
        if process is not None and isinstance(process.sink, Tap) and process.sink.sink is not None:
            gave_up = process.sink.full
            process.sink = process.sink.sink
            process.sink.full = process.sink.full or gave_up


IN_PROCESS = InProcess()


def receiver_name(receiver: Any) -> str:
    """The name of a callable in a trace."""
    return _text(IN_PROCESS.probe.tools.receivers(receiver).name)


def is_djangos(receiver: Any) -> bool:
    """Whether a callable is Django's own."""
    return bool(IN_PROCESS.probe.tools.receivers(receiver).place.origin == "django")


def signal_name(signal: Any) -> str:
    """The name of a signal in a trace."""
    return _text(IN_PROCESS.probe.tools.signals(signal).path)


def sender_name(sender: Any) -> str | None:
    """The name of a sender in a trace; None for none."""
    return None if sender is None else _text(IN_PROCESS.probe.tools.describe.sender(sender))


def _text(written: str) -> str:
    return str(json.loads(written))


def _project() -> Path:
    """The folder of the project: of its settings, else around the current folder or the code."""
    found = _settings_root()
    if found is not None:
        return found
    try:
        here = Path.cwd()
    except FileNotFoundError:
        here = None
    ours = str(Path(__file__).parent)
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(ours):
        frame = frame.f_back
    file = Path(frame.f_code.co_filename)
    asking = file.parent if file.is_file() else None
    starts = [start for start in (here, asking) if start is not None]
    found = next(filter(None, map(_root_around, starts)), None)
    return found or (starts or [Path("/")])[-1]


def _settings_root() -> Path | None:
    """The folder of the project that the settings module belongs to, wherever it was started."""
    lazy = getattr(sys.modules.get("django.conf"), "settings", None)
    # Read past what would load them; those of `override_settings` lie around the module's.
    held: Any = None if lazy is None else object.__getattribute__(lazy, "__dict__").get("_wrapped")
    while (inner := getattr(held, "default_settings", None)) is not None:
        held = inner
    module = sys.modules.get(str(getattr(held, "SETTINGS_MODULE", None)))
    file = getattr(module, "__file__", None)
    return None if file is None else _root_around(Path(file).parent)


def _root_around(folder: Path) -> Path | None:
    root = project_root(folder)
    return root if any((root / name).is_file() for name in PROJECT_FILES) else None
