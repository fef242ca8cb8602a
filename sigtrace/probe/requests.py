"""Hooks on the work that Django is given from outside: requests and management commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .failures import strip
from .scopes import REQUEST

if TYPE_CHECKING:
    from .patching import Patches
    from .scopes import Scopes

_COMMANDS = ".management.commands."


class RequestHooks:
    """Enters a scope for each request and each command."""

    def __init__(self, scopes: Scopes, patches: Patches) -> None:
        self._scopes = scopes
        self._patches = patches

    def install_handlers(self, module: Any) -> None:
        """Hook `django.core.handlers.base`: WSGI, ASGI and the test client all pass here."""
        self._patches.wrap(module.BaseHandler, "get_response", self._make_get_response)
        self._patches.wrap(module.BaseHandler, "get_response_async", self._make_get_response_async)

    def install_commands(self, module: Any) -> None:
        """Hook `django.core.management.base`."""
        self._patches.wrap(module.BaseCommand, "execute", self._make_execute)

    def _make_get_response(self, original: Any) -> Any:
        def get_response(self_: Any, request: Any) -> Any:
            entered = self._scopes.enter(REQUEST, lambda: _request_name(request))
            response = None
            try:
                response = original(self_, request)
            except BaseException as error:
                strip(error)
                raise
            finally:
                self._scopes.leave(entered, _status(response))
            return response

        return get_response

    def _make_get_response_async(self, original: Any) -> Any:
        async def get_response_async(self_: Any, request: Any) -> Any:
            entered = self._scopes.enter(REQUEST, lambda: _request_name(request))
            response = None
            try:
                response = await original(self_, request)
            except BaseException as error:
                strip(error)
                raise
            finally:
                self._scopes.leave(entered, _status(response))
            return response

        return get_response_async

    def _make_execute(self, original: Any) -> Any:
        def execute(self_: Any, *args: Any, **kwargs: Any) -> Any:
            cls = type(self_)
            entered = self._scopes.enter("command", lambda: _command_name(cls))
            try:
                return original(self_, *args, **kwargs)
            except BaseException as error:
                strip(error)
                raise
            finally:
                self._scopes.leave(entered)

        return execute


def _command_name(cls: type) -> str:
    """The module by which Django finds a command; of a class made elsewhere that of its base."""
    modules = [name for base in type.mro(cls) if type(name := base.__module__) is str]
    found = next((name for name in modules if _COMMANDS in name), modules[0])
    return found.rpartition(".")[2]


def _request_name(request: Any) -> str:
    """`POST articles/<int:pk>/`: the route, if it is resolved by now, never the path itself."""
    held = request.__dict__
    method = held.get("method")
    match = held.get("resolver_match")
    route = getattr(match, "route", None)
    shown = method if type(method) is str else "?"
    return f"{shown} {route}" if type(route) is str else shown


def _status(response: Any) -> int | None:
    status = getattr(response, "status_code", None)
    return status if type(status) is int else None
