"""Random walks over everything that changes a rating: the stored sums stay those of the ratings that are left."""

from collections import defaultdict
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from bench.reference import trust as reference
from geo import maintenance, privacy
from geo.conflation import merging
from geo.crowd import ratings, trust
from geo.crowd.models import RatingExclusion
from geo.crowd.quality import FAST_HALF_LIFE_DAYS, LANDMARK, SLOW_HALF_LIFE_DAYS
from geo.crowd.trust import Circumstances
from geo.errors import Conflict, FacilityMerged
from tests.conftest import NOON
from tests.factories import add_device, add_facility, facility_row

FIRST_DAY = NOON - timedelta(days=300)

PLACES = 4
DEVICES = 14
STEPS = 90
RATINGS_PER_RARE_EVENT = 8
WALKS = (0, 1, 84, 91)
"""Seeds. The last two have ratings without a request and ratings that a split returns."""


class Walk:
    """Places, devices, and what happens to them as time goes by."""

    def __init__(self, session: Session, random: Random) -> None:
        self.session, self.random, self.as_of = session, random, FIRST_DAY
        self.places = [add_facility(session, offset / 1000) for offset in range(PLACES)]
        session.execute(text("UPDATE facility SET created_at = :at"), {"at": FIRST_DAY})
        self.devices = [self._device() for _ in range(DEVICES)]
        self.merged: list[merging.Merged] = []

    def _device(self) -> int:
        return add_device(self.session, self.as_of - timedelta(days=self.random.choice((0, 0, 2)))).device_id

    def step(self) -> None:
        self.as_of += timedelta(days=self.random.choice((0, 0.01, 0.3, 1, 3.5, 20)))
        rare = (self.withdraw, self.erase, self.merge, self.split, self.exclude, self.lift, self.purge)
        events = (*[self.rate] * RATINGS_PER_RARE_EVENT, *rare)
        with suppress(Conflict, FacilityMerged):  # of places that are merged at the time, or have excluded ratings
            self.random.choice(events)()

    def rate(self) -> None:
        circumstances = Circumstances(
            bytes([self.random.choice((0, 0, 0, 1))]) * 16,
            self.random.choice((None, "within_150_m", "within_150_m", "farther", "proved")),
            self.random.choice((None, None, "https://a.example")),
        )
        ratings.rate(
            self.session,
            self.random.choice(self.places),
            self.random.choice(self.devices),
            ratings.NewRating(self.random.randint(1, 5)),
            self.as_of,
            circumstances=self.random.choice((circumstances,) * 9 + (None,)),
        )

    def withdraw(self) -> None:
        ratings.withdraw(self.session, self.random.choice(self.places), self.random.choice(self.devices), self.as_of)

    def erase(self) -> None:
        position = self.random.randrange(DEVICES)
        privacy.erase(self.session, self.devices[position], self.as_of)
        self.devices[position] = self._device()

    def merge(self) -> None:
        self.merged.append(merging.merge(self.session, *self.random.sample(self.places, 2), self.as_of))

    def split(self) -> None:
        if self.merged:
            merging.split(self.session, *self.merged.pop(), self.as_of)

    def exclude(self) -> None:
        during = f"[{self.as_of - timedelta(days=5)},{self.as_of - timedelta(days=1)})"
        place = self.random.choice(self.places)
        decision = self.session.execute(
            text(
                """INSERT INTO decision (target, target_id, action, decided_at, reason)
                   VALUES ('facility', :place, 'dismiss_alarm', :at, 'test') RETURNING id"""
            ),
            {"place": place, "at": self.as_of},
        ).scalar_one()
        self.session.execute(insert(RatingExclusion).values(decision_id=decision, facility_id=place, during=during))
        ratings.recompute(self.session, [place])

    def lift(self) -> None:
        lifted = update(RatingExclusion).where(RatingExclusion.lifted_at.is_(None)).values(lifted_at=self.as_of)
        places = self.session.execute(lifted.returning(RatingExclusion.facility_id)).scalars().all()
        ratings.recompute(self.session, places)

    def purge(self) -> None:
        self.session.execute(text("UPDATE device SET expires_at = :later"), {"later": self.as_of + timedelta(days=1)})
        maintenance.purge(self.session, self.as_of)

    def check(self) -> None:
        session = self.session
        before = self.rows()
        assert trust.weigh_devices(session, self.devices) == []
        for place in self.places:
            trust.weigh_presence(session, place, self.as_of)
        ratings.recompute(session, self.places)
        after = self.rows()
        for old, new in zip(before, after, strict=True):
            assert new == old
        for row in after:
            self.compare(row)

    def rows(self) -> list[dict[str, Any]]:
        return [facility_row(self.session, place) for place in self.places]

    def compare(self, row: dict[str, Any]) -> None:
        """Compare the stored sums of a place with those of bench.reference."""
        live = self.session.execute(_LIVE, {"id": row["id"]}).all()
        windows = self.session.execute(_EXCLUDED, {"id": row["id"]}).all()
        groups = defaultdict(list)
        for each in live:
            excluded = any(start <= each.rated_at < end for start, end in windows)
            groups[excluded, each.presence == "proved", None].append(each)
            if each.origin:
                groups[excluded, each.presence == "proved", each.origin].append(each)
        rushes: dict[int, float] = defaultdict(lambda: 1.0)
        kept = {}
        for (excluded, _, _), members in groups.items():
            days = [(each.rated_at - FIRST_DAY) / timedelta(days=1) for each in members]
            for each, weight in zip(members, reference.rush(days, 1e9, 0.0).weight, strict=True):
                rushes[each.id] = min(rushes[each.id], 1.0 if each.trusted else float(weight))
                if not excluded:
                    kept[each.id] = each
        sums = np.zeros(4)
        for each in kept.values():
            weight = rushes[each.id] * (1.0 if each.trusted else self.alone(each))
            days = (each.rated_at - LANDMARK) / timedelta(days=1)
            fast = weight * 2 ** (days / FAST_HALF_LIFE_DAYS)
            slow = weight * 2 ** (days / SLOW_HALF_LIFE_DAYS)
            sums += (weight, weight * each.stars, slow * each.stars, fast * each.stars)
        stored = [row[name] for name in ("weight_total", "stars_total", "stars_slow", "stars_fast")]
        assert stored == pytest.approx(list(sums), rel=1e-9, abs=1e-300)
        assert row["rating_count"] == len(kept)

    def alone(self, each: Any) -> float:
        """Age and track from all that the device made; presence as stored."""
        made = self.session.execute(_MADE, {"device_id": each.device_id}).all()
        proved = any(one.presence == "proved" for one in made)
        times = [one.rated_at for one in made]
        first_day = each.rated_at - each.registered_at < timedelta(days=1) and each.presence != "proved"
        age = float(reference.age_weight(first_day, (max(times) - min(times)) / timedelta(days=1)))
        track = 1.0 if proved else float(reference.track_weight(len({one.place for one in made})))
        return age * track * each.weight_presence


_LIVE = text(
    """SELECT rating.*, device.created_at AS registered_at
       FROM rating JOIN device ON device.id = device_id WHERE facility_id = :id ORDER BY rated_at"""
)
_EXCLUDED = text(
    "SELECT lower(during), upper(during) FROM rating_exclusion WHERE facility_id = :id AND lifted_at IS NULL"
)
_MADE = text(
    """SELECT rated_at, coalesce(moved_from, facility_id) AS place, presence FROM rating WHERE device_id = :device_id
       UNION ALL
       SELECT rated_at, coalesce(moved_from, facility_id), presence FROM past_rating WHERE device_id = :device_id"""
)


@pytest.mark.parametrize("seed", WALKS)
def test_after_any_walk_the_sums_are_those_of_the_reference(session: Session, seed: int) -> None:
    walk = Walk(session, Random(seed))
    for _ in range(STEPS):
        walk.step()
    walk.check()
