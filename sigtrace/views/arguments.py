"""Which arguments of a send are worth a place on its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ANY = object()
_MODELS = "django.db.models.signals."
_SAVE = {"instance": _ANY, "raw": False, "using": "default", "update_fields": None}
_DELETE = {"instance": _ANY, "using": "default", "origin": _ANY}
_INIT = {"instance": _ANY, "args": _ANY, "kwargs": _ANY, "using": "default"}
_MIGRATE = dict.fromkeys(
    ("app_config", "verbosity", "interactive", "stdout", "plan", "apps"), _ANY
) | {"using": "default"}

# Signal → argument → the value that goes without saying; _ANY: every value does.
_USUAL: dict[str, dict[str, object]] = {
    _MODELS + "pre_save": _SAVE,
    _MODELS + "post_save": _SAVE | {"created": False},
    _MODELS + "pre_delete": _DELETE,
    _MODELS + "post_delete": _DELETE,
    _MODELS + "m2m_changed": {
        "instance": _ANY,
        "model": _ANY,
        "reverse": False,
        "using": "default",
        "pk_set": None,
    },
    _MODELS + "pre_init": _INIT,
    _MODELS + "post_init": _INIT,
    _MODELS + "pre_migrate": _MIGRATE,
    _MODELS + "post_migrate": _MIGRATE,
    "django.core.signals.request_started": {"environ": _ANY, "scope": _ANY},
    "django.core.signals.got_request_exception": {"request": _ANY},
}


def unusual(signal: str, arguments: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The arguments that differ from what Django sends anyway; all of a project's own signal."""
    usual = _USUAL.get(signal)
    for name, value in arguments.items():
        if usual is not None and name in usual:
            expected = usual[name]
            # null is also what stands for a value that was not recorded.
            if value is None or expected is _ANY or value == expected:
                continue
        yield name, value
