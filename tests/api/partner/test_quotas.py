"""The RateLimit fields of a partner's quota, and the response when it is used up."""

from typing import Any

import http_sf
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from geo.partners import registry, usage
from geo.partners.quotas import GRANT_LIFETIME
from tests.api.partner.conftest import SEARCH, KnownPartner, add_partner
from tests.api.problem_documents import problem
from tests.conftest import TestClock
from tests.factories import bearer

QUOTA = 60
HALF_A_DAY_S = 43_200


def limit_field(response: TestResponse, name: str) -> tuple[str, dict[str, Any]]:
    """The one item of a field, as a parser of structured fields reads it."""
    ((policy, parameters),) = http_sf.parse(response.headers[name].encode(), tltype="list")
    return policy, parameters


@pytest.fixture
def small(session: Session, clock: TestClock) -> KnownPartner:
    return add_partner(session, "Small", "https://small.example", clock, quota=QUOTA)


def test_every_response_reports_the_remaining_quota(client: FlaskClient, small: KnownPartner) -> None:
    for left in (QUOTA - 1, QUOTA - 2, QUOTA - 3):
        response = client.get(SEARCH, headers=bearer(small.secret.key))
        assert limit_field(response, "RateLimit-Policy") == ("day", {"q": QUOTA, "w": 86_400})
        assert limit_field(response, "RateLimit") == ("day", {"r": left, "t": HALF_A_DAY_S})


def test_the_quota_is_exact_for_one_process(client: FlaskClient, small: KnownPartner, session: Session) -> None:
    answers = [client.get(SEARCH, headers=bearer(small.secret.key)) for _ in range(QUOTA + 1)]
    assert [answer.status_code for answer in answers] == [200] * QUOTA + [429]
    refused = answers[-1]
    document = problem(refused, 429)
    assert document["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert document["violated-policies"] == ["day"]
    assert limit_field(refused, "RateLimit") == ("day", {"r": 0, "t": HALF_A_DAY_S})
    assert refused.headers["Retry-After"] == str(HALF_A_DAY_S)
    (day,) = usage.by_day(session, small.partner_id)
    assert day.granted == QUOTA


def test_a_refusal_at_the_end_of_the_quota_writes_nothing(
    client: FlaskClient, small: KnownPartner, statements: list[str]
) -> None:
    for _ in range(QUOTA + 1):
        client.get(SEARCH, headers=bearer(small.secret.key))
    statements.clear()
    for _ in range(10):
        assert client.get(SEARCH, headers=bearer(small.secret.key)).status_code == 429
    assert statements == []


def test_the_next_day_brings_a_new_quota(
    client: FlaskClient, small: KnownPartner, session: Session, clock: TestClock
) -> None:
    for _ in range(QUOTA + 1):
        client.get(SEARCH, headers=bearer(small.secret.key))
    clock.advance(seconds=HALF_A_DAY_S - 1)
    assert client.get(SEARCH, headers=bearer(small.secret.key)).status_code == 429
    clock.advance(seconds=1)
    response = client.get(SEARCH, headers=bearer(small.secret.key))
    assert limit_field(response, "RateLimit") == ("day", {"r": QUOTA - 1, "t": 2 * HALF_A_DAY_S})
    assert [(day.day.day, day.served) for day in usage.by_day(session, small.partner_id)] == [(21, 0), (20, QUOTA)]


def test_a_changed_quota_takes_effect_within_the_lifetime_of_a_grant(
    client: FlaskClient, small: KnownPartner, session: Session, clock: TestClock
) -> None:
    for _ in range(QUOTA + 1):
        client.get(SEARCH, headers=bearer(small.secret.key))
    registry.set_quota(session, small.partner_id, QUOTA + 5)
    clock.advance(seconds=GRANT_LIFETIME.total_seconds())
    answers = [client.get(SEARCH, headers=bearer(small.secret.key)).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_a_hundred_reads_cost_few_writes(client: FlaskClient, acme: KnownPartner, statements: list[str]) -> None:
    for _ in range(100):
        client.get(SEARCH, headers=bearer(acme.secret.key))
    writes = [statement for statement in statements if statement.lstrip().startswith(("INSERT", "UPDATE"))]
    assert len(writes) == 2


def test_both_kinds_of_key_share_the_partners_quota(client: FlaskClient, small: KnownPartner) -> None:
    page = bearer(small.publishable.key) | {"Origin": small.origin}
    client.get(SEARCH, headers=page)
    assert limit_field(client.get(SEARCH, headers=bearer(small.secret.key)), "RateLimit")[1]["r"] == QUOTA - 2


def test_requests_refused_for_their_key_do_not_count(client: FlaskClient, small: KnownPartner) -> None:
    client.get(SEARCH, headers=bearer(small.publishable.key))
    client.get(SEARCH, headers=bearer(small.secret.key) | {"Origin": small.origin})
    client.get(SEARCH)
    assert limit_field(client.get(SEARCH, headers=bearer(small.secret.key)), "RateLimit")[1]["r"] == QUOTA - 1


def test_each_partner_has_its_own_quota(client: FlaskClient, small: KnownPartner, acme: KnownPartner) -> None:
    for _ in range(QUOTA + 1):
        client.get(SEARCH, headers=bearer(small.secret.key))
    response = client.get(SEARCH, headers=bearer(acme.secret.key))
    assert limit_field(response, "RateLimit")[1]["r"] == registry.DAILY_QUOTA - 1
