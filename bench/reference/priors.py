"""Prior means of kinds and groups of places, and how much the data say that each counts (Bühlmann, Straub, Jewell)."""

from collections.abc import Iterable, Sequence
from itertools import pairwise, product
from math import exp, fsum, inf, log, sqrt
from typing import NamedTuple

from geo.crowd.quality import PRIOR_MEAN_STARS, RECORD_CREDIBILITY, STARS_SIGMA

PLACES_VARIANCE = STARS_SIGMA**2 / RECORD_CREDIBILITY
"""a: variance between the long-run means of the places of a group, in stars²."""

LAG_EDGES_DAYS = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
"""Bins of the time between two ratings of a place."""

PLACES_VARIANCES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""τ², between places, in stars²: the values that are tried."""

DRIFT_VARIANCES = (0.03, 0.06, 0.1, 0.14, 0.2, 0.3)
"""s², of a place's state about its long-run mean, in stars²: the values that are tried."""

RELAXATIONS_DAYS = (4.0, 8.0, 15.0, 30.0, 60.0, 120.0)
"""After which a deviation from the long-run mean has fallen to 1/e, in days: the values
that are tried."""

RECORD_RELAXATION_DAYS = 1100.0
"""After which a long-run mean has lost 1/e of what it tells: about the three years of a contract."""


class Place(NamedTuple):
    """A place's slow sums at the instant of the query.

    Attributes:
        weight: W.
        stars: S.
    """

    weight: float
    stars: float

    @property
    def credibility(self) -> float:
        """Share z of the place's own mean in its record."""
        return self.weight / (self.weight + RECORD_CREDIBILITY)

    @property
    def credible_stars(self) -> float:
        """The place's own mean times z: S / (W + C0)."""
        return self.stars / (self.weight + RECORD_CREDIBILITY)


class GroupCredibility(NamedTuple):
    """How much groups of places tell.

    Attributes:
        between_groups: b, variance between groups in stars².
        f: about 1 where groups tell nothing.
        kind_places: k, how many places' worth of the kind's mean a group starts with; infinite: not used.
    """

    between_groups: float
    f: float
    kind_places: float


class Credibility(NamedTuple):
    """C0 and C, and the components of variance that they come from.

    Attributes:
        places_variance: τ².
        drift_variance: s².
        relaxation_days: of the drift.
        noise_variance: v, what is left.
        record: C0.
        present: C.
    """

    places_variance: float
    drift_variance: float
    relaxation_days: float
    noise_variance: float
    record: float
    present: float


def kind_mean(places: Iterable[Place]) -> float:
    """Return μ_kind, the mean of a kind's places by credibility; PRIOR_MEAN_STARS where they are worth one at most."""
    known = list(places)
    total = fsum(place.credibility for place in known)
    return fsum(place.credible_stars for place in known) / total if total > 1 else PRIOR_MEAN_STARS


def group_prior(kind_mean_stars: float, kind_places: float, places: Iterable[Place]) -> float:
    """Return μ_g, the mean of a group's places, shrunk to that of the kind.

    Args:
        kind_mean_stars: μ_kind.
        kind_places: k of GroupCredibility.
        places: of the group.
    """
    if kind_places == inf:
        return kind_mean_stars
    known = list(places)
    stars = kind_places * kind_mean_stars + fsum(place.credible_stars for place in known)
    return stars / (kind_places + fsum(place.credibility for place in known))


def group_credibility(groups: Iterable[Sequence[Place]]) -> GroupCredibility | None:
    """Estimate by moments how much groups tell; None for fewer than three groups with ratings, which are not used."""
    sums = [
        (fsum(place.credibility for place in group), fsum(place.credible_stars for place in group)) for group in groups
    ]
    known = [(weight, stars / weight) for weight, stars in sums if weight > 0]
    if len(known) < 3:
        return None
    total = fsum(weight for weight, _ in known)
    mean = fsum(weight * stars for weight, stars in known) / total
    spread = fsum(weight * (stars - mean) ** 2 for weight, stars in known)
    by_chance = (len(known) - 1) * PLACES_VARIANCE
    between = max(0.0, (spread - by_chance) / (total - fsum(weight**2 for weight, _ in known) / total))
    return GroupCredibility(between, spread / by_chance, PLACES_VARIANCE / between if between else inf)


def lag_days() -> list[float]:
    """Return m_j, the typical time between two ratings in each bin of LAG_EDGES_DAYS."""
    return [sqrt(max(lower, 0.7) * upper) for lower, upper in pairwise(LAG_EDGES_DAYS)]


def fit_credibility(covariances: Sequence[float], pair_weights: Sequence[float], total_variance: float) -> Credibility:
    """Fit the components of variance to how alike two ratings of a place are by the time between them.

    Args:
        covariances: c_j, mean of (r - μ)(r' - μ) over the pairs of each bin of LAG_EDGES_DAYS.
        pair_weights: d_j, how much each bin tells.
        total_variance: mean of (r - μ)².
    """
    lags = lag_days()

    def loss(fitted: tuple[float, float, float]) -> float:
        relaxation, places, drift = fitted
        misfit = fsum(
            weight * (covariance - places * exp(-lag / RECORD_RELAXATION_DAYS) - drift * exp(-lag / relaxation)) ** 2
            for weight, covariance, lag in zip(pair_weights, covariances, lags, strict=True)
        )
        expected = 0.1 * log(places / 0.2) ** 2 + 0.1 * log(drift / 0.12) ** 2 + 0.03 * log(relaxation / 25) ** 2
        return misfit + 5 * expected

    relaxation, places, drift = min(product(RELAXATIONS_DAYS, PLACES_VARIANCES, DRIFT_VARIANCES), key=loss)
    noise = min(max(total_variance - places - drift, 0.7), 1.6)
    record, present = (noise + drift) / places, noise / drift
    return Credibility(places, drift, relaxation, noise, min(max(record, 1.0), 20.0), min(max(present, 2.0), 30.0))
