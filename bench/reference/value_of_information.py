"""Which place is worth asking about: by how much one more rating is expected to improve what visitors choose."""

from math import erfc, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.crowd.quality import STARS_SIGMA

Floats = NDArray[np.float64]


def expected_move(sd: ArrayLike) -> Floats:
    """Return s̃, how far one rating is expected to move an estimate with this standard deviation, in stars."""
    variance: Floats = np.asarray(sd, dtype=float) ** 2
    move: Floats = variance / np.sqrt(variance + STARS_SIGMA**2)
    return move


def sd_after_a_rating(sd: ArrayLike) -> Floats:
    """Return the standard deviation of an estimate after one more rating."""
    after: Floats = 1 / np.sqrt(1 / np.asarray(sd, dtype=float) ** 2 + 1 / STARS_SIGMA**2)
    return after


def worth(move: ArrayLike, difference: ArrayLike) -> Floats:
    """Return what a rating is worth to one visitor, in stars.

    Args:
        move: s̃ of the place.
        difference: absolute difference between the utility of the place and that of the best other one.
    """
    scale: Floats = np.asarray(move, dtype=float)
    z = -np.asarray(difference, dtype=float) / scale
    value: Floats = scale * (np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) + z * _normal_distribution(z))
    return value


def gap(q: ArrayLike, cost: ArrayLike) -> Floats:
    """Return the difference between the utility of each place and that of the best other one, for each visitor.

    Args:
        q: estimates of the places, two or more.
        cost: β · distance, visitors by places.
    """
    utility: Floats = np.asarray(q, dtype=float) - np.asarray(cost, dtype=float)
    second, best = np.partition(utility, -2, axis=-1)[..., -2:].T[..., None]
    difference: Floats = np.abs(utility - np.where(utility == best, second, best))
    return difference


def value_of_information(q: ArrayLike, sd: ArrayLike, cost: ArrayLike) -> Floats:
    """Return what a rating of each place is worth to a visitor on average, in stars.

    Args:
        q: estimates of the places, two or more.
        sd: their standard deviations.
        cost: β · distance, visitors by places.
    """
    value: Floats = worth(expected_move(sd), gap(q, cost)).mean(axis=0)
    return value


def _normal_distribution(z: Floats) -> Floats:
    below: Floats = np.vectorize(lambda each: erfc(-each / sqrt(2)) / 2, otypes=[float])(z)
    return below
