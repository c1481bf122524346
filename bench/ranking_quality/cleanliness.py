"""How clean places truly are over time, in the stars that a typical visitor would give."""

from math import erf, exp, sqrt

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS_PER_DAY = 4
"""The state is held for six hours: a cleaning round."""

MANAGEMENT_DAYS = 3 * 365.0
"""Mean time between changes of management, in days: a cleaning contract lasts two to four years. Chosen."""

RATING_SD = 1.2
"""Of a rating around the state of that moment, before it is rounded to 1 to 5. With the drift, the stars of one place
then have the standard deviation 1.1 of STARS_SIGMA."""


def ornstein_uhlenbeck(random: Generator, places: int, steps: int, relaxation_steps: float, sd: float) -> Floats:
    """Draw stationary paths of the Ornstein-Uhlenbeck process about 0, exactly at each step.

    Args:
        random: where chance comes from.
        places: how many paths.
        steps: how long.
        relaxation_steps: after which the correlation has fallen to 1/e.
        sd: stationary standard deviation.

    Returns:
        places by steps.
    """
    kept = exp(-1 / relaxation_steps)
    shocks = sd * random.standard_normal((steps, places))
    shocks[1:] *= sqrt(1 - kept**2)
    for step in range(1, steps):
        shocks[step] += kept * shocks[step - 1]
    return shocks.T


def long_run_means(random: Generator, places: int, steps: int, town_mean: float, sd: float) -> Floats:
    """Draw what each place returns to, drawn anew whenever its management changes: places by steps.

    Args:
        random: where chance comes from.
        places: how many paths.
        steps: how long.
        town_mean: of the means.
        sd: of the means.
    """
    changes = random.random((places, steps)) < 1 / (MANAGEMENT_DAYS * STEPS_PER_DAY)
    reign = np.cumsum(changes, axis=1, dtype=np.int64)
    means = random.normal(town_mean, sd, (places, int(reign.max()) + 1))
    return np.take_along_axis(means, reign, axis=1)


def expected_stars(felt: Floats) -> Floats:
    """Mean of the stars that visitors give to what they feel: chance rounds it, and the scale ends at 1 and 5.

    1 + Σ P(felt + noise > k + 0.5) for k = 1 to 4. So a ranker that averages stars is not wrong by construction.
    """
    grid = np.linspace(-2.0, 8.0, 2001)
    thresholds = (1.5, 2.5, 3.5, 4.5)
    table = [1 + sum(0.5 + 0.5 * erf((x - t) / (RATING_SD * sqrt(2))) for t in thresholds) for x in grid]
    return np.interp(felt, grid, table)
