"""Threads are shared among networks: what starts at once, what waits, and whose turn is next."""

import asyncio
from collections import Counter
from collections.abc import Iterable

import pytest

from api.http.turns import MOST_WAITING, Caller, TooManyWaiting, Turns

THREADS = 8


class Requests:
    """Requests that hold their thread until they are let go."""

    def __init__(self) -> None:
        self.turns = Turns(THREADS)
        self.running: list[str] = []
        self.most_of_network: Counter[str] = Counter()
        self.refused: list[str] = []
        self._goes: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def arrive(self, names: Iterable[str], *, writes: bool = False) -> None:
        """Let requests arrive; the first letter of a name is its network."""
        for name in names:
            self._goes[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._answer(name, writes=writes))
        await settle()

    async def end(self, name: str) -> None:
        """Let a request end."""
        self._goes[name].set()
        await settle()

    async def cancel(self, name: str) -> None:
        """Let the client of a request go away."""
        self._tasks[name].cancel()
        await settle()

    async def end_all(self) -> None:
        for event in self._goes.values():
            event.set()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _answer(self, name: str, *, writes: bool) -> None:
        try:
            async with self.turns.turn(Caller(name[0].encode(), writes)):
                self.running.append(name)
                running = Counter(other[0] for other in self.running)
                self.most_of_network |= running
                try:
                    await self._goes[name].wait()
                finally:
                    self.running.remove(name)
        except TooManyWaiting:
            self.refused.append(name)


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


def names(network: str, how_many: int) -> list[str]:
    return [f"{network}{number}" for number in range(how_many)]


def test_a_network_has_at_most_half_of_the_threads() -> None:
    async def scenario() -> None:
        requests = Requests()
        await requests.arrive(names("a", 20))
        assert requests.running == names("a", THREADS // 2)
        await requests.arrive(["b0"])
        assert "b0" in requests.running
        await requests.end_all()
        assert requests.most_of_network["a"] == THREADS // 2
        assert not requests.running

    asyncio.run(scenario())


def test_networks_that_wait_get_threads_in_turn() -> None:
    async def scenario() -> None:
        requests = Requests()
        await requests.arrive([*names("a", 4), *names("b", 4)])
        await requests.arrive(["c0", "c1", "c2", "d0", "e0"])
        started = []
        for ended in [*names("a", 4), "b0"]:
            before = set(requests.running)
            await requests.end(ended)
            started += [name for name in requests.running if name not in before]
        assert started == ["c0", "d0", "e0", "c1", "c2"]
        await requests.end_all()

    asyncio.run(scenario())


def test_writes_have_at_most_half_of_the_threads_and_reads_pass_them() -> None:
    async def scenario() -> None:
        requests = Requests()
        await requests.arrive([f"{network}0" for network in "abcdefgh"], writes=True)
        assert requests.running == ["a0", "b0", "c0", "d0"]
        await requests.arrive(["e1", "x0", "y0", "z0"])
        assert requests.running[4:] == ["e1", "x0", "y0", "z0"]
        await requests.end("e1")
        assert len(requests.running) == 7  # no write starts while four are running
        await requests.end("a0")
        assert requests.running[-1] == "e0"
        await requests.end_all()

    asyncio.run(scenario())


def test_a_network_with_too_many_waiting_requests_is_refused_and_others_are_not() -> None:
    async def scenario() -> None:
        requests = Requests()
        await requests.arrive(names("a", THREADS // 2 + MOST_WAITING + 2))
        assert len(requests.refused) == 2
        await requests.arrive(["b0"])
        assert "b0" in requests.running
        await requests.end("a0")
        await requests.arrive(["a-late"])
        assert len(requests.refused) == 2
        await requests.end_all()

    asyncio.run(scenario())


@pytest.mark.parametrize("gone", ["a0", "a5", "a4"], ids=["running", "waiting", "next"])
def test_a_client_that_goes_away_leaves_its_place_to_others(gone: str) -> None:
    async def scenario() -> None:
        requests = Requests()
        await requests.arrive(names("a", 7))
        await requests.cancel(gone)
        for name in names("a", 4):
            await requests.end(name)
        assert set(requests.running) == {"a4", "a5", "a6"} - {gone}
        await requests.end_all()
        await requests.arrive([f"b-{number}" for number in range(9)])
        assert len(requests.running) == THREADS // 2

    asyncio.run(scenario())


def test_a_client_that_goes_away_when_its_turn_comes_gives_the_turn_back() -> None:
    async def scenario() -> None:
        requests = Requests()
        await requests.arrive(names("a", 6))
        requests._goes["a0"].set()
        for _ in range(2):
            await asyncio.sleep(0)
        requests._tasks["a4"].cancel()
        await settle()
        assert "a5" in requests.running or len(requests.running) == THREADS // 2
        await requests.end_all()
        await requests.arrive([f"b-{number}" for number in range(9)])
        assert len(requests.running) == THREADS // 2

    asyncio.run(scenario())
