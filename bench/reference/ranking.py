"""The ranking of geo/sql/30_search.sql in Python, for tests and the bench."""

from geo.facilities.ranking import MAX_STARS, Ranking


def utility(q: float, sd: float, distance_km: float, ranking: Ranking) -> float:
    """Return the utility of a facility. Results are ordered by descending utility, then by id.

    Args:
        q: quality in stars.
        sd: its standard deviation in stars.
        distance_km: great-circle distance.
        ranking: one of RANKINGS.

    Returns:
        The utility in stars.
    """
    sure_stars = q - ranking.kappa * sd
    return ranking.quality_weight * sure_stars - ranking.beta_stars_per_km * distance_km


def reach_km(kth_utility: float, ranking: Ranking) -> float:
    """Return the distance beyond which no facility is better than the k-th best one known so far."""
    return (MAX_STARS * ranking.quality_weight - kth_utility) / ranking.beta_stars_per_km
