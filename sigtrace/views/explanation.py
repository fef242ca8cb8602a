"""An explained model for people: the chains as trees, and below each what would not be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.explaining import Sent
from sigtrace.analysis.paths import last_part
from sigtrace.inspection import OWN
from sigtrace.views.connections import package
from sigtrace.views.layout import alone, row, wrapped
from sigtrace.views.links import file_link
from sigtrace.views.text import clean, data, place, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.explaining import (
        Chain,
        Explanation,
        NotCalled,
        Step,
        Unknown,
        Written,
    )
    from sigtrace.inspection import Connection, Place
    from sigtrace.views.display import Display

_NOTHING = Text(end="")


def render_explanation(found: Explanation, display: Display) -> Text:
    """The chains of a model, each below the operation that sets it off."""
    blocks = [_head(found, display)]
    blocks += (list(_chain(chain, found.model.label, display)) for chain in found.chains)
    blocks.append(_end(found, display))
    lines = [line for block in blocks for line in (*block, _NOTHING)]
    return Text("\n", end="").join(lines[:-1])


def _head(found: Explanation, display: Display) -> list[Text]:
    model, settings = found.model, found.inspection.settings
    dot = display.glyphs.dot
    notes = [
        f"proxy of {model.concrete}" if model.proxy else "",
        "" if model.managed else "not managed",
        f"multi-table child of {', '.join(model.parents)}" if model.parents else "",
        f"table of a field of {model.auto_created}" if model.auto_created else "",
        f"settings {settings.module} ({settings.source})",
    ]
    words = clean(f" {dot} ".join(filter(None, notes))).split(" ")
    return [
        _row(data(model.label, "bold"), model.place, "", display),
        *wrapped("", "", [Text(word, "dim", end="") for word in words], display),
    ]


def _chain(chain: Chain, label: str, display: Display) -> Iterator[Text]:
    glyphs = display.glyphs
    yield alone(data(f"{glyphs.root} {chain.name}", "bold"), display)
    # What a cascade sends and nobody hears says no more than that its rows go.
    steps = [step for step in chain.steps if not _is_idle(step, label)]
    for number, step in enumerate(steps, start=1):
        is_last = number == len(steps)
        branch, below = (glyphs.last, glyphs.space) if is_last else (glyphs.branch, glyphs.bar)
        if isinstance(step, Sent):
            yield from _sent(step, label, branch, below, display)
        else:
            yield _written(step, branch, display)
    for one in chain.not_called:
        yield from _not_called(one, display)
    for unknown in chain.unknown:
        yield from _unknown(unknown, display)
    for said in (*chain.stops, *chain.unsent):
        yield from _warning(said, display)


def _is_idle(step: Step, label: str) -> bool:
    if not isinstance(step, Sent) or step.receivers or step.sender == label:
        return False
    return step.signal in ("pre_delete", "post_delete")


def _sent(step: Sent, label: str, branch: str, below: str, display: Display) -> Iterator[Text]:
    line = Text(branch, "dim", end="").append(step.signal, "magenta")
    notes = ["" if step.sender == label else step.sender, step.why]
    notes.append("" if step.receivers else "no receivers")
    line.append("".join(f"  {clean(note)}" for note in notes if note), "dim")
    yield alone(line, display)
    for number, one in enumerate(step.receivers, start=1):
        sign = display.glyphs.last if number == len(step.receivers) else display.glyphs.branch
        what = Text(below + sign, "dim", end="").append_text(_receiver(one))
        yield _row(what, one.receiver.place, _side(one), display)


def _written(step: Written, branch: str, display: Display) -> Text:
    line = Text(branch, "dim", end="").append(f"{step.statement} ", "blue")
    line.append_text(data(step.model, "blue"))
    return alone(line.append(f"  {clean(step.why)}", "dim") if step.why else line, display)


def _not_called(one: NotCalled, display: Display) -> Iterator[Text]:
    signal = last_part(one.connection.signal)
    what = Text(f"{display.glyphs.minus} not called: ", "yellow", end="")
    what.append_text(_receiver(one.connection)).append(f"  {clean(signal)}", "dim")
    yield _row(what, one.connection.receiver.place, "", display)
    words = [Text(word, "dim", end="") for word in clean(one.why).split(" ")]
    yield from wrapped("  ", "  ", words, display)


def _unknown(one: Unknown, display: Display) -> Iterator[Text]:
    said = f"{one.relation}: on_delete is {one.on_delete}, what it does is not known"
    yield from _warning(said, display)
    for sent in one.possible:
        for connection in sent.receivers:
            what = Text("  perhaps called: ", "yellow", end="").append_text(_receiver(connection))
            what.append(f"  {clean(sent.signal)} of {clean(sent.sender)}", "dim")
            yield _row(what, connection.receiver.place, _side(connection), display)


def _warning(said: str, display: Display) -> Iterator[Text]:
    words = [Text(word, "yellow", end="") for word in clean(said).split(" ")]
    yield from wrapped(f"{display.glyphs.warning} ", "  ", words, display)


def _receiver(one: Connection) -> Text:
    own = one.receiver.place.origin in (OWN, None)
    return data(short(one.receiver.name), "green" if own else "green dim")


def _side(one: Connection) -> str:
    """What else a receiver's line says: whom it hears, and whose it is."""
    said = ["any sender" if one.sender.kind == "any" else "", "async" if one.is_async else ""]
    return " ".join(filter(None, (*said, package(one.receiver))))


def _row(what: Text, at: Place, side: str, display: Display) -> Text:
    link = file_link(at.file, at.line, display)
    return row(what, place(at.file, at.line), data(side, "dim"), display, link)


def _end(found: Explanation, display: Display) -> list[Text]:
    said = (
        "What the receivers save in their turn is seen by running it: sigtrace run manage.py shell"
    )
    return wrapped("", "", [Text(word, "dim", end="") for word in said.split(" ")], display)
