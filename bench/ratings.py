"""Ratings that the API acknowledges, which are on disk then: spread over facilities, and all of one."""

import hashlib
from collections.abc import Sequence
from itertools import count
from random import Random

import orjson
from sqlalchemy import text

from bench import wrk
from bench.row import NotMeasured, Row
from bench.run import Run
from bench.server import product
from bench.slices import ROUNDS, medians
from bench.world import OLDEST_DAYS
from geo.crowd import ratings
from geo.crowd.devices import TOKEN_PREFIX

CLIENTS = 8

HOT_RATINGS = 10_000
"""Ratings that the one facility has before."""

MOST_RATES = 2_000
"""Ratings a second that there are devices for: each device rates a place once, as a second time is another case."""

_DEVICES = text(
    """
    INSERT INTO device (token_digest, created_at, expires_at)
    SELECT digest, now() - interval '1 year', now() + interval '1 year' FROM unnest(CAST(:digests AS bytea[])) AS digest
    """
)

# Each from a network of its own, as those of a busy place come from many.
_HOT_RATINGS = text(
    """
    INSERT INTO rating (facility_id, device_id, stars, rated_at, network)
    SELECT :facility_id, id, 1 + id % 5, now() - (id % :oldest_days) * interval '1 day', substr(token_digest, 1, 16)
    FROM device WHERE token_digest = ANY (CAST(:digests AS bytea[]))
    """
)


def rows(run: Run) -> list[Row]:
    """Closed loops, in turns; nobody rates the same place twice."""
    raters = _raters(run, HOT_RATINGS + MOST_RATES * run.slice_s * (1 + ROUNDS))
    with run.database.read() as session:
        facility_ids = (
            session.execute(text("SELECT id FROM facility WHERE status = 'active' ORDER BY id")).scalars().all()
        )
    hot = facility_ids[len(facility_ids) // 2]
    _rate_before(run, hot, raters[:HOT_RATINGS])
    spread_turn, hot_turn, random = count(), count(), Random(4)  # noqa: S311 - a measurement, not a secret

    def load(turn: int, choices: Sequence[int]) -> float:
        """One slice, by devices that no other slice of its kind has."""
        size = MOST_RATES * run.slice_s
        devices = raters[HOT_RATINGS + turn * size : HOT_RATINGS + (turn + 1) * size]
        requests = [_request(random.choice(choices), device, random.randint(1, 5)) for device in devices]
        seen = wrk.load(server.port, requests, run.slice_s, CLIENTS)
        if seen.requests > len(requests):
            raise NotMeasured(f"more than {MOST_RATES} ratings a second: the devices did not suffice")
        return seen.rate

    # Behind one trusted proxy, so that devices have networks, which weigh what they say.
    with product(run.url, TRUSTED_PROXIES="1") as server:
        spread_rate, hot_rate = medians(
            lambda: load(next(spread_turn), facility_ids), lambda: load(next(hot_turn), [hot])
        )
    return [
        Row(f"ratings, {CLIENTS} clients, spread", spread_rate, None, "/s"),
        Row(f"ratings, all on one that has {HOT_RATINGS:,}", hot_rate, spread_rate, "/s", "spread", "≥ 0.3"),
    ]


def _raters(run: Run, number: int) -> Sequence[str]:
    """Tokens of new devices, old enough to be believed."""
    tokens = [f"{TOKEN_PREFIX}bench-{rater}" for rater in range(number)]
    with run.database.write() as session:
        session.execute(_DEVICES, {"digests": _digests(tokens)})
        session.commit()
    return tokens


def _rate_before(run: Run, facility_id: int, tokens: Sequence[str]) -> None:
    """Give the facility a rating by each device."""
    parameters = {"facility_id": facility_id, "oldest_days": OLDEST_DAYS, "digests": _digests(tokens)}
    with run.database.write() as session:
        session.execute(_HOT_RATINGS, parameters)
        ratings.recompute(session, [facility_id])
        session.commit()
    with run.database.connection() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE device, rating"))


def _digests(tokens: Sequence[str]) -> list[bytes]:
    return [hashlib.sha256(token.encode()).digest() for token in tokens]


def _request(facility_id: int, token: str, stars: int) -> bytes:
    """A rating from the token's own network."""
    digest = hashlib.sha256(token.encode()).digest()
    header = [
        ("Authorization", f"Bearer {token}"),
        ("Content-Type", "application/json"),
        ("X-Forwarded-For", f"{1 + digest[0] % 223}.{digest[1]}.{digest[2]}.1"),
    ]
    return wrk.raw_request(
        f"/v1/facilities/{facility_id}/rating", "PUT", header, orjson.dumps({"stars": stars}).decode()
    )
