"""Finding a place over HTTP: what a search answers, in one statement."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.facilities.attributes import ATTRIBUTES, Attribute
from geo.facilities.ranking import RANKINGS
from tests.conftest import NOON, TestClock
from tests.factories import add_facility, add_rating


def ids(client: FlaskClient, query: str) -> list[int]:
    response = client.get(f"/v1/facilities?{query}")
    assert response.status_code == 200, response.text
    return [feature["id"] for feature in response.get_json(force=True)["features"]]


@pytest.mark.parametrize(
    "query",
    [
        "lat=60.17&lon=24.94",
        "lat=-60&lon=-170&limit=100&open=arrival&kind=toilets&rank=cleanliness&mode=drive&explain=true&verdict=sit",
        "bbox=24,60,25,61",
        "bbox=179,-1,-179,1&open=now,unknown&wheelchair=yes,limited",
    ],
)
def test_a_search_is_one_statement(client: FlaskClient, place: int, statements: list[str], query: str) -> None:
    del statements[:]
    assert client.get(f"/v1/facilities?{query}").status_code == 200
    assert len(statements) == 1, (place, statements)


def test_a_304_costs_one_query_of_the_snapshot(client: FlaskClient, place: int, statements: list[str]) -> None:
    for path in ("/v1/facilities?lat=60.17&lon=24.94", f"/v1/facilities/{place}", f"/v1/facilities/{place}/ratings"):
        tag = client.get(path).headers["ETag"]
        del statements[:]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
        assert statements == ["SELECT pg_current_snapshot()::text AS version"]


def test_a_search_returns_geojson_with_every_property_that_a_phone_shows(
    client: FlaskClient, session: Session, place: int, clock: TestClock
) -> None:
    add_rating(session, place, 5, clock())
    response = client.get("/v1/facilities?lat=60.1699&lon=24.9384&explain=true")
    assert response.content_type == "application/geo+json"
    answer = response.get_json(force=True)
    assert (answer["type"], answer["as_of"], answer["widened"], answer["note"]) == (
        "FeatureCollection",
        "2026-11-20T12:00:00Z",
        False,
        None,
    )
    feature = answer["features"][0]
    assert feature["geometry"] == {"type": "Point", "coordinates": [24.9384, 60.1699]}
    shown = feature["properties"]
    assert (shown["name"], shown["distance_m"], shown["duration_s"]) == ("Asema-aukio", 0, 0)
    assert (shown["rating"]["mean"], shown["rating"]["count"]) == (5, 1)
    assert shown["explain"]["utility"] == pytest.approx(shown["rating"]["quality"], abs=1e-4)


def test_the_explanation_of_an_unrated_place_is_its_prior(client: FlaskClient, session: Session, place: int) -> None:
    def explained() -> dict[str, Any]:
        feature = client.get("/v1/facilities?lat=60.1699&lon=24.9384&explain=true").get_json(force=True)["features"][0]
        return {**feature["properties"]["explain"]["prior"], "quality": feature["properties"]["rating"]["quality"]}

    assert explained() == {"stars": 3.6, "group": None, "weight": 1, "quality": 3.6}
    session.execute(
        text("UPDATE facility SET prior_stars = 4.25, prior_group = 'operator:Helsinki' WHERE id = :id"), {"id": place}
    )
    assert explained() == {"stars": 4.25, "group": "operator:Helsinki", "weight": 1, "quality": 4.25}


def test_an_explanation_takes_one_more_statement(client: FlaskClient, place: int, statements: list[str]) -> None:
    del statements[:]
    assert ids(client, "lat=60.17&lon=24.94&explain=true") == [place]
    assert len(statements) == 2


def test_the_prior_counts_less_with_each_rating(
    client: FlaskClient, session: Session, place: int, clock: TestClock
) -> None:
    for ratings in range(1, 4):
        add_rating(session, place, 4, clock())
        feature = client.get("/v1/facilities?lat=60.1699&lon=24.9384&explain=true").get_json(force=True)["features"][0]
        weight = feature["properties"]["explain"]["prior"]["weight"]
        assert weight == pytest.approx(5 / (5 + ratings))


@pytest.mark.parametrize(("rank", "mode"), RANKINGS)
def test_the_terms_of_the_explanation_add_up(
    client: FlaskClient, session: Session, place: int, rank: str, mode: str
) -> None:
    add_rating(session, place, 3, NOON)
    query = f"lat=60.175&lon=24.95&explain=true&rank={rank}&mode={mode}"
    feature = client.get(f"/v1/facilities?{query}").get_json(force=True)["features"][0]
    terms, distance_m = feature["properties"]["explain"], feature["properties"]["distance_m"]
    assert terms["utility"] == pytest.approx(terms["quality_term"] + terms["distance_term"])
    assert terms["quality_term"] == pytest.approx(
        terms["quality_weight"] * terms["quality"] - terms["kappa"] * terms["sd"]
    )
    assert terms["distance_term"] == pytest.approx(-terms["beta_stars_per_km"] * distance_m / 1000, abs=1e-3)


def test_a_box_across_the_antimeridian_returns_both_sides(client: FlaskClient, session: Session) -> None:
    west, east = add_facility(session, 179.5, -16.8), add_facility(session, -179.5, -16.8)
    add_facility(session, 0, -16.8)
    assert set(ids(client, "bbox=179,-17,-179,-16")) == {west, east}
    assert ids(client, "bbox=-180,-17,-179,-16") == [east]


def test_a_box_has_no_distances(client: FlaskClient, place: int) -> None:
    answer = client.get("/v1/facilities?bbox=24,60,25,61").get_json(force=True)
    assert [feature["id"] for feature in answer["features"]] == [place]
    shown = answer["features"][0]["properties"]
    assert (shown["distance_m"], shown["bearing_deg"], shown["duration_s"]) == (None, None, None)


def test_a_search_without_near_results_is_widened_and_reports_it(client: FlaskClient, place: int) -> None:
    answer = client.get("/v1/facilities?lat=60.2&lon=24.94&radius_m=500").get_json(force=True)
    assert [feature["id"] for feature in answer["features"]] == [place]
    assert answer["widened"] is True
    distance_m = round(answer["features"][0]["properties"]["distance_m"])
    assert answer["note"] == (
        f"Nothing within 500 m meets these needs. The nearest that does is {distance_m:,} m away;"
        " these are the best within twice that distance."
    )


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("lat=60.17&lon=24.94&kind=shower", "Nothing within 100 km meets these needs."),
        ("lat=0&lon=0", "Nothing within 100 km meets these needs."),
        ("bbox=0,0,1,1", "No facility in this box meets these needs."),
    ],
)
def test_an_empty_response_has_a_note(client: FlaskClient, place: int, query: str, note: str) -> None:
    answer = client.get(f"/v1/facilities?{query}").get_json(force=True)
    assert (answer["features"], answer["widened"], answer["note"]) == ([], False, note), place


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda attribute: attribute.name)
def test_each_attribute_is_a_filter_and_a_property(client: FlaskClient, session: Session, attribute: Attribute) -> None:
    values = (*attribute.words, None)
    # Toilets that deny their own kind are not found as toilets.
    kind = "shower" if attribute.name == "toilets" else "toilets"
    by_value = {value: add_facility(session, 24.94, 60.17, kind=kind, **{attribute.name: value}) for value in values}
    for value, facility_id in by_value.items():
        query = f"lat=60.17&lon=24.94&kind={kind}&{attribute.name}={value or 'unknown'}"
        assert ids(client, query) == [facility_id]
        properties = client.get(f"/v1/facilities/{facility_id}").get_json(force=True)["properties"]
        assert properties[attribute.name] == value
    first, second = attribute.words[:2]
    two = f"lat=60.17&lon=24.94&kind={kind}&{attribute.name}={first},{second}"
    assert ids(client, two) == [by_value[first], by_value[second]]


def test_filters_are_combined(client: FlaskClient, session: Session) -> None:
    wanted = add_facility(session, 24.94, 60.17, kind="shower", fee="no", menstrual_products="limited")
    add_facility(session, 24.94, 60.17, kind="shower", fee="yes", menstrual_products="limited")
    query = "kind=shower,drinking_water&fee=no&menstrual_products=yes,limited&verdict=unrated"
    assert ids(client, f"lat=60.17&lon=24.94&{query}") == [wanted]


def test_a_search_without_a_kind_returns_toilets(client: FlaskClient, session: Session) -> None:
    add_facility(session, 24.94, 60.17, kind="drinking_water")
    with_water = add_facility(session, 24.94, 60.17, kind="toilets", drinking_water="yes")
    for where in ("lat=60.17&lon=24.94", "bbox=24,60,25,61"):
        assert ids(client, where) == [with_water]
        assert len(ids(client, f"{where}&kind=any")) == 2
        assert len(ids(client, f"{where}&kind=any,shower")) == 2
        assert len(ids(client, f"{where}&kind=drinking_water")) == 2


def test_private_facilities_are_returned_only_on_request(client: FlaskClient, session: Session) -> None:
    private = add_facility(session, 24.94, 60.17, access="private")
    assert ids(client, "lat=60.17&lon=24.94") == []
    assert ids(client, "lat=60.17&lon=24.94&access=private") == [private]


def test_closed_and_hidden_places_are_not_returned(client: FlaskClient, session: Session) -> None:
    for status in ("closed", "hidden"):
        add_facility(session, 24.94, 60.17, status=status)
    assert ids(client, "lat=60.17&lon=24.94") == []


def test_a_closed_place_can_still_be_read(client: FlaskClient, session: Session) -> None:
    closed = add_facility(session, status="closed")
    assert client.get(f"/v1/facilities/{closed}").get_json(force=True)["properties"]["status"] == "closed"


def test_open_is_evaluated_at_the_requested_instant(client: FlaskClient, session: Session) -> None:
    hours = "{[2026-11-20 09:00+00, 2026-11-20 17:00+00)}"
    place = add_facility(session, 24.94, 60.17, open_during=text(f"'{hours}'"), unknown_during=text("'{}'"))
    add_facility(session, 24.94, 60.17)
    assert ids(client, "lat=60.17&lon=24.94&open=now") == [place]
    assert ids(client, "lat=60.17&lon=24.94&open=2026-11-20T18:59:59%2B02:00") == [place]
    assert ids(client, "lat=60.17&lon=24.94&open=2026-11-20T17:00:00Z") == []
    assert len(ids(client, "lat=60.17&lon=24.94&open=now,unknown")) == 2


def test_one_facility_shows_its_observations_and_its_licence(client: FlaskClient, session: Session) -> None:
    place = add_facility(session)
    session.execute(
        text(
            "WITH source AS (INSERT INTO dataset (name, licence, attribution)"
            " VALUES ('a', 'ODbL-1.0', '© b') RETURNING id)"
            " INSERT INTO facility_source (dataset_id, external_id, facility_id, digest)"
            " SELECT id, 'node/1', :place, decode(repeat('00', 16), 'hex') FROM source"
        ),
        {"place": place},
    )
    answer = client.get(f"/v1/facilities/{place}").get_json(force=True)
    assert answer["observed"] == {}
    assert answer["attribution"] == [{"attribution": "© b", "licence": "ODbL-1.0", "url": None}]
    assert [source["external_id"] for source in answer["properties"]["sources"]] == ["node/1"]
