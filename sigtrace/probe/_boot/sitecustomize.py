"""Start of every traced Python: a hook that waits for Django, then the user's sitecustomize.

Python imports this file before anything of the user's, because the launcher put its folder first in
PYTHONPATH. It has to parse on every Python, imports nothing that `site` has not, and must not fail.
"""

import os
import sys

_BOOT = os.path.dirname(__file__)
_DISPATCHER = "django.dispatch.dispatcher"
_NAMES = frozenset(
    (
        _DISPATCHER,
        "_pytest.runner",
        "celery.signals",
        "django.apps.registry",
        "django.core.management",
        "django.core.management.base",
        "django.core.signals",
        "django.core.handlers.base",
        "django.core.mail.message",
        "django.db.backends.base.base",
        "django.db.backends.utils",
        "django.db.models.base",
        "django.db.models.query",
        "django.db.models.fields.related_descriptors",
        "django.db.transaction",
        "django.db.models.signals",
        "django.test.testcases",
        "unittest.case",
    )
)


class _Hook(object):
    """Finder of the modules that the probe patches; it tells the probe when each has been executed.

    `loaded_names` lists those executed so far; the probe sets `on_loaded` to hear of later ones.
    """

    def __init__(self):
        self.loaded_names = []
        self.on_loaded = None
        self._failed = False

    def find_spec(self, name, path=None, target=None):
        if name not in _NAMES or name in self.loaded_names:
            return None
        try:
            for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
                find = getattr(finder, "find_spec", None)
                spec = None if find is None else find(name, path, target)
                if spec is not None:
                    self._wrap(name, spec.loader)
                    return spec
        except Exception:
            pass  # A finder failed: it is asked again without us, and fails as it would have.
        return None

    def _wrap(self, name, loader):
        """Hear of the module's execution through its loader, for that one call."""
        try:
            own = vars(loader)
            before = own.get("exec_module")
            execute = loader.exec_module

            def exec_module(module):
                # The loader may serve other modules too: a zip file's does.
                asked = module.__name__ == name
                if asked and before is None:
                    own.pop("exec_module", None)
                elif asked:
                    own["exec_module"] = before
                try:
                    execute(module)
                except BaseException as error:
                    # No frame of ours may stand in the user's traceback.
                    BaseException.with_traceback(error, error.__traceback__.tb_next)
                    raise
                if asked:
                    self.loaded(name)

            own["exec_module"] = exec_module
        except Exception:
            pass  # A loader that cannot be wrapped: the module loads, and we do not hear of it.

    def loaded(self, name):
        """Note that a module has been executed; install the probe after the dispatcher."""
        if name in self.loaded_names:
            return
        self.loaded_names.append(name)
        try:
            if self.on_loaded is not None:
                self.on_loaded(name)
            elif name == _DISPATCHER:
                _import_probe().install(self)
        except Exception as error:
            self._failed = True
            self.on_loaded = None
            _say_untraced(error)
        if self in sys.meta_path and (self._failed or len(self.loaded_names) == len(_NAMES)):
            sys.meta_path.remove(self)


def _import_probe():
    """Import the probe under a name of its own, so that sigtrace need not be installed here."""
    if "_sigtrace" not in sys.modules:
        package = type(sys)("_sigtrace")
        spec = type(__spec__)("_sigtrace", None, is_package=True)
        spec.submodule_search_locations = [os.path.dirname(os.path.dirname(_BOOT))]
        package.__spec__ = spec
        package.__package__ = "_sigtrace"
        package.__path__ = spec.submodule_search_locations
        sys.modules["_sigtrace"] = package
    import _sigtrace.probe

    for name, module in list(sys.modules.items()):
        if name.startswith("_sigtrace."):
            # Django's autoreloader watches what has an origin; our files are none of the project's.
            module.__spec__.origin = None
    return _sigtrace.probe


def _say_untraced(error):
    text = "sigtrace: this process is not traced: " + type(error).__name__ + ": " + str(error)
    try:
        os.write(2, (" ".join(text.split()) + "\n").encode("utf-8", "backslashreplace"))
    except Exception:
        pass


def _start():
    if sys.version_info < (3, 11) or "SIGTRACE_CONFIG" not in os.environ:
        return
    hook = _Hook()
    sys.meta_path.insert(0, hook)
    if os.environ["SIGTRACE_CONFIG"].startswith("output="):
        # No run: `launch.inspecting` has started us to be told what is connected.
        _import_probe().prepare(hook)
    for name in _NAMES:
        if name in sys.modules:
            hook.loaded(name)


# As if our folder had never been in PYTHONPATH.
sys.path[:] = [entry for entry in sys.path if entry != _BOOT]
sys.path_importer_cache.pop(_BOOT, None)

try:
    _start()
except Exception:
    _say_untraced(sys.exc_info()[1])

# Hand over to the sitecustomize that Python would have found without ours; a test run that traces
# itself executes this file under another name, and has got its own.
if __name__ == "sitecustomize":
    _ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401
    except BaseException as error:
        if not isinstance(error, ImportError) or getattr(error, "name", None) != "sitecustomize":
            if hasattr(error, "__traceback__"):
                BaseException.with_traceback(error, error.__traceback__.tb_next)
            raise
    finally:
        # Tools that chain as we do look for the module afterwards: its absence would break them.
        _kept = _ours if _ours is None else sys.modules.setdefault("sitecustomize", _ours)
        if _kept is _ours and getattr(_ours, "__spec__", None) is not None:
            _ours.__spec__.origin = None
