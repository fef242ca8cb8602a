"""What is measured: the work that workers are asked for, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """`title` is the row's; workers are `asked` for batches of about `batch_ns`.

    `live` traces with the live view, in a terminal, and leaves other tools out: what it draws is
    drawn while the batch runs, so that one has to be long.
    """

    title: str
    asked: str
    batch_ns: int = 5_000_000
    live: bool = False
    postgresql: bool = False


def _saves(alias: str, title: str, *, postgresql: bool = False) -> dict[str, Scenario]:
    return {
        f"save {count} {alias}": Scenario(
            f"save() {count}+{count}, {title}",
            f"save {count} {alias}",
            batch_ns=25_000_000 if postgresql else 5_000_000,
            postgresql=postgresql,
        )
        for count in (0, 3, 10)
    }


SCENARIOS = {
    "dispatch 0": Scenario("send() without receivers", "dispatch 0"),
    "unheard": Scenario("send() that others hear", "unheard"),
    "dispatch 1": Scenario("send() to 1 receiver", "dispatch 1"),
    "dispatch 5": Scenario("send() to 5 receivers", "dispatch 5"),
    "dispatch 20": Scenario("send() to 20 receivers", "dispatch 20"),
    **_saves("default", ":memory:"),
    "live": Scenario("save() 3+3, live view", "save 3 default", 200_000_000, live=True),
    **_saves("file", "file"),
    **_saves("postgresql", "PostgreSQL", postgresql=True),
    "load": Scenario("loading 1,000 rows", "load"),
}
"""The rows of the table, by the names that the command line takes."""
