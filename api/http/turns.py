"""Limits how many requests of one network a server process answers at the same time.

A request of a network that has all its turns waits briefly in one of few threads, and is refused otherwise: a thread
that waits cannot answer others. Staff and partners' servers have the same limit as everybody, because a thread that is
taken is missing whoever takes it. Health checks have none: they must tell the truth while the server is attacked from
the network that they come from, or behind a proxy that makes all callers one network.
"""

from collections.abc import Callable
from threading import Condition

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from api.http.limits import refusal_members
from api.http.problems import problem
from api.http.services import settings

NETWORK_THREADS = 4
"""Threads of a process that answer requests of one network: half of them."""

WAITING_THREADS = 2
"""Further threads in which requests of this network wait for their turn: for a page that sends six requests at once.
The others stay free to answer, or to refuse."""

PATIENCE_S = 0.05
"""How long such a request waits: ten times as long as an ordinary request takes."""

RETRY_AFTER_S = 1

HEALTH_CHECKS = frozenset({"status.health", "status.ready"})
"""The endpoints without this limit."""


class NetworkTurns:
    """The turns of each network that has requests in this process."""

    def __init__(self, most: int, most_waiting: int, patience_s: float) -> None:
        """Create the turns.

        Args:
            most: how many threads may work for a network at the same time.
            most_waiting: how many more may wait for that.
            patience_s: how long each waits.
        """
        self._most = most
        self._most_waiting = most_waiting
        self._patience_s = patience_s
        self._working: dict[bytes, int] = {}
        self._waiting: dict[bytes, int] = {}
        self._given_back = Condition()

    def take(self, network: bytes) -> bool:
        """Return whether the thread may work for the network; if so, it must give its turn back."""
        with self._given_back:
            if not self._is_free(network) and not self._wait(network):
                return False
            self._working[network] = self._working.get(network, 0) + 1
            return True

    def give_back(self, network: bytes) -> None:
        """End the turn of a thread that worked for the network."""
        with self._given_back:
            _subtract(self._working, network)
            if network in self._waiting:
                self._given_back.notify_all()

    def _is_free(self, network: bytes) -> bool:
        return self._working.get(network, 0) < self._most

    def _wait(self, network: bytes) -> bool:
        """Return whether a turn became free in time."""
        if self._waiting.get(network, 0) == self._most_waiting:
            return False
        self._waiting[network] = self._waiting.get(network, 0) + 1
        try:
            return self._given_back.wait_for(lambda: self._is_free(network), self._patience_s)
        finally:
            _subtract(self._waiting, network)

    def __len__(self) -> int:
        """Return the number of networks in memory."""
        return len(self._working.keys() | self._waiting.keys())


def _subtract(counts: dict[bytes, int], network: bytes) -> None:
    counts[network] -= 1
    if not counts[network]:
        del counts[network]


def register(app: Flask, calling_block: Callable[[], bytes]) -> None:
    """Let each network have NETWORK_THREADS of the process, before any work for a request.

    Args:
        app: the app.
        calling_block: returns the network that the request came from.
    """
    turns = NetworkTurns(NETWORK_THREADS, WAITING_THREADS, PATIENCE_S)

    @app.before_request
    def _take() -> None:
        if request.endpoint in HEALTH_CHECKS or not settings().rate_limits:
            return
        network = calling_block()
        if not turns.take(network):
            raise HTTPException(response=_refusal())
        g.turn_of = network

    @app.teardown_request
    def _give_back(_error: BaseException | None) -> None:
        if "turn_of" in g:
            turns.give_back(g.pop("turn_of"))


def _refusal() -> Response:
    return problem(
        429,
        f"too many concurrent requests: {NETWORK_THREADS} requests of this network are answered at the same time",
        headers={
            "RateLimit-Policy": f'"concurrency";q={NETWORK_THREADS};qu="concurrent-requests"',
            "RateLimit": f'"concurrency";r=0;t={RETRY_AFTER_S}',
            "Retry-After": str(RETRY_AFTER_S),
        },
        members=refusal_members("concurrency"),
    )
