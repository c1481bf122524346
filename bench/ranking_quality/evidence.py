"""A town's ratings as known at each moment, and what they weigh: nothing later is used.

The weights are those of bench.reference.trust for whole towns at once; tests compare them.
"""

from collections.abc import Callable
from functools import cached_property
from math import inf
from typing import NamedTuple

import numpy as np

from bench.ranking_quality.cleanliness import Floats
from bench.ranking_quality.raters import Integers, Ratings
from bench.reference.trust import (
    age_weight,
    presence_weight,
    rush_weight,
    track_weight,
)
from geo.crowd.trust import NEW_DEVICE_WEIGHT, PRESENT_TOGETHER, RECORD_DAYS, RUSH_DAYS

_FAR_DAYS = 1e5
"""Between the clocks of two groups of ratings, so that no window reaches from one into the next."""


class Sums(NamedTuple):
    """W = Σ w and S = Σ w·value, each moments by places."""

    weight: Floats
    value: Floats


class Evidence:
    """A town's ratings at each moment. Arrays of weights are moments by ratings, 0 where a rating is not live."""

    def __init__(self, ratings: Ratings, moments: Floats, places: int) -> None:
        """Find out which ratings are live when: the last one of a device for a place that has been made."""
        self.ratings, self.moments = ratings, moments
        self.shape = len(moments), places
        self.known = ratings.day <= moments[:, None]
        self.live = self.known & (moments[:, None] < _replaced(ratings))
        self._age_days = np.where(self.live, moments[:, None] - ratings.day, 0.0)
        self._rated, self._first = np.unique(ratings.place, return_index=True)
        self._weights: dict[str, Floats] = {}
        self._sums: dict[tuple[float, str], Sums] = {}

    def weights(self, trust: str) -> Floats:
        """Weigh each live rating by one of TRUSTS."""
        if trust not in self._weights:
            self._weights[trust] = np.where(self.live, TRUSTS[trust](self), 0.0)
        return self._weights[trust]

    def sums(self, half_life_days: float, trust: str) -> Sums:
        """Sum stars with decay; an infinite half-life forgets nothing."""
        key = half_life_days, trust
        if key not in self._sums:
            weights = self.weights(trust) * np.exp2(-self._age_days / half_life_days)
            self._sums[key] = Sums(self._by_place(weights), self._by_place(weights * self.ratings.stars))
        return self._sums[key]

    def count(self, at_least_stars: float = 1.0) -> Floats:
        """Count the live ratings of each place with so many stars: moments by places."""
        return self._by_place((self.live & (self.ratings.stars >= at_least_stars)).astype(float))

    @cached_property
    def rush(self) -> Floats:
        """ω_rush of each rating, of proved ones apart; the record of the town begins on day 0."""
        day = self.ratings.day
        place = self.ratings.place * 2 + self.ratings.proved.astype(np.int64)
        before = self._counted(place, day, RECORD_DAYS, -RUSH_DAYS / 2)
        together = self._counted(place, day, RUSH_DAYS / 2, RUSH_DAYS / 2)
        return rush_weight(before, np.maximum(together, 1), day - RUSH_DAYS / 2)

    @cached_property
    def network_count(self) -> Integers:
        """How many live ratings of a place came from the network of each within half a rush."""
        place, network = (
            np.unique(field, return_inverse=True)[1] for field in (self.ratings.place, self.ratings.network)
        )
        return self._counted(
            place * (int(network.max(initial=0)) + 1) + network, self.ratings.day, RUSH_DAYS / 2, RUSH_DAYS / 2
        )

    @cached_property
    def believed(self) -> Floats:
        """1 where the presence of a rating is believed, else 0."""
        return self.ratings.present * (self.network_count <= PRESENT_TOGETHER)

    @cached_property
    def age(self) -> Floats:
        """ω_age of each rating, by the last rating of its device that is known."""
        ratings = self.ratings
        _, device = np.unique(ratings.device, return_inverse=True)
        order = np.lexsort((ratings.day, device))
        clock = device * _FAR_DAYS + ratings.day
        moments = np.maximum(self.moments[:, None], ratings.day)
        last = np.searchsorted(clock[order], device * _FAR_DAYS + moments, side="right") - 1
        first = np.searchsorted(device[order], device)
        return age_weight(ratings.new, ratings.day[order][last] - ratings.day[order][first])

    @cached_property
    def track(self) -> Floats:
        """ω_track of each rating, by the places that its device is known to have rated; replaced ratings count."""
        ratings = self.ratings
        _, device = np.unique(ratings.device, return_inverse=True)
        visits = np.lexsort((ratings.day, ratings.place, device))
        again = (np.diff(device[visits]) == 0) & (np.diff(ratings.place[visits]) == 0)
        to_new_place = visits[np.concatenate([[True], ~again])] if len(visits) else visits
        in_turn = to_new_place[np.lexsort((ratings.day[to_new_place], device[to_new_place]))]
        clock = device[in_turn] * _FAR_DAYS + ratings.day[in_turn]
        places = np.searchsorted(clock, device * _FAR_DAYS + self.moments[:, None], side="right")
        return track_weight(places - np.searchsorted(device[in_turn], device))

    def _counted(self, group: Integers, day: Floats, back_days: float, ahead_days: float) -> Integers:
        """Count the live ratings of each one's group in (day - back, day + ahead]."""
        clock = group * _FAR_DAYS + day
        order = np.argsort(clock, kind="stable")
        first, last = (np.searchsorted(clock[order], clock + days, side="right") for days in (-back_days, ahead_days))
        total = np.zeros((len(self.moments), len(day) + 1), dtype=np.int64)
        np.cumsum(self.live[:, order], axis=1, out=total[:, 1:])
        return total[:, last] - total[:, first]

    def _by_place(self, addends: Floats) -> Floats:
        totals = np.zeros(self.shape)
        if len(self._rated):
            totals[:, self._rated] = np.add.reduceat(addends, self._first, axis=1)
        return totals


