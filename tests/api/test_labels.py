"""Labels: what each facility of an answer is called, and what tells apart those that read alike."""

import random
from typing import Any

import pytest
import shapely
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from api.http.languages import language
from api.places.labels import Place, labels, place_name, whereabouts_from_origin
from geo.gazetteer import writer
from geo.gazetteer.shape import NamedShape
from geo.imports.formats import OPENSTREETMAP
from seed_data.city import add_city, add_names
from tests.api.route_requests import GOOD, PATH
from tests.conftest import NOON
from tests.factories import add_facility, add_rating
from tests.geo.ahead.test_stops import at_km

LAT, LON = 48.8566, 2.3522
NEAR = 0.001
"""A degree of latitude times this is 111 m."""


def shown(client: FlaskClient, url: str, code: str = "en") -> list[dict[str, Any]]:
    response = client.get(url, headers={"Accept-Language": code})
    assert response.status_code == 200, response.text
    return [feature["properties"] for feature in response.get_json(force=True)["features"]]


def add_streets(session: Session, *names: str) -> None:
    """Streets that run eastwards, the first at LAT and each other one 111 m to the north of the one before."""
    lines = [
        shapely.LineString([(LON - NEAR, LAT + NEAR * n), (LON + NEAR, LAT + NEAR * n)]) for n in range(len(names))
    ]
    shapes = [NamedShape(f"way/{n}", "street", name, None, lines[n]) for n, name in enumerate(names)]
    writer.write(session, "streets", OPENSTREETMAP, shapes, NOON)


def called(client: FlaskClient, url: str, code: str = "en") -> list[tuple[str, str | None]]:
    return [(properties["label"], properties["label_detail"]) for properties in shown(client, url, code)]


ADDRESS = {"street": "RUE D ARCOLE", "house_number": "8", "country": "FR"}


@pytest.mark.parametrize(
    ("columns", "code", "label"),
    [
        ({"name": "Gare du Nord", "venue": "station", **ADDRESS}, "fr", "Gare du Nord"),
        ({"venue": "station", **ADDRESS}, "fr", "Toilettes, gare"),
        ({"venue": "cafe;bar"}, "de", "Toiletten, Café"),
        ({"venue": "association", **ADDRESS}, "en", "Toilets, 8 Rue d'Arcole"),
        (ADDRESS, "en", "Toilets, 8 Rue d'Arcole"),
        (ADDRESS, "fi", "WC, 8 Rue d'Arcole"),
        ({"name": "toilets", **ADDRESS}, "en", "Toilets, 8 Rue d'Arcole"),
        ({"kind": "shower", "street": "face au 50 RUE DE RIVOLI"}, "es", "Ducha, face au 50 Rue de Rivoli"),
        ({"kind": "drinking_water", "toilets": "yes", "drinking_water": "no"}, "en", "Toilets, 110 m to the north"),
        ({}, "en", "Toilets, 110 m to the north"),
        ({}, "fr", "Toilettes, à 110\N{NARROW NO-BREAK SPACE}m au nord"),
        ({}, "de", "Toiletten, 110 m nördlich"),
        ({}, "es", "Aseos, a 110 m al norte"),
        ({}, "fi", "WC, 110 m pohjoiseen"),
    ],
)
def test_a_place_is_called_by_the_best_that_is_known_of_it(
    client: FlaskClient, session: Session, columns: dict[str, str], code: str, label: str
) -> None:
    add_facility(session, LON, LAT + NEAR, **columns)
    assert called(client, f"/v1/facilities?lat={LAT}&lon={LON}&kind=any", code) == [(label, None)]


def test_without_an_origin_a_place_of_which_nothing_is_known_is_called_by_its_kind(
    client: FlaskClient, session: Session
) -> None:
    place = add_facility(session, LON, LAT, kind="baby_care")
    properties = client.get(f"/v1/facilities/{place}").get_json(force=True)["properties"]
    assert (properties["label"], properties["label_detail"]) == ("Baby-care room", None)


def test_places_of_one_name_are_told_apart_by_their_addresses(client: FlaskClient, session: Session) -> None:
    for north, street in enumerate(("RUE DE RIVOLI", "QUAI DE GESVRES", "PLACE DE L HOTEL DE VILLE")):
        add_facility(session, LON, LAT + NEAR * north, name="Sanisette", street=street)
    assert called(client, f"/v1/facilities?lat={LAT}&lon={LON}&rank=distance") == [
        ("Sanisette", "Rue de Rivoli"),
        ("Sanisette", "Quai de Gesvres"),
        ("Sanisette", "Place de l'Hotel de Ville"),
    ]


