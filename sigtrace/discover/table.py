"""What a project has set for sigtrace: `SIGTRACE_*` variables, then `[tool.sigtrace]`.

A flag on the command line wins over the variable, the variable over pyproject.toml, that over the
default. Every value says where it comes from, so that a bad one can be mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sigtrace.errors import SigtraceError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PYPROJECT = "pyproject.toml"
TABLE = "[tool.sigtrace]"

_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")


class Setting(NamedTuple):
    """One thing that can be set: its type (bool, int, float, str, tuple of str) and its choices.

    `path` says that a relative value in pyproject.toml is relative to that file.
    """

    type: type
    choices: tuple[str, ...] = ()
    path: bool = False


SETTINGS: Mapping[str, Setting] = {
    "values": Setting(str, ("none", "redacted", "all")),
    "sql": Setting(bool),
    "effects": Setting(bool),
    "all": Setting(bool),
    "trace-dir": Setting(str, path=True),
    "python": Setting(str, path=True),
    "exec": Setting(bool),
    "live": Setting(bool),
    "format": Setting(str, ("tree", "json")),
    "live-to": Setting(str, path=True),
    "quiet": Setting(bool),
    "signal": Setting(tuple),
    "sender": Setting(tuple),
    "receiver": Setting(tuple),
    "min-ms": Setting(float),
    "depth": Setting(int),
    "args": Setting(bool),
    "settings": Setting(str),
    "pythonpath": Setting(tuple, path=True),
    "import": Setting(tuple),
    "baseline": Setting(str, path=True),
    "strict": Setting(bool),
    "ignore": Setting(tuple),
    "third-party": Setting(str, ("fail", "warn", "off")),
    "order": Setting(bool),
    "redact": Setting(tuple),
    "show": Setting(tuple),
    "max-bytes": Setting(int),
    "keep-runs": Setting(int),
    "keep-bytes": Setting(int),
}
"""What a project or the environment can set: `min-ms` is `min-ms = 1` or `SIGTRACE_MIN_MS=1`."""

Value = bool | int | float | str | tuple[str, ...]


class Found(NamedTuple):
    """A value and where it was set: the name of a variable, or the key and its file."""

    value: Value
    source: str


def settings(root: Path, environ: Mapping[str, str]) -> dict[str, Found]:
    """Return by name what the environment and the nearest `[tool.sigtrace]` from `root` up set.

    Raises SigtraceError (exit status 2) for an unknown name, a bad value or an unreadable file.
    """
    found: dict[str, Found] = {}
    for path in _pyprojects(root):
        table = _read_table(path)
        if table is not None:
            for name, raw in table.items():
                found[_known(name, path)] = _from_toml(_known(name, path), raw, path)
            break
    for name in SETTINGS:
        variable = "SIGTRACE_" + name.upper().replace("-", "_")
        if environ.get(variable):
            found[name] = Found(_from_text(name, environ[variable], variable), variable)
    return found


def _pyprojects(root: Path) -> list[Path]:
    paths = []
    for folder in (root, *root.parents):
        paths.append(folder / PYPROJECT)
        if (folder / ".git").exists():
            break
    return [path for path in paths if path.is_file()]


def _read_table(path: Path) -> dict[str, object] | None:
    try:
        data = path.read_bytes()
        if b"sigtrace" not in data:
            return None
        import tomllib  # not before it is needed: `run` has to start fast

        table = tomllib.loads(data.decode()).get("tool", {}).get("sigtrace")
    except (OSError, ValueError, AttributeError) as error:
        raise SigtraceError(
            f"{path} cannot be read: {error}.", "Mend the file; it may hold settings of sigtrace."
        ) from error
    if table is not None and not isinstance(table, dict):
        raise SigtraceError(f"sigtrace in {path} is no table.", f"Write it as {TABLE}.")
    return table


def _known(name: str, path: Path) -> str:
    plain = name.replace("_", "-")
    if plain in SETTINGS:
        return plain
    import difflib

    close = difflib.get_close_matches(plain, SETTINGS, 1)
    hint = f"Did you mean {close[0]}?" if close else f"Known: {', '.join(sorted(SETTINGS))}."
    raise SigtraceError(f"{TABLE} in {path} sets {name}, which sigtrace does not know.", hint)


def _from_toml(name: str, raw: object, path: Path) -> Found:
    setting = SETTINGS[name]
    source = f"{name} in {TABLE} of {path}"
    value: Value
    if setting.type is tuple:
        items = [raw] if isinstance(raw, str) else raw
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise _bad(source, raw, "a list of strings")
        value = tuple(str(path.parent / item) if setting.path else item for item in items)
    elif setting.type is bool:
        if not isinstance(raw, bool):
            raise _bad(source, raw, "true or false")
        value = raw
    elif setting.type is str:
        if not isinstance(raw, str) or not raw:
            raise _bad(source, raw, _wanted(setting))
        value = _check_choice(raw, setting, source)
        if setting.path and (name != "python" or "/" in value):
            value = str(path.parent / value)
    else:
        if isinstance(raw, bool) or not isinstance(raw, (int, float)):
            raise _bad(source, raw, _wanted(setting))
        value = _number(raw, setting, source)
    return Found(value, source)


def _from_text(name: str, text: str, source: str) -> Value:
    setting = SETTINGS[name]
    if setting.type is tuple:
        return tuple(text.replace(",", " ").split())
    if setting.type is bool:
        if text.lower() not in _YES + _NO:
            raise _bad(source, text, "1 or 0")
        return text.lower() in _YES
    if setting.type is str:
        return _check_choice(text, setting, source)
    try:
        number = int(text) if setting.type is int else float(text)
    except ValueError:
        raise _bad(source, text, _wanted(setting)) from None
    return _number(number, setting, source)


def _check_choice(text: str, setting: Setting, source: str) -> str:
    if setting.choices and text not in setting.choices:
        raise _bad(source, text, _wanted(setting))
    return text


def _number(raw: float, setting: Setting, source: str) -> int | float:
    # `not >= 0` also refuses nan.
    if not raw >= 0 or (setting.type is int and raw != int(raw)):
        raise _bad(source, raw, _wanted(setting))
    return setting.type(raw)  # type: ignore[no-any-return]


def _wanted(setting: Setting) -> str:
    if setting.choices:
        return "one of " + ", ".join(setting.choices)
    return {int: "a whole number", float: "a number"}.get(setting.type, "a string")


def _bad(source: str, raw: object, wanted: str) -> SigtraceError:
    return SigtraceError(f"{source} is {raw!r}.", f"Make it {wanted}.")
