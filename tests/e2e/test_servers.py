"""Web servers under `sigtrace run`: each worker is traced, and all of them end as without it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from tests.e2e import worksite
from tests.e2e.jobs import PATIENCE, await_that
from tests.e2e.plays import Played, Way, check_live_view, check_same_end, check_trace, play
from tests.e2e.terminal import CTRL_C
from tests.support import free_port

if TYPE_CHECKING:
    from tests.support import Site


@dataclass(frozen=True)
class Server:
    """How it is started on `{port}`, what it is asked for, and by how many it is answered.

    `noise` is what it writes or not, depending on which of its processes ends first.
    """

    command: tuple[str, ...]
    path: str = "work/"
    workers: int = 1
    reloads: bool = False
    live_in_terminal: bool = False
    noise: str = ""


GUNICORN = str(Path(sys.executable).with_name("gunicorn"))
UVICORN = ("-m", "uvicorn", "--port", "{port}", "config.asgi:application")

SERVERS = {
    "runserver": Server(
        ("manage.py", "runserver", "{port}"),
        workers=2,
        reloads=True,
        live_in_terminal=True,
        # The head of a traceback that a thread began as its process ended; a whole one is none.
        noise="^-$|^Exception occurred during processing of request",
    ),
    "runserver --noreload": Server(
        ("manage.py", "runserver", "--noreload", "{port}"), live_in_terminal=True
    ),
    "gunicorn": Server(
        (GUNICORN, "-w2", "-b127.0.0.1:{port}", "config.wsgi"),
        workers=2,
        noise="Worker exiting",
    ),
    "gunicorn --preload": Server(
        ("-m", "gunicorn", "-w2", "--preload", "-b127.0.0.1:{port}", "config.wsgi"),
        workers=2,
        noise="Worker exiting",
    ),
    "uvicorn": Server(UVICORN, "async/"),
    "uvicorn --workers 2": Server(
        (*UVICORN, "--workers", "2"), "async/", workers=2, noise="Terminated child process"
    ),
}
WAYS = {
    "untraced, Ctrl-C": Way(None, CTRL_C),
    "traced, Ctrl-C": Way((), CTRL_C),
    "untraced, SIGTERM": Way(None, SIGTERM),
    "traced, SIGTERM": Way(("--live",), SIGTERM),
    "traced, SIGKILL": Way((), SIGKILL),
}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Server:
    return SERVERS[request.param]


@pytest.fixture(scope="module")
def played(
    server: Server, migrated_site: Site, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Played]:
    folder = tmp_path_factory.mktemp("servers")

    def make(name: str) -> Site:
        return worksite.make(migrated_site, folder / name, PORT=str(free_port()))

    def command(site: Site) -> list[str]:
        return [word.format(port=site.env["PORT"]) for word in server.command]

    return play(WAYS, make, command, lambda site: ask(site, server))


def get(site: Site, path: str) -> int | None:
    """The pid that the site's server answers with; None where it is not there, or just goes."""
    with (
        suppress(OSError, HTTPException, ValueError),
        urlopen(f"http://127.0.0.1:{site.env['PORT']}/{path}", timeout=PATIENCE) as answer,
    ):
        return int(answer.read())
    return None


def ask(site: Site, server: Server) -> Counter[int]:
    """Wait for the server, ask until all of its workers have answered; count each one's answers."""
    work: Counter[int] = Counter()

    def ask_at_once() -> bool:
        with ThreadPoolExecutor(2) as threads:
            for pid in threads.map(lambda _: get(site, server.path), range(4)):
                assert pid is not None
                work[pid] += 1
        return server.reloads or len(work) >= server.workers

    await_that(lambda: get(site, "who/"), "the server")
    await_that(ask_at_once, "an answer of each worker")
    if server.reloads:
        change_a_file(site)
        ask_at_once()
    return work


def change_a_file(site: Site) -> None:
    """Have runserver restart its child, and wait until the new one answers."""
    before = get(site, "who/")
    for _ in range(4):
        # Again, for a change before it has looked for the first time is none.
        os.utime(site.path / "work" / "__init__.py")
        with suppress(TimeoutError):
            await_that(lambda: get(site, "who/") not in (before, None), "the reload", PATIENCE / 4)
            return
    pytest.fail("runserver did not reload")


def test_each_worker_is_traced(played: dict[str, Played]) -> None:
    for name in ("traced, Ctrl-C", "traced, SIGTERM", "traced, SIGKILL"):
        check_trace(played[name])


def test_requests_are_named_in_each_worker(server: Server, played: dict[str, Played]) -> None:
    trace = played["traced, SIGTERM"].trace
    scopes = {line["id"]: line for line in trace.lines("scope")}
    for span in trace.spans("send", name="worked"):
        assert scopes[span["scope"]]["kind"] == "request"
        assert scopes[span["scope"]]["name"] == f"GET {server.path}"


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_it_ends_as_without_us(server: Server, played: dict[str, Played], how: str) -> None:
    check_same_end(played[f"untraced, {how}"], played[f"traced, {how}"], server.noise)


def test_nothing_outlives_a_killed_parent(played: dict[str, Played]) -> None:
    assert (played["traced, SIGKILL"].ended.status, played["traced, SIGKILL"].ended.left) == (
        137,
        0,
    )


def test_only_runserver_is_live_in_a_terminal(server: Server, played: dict[str, Played]) -> None:
    shown = played["traced, Ctrl-C"].ended.shown
    assert "sigtrace: " in shown
    assert ("● worked" in shown) is server.live_in_terminal


def test_each_chain_says_whose_it_is(played: dict[str, Played]) -> None:
    terminated = played["traced, SIGTERM"]
    check_live_view(terminated.ended.shown, terminated.work)
