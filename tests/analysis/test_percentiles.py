"""Percentiles without the values."""

from __future__ import annotations

import random
import statistics

import pytest

from sigtrace.analysis.percentiles import Durations


def durations(values):
    found = Durations()
    for value in values:
        found.add(value)
    return found


def test_small_numbers_are_exact():
    found = durations(range(1, 11))
    assert [found.percentile(percent) for percent in (0, 10, 50, 95, 100)] == [1, 1, 5, 10, 10]
    assert found.count == 10
    assert Durations().percentile(50) == 0


@pytest.mark.parametrize("percent", [25, 50, 75, 95])
def test_large_ones_are_told_to_a_few_percent(percent):
    chance = random.Random(percent)
    values = [round(chance.lognormvariate(15, 2)) for _ in range(2000)]
    exact = statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
    assert durations(values).percentile(percent) == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("value", [10_400_000, 10_500_000, 123_456_789])
def test_none_is_longer_than_the_longest(value):
    assert durations([value]).percentile(95) <= value


def test_what_is_kept_does_not_grow_with_their_number():
    assert len(durations(range(1, 200_000))._counts) < 500
