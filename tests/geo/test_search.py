"""The search: its order, its radius, its boxes, in one statement, and never an unexplained empty list."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import BoundingBox, Point
from geo.errors import FacilityNotFound
from geo.facilities import search
from geo.facilities.ranking import RANKINGS
from tests.conftest import NOON
from tests.factories import add_facility, add_rating, properties
from tests.geo.world import HELSINKI, hours_columns


def test_facilities_of_equal_utility_are_ordered_by_id(session: Session) -> None:
    ids = [add_facility(session, HELSINKI.lon, HELSINKI.lat) for _ in range(7)]
    for rank in ("balanced", "distance", "cleanliness"):
        found = search.nearby(session, search.NearbyQuery(HELSINKI, NOON, limit=5, rank=rank))
        assert [row.id for row in found.facilities] == ids[:5]


def test_reported_closed_facilities_come_last_at_any_distance(session: Session) -> None:
    doubtful = add_facility(session, HELSINKI.lon, HELSINKI.lat, status="reported_closed")
    far = [add_facility(session, HELSINKI.lon, HELSINKI.lat + step / 100) for step in (1, 2, 3)]
    for rank in ("balanced", "distance", "cleanliness"):
        query = search.NearbyQuery(HELSINKI, NOON, radius_m=5000, limit=4, rank=rank)
        assert [row.id for row in search.nearby(session, query).facilities] == [*far, doubtful]
        assert [row.id for row in search.nearby(session, replace(query, limit=2)).facilities] == far[:2]
        boxed = search.in_box(session, search.BoxQuery(BoundingBox(24, 60, 25, 61), NOON, rank=rank))
        assert [row.id for row in boxed.facilities] == [*far, doubtful]
    alone = search.nearby(session, search.NearbyQuery(HELSINKI, NOON, radius_m=500))
    assert ([row.id for row in alone.facilities], alone.widened) == ([doubtful], False)


def test_a_clean_place_slightly_farther_away_comes_before_a_dirty_one(session: Session) -> None:
    dirty = add_facility(session, HELSINKI.lon, HELSINKI.lat)
    clean = add_facility(session, HELSINKI.lon + 0.001, HELSINKI.lat)
    for _ in range(5):
        add_rating(session, dirty, 1, NOON)
        add_rating(session, clean, 5, NOON)
    query = search.NearbyQuery(HELSINKI, NOON)
    assert [row.id for row in search.nearby(session, query).facilities] == [clean, dirty]
    assert [row.id for row in search.nearby(session, replace(query, rank="distance")).facilities] == [dirty, clean]


def test_the_best_is_found_beyond_the_hundred_nearest(session: Session) -> None:
    for step in range(120):
        add_rating(session, add_facility(session, HELSINKI.lon + step * 1e-6, HELSINKI.lat), 1, NOON)
    # 500 m away, only just worth the way: a bound that thinks any less of the best there is would stop before it.
    best = add_facility(session, HELSINKI.lon + 0.009, HELSINKI.lat)
    for _ in range(20):
        add_rating(session, best, 5, NOON)
    assert search.nearby(session, search.NearbyQuery(HELSINKI, NOON, limit=1)).facilities[0].id == best


def test_a_search_crosses_the_antimeridian(session: Session) -> None:
    east = add_facility(session, 179.9995, -16.8)
    west = add_facility(session, -179.9995, -16.8)
    found = search.nearby(session, search.NearbyQuery(Point(180, -16.8), NOON, radius_m=500, rank="distance"))
    assert {row.id for row in found.facilities} == {east, west}
    assert {round(row.distance_m) for row in found.facilities} == {53}
    assert {round(properties(row)["bearing_deg"]) for row in found.facilities} == {90, 270}


def test_a_search_at_the_pole_covers_all_meridians(session: Session) -> None:
    ids = {add_facility(session, lon, 89.999) for lon in (-180, -90, 0, 90)}
    found = search.nearby(session, search.NearbyQuery(Point(33, 90), NOON, radius_m=200))
    assert {row.id for row in found.facilities} == ids
    assert not found.widened


def test_a_search_without_results_widens_to_twice_the_distance_of_the_nearest(session: Session) -> None:
    nearest, farther, beyond = (add_facility(session, HELSINKI.lon, HELSINKI.lat + deg) for deg in (0.1, 0.199, 0.201))
    add_facility(session, HELSINKI.lon, HELSINKI.lat + 0.01, kind="shower")  # meets no need
    found = search.nearby(session, search.NearbyQuery(HELSINKI, NOON))
    assert found.widened
    assert found.nearest_m == pytest.approx(11_119.5, abs=0.1)
    assert [row.id for row in found.facilities] == [nearest, farther]
    for _ in range(20):
        add_rating(session, beyond, 5, NOON)
    best_two = search.NearbyQuery(HELSINKI, NOON, limit=2, rank="cleanliness", mode="drive")
    assert [row.id for row in search.nearby(session, best_two).facilities] == [nearest, farther]


def test_a_search_widens_to_at_most_a_hundred_kilometres(session: Session) -> None:
    add_facility(session, HELSINKI.lon, HELSINKI.lat + 0.9)  # 100.08 km
    query = search.NearbyQuery(HELSINKI, NOON)
    assert not search.nearby(session, query).widened
    near = add_facility(session, HELSINKI.lon, HELSINKI.lat - 0.899)  # 99.96 km
    assert [row.id for row in search.nearby(session, query).facilities] == [near]
    assert [row.id for row in search.nearby(session, replace(query, radius_m=50_000)).facilities] == [near]


def test_a_reported_closed_place_counts_as_the_nearest_when_a_search_widens(session: Session) -> None:
    doubtful = add_facility(session, HELSINKI.lon, HELSINKI.lat + 0.1, status="reported_closed")
    sure = add_facility(session, HELSINKI.lon, HELSINKI.lat + 0.15)
    found = search.nearby(session, search.NearbyQuery(HELSINKI, NOON))
    assert found.nearest_m == pytest.approx(11_119.5, abs=0.1)
    assert [row.id for row in found.facilities] == [sure, doubtful]


def test_a_search_without_any_results_is_not_widened(session: Session) -> None:
    found = search.nearby(session, search.NearbyQuery(HELSINKI, NOON))
    assert (list(found.facilities), found.widened) == ([], False)


def test_private_facilities_are_found_only_on_request(session: Session) -> None:
    private = add_facility(session, HELSINKI.lon, HELSINKI.lat, access="private")
    query = search.NearbyQuery(HELSINKI, NOON)
    assert not search.nearby(session, query).facilities
    asking = replace(query, needs=search.Needs(accepted={"access": ("private",)}))
    assert [row.id for row in search.nearby(session, asking).facilities] == [private]


def test_toilets_with_a_shower_are_found_as_a_shower(session: Session) -> None:
    toilets = add_facility(session, HELSINKI.lon, HELSINKI.lat, shower="yes", changing_table="yes")
    add_facility(session, HELSINKI.lon, HELSINKI.lat, shower="no")
    found = search.nearby(session, search.NearbyQuery(HELSINKI, NOON, needs=search.Needs(kinds=("shower",))))
    assert [(row.id, properties(row)["offers"]) for row in found.facilities] == [
        (toilets, ["toilets", "shower", "baby_care"])
    ]


def test_open_on_arrival_is_evaluated_at_the_time_of_arrival(session: Session) -> None:
    # 1.1 km on foot take a quarter of an hour: at noon the first has closed by then, the second has opened.
    shuts = {"open_during": "{[2026-11-20T06:00Z,2026-11-20T12:10Z)}", "unknown_during": "{}"}
    opens = {"open_during": "{[2026-11-20T12:10Z,2026-11-20T18:00Z)}", "unknown_during": "{}"}
    shut = add_facility(session, HELSINKI.lon, HELSINKI.lat + 0.01, **shuts)
    opened = add_facility(session, HELSINKI.lon, HELSINKI.lat - 0.01, **opens)
    query = search.NearbyQuery(HELSINKI, NOON, needs=search.Needs(open_states=("open",)))
    assert [row.id for row in search.nearby(session, query).facilities] == [shut]
    arriving = replace(query, needs=search.Needs(open_states=("open",), open_on_arrival=True))
    (row,) = search.nearby(session, arriving).facilities
    shown = properties(row)
    assert (row.id, shown["open"]["state"], shown["open"]["until"].hour) == (opened, "open", 18)
    assert abs(shown["open"]["at"] - NOON - timedelta(seconds=shown["duration_s"])) <= timedelta(seconds=1)


def test_unknown_hours_are_neither_open_nor_closed(session: Session) -> None:
    silent = add_facility(session, HELSINKI.lon, HELSINKI.lat)
    for states, ids in ((("open",), []), (("closed",), []), (("open", "unknown"), [silent])):
        found = search.nearby(session, search.NearbyQuery(HELSINKI, NOON, needs=search.Needs(open_states=states)))
        assert [row.id for row in found.facilities] == ids


def test_until_is_the_next_known_change_of_state(session: Session) -> None:
    add_facility(session, 0, 0, **hours_columns("24/7", Point(0, 0)))
    add_facility(session, 0, 0, **hours_columns("Mo-Su 08:00-20:00", Point(0, 0)))
    add_facility(session, 0, 0, **hours_columns("Mo-Su 14:00-20:00", Point(0, 0)))
    add_facility(session, 0, 0)
    rows = search.nearby(session, search.NearbyQuery(Point(0, 0), NOON)).facilities
    shown = [properties(row)["open"] for row in rows]
    found = [(hours["state"], hours["until"] and hours["until"].hour) for hours in shown]
    assert found == [("open", None), ("open", 20), ("unknown", None), ("closed", 14)]


def test_a_box_across_the_antimeridian_covers_both_sides(session: Session) -> None:
    ids = [add_facility(session, lon, 0) for lon in (179, -179)]
    add_facility(session, 0, 0)
    found = search.in_box(session, search.BoxQuery(BoundingBox(170, -10, -170, 10), NOON))
    assert [row.id for row in found.facilities] == ids
    assert {row.distance_m for row in found.facilities} == {None}


def test_a_box_includes_its_edges(session: Session) -> None:
    corner = add_facility(session, 10, 20)
    found = search.in_box(session, search.BoxQuery(BoundingBox(10, 20, 10, 20), NOON))
    assert [row.id for row in found.facilities] == [corner]


def test_a_box_is_ranked_by_quality_and_certainty(session: Session) -> None:
    good, unknown, bad = (add_facility(session, 10, 20) for _ in range(3))
    for _ in range(4):
        add_rating(session, good, 5, NOON)
        add_rating(session, bad, 1, NOON)
    found = search.in_box(session, search.BoxQuery(BoundingBox(0, 0, 20, 40), NOON))
    assert [row.id for row in found.facilities] == [good, unknown, bad]
    ranking = RANKINGS["balanced", "walk"]
    assert [row.utility for row in found.facilities] == [
        pytest.approx(row.quality - ranking.kappa * row.sd) for row in found.facilities
    ]


def test_a_closed_facility_can_be_looked_up_and_a_hidden_one_cannot(session: Session) -> None:
    closed, hidden = (add_facility(session, status=status) for status in ("closed", "hidden"))
    assert properties(search.one(session, closed, NOON).facilities[0])["status"] == "closed"
    with pytest.raises(FacilityNotFound):
        search.one(session, hidden, NOON)
    assert not search.nearby(session, search.NearbyQuery(Point(0, 0), NOON)).facilities


def test_every_search_sends_one_statement(session: Session, statements: list[str]) -> None:
    search.nearby(session, search.NearbyQuery(HELSINKI, NOON))
    search.in_box(session, search.BoxQuery(BoundingBox(0, 0, 1, 1), NOON))
    assert len(statements) == 2


def test_a_search_uses_the_index_of_what_is_offered(session: Session) -> None:
    session.execute(text("SET LOCAL enable_seqscan = on"))
    session.execute(
        text(
            """INSERT INTO facility (kind, location)
               SELECT 'toilets', ST_SetSRID(ST_MakePoint(i % 360 - 180, i % 170 - 85), 4326)
               FROM generate_series(1, 5000) AS i"""
        )
    )
    session.execute(text("ANALYZE facility"))
    scans = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'facility'"
    before = session.execute(text(scans)).scalar_one()
    search.nearby(session, search.NearbyQuery(HELSINKI, NOON))
    search.in_box(session, search.BoxQuery(BoundingBox(0, 0, 1, 1), NOON))
    assert session.execute(text(scans)).scalar_one() == before