def test_places_of_one_name_that_offer_different_things_are_told_apart_by_these(
    client: FlaskClient, session: Session
) -> None:
    for kind in ("toilets", "drinking_water"):
        add_facility(session, LON, LAT, name="Märzpark", kind=kind)
    assert sorted(called(client, f"/v1/facilities?lat={LAT}&lon={LON}&kind=any")) == [
        ("Märzpark", "Drinking water"),
        ("Märzpark", "Toilets"),
    ]


def test_places_of_one_address_are_told_apart_by_distance_and_direction(client: FlaskClient, session: Session) -> None:
    for north in (1, -2):
        add_facility(session, LON, LAT + NEAR * north, **ADDRESS)
    add_facility(session, LON, LAT, name="Elsewhere")
    assert called(client, f"/v1/facilities?lat={LAT}&lon={LON}&rank=distance") == [
        ("Elsewhere", None),
        ("Toilets, 8 Rue d'Arcole", "110 m to the north"),
        ("Toilets, 8 Rue d'Arcole", "220 m to the south"),
    ]


@pytest.mark.parametrize(
    ("query", "label"), [("lat=48.8576&lon=2.3522", "Toilets, 110 m to the south"), ("bbox=2,48,3,49", "Toilets")]
)
def test_places_at_one_point_of_which_nothing_is_known_are_numbered(
    client: FlaskClient, session: Session, query: str, label: str
) -> None:
    for _ in range(3):
        add_facility(session, LON, LAT)
    assert called(client, f"/v1/facilities?{query}") == [(label, "1 of 3"), (label, "2 of 3"), (label, "3 of 3")]


def test_a_place_without_an_address_is_called_by_the_nearest_street(
    client: FlaskClient, session: Session, statements: list[str]
) -> None:
    add_streets(session, "Rue d'Arcole", "Quai de la Corse")
    for north in (0, 1, 20):
        add_facility(session, LON, LAT + NEAR * north)
    add_facility(session, LON, LAT, **ADDRESS)
    url = f"/v1/facilities?lat={LAT}&lon={LON}&rank=distance&radius_m=5000"
    del statements[:]
    assert called(client, url) == [
        ("Toilets, Rue d'Arcole", None),
        ("Toilets, 8 Rue d'Arcole", None),
        ("Toilets, Quai de la Corse", None),
        ("Toilets, 2.2 km to the north", None),
    ]
    assert len(statements) == 2, statements


def test_places_of_one_name_are_told_apart_by_the_nearest_streets(client: FlaskClient, session: Session) -> None:
    add_streets(session, "Rue d'Arcole", "Quai de la Corse")
    for north in (0, 1):
        add_facility(session, LON, LAT + NEAR * north, name="Sanisette")
    assert called(client, f"/v1/facilities?lat={LAT}&lon={LON}&rank=distance") == [
        ("Sanisette", "Rue d'Arcole"),
        ("Sanisette", "Quai de la Corse"),
    ]


@pytest.mark.parametrize(("columns", "attributed"), [({}, ["© OpenStreetMap contributors"]), ({"name": "Asema"}, [])])
def test_an_answer_with_the_name_of_a_street_has_the_attribution_of_the_gazetteer(
    client: FlaskClient, session: Session, columns: dict[str, str], attributed: list[str]
) -> None:
    add_streets(session, "Rue d'Arcole")
    place = add_facility(session, LON, LAT, **columns)
    add_rating(session, place, 5, NOON)
    answers = [client.get(url) for url in (f"/v1/facilities/{place}", f"/v1/fences?lat={LAT}&lon={LON}")]
    answers += [client.post("/v1/hints", json={"lat": LAT, "lon": LON, "comfort_s": 3600, "since_last_stop_s": 3500})]
    for answer in answers:
        terms = answer.get_json(force=True)["attribution"]
        assert [term["attribution"] for term in terms] == attributed
        assert ("Rue d'Arcole" in answer.text) is bool(attributed)


def test_a_stop_on_a_route_without_a_name_is_called_by_where_it_is_along_the_route(
    client: FlaskClient, session: Session
) -> None:
    at_km(session, 10)
    at_km(session, 50)
    features = client.post(PATH, json=GOOD).get_json(force=True)["features"]
    found = [(feature["properties"]["label"], feature["properties"]["along_m"]) for feature in features]
    assert [label for label, _ in found] == ["Toilets, 10 km along the route", "Toilets, 50 km along the route"]
    assert [round(along_m, -3) for _, along_m in found] == [10_000, 50_000]
    links = features[0]["properties"]["directions"]
    assert links["google_maps"].endswith("&travelmode=driving")


