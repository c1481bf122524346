"""An area of too many facilities is refused before they are judged, and the problem names the parameter."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.facilities.ranking import MOST_LOOKED_AT
from tests.api.route_requests import request_stops
from tests.factories import add_facility

LON, LAT = 24.94, 60.17
MOST = 3
AROUND = f"lat={LAT}&lon={LON}"
FULL_KM_AWAY = 2.5
"""Farther away than a disc that is not counted."""


@pytest.fixture
def places(session: Session) -> list[int]:
    """One facility more than a search looks at, while this test lasts; none offers a shower."""
    session.execute(
        text(
            "CREATE OR REPLACE FUNCTION facility_search.most_looked_at() RETURNS float8 "
            f"LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {MOST}::float8"
        )
    )
    return [add_facility(session, LON, LAT + FULL_KM_AWAY / 111 + step / 100_000) for step in range(MOST + 1)]


def refused(response: Any) -> list[str]:
    assert response.status_code == 422, response.text
    assert f"more than {MOST_LOOKED_AT:,} facilities" in response.get_json(force=True)["detail"]
    return [error["name"] for error in response.get_json(force=True)["errors"]]


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("more", ["", "&kind=shower", "&open=now"])
def test_a_full_box_is_refused_whatever_it_offers(client: FlaskClient, more: str) -> None:
    assert refused(client.get(f"/v1/facilities?bbox=24,60,25,61{more}")) == ["bbox"]


@pytest.mark.parametrize(
    "full", ["bbox=24,60,25,61", f"{AROUND}&radius_m=5000&rank=cleanliness", f"{AROUND}&kind=shower&radius_m=5000"]
)
def test_an_area_of_the_most_facilities_is_searched(
    client: FlaskClient, session: Session, places: list[int], full: str
) -> None:
    session.execute(text("UPDATE facility SET status = 'closed' WHERE id = :id"), {"id": places[0]})
    response = client.get(f"/v1/facilities?{full}")
    assert response.status_code == 200
    assert len(response.get_json(force=True)["features"]) == (0 if "shower" in full else MOST)


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("more", ["rank=cleanliness", "kind=shower", "mode=drive"])
def test_a_full_disc_is_refused(client: FlaskClient, more: str) -> None:
    assert refused(client.get(f"/v1/facilities?{AROUND}&radius_m=5000&{more}")) == ["radius_m"]


@pytest.mark.usefixtures("places")
def test_a_full_disc_is_searched_where_the_best_are_near(client: FlaskClient, session: Session) -> None:
    nearest, *_ = [add_facility(session, LON, LAT) for _ in range(20)]
    response = client.get(f"/v1/facilities?{AROUND}&radius_m=5000&limit=1&rank=distance")
    assert [feature["id"] for feature in response.get_json(force=True)["features"]] == [nearest]


def test_a_search_does_not_widen_to_a_full_disc(client: FlaskClient, session: Session, places: list[int]) -> None:
    response = client.get(f"/v1/facilities?{AROUND}&kind=shower")
    assert (response.status_code, response.get_json(force=True)["features"]) == (200, [])
    session.execute(text("DELETE FROM facility WHERE id = ANY (:ids)"), {"ids": places[1:]})
    add_facility(session, LON, LAT + FULL_KM_AWAY / 111, kind="shower")
    response = client.get(f"/v1/facilities?{AROUND}&kind=shower")
    assert [len(response.get_json(force=True)["features"]), response.get_json(force=True)["widened"]] == [1, True]


@pytest.mark.usefixtures("places")
def test_regions_are_those_of_the_largest_disc_that_is_not_full(client: FlaskClient, session: Session) -> None:
    near = add_facility(session, LON, LAT, kind="shower")
    document = client.get(f"/v1/fences?{AROUND}&kind=shower").get_json(force=True)
    assert [feature["id"] for feature in document["features"]] == [near]
    assert document["refresh_region"]["properties"]["radius_m"] < 1_000 * FULL_KM_AWAY


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("kind", ["toilets", "shower"])
def test_a_route_through_too_many_facilities_is_refused(client: FlaskClient, session: Session, kind: str) -> None:
    session.execute(text("UPDATE facility SET location = ST_Point(10, 0.5, 4326)"))
    add_facility(session, 10.0, 0.5, kind="shower")
    problem = request_stops(client, needs={"kind": [kind]})
    assert problem.status_code == 422
    assert [error["name"] for error in problem.get_json(force=True)["errors"]] == ["max_offset_m"]
