"""Servers killed in mid-request, and PostgreSQL stopped at once: what was acknowledged is there, and once."""

import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event, Lock, Thread
from typing import Any

import pytest
import requests
from sqlalchemy import text

from api.config import PROJECT
from geo import schema
from geo.casework import audit, staff
from geo.crowd import ratings
from geo.database import Database
from geo.private_postgres.cluster import PrivatePostgres
from tests.api.moderation.callers import LONG_KNOWN
from tests.api.moderation.fleet import Fleet
from tests.conftest import NOON
from tests.factories import add_device, add_facility, bearer, facility_row

SERVER_KILLS = 50
DATABASE_KILLS = 5
MOST_S = 170
"""The whole load ends by itself after this, with an error."""

BETWEEN_KILLS_S = 0.5
"""Some dozens of requests."""

PLACES = 6
RATERS = 3
DEVICES = 400
WRITES_PER_DEVICE = 40
"""Fewer than a device may write in a short time."""

PAUSE_S = 0.04
"""Between the requests of one caller, so that two processors have some time for starting servers."""

REASONS = ("wrong", "moved", "duplicate", "unsafe", "spam", "offensive", "personal_data")


@dataclass
class Acknowledged:
    """What the servers said was done."""

    ratings: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    reports: list[tuple[int, int, str]] = field(default_factory=list)
    decisions: list[int] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


class Load:
    """Callers that ask until they are answered, as a phone does that lost an answer."""

    def __init__(self, fleet: Fleet, until: float) -> None:
        self.fleet, self.until, self.done, self.stop = fleet, until, Acknowledged(), Event()

    def ask(self, random: Random, method: str, path: str, token: str, body: Any) -> requests.Response:
        """Repeat one request until a response shows its outcome."""
        while time.monotonic() < self.until:
            try:
                answer = requests.request(
                    method, self.fleet.url(random) + path, json=body, headers=bearer(token), timeout=15
                )
            except requests.RequestException as error:
                self.done.troubles[type(error).__name__] += 1
            else:
                if answer.status_code != 503:
                    return answer
                self.done.troubles["503"] += 1
            time.sleep(0.05)
        raise AssertionError("nobody answers any more")

    def rate(self, seed: int, devices: list[tuple[int, str]], places: list[int]) -> None:
        random, serial = Random(seed), 0
        for device_id, token in devices:
            for _ in range(WRITES_PER_DEVICE):
                if self.stop.is_set():
                    return
                place, serial = random.choice(places), serial + 1
                visit = {"stars": random.randint(1, 5), "comment": f"visit {seed}/{serial}"}
                answer = self.ask(random, "PUT", f"/v1/facilities/{place}/rating", token, visit)
                assert answer.status_code in {200, 201}, answer.text
                self.done.ratings.setdefault((place, device_id), []).append(visit["comment"])
                time.sleep(PAUSE_S)
        raise AssertionError("too few devices for so long a test")

    def report(self, devices: list[tuple[int, str]], places: list[int]) -> None:
        random = Random(99)
        for device_id, token in devices:
            for place in random.sample(places, 5):
                for reason in REASONS:
                    if self.stop.is_set():
                        return
                    answer = self.ask(random, "POST", f"/v1/facilities/{place}/reports", token, {"reason": reason})
                    assert answer.status_code in {200, 201}, answer.text
                    self.done.reports.append((device_id, place, reason))
                    time.sleep(PAUSE_S)
        raise AssertionError("too few devices for so long a test")

    def decide(self, token: str) -> None:
        random = Random(7)
        while not self.stop.is_set():
            for item in self.ask(random, "GET", "/admin/v1/queue?kind=facility", token, None).json()["items"]:
                body = {"action": "dismiss_reports", "reason": "no_fault", "version": item["version"]}
                answer = self.ask(random, "POST", f"/admin/v1/queue/{item['id']}/decision", token, body)
                if answer.status_code == 201:
                    self.done.decisions.append(answer.json()["decision_id"])
                else:  # reported again meanwhile, or decided by the try whose answer was lost
                    assert answer.status_code in {409, 412}, answer.text
            time.sleep(4 * PAUSE_S)

    def noting(self, work: Callable[..., None], *arguments: Any) -> Thread:
        def run() -> None:
            try:
                work(*arguments)
            except Exception as error:  # noqa: BLE001 - a thread's failure must reach the test
                self.done.errors.append(repr(error))

        thread = Thread(target=run, daemon=True)
        thread.start()
        return thread