def test_a_hint_names_the_address_and_does_not_say_the_distance_twice(client: FlaskClient, session: Session) -> None:
    question = {"lat": LAT, "lon": LON, "comfort_s": 3600, "since_last_stop_s": 3500}
    place = add_facility(session, LON, LAT + NEAR)
    add_rating(session, place, 5, NOON)
    hint = client.post("/v1/hints", json=question).get_json()
    assert hint["text"] == "Toilets, 100 metres away: a good moment for a stop."
    assert hint["facility"]["properties"]["label"] == "Toilets, 110 m to the north"


def test_a_region_is_called_by_what_is_true_wherever_the_phone_is(client: FlaskClient, session: Session) -> None:
    for north, street in ((1, "RUE D ARCOLE"), (20, None)):
        add_facility(session, LON, LAT + NEAR * north, street=street)
    regions = shown(client, f"/v1/fences?lat={LAT}&lon={LON}")
    assert sorted(region["label"] for region in regions) == ["Toilets", "Toilets, Rue d'Arcole"]
    assert sorted(region["text"] for region in regions) == ["Close by: Toilets, Rue d'Arcole.", "Close by: Toilets."]


def test_the_first_five_of_any_point_of_the_demo_city_are_called_differently(
    client: FlaskClient, session: Session
) -> None:
    add_city(session, NOON)
    add_names(session, NOON)
    chance = random.Random(11)
    for _ in range(150):
        lat, lon = chance.uniform(60.16, 60.18), chance.uniform(24.92, 24.96)
        found = called(client, f"/v1/facilities?lat={lat}&lon={lon}&limit=5&kind=any")
        assert len(set(found)) == 5, found
        assert not any(label in {"Toilets", "Drinking water"} for label, _ in found)


@pytest.mark.parametrize(
    ("lon", "lat", "point"),
    [(LON, LAT, "48.8566,2.3522"), (-0.00000004, 0.00001, "0.00001,0"), (179.9999999, -90, "-90,180")],
)
def test_links_hold_the_coordinates_and_nothing_else(
    client: FlaskClient, session: Session, lon: float, lat: float, point: str
) -> None:
    place = add_facility(session, lon, lat, name="Tom & Jerry's?")
    properties = client.get(f"/v1/facilities/{place}").get_json(force=True)["properties"]
    assert properties["directions"] == {
        "geo": f"geo:{point}",
        "openstreetmap": f"https://www.openstreetmap.org/directions?engine=fossgis_osrm_foot&to={point}",
        "apple_maps": f"https://maps.apple.com/?daddr={point}&dirflg=w",
        "google_maps": f"https://www.google.com/maps/dir/?api=1&destination={point}&travelmode=walking",
    }


@pytest.mark.parametrize(
    ("distance_m", "bearing_deg", "text"),
    [
        (None, None, None),
        (9.9, 90.0, "right here"),
        (10.0, 22.4, "10 m to the north"),
        (994.0, 22.6, "990 m to the north-east"),
        (995.0, 337.6, "1 km to the north"),
        (2449.0, 180.0, "2.4 km to the south"),
        (14_600.0, 270.0, "15 km to the west"),
    ],
)
def test_whereabouts_are_a_rounded_distance_and_one_of_eight_directions(
    distance_m: float | None, bearing_deg: float | None, text: str | None
) -> None:
    assert whereabouts_from_origin(distance_m, bearing_deg, language("en")) == text


SOME = st.sampled_from((None, "a", "A", "b", "Toilets", "Toilets, a"))
PLACES = st.lists(st.tuples(SOME, st.sampled_from(("Toilets", "Shower")), SOME, SOME, SOME, SOME), max_size=9)


@given(PLACES)
def test_label_and_detail_differ_within_an_answer(
    rows: list[tuple[str | None, str, str | None, str | None, str | None, str | None]],
) -> None:
    places = [Place(*row[:5]) for row in rows]
    found = labels(places, lambda index: rows[index][5], language("en"))
    assert len({(label.text, label.detail) for label in found}) == len(places)
    texts = [label.text.casefold() for label in found]
    assert all((label.detail is not None) == (texts.count(label.text.casefold()) > 1) for label in found)
    assert all(label.text.startswith(place_name(place)) for label, place in zip(found, places, strict=True))
