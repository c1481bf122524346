"""Trust weights of ratings: rush, age of the device, presence and track record. Times are in days."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.crowd.trust import (
    ABSENT_WEIGHT,
    NEW_DEVICE_WEIGHT,
    NO_TRACK_RECORD_WEIGHT,
    PRIOR_RECORD_DAYS,
    RECORD_DAYS,
    RUSH_DAYS,
    TRACK_RECORD_PLACES,
    YOUNGEST_RECORD_DAYS,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SECOND_DAY_DAYS = 1.0
"""Time between two ratings of a device from which it counts as seen on a second day."""


class Rush(NamedTuple):
    """What the rush weights of a place's ratings are made of, one entry a rating.

    Attributes:
        before: n, the place's ratings in (t - 365, t - 3.5].
        together: k, those in (t - 3.5, t + 3.5], itself included.
        expected: e, ratings of an ordinary week.
        weight: ω_rush.
    """

    before: Integers
    together: Integers
    expected: Floats
    weight: Floats


def ordinary_week(before: ArrayLike, record_days: ArrayLike) -> Floats:
    """Return e, the ratings that an ordinary week brings, at least 1.

    Args:
        before: n, ratings in the record before the rush.
        record_days: length of that record, clipped to 30 … 361.5.
    """
    days = np.clip(record_days, YOUNGEST_RECORD_DAYS, RECORD_DAYS - RUSH_DAYS / 2)
    expected: Floats = np.maximum(1.0, RUSH_DAYS * (np.asarray(before) + 1) / (days + PRIOR_RECORD_DAYS))
    return expected


def rush_weight(before: ArrayLike, together: ArrayLike, record_days: ArrayLike) -> Floats:
    """Return ω_rush: together, the ratings of a rush weigh as much as those of an ordinary week.

    Args:
        before: n, ratings in the record before the rush.
        together: k, ratings in the rush, at least 1.
        record_days: length of the record before the rush.
    """
    weight: Floats = np.minimum(1.0, ordinary_week(before, record_days) / np.asarray(together))
    return weight


def rush(days: ArrayLike, as_of: float, record_begins: float) -> Rush:
    """Return the rush weights of a place's ratings as known at an instant.

    Args:
        days: when they were made, ascending; those after ``as_of`` are left out.
        as_of: nothing later is known.
        record_begins: t0, the first day of the place's record.
    """
    made = np.asarray(days, dtype=float)
    made = made[made <= as_of]
    begins = made - RUSH_DAYS / 2
    until_rush = np.searchsorted(made, begins, side="right")
    before = until_rush - np.searchsorted(made, made - RECORD_DAYS, side="right")
    together = np.searchsorted(made, made + RUSH_DAYS / 2, side="right") - until_rush
    record_days = begins - record_begins
    return Rush(before, together, ordinary_week(before, record_days), rush_weight(before, together, record_days))


def age_weight(in_first_24_h: ArrayLike, seen_days: ArrayLike) -> Floats:
    """Return ω_age.

    Args:
        in_first_24_h: whether the rating was made in the device's first 24 hours.
        seen_days: time between the device's first rating of any place and its last one.
    """
    unproven = np.asarray(in_first_24_h, dtype=bool) & (np.asarray(seen_days) < SECOND_DAY_DAYS)
    return np.where(unproven, NEW_DEVICE_WEIGHT, 1.0)


def presence_weight(present: ArrayLike) -> Floats:
    """Return ω_presence.

    Args:
        present: whether the phone reports to be within 150 m of the place.
    """
    return np.where(np.asarray(present, dtype=bool), 1.0, ABSENT_WEIGHT)


def track_weight(places: ArrayLike) -> Floats:
    """Return ω_track.

    Args:
        places: how many different places the device has rated.
    """
    return np.where(np.asarray(places) >= TRACK_RECORD_PLACES, 1.0, NO_TRACK_RECORD_WEIGHT)
