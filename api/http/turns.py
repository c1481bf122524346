"""Turns: request threads shared among networks, so that no network and no kind of request takes them all."""

from asyncio import Future, get_running_loop
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

MOST_WAITING = 1_000
"""Requests of one network that wait for a thread in a process. The four threads of a network answer that many searches
in a few seconds: a full train that leaves a tunnel. Phones do not wait longer."""


class Caller(NamedTuple):
    """Whose turn it is.

    Attributes:
        network: the caller's network.
        writes: whether the request may write, and so wait for a lock of another write.
    """

    network: bytes
    writes: bool


class TooManyWaiting(Exception):
    """MOST_WAITING requests of the network are waiting already."""


class Turns:
    """Threads of one process, handed out in turn to the networks that wait.

    A network has at most half of the threads at a time, and so have all writes together: they may wait for each
    other's locks. All methods run on one event loop, so that nothing needs a lock.
    """

    def __init__(self, threads: int) -> None:
        """Create the turns for a number of threads."""
        self._free = threads
        self._share = max(1, threads // 2)
        self._of_network: Counter[bytes] = Counter()
        self._of_writes = 0
        self._waiting: dict[Caller, deque[Future[None]]] = {}
        self._waiting_of_network: Counter[bytes] = Counter()

    @asynccontextmanager
    async def turn(self, caller: Caller) -> AsyncIterator[None]:
        """Wait for a thread; it is free again at the end.

        Raises:
            TooManyWaiting: too many requests of the network are waiting.
        """
        if self._may_start(caller):
            self._start(caller)
        else:
            await self._wait(caller)
        try:
            yield
        finally:
            self._end(caller)

    def _may_start(self, caller: Caller) -> bool:
        return (
            self._free > 0
            and self._of_network[caller.network] < self._share
            and not (caller.writes and self._of_writes >= self._share)
        )

    def _start(self, caller: Caller) -> None:
        self._free -= 1
        self._of_network[caller.network] += 1
        self._of_writes += caller.writes

    async def _wait(self, caller: Caller) -> None:
        if self._waiting_of_network[caller.network] >= MOST_WAITING:
            raise TooManyWaiting
        started = get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(started)
        self._waiting_of_network[caller.network] += 1
        try:
            await started
        except BaseException:
            if started.done() and not started.cancelled():  # its turn came while the request was cancelled
                self._end(caller)
            else:
                self._leave(caller, started)
            raise

    def _end(self, caller: Caller) -> None:
        self._free += 1
        _subtract(self._of_network, caller.network)
        self._of_writes -= caller.writes
        following = next((waiting for waiting in self._waiting if self._may_start(waiting)), None)
        if following is not None:
            started = self._waiting[following][0]
            self._leave(following, started)
            self._start(following)
            started.set_result(None)

    def _leave(self, caller: Caller, started: Future[None]) -> None:
        """Remove a request from its queue. Its network's queue goes to the end of the round."""
        queue = self._waiting.pop(caller)
        queue.remove(started)
        if queue:
            self._waiting[caller] = queue
        _subtract(self._waiting_of_network, caller.network)


def _subtract(counter: Counter[bytes], key: bytes) -> None:
    """Count one less, and forget a key whose count is zero."""
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
