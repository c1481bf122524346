"""The score interval for a share (E. B. Wilson, JASA 22, 1927, p. 209)."""

from math import sqrt

Z_95_PERCENT = 1.959963984540054
"""Standard normal quantile of 0.975, which leaves 2.5 % on either side."""


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share, such as the visitors who found soap.

    Args:
        successes: number of yes answers, 0 to ``trials``.
        trials: number of answers.

    Returns:
        Lower and upper bound of the share, between 0 and 1; (0, 1) without answers.
    """
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    z2 = Z_95_PERCENT**2
    centre = share + z2 / (2 * trials)
    margin = Z_95_PERCENT * sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    scale = 1 + z2 / trials
    return max(0.0, (centre - margin) / scale), min(1.0, (centre + margin) / scale)
