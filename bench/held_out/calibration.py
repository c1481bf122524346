"""Turns an estimate in stars into the probability that the next rating likes the place.

Each rule has its own calibration, fitted on its earlier predictions only (logistic recalibration, Cox 1958). All rules
have it alike, so that the log-loss compares what they know and not on which scale they say it.
"""

from typing import NamedTuple

import numpy as np

from bench.held_out.record import Floats

LIKED_STARS = 4
"""A rating of at least so many stars likes the place; so does a vote of +1."""

MARGIN = 0.01
"""Estimates are kept this far from the ends of the scale, as a share of it: a mean of 5 stars is no certainty."""

STEPS = 100
"""Newton steps at most. A fit takes about five."""

TOLERANCE = 1e-12
"""Length of a Newton step at which a fit ends."""


class Calibration(NamedTuple):
    """P = 1 / (1 + e^-(intercept + slope·x)), x the logit of the place of the estimate on the scale from 1 to 5."""

    intercept: float = 0.0
    slope: float = 1.0


def logit(stars: Floats) -> Floats:
    """Return x of estimates in stars."""
    share = np.clip((stars - 1) / 4, MARGIN, 1 - MARGIN)
    x: Floats = np.log(share / (1 - share))
    return x


def log_loss(x: Floats, liked: Floats, calibration: Calibration) -> Floats:
    """Return -ln of the probability that each outcome had, in nats.

    Args:
        x: the estimates.
        liked: 1 or 0.
        calibration: of their rule.
    """
    z = calibration.intercept + calibration.slope * x
    loss: Floats = np.logaddexp(0.0, z) - liked * z
    return loss


def fit(x: Floats, liked: Floats, start: Calibration) -> Calibration:
    """Fit a calibration to known outcomes.

    It is the mode with a standard normal prior about the plain one (intercept 0, slope 1), so that few outcomes change
    little and the fit is always finite.
    """
    at = np.array(start)
    design = np.stack([np.ones_like(x), x])
    plain = np.array(Calibration())

    def loss(where: Floats) -> float:
        return float(log_loss(x, liked, Calibration(*where)).sum() + ((where - plain) ** 2).sum() / 2)

    for _ in range(STEPS):
        z = at @ design
        probability = np.exp(-np.logaddexp(0.0, -z))
        gradient = design @ (probability - liked) + at - plain
        step = np.linalg.solve((design * probability * (1 - probability)) @ design.T + np.eye(2), gradient)
        while loss(at - step) > loss(at) and np.abs(step).max() > TOLERANCE:
            step = step / 2
        at = at - step
        if np.abs(step).max() <= TOLERANCE:
            break
    return Calibration(*at.tolist())
