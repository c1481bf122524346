"""The ratings known at an instant, what they weigh, and their decayed sums; updated from one instant to the next.

The weights are those of bench.reference.trust, the sums those of bench.reference.quality; tests compare them.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.held_out.reading import Rating
from bench.reference.quality import DecayedSums
from bench.reference.trust import SECOND_DAY_DAYS, age_weight, presence_weight, rush_weight, track_weight
from geo.crowd.quality import FAST_HALF_LIFE_DAYS, SLOW_HALF_LIFE_DAYS
from geo.crowd.trust import RECORD_DAYS, RUSH_DAYS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DAY_US: Final = 86_400_000_000
HALF_RUSH_US: Final = int(RUSH_DAYS / 2 * DAY_US)
RECORD_US: Final = int(RECORD_DAYS * DAY_US)


class Table(NamedTuple):
    """All ratings of a file as columns, ordered by time. Places and raters are numbered from 0.

    Attributes:
        time_us: microseconds since 1970 UTC.
        place, rater: numbers.
        stars: 1 to 5.
    """

    time_us: Integers
    place: Integers
    rater: Integers
    stars: Integers

    @property
    def places(self) -> int:
        """Number of places."""
        return int(self.place.max(initial=-1)) + 1


def table(ratings: list[Rating]) -> Table:
    """Number the places and raters of ratings in their order."""
    places: dict[str, int] = {}
    raters: dict[str, int] = {}
    rows = [
        (
            each.time_us,
            places.setdefault(each.place, len(places)),
            raters.setdefault(each.rater, len(raters)),
            each.stars,
        )
        for each in ratings
    ]
    return Table(*np.array(rows, dtype=np.int64).reshape(-1, 4).T.copy())


class Sums:
    """Weights of ratings, and the decayed sums of each place as of its last change."""

    def __init__(self, ratings: Table) -> None:
        """Begin without ratings."""
        self._ratings = ratings
        self.weight = np.zeros(len(ratings.time_us))
        self._as_of_us = np.full(ratings.places, ratings.time_us.min(initial=0))
        self._slow = np.zeros((ratings.places, 2))
        self._fast = np.zeros((ratings.places, 2))

    def weigh(self, rows: Integers, weight: Floats) -> None:
        """Change the weights of ratings of one place to these."""
        place = self._ratings.place[rows[0]]
        change = weight - self.weight[rows]
        self.weight[rows] = weight
        as_of_us = max(int(self._as_of_us[place]), int(self._ratings.time_us[rows].max()))
        self._advance(place, as_of_us)
        age_days = (as_of_us - self._ratings.time_us[rows]) / DAY_US
        for sums, half_life_days in ((self._slow, SLOW_HALF_LIFE_DAYS), (self._fast, FAST_HALF_LIFE_DAYS)):
            changes = change * np.exp2(-age_days / half_life_days)
            sums[place] += changes.sum(), changes @ self._ratings.stars[rows]

    def at(self, place: int, as_of_us: int) -> DecayedSums:
        """Return the sums of a place at an instant that is not before its last change."""
        age_days = (as_of_us - int(self._as_of_us[place])) / DAY_US
        slow, fast = 2.0 ** (-age_days / SLOW_HALF_LIFE_DAYS), 2.0 ** (-age_days / FAST_HALF_LIFE_DAYS)
        weight_slow, stars_slow = self._slow[place].tolist()
        weight_fast, stars_fast = self._fast[place].tolist()
        return DecayedSums(weight_slow * slow, stars_slow * slow, weight_fast * fast, stars_fast * fast)

    def slow(self, as_of_us: int) -> tuple[Floats, Floats]:
        """Return W and S of all places with the slow half-life."""
        decay = np.exp2(-(as_of_us - self._as_of_us) / DAY_US / SLOW_HALF_LIFE_DAYS)
        return self._slow[:, 0] * decay, self._slow[:, 1] * decay

    def _advance(self, place: int, as_of_us: int) -> None:
        age_days = (as_of_us - int(self._as_of_us[place])) / DAY_US
        self._slow[place] *= 2.0 ** (-age_days / SLOW_HALF_LIFE_DAYS)
        self._fast[place] *= 2.0 ** (-age_days / FAST_HALF_LIFE_DAYS)
        self._as_of_us[place] = as_of_us


class Record:
    """The ratings until an instant. A rater's former rating of a place is replaced.

    Attributes:
        live: whether each rating is known and not replaced.
        equal: sums in which each live rating weighs 1.
        trusted: sums with trust weights.
        count, stars: of the live ratings of each place: number and sum.
        count_of_all, stars_of_all: the same of all places.
    """

    def __init__(self, ratings: Table) -> None:
        """Begin without ratings."""
        rows = len(ratings.time_us)
        self._ratings = ratings
        self.live = np.zeros(rows, dtype=bool)
        self.equal, self.trusted = Sums(ratings), Sums(ratings)
        self.count = np.zeros(ratings.places, dtype=np.int64)
        self.stars = np.zeros(ratings.places, dtype=np.int64)
        self.count_of_all = self.stars_of_all = 0
        self._before, self._together = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64)
        self._rush = np.ones(rows)
        self._of_rater = np.ones(rows)
        self._raters: dict[int, _Rater] = {}
        self._timelines = [_Timeline() for _ in range(ratings.places)]

    def add(self, row: int) -> None:
        """Add a rating that is not earlier than the others."""
        place, time_us = int(self._ratings.place[row]), int(self._ratings.time_us[row])
        rater = self._raters.setdefault(int(self._ratings.rater[row]), _Rater(time_us))
        if place in rater.rows:
            self._remove(rater.rows[place])
        self.live[row] = True
        self._count(row, 1)
        rater.rows[place] = row
        self._weigh_rater(rater, row, time_us)
        timeline = self._timelines[place]
        timeline.append(row, time_us)
        self._before[row] = len(timeline.between(time_us - RECORD_US + 1, time_us - HALF_RUSH_US + 1))
        self._together[row] = len(timeline.between(time_us - HALF_RUSH_US + 1, time_us + 1)) - 1
        week = timeline.between(time_us - HALF_RUSH_US, time_us + 1)
        self._together[week] += 1
        self._weigh_rush(week)

    def _remove(self, row: int) -> None:
        place, time_us = int(self._ratings.place[row]), int(self._ratings.time_us[row])
        self.live[row] = False
        self._count(row, -1)
        self.trusted.weigh(np.array([row]), np.zeros(1))
        timeline = self._timelines[place]
        timeline.remove(row)
        week = timeline.between(time_us - HALF_RUSH_US, time_us + HALF_RUSH_US)
        year_after = timeline.between(time_us + HALF_RUSH_US, time_us + RECORD_US)
        self._together[week] -= 1
        self._before[year_after] -= 1
        self._weigh_rush(np.concatenate([week, year_after]))

    def _count(self, row: int, change: int) -> None:
        place, stars = self._ratings.place[row], change * int(self._ratings.stars[row])
        self.count[place] += change
        self.stars[place] += stars
        self.count_of_all += change
        self.stars_of_all += stars
        self.equal.weigh(np.array([row]), np.array([max(change, 0.0)]))

    def _weigh_rater(self, rater: "_Rater", row: int, time_us: int) -> None:
        """Weigh the ratings of a rater, all of them anew when it has gained a record."""
        weight = rater.weight(time_us)
        self._of_rater[row] = weight
        if weight != rater.weight_known:
            rater.weight_known = weight
            for each in rater.rows.values():
                self._of_rater[each] = weight
                self.trusted.weigh(np.array([each]), np.array([self._rush[each] * weight]))

    def _weigh_rush(self, rows: Integers) -> None:
        """Weigh ratings of a place anew for their neighbours in time."""
        known_days = (self._ratings.time_us[rows] - self._ratings.time_us[0] - HALF_RUSH_US) / DAY_US
        self._rush[rows] = rush_weight(self._before[rows], self._together[rows], known_days)
        weight = self._rush[rows] * self._of_rater[rows]
        changed = weight != self.trusted.weight[rows]
        if changed.any():
            self.trusted.weigh(rows[changed], weight[changed])


class _Rater:
    """What a rater has rated.

    Attributes:
        rows: its live rating of each place.
        weight_known: the product of the weights of age, track record and presence when it last rated.
    """

    def __init__(self, first_us: int) -> None:
        self._first_us = first_us
        self.rows: dict[int, int] = {}
        self.weight_known = 0.0

    def weight(self, last_us: int) -> float:
        """Return the product of the weights that its ratings have at its last one.

        It is new until it has rated on a second day, and where it was is not known.
        """
        seen_days = (last_us - self._first_us) / DAY_US
        product = (
            age_weight(seen_days < SECOND_DAY_DAYS, seen_days) * track_weight(len(self.rows)) * presence_weight(False)
        )
        return float(product)


class _Timeline:
    """The live ratings of a place, ordered by time."""

    def __init__(self) -> None:
        self._rows = np.zeros(4, dtype=np.int64)
        self._times_us = np.zeros(4, dtype=np.int64)
        self._count = 0

    def append(self, row: int, time_us: int) -> None:
        """Add a rating that is not earlier than the others."""
        if self._count == len(self._rows):
            self._rows, self._times_us = np.tile(self._rows, 2), np.tile(self._times_us, 2)
        self._rows[self._count], self._times_us[self._count] = row, time_us
        self._count += 1

    def remove(self, row: int) -> None:
        """Remove a rating. Rows have the order of time."""
        at = int(np.searchsorted(self._rows[: self._count], row))
        for column in (self._rows, self._times_us):
            column[at : self._count - 1] = column[at + 1 : self._count]
        self._count -= 1

    def between(self, since_us: int, until_us: int) -> Integers:
        """Return the ratings in [since, until)."""
        first, last = np.searchsorted(self._times_us[: self._count], (since_us, until_us)).tolist()
        return self._rows[first:last].copy()
