"""An explained model for programs: versioned, and it only grows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.explaining import Sent
from sigtrace.views.formats.registry_json import project, receiver

if TYPE_CHECKING:
    from sigtrace.analysis.explaining import Chain, Explanation, Written

FORMAT_VERSION = 1


def render_json(found: Explanation) -> str:
    """The chains of a model as one JSON object in ASCII."""
    told = {
        "version": FORMAT_VERSION,
        **project(found.inspection),
        "model": found.model.label,
        "file": found.model.place.file,
        "line": found.model.place.line,
        "chains": [_chain(chain) for chain in found.chains],
    }
    return json.dumps(told, indent=2)


def _chain(chain: Chain) -> dict[str, Any]:
    return {
        "name": chain.name,
        "steps": [_step(step) for step in chain.steps],
        "not_called": [
            {"signal": one.connection.signal, "why": one.why, **receiver(one.connection)}
            for one in chain.not_called
        ],
        "stops": list(chain.stops),
        "unsent": list(chain.unsent),
        "unknown": [
            {
                "relation": one.relation,
                "on_delete": one.on_delete,
                "possible": [_step(sent) for sent in one.possible],
            }
            for one in chain.unknown
        ],
    }


def _step(step: Sent | Written) -> dict[str, Any]:
    if isinstance(step, Sent):
        return {
            "signal": step.signal,
            "sender": step.sender,
            "why": step.why or None,
            "receivers": [receiver(one) for one in step.receivers],
        }
    return {"statement": step.statement, "model": step.model, "why": step.why or None}
