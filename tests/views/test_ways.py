"""The names down a chain in one line."""

from __future__ import annotations

import pytest

from sigtrace.views.display import Display
from sigtrace.views.ways import way


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("", ""),
        ("a", "→ a"),
        ("abc", "→ a → b → c"),
        ("abab", "→ a → b → a → b"),
        ("aaaa", "→ a ×4"),
        ("xabcabcabcab", "→ x → (a → b → c) ×3 → a → b"),
        ("aabaabaabaab", "→ (a → a → b) ×4"),
    ],
)
def test_what_repeats_is_written_once(names, said):
    assert way(list(names), Display().glyphs) == said


def test_what_is_long_is_cut_in_the_middle():
    names = [f"name{number}" for number in range(500)]
    said = way(names, Display().glyphs)
    assert said.startswith("→ name0 → name1 →")
    assert said.endswith("→ … 484 more → name496 → name497 → name498 → name499")
    assert way(names, Display(ascii=True).glyphs).isascii()
