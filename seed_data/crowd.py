"""Invented ratings for the demo city; each says that it is one."""

from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select

from geo.crowd import devices, ratings
from geo.database import Session
from geo.facilities.models import Facility

RATERS = 12
"""Enough that a busy place has a dozen opinions."""

SEED = 60_1699
"""Any number: the same city each time."""

RATED_SHARE = 0.7
"""Some places are left unrated, as anywhere."""

OLDEST = timedelta(days=240)
"""Old enough that the decay shows."""

COMMENTS = {
    1: "Demo rating: out of paper, and the floor was wet.",
    2: "Demo rating: it had seen better days.",
    3: "Demo rating: fine in a hurry.",
    4: "Demo rating: clean, and no queue.",
    5: "Demo rating: spotless, with warm water.",
}


def add_ratings(session: Session, as_of: datetime) -> int:
    """Rate most facilities a few times over the last months.

    Returns:
        How many ratings were given.
    """
    random = Random(SEED)  # noqa: S311 - a demo, not a secret
    raters = [devices.register(session, as_of).device_id for _ in range(RATERS)]
    given = 0
    for facility_id in session.scalars(select(Facility.id).order_by(Facility.id)).all():
        if random.random() > RATED_SHARE:
            continue
        cleanliness = random.gauss(3.7, 0.9)
        for rater in random.sample(raters, random.randint(1, RATERS)):
            stars = min(5, max(1, round(random.gauss(cleanliness, 0.7))))
            comment = COMMENTS[stars] if random.random() < 0.4 else None
            observed = {"soap": random.choice(("yes", "yes", "no"))}
            said = ratings.NewRating(stars, comment, observed)
            ratings.rate(session, facility_id, rater, said, as_of - random.random() * OLDEST, demo=True)
            given += 1
    return given