def _replaced(ratings: Ratings) -> Floats:
    """Day on which the same device rates the place again, infinity for never."""
    order = np.lexsort((ratings.day, ratings.device, ratings.place))
    again = (np.diff(ratings.place[order]) == 0) & (np.diff(ratings.device[order]) == 0)
    until = np.full(len(order), inf)
    until[order[:-1]] = np.where(again, ratings.day[order[1:]], inf)
    return until


def _network(evidence: Evidence) -> Floats:
    """ω_network = (1 + ln k) / k for k ratings of a network in a week."""
    together = np.maximum(evidence.network_count, 1)
    return (1 + np.log(together)) / together


def _ours(evidence: Evidence) -> Floats:
    return _without_track(evidence) * np.where(evidence.ratings.proved > 0, 1.0, evidence.track)


def _without_track(evidence: Evidence) -> Floats:
    reported = evidence.age * presence_weight(evidence.believed)
    return evidence.rush * np.where(evidence.ratings.proved > 0, 1.0, reported)


ABSENT_WEIGHT_2025 = 0.5
"""Weight of a rating by an absent phone before the rush weight."""


def _until_2025(evidence: Evidence) -> Floats:
    """Weights before the rush weight: network, first day, presence, which more than ten of a network do not share."""
    ratings = evidence.ratings
    first_day = np.where(ratings.new > 0, NEW_DEVICE_WEIGHT, 1.0)
    return _network(evidence) * first_day * np.where(evidence.believed, 1.0, ABSENT_WEIGHT_2025)


TRUSTS: dict[str, Callable[[Evidence], Floats]] = {
    "ours": _ours,
    "without track": _without_track,
    "with network": lambda evidence: _ours(evidence) * _network(evidence),
    "network": _until_2025,
    "rush only": lambda evidence: evidence.rush,
    "blind": lambda evidence: np.ones(evidence.live.shape),
    "honest": lambda evidence: np.broadcast_to(evidence.ratings.honest, evidence.live.shape),
}
"""What ratings weigh: by ours and by its variants, all the same, or 1 for the honest only, which no product knows."""
