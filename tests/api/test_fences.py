"""GET /v1/fences over HTTP: GeoJSON, a public cache, the caller's language, and nothing that makes no sense."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.fences import examples as fences_examples
from api.fences.schemas import FenceCollection
from geo.ahead.fences import cells
from geo.coordinates import Point
from tests.api.problem_documents import named, problem
from tests.conftest import TestClock
from tests.factories import add_facility, add_rating

HERE = "lat=60.1699&lon=24.9384"
CELL = cells.cell_at(Point(24.9384, 60.1699), 8)


def get(client: FlaskClient, query: str = HERE, **headers: str) -> dict[str, Any]:
    response = client.get(f"/v1/fences?{query}", headers=headers)
    assert response.status_code == 200, response.text
    assert response.content_type == "application/geo+json"
    document: dict[str, Any] = response.get_json(force=True)
    assert not FenceCollection().validate(document)
    return document


def add_line(session: Session, count: int) -> list[int]:
    """Places 400 m apart, northwards."""
    return [add_facility(session, 24.9384, 60.1699 + step * 0.0036) for step in range(count)]


def test_the_example_matches_its_schema() -> None:
    assert not FenceCollection().validate(fences_examples.FENCES)


@pytest.mark.parametrize(
    ("parameters", "count"), [("", 19), ("&platform=ios", 19), ("&platform=android", 99), ("&limit=5", 5)]
)
def test_a_platform_gets_at_most_its_limit_including_the_refresh_region(
    client: FlaskClient, session: Session, parameters: str, count: int
) -> None:
    add_line(session, 120)
    assert len(get(client, HERE + parameters)["features"]) == count


def test_regions_have_toilets_by_default(client: FlaskClient, session: Session) -> None:
    toilets = add_facility(session, 24.9384, 60.1699)
    water = add_facility(session, 24.9384, 60.1799, kind="drinking_water")
    for query, regions in (("", [toilets]), ("&kind=any", [toilets, water]), ("&kind=drinking_water", [water])):
        assert [region["id"] for region in get(client, HERE + query)["features"]] == regions


def test_a_region_has_a_dwell_time_and_a_text_in_the_callers_language(
    client: FlaskClient, session: Session, clock: TestClock
) -> None:
    facility = add_facility(session, 24.9384, 60.1699, name="Asema-aukio")
    for _ in range(4):
        add_rating(session, facility, 5, clock())
    (region,) = get(client)["features"]
    shown = region["properties"]
    assert (region["id"], shown["radius_m"], shown["dwell_s"]) == (facility, 150, 90)
    assert shown["text"] == "Close by: Asema-aukio, rated 4.6 of 5."
    assert get(client, **{"Accept-Language": "de"})["features"][0]["properties"]["text"] == (
        "Asema-aukio: ganz in der Nähe, mit 4,6 von 5 bewertet."
    )


def test_an_empty_set_has_a_note_and_a_refresh_region(client: FlaskClient) -> None:
    document = get(client)
    assert (document["features"], document["attribution"]) == ([], [])
    assert document["note"]
    assert document["refresh_region"]["properties"]["radius_m"] > 20_000


def test_a_response_is_cacheable_and_revalidated(client: FlaskClient, session: Session) -> None:
    add_line(session, 3)
    first = client.get(f"/v1/fences?{HERE}")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert "Accept-Language" in first.headers["Vary"]
    again = client.get(f"/v1/fences?{HERE}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    finnish = {"If-None-Match": first.headers["ETag"], "Accept-Language": "fi"}
    assert client.get(f"/v1/fences?{HERE}", headers=finnish).status_code == 200


def test_every_point_of_a_cell_gets_the_same_response(client: FlaskClient, session: Session) -> None:
    add_line(session, 100)
    document = get(client, f"cell={CELL}")
    centre = cells.centre(CELL)
    assert document["refresh_region"]["geometry"]["coordinates"] == [centre.lon, centre.lat]
    assert document["refresh_region"]["properties"]["radius_m"] >= cells.spread_m(8)


def test_a_cell_too_coarse_for_its_places_is_refused_and_the_parameter_named(
    client: FlaskClient, session: Session
) -> None:
    add_line(session, 100)
    response = client.get(f"/v1/fences?cell={cells.cell_at(Point(24.9384, 60.1699), 6)}")
    assert named(response) == [("query", "cell")]
    assert "one of resolution 8 or finer" in problem(response, 422)["detail"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["lat", "lon"]),
        ("lat=1", ["lon"]),
        ("lat=91&lon=0", ["lat"]),
        ("lat=nan&lon=0", ["lat"]),
        ("lat=0&lon=0&lon=1", ["lon"]),
        (f"{HERE}&cell={CELL}", ["lat", "lon"]),
        (f"cell={CELL}&heading_deg=5", ["heading_deg"]),
        ("cell=", ["cell"]),
        (f"cell={CELL.upper()}", ["cell"]),
        ("cell=881126d33ffffff", ["cell"]),
        ("cell=zzzzzzzzzzzzzzz", ["cell"]),
        (f"cell={cells.cell_at(Point(0, 0), 11)}", ["cell"]),
        (f"cell={cells.cell_at(Point(0, 0), 4)}", ["cell"]),
        (f"{HERE}&heading_deg=361", ["heading_deg"]),
        (f"{HERE}&platform=palm", ["platform"]),
        (f"{HERE}&limit=0", ["limit"]),
        (f"{HERE}&limit=101", ["limit"]),
        (f"{HERE}&limit=5&platform=ios", ["limit"]),
        (f"{HERE}&kind=sauna", ["kind"]),
        (f"{HERE}&open=now", ["open"]),
        (f"{HERE}&colour=red", ["colour"]),
    ],
)
@pytest.mark.usefixtures("nothing_changes")
def test_a_bad_value_in_the_query_is_named(client: FlaskClient, query: str, names: list[str]) -> None:
    response = client.get(f"/v1/fences?{query}")
    assert sorted(set(named(response))) == [("query", name) for name in names]