@pytest.fixture
def cluster() -> Iterator[PrivatePostgres]:
    """A PostgreSQL of its own, for others use the one of the checkout."""
    with tempfile.TemporaryDirectory(prefix="bh-") as folder:
        Path(folder).chmod(0o711)
        cluster = PrivatePostgres(Path(folder), PROJECT)
        cluster.start()
        yield cluster
        cluster.stop()


def stop_at_once(cluster: PrivatePostgres) -> None:
    """SIGQUIT is PostgreSQL's immediate shutdown: no goodbye, recovery from the log at the next start."""
    postmaster = int((cluster._data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGQUIT)
    while True:
        try:
            os.kill(postmaster, 0)
        except ProcessLookupError:
            return
        if _is_zombie(postmaster):
            return
        time.sleep(0.01)


def _is_zombie(pid: int) -> bool:
    """Where nobody reaps the dead, as in a container, they stay listed."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False


@pytest.mark.slow
def test_no_acknowledged_write_is_lost_and_none_counts_twice(
    cluster: PrivatePostgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.monotonic()
    database = Database(cluster.url())
    schema.upgrade(database)
    with database.write() as session:
        places = [add_facility(session, 24.9, 60.1) for _ in range(PLACES)]
        registered = NOON.replace(year=2100)  # their tokens do not expire, whatever the clock of the servers says
        made = [add_device(session, registered - LONG_KNOWN) for _ in range(DEVICES)]
        moderator = staff.add(session, "anna", "moderator", registered, actor="command")
        session.commit()
    devices = [(device.device_id, device.token) for device in made]
    fleet = Fleet(cluster.url(), tmp_path / "log")
    for _ in range(2):
        fleet.launch()
    load = Load(fleet, started + MOST_S)
    share = DEVICES // (RATERS + 1)
    threads = [load.noting(load.rate, n, devices[n * share : (n + 1) * share], places) for n in range(RATERS)]
    threads.append(load.noting(load.report, devices[RATERS * share :], places))
    threads.append(load.noting(load.decide, moderator.token))
    try:
        for kill in range(SERVER_KILLS):
            time.sleep(BETWEEN_KILLS_S)  # for the load, not for an outcome
            fleet.kill_oldest()
            if kill % (SERVER_KILLS // DATABASE_KILLS) == 5:
                stop_at_once(cluster)
                cluster.start()
            fleet.launch()
            assert not load.done.errors, load.done.errors
        load.stop.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
    finally:
        load.stop.set()
        fleet.close()
    assert not load.done.errors, load.done.errors
    database.close()
    database = Database(cluster.url())
    figures = hold(database, load.done, places)
    database.close()
    with capsys.disabled():
        print(  # noqa: T201 - the figure is asked for
            f"\n{SERVER_KILLS} server kills, {DATABASE_KILLS} database kills, {time.monotonic() - started:.0f} s:"
            f" {figures}; troubles {dict(load.done.troubles)}"
        )


def hold(database: Database, done: Acknowledged, places: list[int]) -> str:
    """Hold the database against what was acknowledged."""
    with database.write() as session:
        found: dict[tuple[int, int], list[str]] = {}
        rows = session.execute(
            text(
                """SELECT facility_id, device_id, comment, rated_at FROM past_rating
                   UNION ALL SELECT facility_id, device_id, comment, rated_at FROM rating ORDER BY rated_at"""
            )
        )
        for facility_id, device_id, comment, _ in rows:
            found.setdefault((facility_id, device_id), []).append(comment)
        assert found == done.ratings  # every one, in order, once
        live = session.execute(text("SELECT facility_id, device_id, comment FROM rating")).all()
        assert {(row[0], row[1]): row[2] for row in live} == {
            key: comments[-1] for key, comments in done.ratings.items()
        }
        for place in places:
            before = facility_row(session, place)
            ratings.recompute(session, [place])
            assert facility_row(session, place) == before
        reports = "SELECT device_id, target_id, reason FROM report"
        still_open = Counter(map(tuple, session.execute(text(f"{reports} WHERE closed_at IS NULL")).all()))
        assert set(still_open.values()) <= {1}
        # One whose answer was lost, that was settled, and that was sent again, is there twice: settled and open.
        assert set(map(tuple, session.execute(text(reports)).all())) == set(done.reports)
        decided = session.execute(text("SELECT id FROM decision WHERE staff_id IS NOT NULL")).scalars().all()
        assert set(done.decisions) <= set(decided)
        assert len(done.decisions) == len(set(done.decisions))
        chain = audit.verify(session)
        assert chain.fault is None, chain.fault
        session.rollback()
    rated = sum(map(len, done.ratings.values()))
    assert rated > 200
    assert len(done.reports) > 50
    assert done.decisions
    return f"{rated} ratings, {len(done.reports)} reports, {len(done.decisions)} decisions, {chain.entries} entries"
