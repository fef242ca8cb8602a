"""Celery's own signals say when a task begins and ends in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .scopes import TASK

if TYPE_CHECKING:
    from .patching import Patches
    from .scopes import Scopes


class TaskHooks:
    """Enters a scope for each task, eager ones too."""

    def __init__(self, scopes: Scopes, patches: Patches) -> None:
        self._scopes = scopes
        self._patches = patches

    def install(self, module: Any) -> None:
        """Listen to the signals of `celery.signals`."""
        self._patches.connect(module.task_prerun, self._prerun)
        self._patches.connect(module.task_postrun, self._postrun)

    def _prerun(self, sender: Any = None, task_id: Any = None, **named: Any) -> None:
        name = getattr(sender, "name", None)
        text = name if type(name) is str else "?"
        entered = self._scopes.enter(TASK, lambda: text)
        if entered is not None:
            entered.owner = task_id

    def _postrun(self, task_id: Any = None, **named: Any) -> None:
        # A retry of an eager task runs inside it, under the same id: the inner one is over first.
        self._scopes.leave(self._scopes.entered(TASK, task_id))
