"""What a partner proposes with a secret key of the scope for it."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.http import limits
from geo.crowd.models import Proposal
from geo.partners import issued_keys
from geo.partners.issued_keys import KeyTerms, NewKey
from tests.api.partner.conftest import SEARCH, KnownPartner
from tests.api.problem_documents import named, problem
from tests.conftest import TestClock
from tests.factories import bearer

PROPOSALS = "/partner/v1/proposals"
NEW = {"lat": 60.1, "lon": 24.9, "attributes": {"kind": "toilets", "name": "Kiosk"}}


@pytest.fixture
def writer(session: Session, acme: KnownPartner, clock: TestClock) -> NewKey:
    return issued_keys.issue(session, acme.partner_id, KeyTerms("secret", scopes=("proposals:write",)), clock())


def test_a_proposal_enters_the_queue_under_the_partners_name(
    client: FlaskClient, session: Session, acme: KnownPartner, writer: NewKey
) -> None:
    response = client.post(PROPOSALS, json=NEW, headers=bearer(writer.key))
    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "no-store"
    assert "RateLimit" in response.headers
    (proposal,) = session.execute(select(Proposal)).scalars()
    assert (proposal.id, proposal.partner_id, proposal.device_id) == (response.json["id"], acme.partner_id, None)
    assert client.get("/v1/facilities?lat=60.1&lon=24.9").json["features"] == []


def test_a_change_to_an_unknown_place_is_refused(client: FlaskClient, place: int, writer: NewKey) -> None:
    change = {"facility_id": place, "attributes": {"wheelchair": "yes"}}
    assert client.post(PROPOSALS, json=change, headers=bearer(writer.key)).status_code == 201
    problem(client.post(PROPOSALS, json=change | {"facility_id": place + 1}, headers=bearer(writer.key)), 404)


def test_a_read_only_key_cannot_propose(client: FlaskClient, acme: KnownPartner, writer: NewKey) -> None:
    problem(client.post(PROPOSALS, json=NEW, headers=bearer(acme.secret.key)), 403)
    page = bearer(acme.publishable.key) | {"Origin": acme.origin}
    problem(client.post(PROPOSALS, json=NEW, headers=page), 403)
    problem(client.get(SEARCH, headers=bearer(writer.key)), 403)


def test_an_invalid_value_is_named(client: FlaskClient, writer: NewKey) -> None:
    response = client.post(PROPOSALS, json=NEW | {"lat": 91}, headers=bearer(writer.key))
    assert named(response) == [("body", "lat")]


def test_proposals_have_their_own_limit(client: FlaskClient, writer: NewKey, clock: TestClock) -> None:
    for _ in range(limits.PROPOSALS.burst):
        assert client.post(PROPOSALS, json=NEW, headers=bearer(writer.key)).status_code == 201
    refused = client.post(PROPOSALS, json=NEW, headers=bearer(writer.key))
    assert problem(refused, 429)["violated-policies"] == ["proposals"]
    clock.advance(seconds=int(refused.headers["Retry-After"]))
    assert client.post(PROPOSALS, json=NEW, headers=bearer(writer.key)).status_code == 201
