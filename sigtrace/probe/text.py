"""Strings and class names as JSON text, without the `json` package."""

from __future__ import annotations

from _json import encode_basestring_ascii

# ASCII only: lone surrogates and control characters stay readable for every JSON parser.
quote = encode_basestring_ascii


def type_path(cls: type) -> str:
    """`module.qualname` of a class, read past whatever its metaclass does; builtins unadorned."""
    try:
        qualname = type.__dict__["__qualname__"].__get__(cls)
        module = type.__dict__["__module__"].__get__(cls)
    except (AttributeError, TypeError):
        return "?"
    if type(module) is not str or module == "builtins":
        return str(qualname)
    return f"{module}.{qualname}"
