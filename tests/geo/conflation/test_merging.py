"""Merges and splits give every row back, and no device counts twice."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import privacy
from geo.conflation import merging
from geo.conflation.conflate import conflate
from geo.crowd import closures, devices, ratings, reports, trust
from geo.crowd.devices import KnownDevice
from geo.crowd.trust import Circumstances
from geo.errors import Conflict, FacilityMerged
from geo.facilities import counts, merged
from geo.moderation import decide, targets
from geo.moderation.actions.action import NewDecision
from tests.conftest import NOON
from tests.factories import add_facility, add_record, facility_row
from tests.geo.conflation.places import (
    BUS,
    MAP,
    TOWN,
    decided,
    entry,
    id_of_source,
    last_decision,
    member,
    one_place,
    rate,
    require_exact_sums,
    reverted,
    visitor,
    whole,
)
from tests.geo.imports.city import write

LATER = NOON + timedelta(hours=1)
EVENING = NOON + timedelta(hours=6)


def two(session: Session) -> tuple[int, int]:
    """Two facilities of two datasets, too far apart to be merged by imports, with what people said of them."""
    write(session, entry("m", name="Rose Garden", attributes={"fee": "no"}), dataset=MAP)
    write(session, entry("t", 200, name="Parks Kiosk", opening_hours="Mo-Su 08:00-20:00"), dataset=TOWN)
    first, second = id_of_source(session, "m"), id_of_source(session, "t")
    both = visitor(session)
    rate(session, first, both, 2, NOON, comment="Dark.")
    rate(session, second, both, 5, LATER, comment="Bright.")
    rate(session, second, visitor(session), 4)
    changed = visitor(session)
    rate(session, second, changed, 1, NOON - timedelta(days=3))
    rate(session, second, changed, 3)
    other = visitor(session)
    rate(session, first, other, 5, LATER)
    rate(session, second, other, 1, NOON)
    report(session, first, "wrong")
    report(session, second, "closed")
    for facility_id in (first, second):
        report(session, facility_id, "moved", both)
    return first, second


def report(session: Session, facility_id: int, reason: str, device_id: int | None = None, network: int = 1) -> int:
    row = session.execute(
        text("SELECT id, handle, created_at, expires_at, suspended_at FROM device WHERE id = :id"),
        {"id": device_id or visitor(session)},
    ).one()
    device = KnownDevice(row.id, row.handle, NOON - timedelta(days=9), row.expires_at, row.suspended_at)
    new = reports.NewReport("facility", facility_id, reason, bytes([network]) * 16)
    return reports.report(session, device, new, NOON).report_id


def current(session: Session, facility_id: int) -> list[tuple[int, int]]:
    """The devices that count at a place, with their stars."""
    rows = session.execute(
        text("SELECT device_id, stars FROM rating WHERE facility_id = :id ORDER BY device_id"), {"id": facility_id}
    )
    return [tuple(row) for row in rows]


def test_a_merge_keeps_the_older_id_and_the_newer_rating_of_a_device(session: Session) -> None:
    first, second = two(session)
    assert merging.merge(session, second, first, LATER) == (first, second)
    stars = [stars for _, stars in current(session, first)]
    assert sorted(stars) == [3, 4, 5, 5]
    assert current(session, second) == []
    ended = session.execute(text("SELECT stars, ended_by FROM past_rating ORDER BY stars, ended_by")).all()
    assert [tuple(row) for row in ended] == [(1, "merged"), (1, "replaced"), (2, "merged")]
    require_exact_sums(session)
    assert facility_row(session, first)["rating_count"] == 4
    assert facility_row(session, second)["rating_count"] == 0
    assert facility_row(session, second)["status"] == "merged"


def test_a_merge_and_its_revert_give_every_row_back(session: Session) -> None:
    first, second = two(session)
    before = whole(session)
    decision_id = decided(session, first, "merge_facilities", second, LATER)
    assert whole(session) != before
    reverted(session, decision_id, LATER)
    assert whole(session) == before
    require_exact_sums(session)


def test_a_merge_by_an_import_and_its_revert_give_every_row_back(session: Session) -> None:
    write(session, entry("m", name="Rose Garden", attributes={"wheelchair": "yes"}), dataset=MAP)
    first = id_of_source(session, "m")
    rate(session, first, visitor(session), 4)
    alone = facility_row(session, first)
    one_place_summary = write(session, entry("t", 4, opening_hours="24/7"), dataset=TOWN)
    assert one_place_summary.conflation.merged == 1
    reverted(session, last_decision(session, "merge_facilities"), LATER)
    again = facility_row(session, first)
    assert {**again, "updated_at": None} == {**alone, "updated_at": None}
    second = id_of_source(session, "t")
    assert second != first
    assert facility_row(session, second)["opening_hours"] == "24/7"
    assert conflate(session, LATER).merged == 0


def test_merging_again_after_a_split_gives_the_merged_place_back(session: Session) -> None:
    first, second = two(session)
    decided(session, first, "merge_facilities", second, LATER)
    before = whole(session)
    split_id = decided(session, first, "split_facility", second, LATER)
    assert whole(session) != before
    reverted(session, split_id, LATER)
    after = whole(session)
    assert after["rating"] == before["rating"]
    assert after["facility"] == before["facility"]


@pytest.mark.parametrize("inner_first", [True, False])
def test_a_chain_of_merges_is_reverted_in_either_order(session: Session, *, inner_first: bool) -> None:
    first, second = two(session)
    write(session, entry("b", 400, name="Depot", tags={"note": "stop 3"}), dataset=BUS)
    third = id_of_source(session, "b")
    everywhere = visitor(session)
    for facility_id, stars in ((first, 1), (second, 2), (third, 3)):
        rate(session, facility_id, everywhere, stars, NOON + timedelta(minutes=stars))
    report(session, third, "wrong")
    before = whole(session)
    inner = decided(session, third, "merge_facilities", second, LATER)
    outer = decided(session, second, "merge_facilities", first, LATER)
    assert dict(current(session, first))[everywhere] == 3
    assert merged.place_of(session, third) == first
    require_exact_sums(session)
    for decision_id in (inner, outer) if inner_first else (outer, inner):
        reverted(session, decision_id, LATER)
        require_exact_sums(session)
    assert whole(session) == before


def test_three_sources_become_one_place_and_three_again(session: Session) -> None:
    for external_id, dataset, north_m in (("m", MAP, 0), ("t", TOWN, 300), ("b", BUS, 600)):
        write(session, entry(external_id, north_m), dataset=dataset)
    ids = [id_of_source(session, external_id) for external_id in "mtb"]
    everywhere = visitor(session)
    for minutes, facility_id in enumerate(ids):
        rate(session, facility_id, everywhere, 1 + minutes, NOON + timedelta(minutes=minutes))
        rate(session, facility_id, visitor(session), 5)
    before = whole(session)
    session.execute(
        text("UPDATE facility SET location = (SELECT location FROM facility WHERE id = :id)"), {"id": ids[0]}
    )
    assert conflate(session, LATER).merged == 2
    assert dict(current(session, ids[0]))[everywhere] == 3
    assert facility_row(session, ids[0])["rating_count"] == 4
    require_exact_sums(session)
    merge_ids = session.execute(text("SELECT id FROM decision WHERE action = 'merge_facilities' ORDER BY id"))
    for decision_id in merge_ids.scalars().all():
        reverted(session, decision_id, LATER)
    after = whole(session)
    for table in ("rating", "past_rating", "report", "facility_source"):
        assert after[table] == before[table], table


def test_a_rating_after_the_merge_stays_with_the_merged_place(session: Session) -> None:
    first, second = two(session)
    device_id = visitor(session)
    rate(session, second, device_id, 1, NOON)
    merging.merge(session, first, second, LATER)
    with pytest.raises(FacilityMerged) as redirected:
        rate(session, second, device_id, 4, EVENING)
    rate(session, redirected.value.into, device_id, 4, EVENING)
    assert dict(current(session, first))[device_id] == 4
    require_exact_sums(session)
    merging.split(session, first, second, EVENING)
    assert dict(current(session, first))[device_id] == 4
    assert device_id not in dict(current(session, second))
    past = session.execute(
        text("SELECT facility_id, stars, ended_by FROM past_rating WHERE device_id = :id"), {"id": device_id}
    ).all()
    assert [tuple(row) for row in past] == [(second, 1, "replaced")]
    require_exact_sums(session)


def test_a_withdrawal_after_the_merge_holds_after_the_split(session: Session) -> None:
    first, second = two(session)
    both = visitor(session)
    rate(session, first, both, 2, NOON)
    rate(session, second, both, 5, LATER)
    merging.merge(session, first, second, LATER)
    ratings.withdraw(session, first, both, EVENING)
    assert both not in dict(current(session, first))
    merging.split(session, first, second, EVENING)
    assert both not in dict(current(session, first)) | dict(current(session, second))
    require_exact_sums(session)


def test_an_erasure_after_the_merge_leaves_no_trace(session: Session) -> None:
    first, second = two(session)
    device = devices.register(session, NOON)
    rate(session, first, device.device_id, 1, NOON, comment="Mine.")
    rate(session, second, device.device_id, 1, LATER, comment="Mine, too.")
    report(session, second, "wrong", device.device_id)
    merging.merge(session, first, second, LATER)
    exported = privacy.export(session, devices.known(session, device.token, NOON))
    assert [row["comment"] for row in exported["ratings"]] == ["Mine, too."]
    assert [(row["comment"], row["ended_by"]) for row in exported["past_ratings"]] == [("Mine.", "merged")]
    privacy.erase(session, device.device_id, LATER)
    for table in ("rating", "past_rating", "report"):
        count = session.execute(
            text(f"SELECT count(*) FROM {table} WHERE device_id = :id"),  # noqa: S608
            {"id": device.device_id},
        )
        assert count.scalar_one() == 0
    require_exact_sums(session)
    merging.split(session, first, second, LATER)
    require_exact_sums(session)


def test_open_reports_move_and_return_and_one_of_each_device_counts(session: Session) -> None:
    first, second = two(session)
    device_id = visitor(session)
    kept, moot = (report(session, facility_id, "wrong", device_id) for facility_id in (first, second))
    merging.merge(session, first, second, LATER)
    found = {
        row.id: row.now for row in session.execute(text("SELECT id, (target_id, outcome)::text AS now FROM report"))
    }
    assert found[kept] == f"({first},)"
    assert found[moot] == f"({first},moot)"
    open_now = session.execute(
        text("SELECT count(*) FROM report WHERE target_id = :id AND closed_at IS NULL"), {"id": first}
    )
    assert open_now.scalar_one() == 4
    items = session.execute(text("SELECT target_id FROM queue_item WHERE state = 'open'")).scalars().all()
    assert items == [first]
    merging.split(session, first, second, LATER)
    moved = session.execute(text("SELECT target_id FROM report WHERE closed_at IS NULL ORDER BY id")).scalars().all()
    assert sorted(moved) == [first, first, first, second, second, second]
    items = session.execute(text("SELECT target_id FROM queue_item WHERE state = 'open'")).scalars().all()
    assert sorted(items) == [first, second]


def regular(session: Session) -> int:
    """Return an old device with a record."""
    device_id = devices.register(session, NOON - timedelta(days=9)).device_id
    add_record(session, device_id)
    return device_id


def closed_by_reports(session: Session, facility_id: int) -> None:
    for network in (11, 12, 13):
        device_id = regular(session)
        report(session, facility_id, "closed", device_id, network)
    assert facility_row(session, facility_id)["status"] == "reported_closed"


def test_a_closure_moves_returns_and_heals(session: Session) -> None:
    first, second = two(session)
    session.execute(text("DELETE FROM rating"))
    ratings.recompute(session, [first, second])
    closed_by_reports(session, second)
    before = whole(session)
    merging.merge(session, first, second, LATER)
    assert facility_row(session, first)["status"] == "reported_closed"
    merging.split(session, first, second, LATER)
    assert whole(session)["facility"] == before["facility"]
    merging.merge(session, first, second, LATER)
    for _ in range(3):
        rate(session, first, visitor(session), 4, EVENING)
    heal(session, first)
    assert facility_row(session, first)["status"] == "active"
    merging.split(session, first, second, EVENING)
    assert facility_row(session, second)["status"] == "active"


def heal(session: Session, facility_id: int) -> None:
    """Visits from networks of their own."""
    for network in range(1, 6):
        circumstances = Circumstances(bytes([200 + network]) * 16, "within_150_m")
        device_id = regular(session)
        ratings.rate(session, facility_id, device_id, ratings.NewRating(4), EVENING, circumstances=circumstances)


@pytest.mark.parametrize("status", ["hidden", "closed"])
def test_what_is_not_listed_is_not_merged(session: Session, status: str) -> None:
    first = add_facility(session)
    second = add_facility(session, status=status)
    with pytest.raises(Conflict, match="only listed facilities"):
        merging.merge(session, first, second, NOON)


def test_excluded_ratings_refuse_a_merge_and_a_split(session: Session) -> None:
    first, second = two(session)
    window = text(
        "INSERT INTO rating_exclusion (facility_id, decision_id, during)"
        " SELECT :id, (SELECT max(id) FROM decision), tstzrange('2026-01-01', '2027-01-01')"
    )
    decided(session, first, "keep_apart", second)
    session.execute(window, {"id": second})
    with pytest.raises(Conflict, match="revert exclude_ratings"):
        merging.merge(session, first, second, NOON)
    session.execute(text("DELETE FROM rating_exclusion"))
    merging.merge(session, first, second, NOON)
    session.execute(window, {"id": first})
    with pytest.raises(Conflict, match="revert exclude_ratings"):
        merging.split(session, first, second, NOON)


def test_twins_of_one_dataset_are_left_and_a_venue_is_not_what_stands_beside_it(session: Session) -> None:
    write(session, entry("m"), entry("n", 1), dataset=MAP)
    assert conflate(session, NOON).merged == 0
    write(session, entry("t", 2, venue="cafe"), dataset=TOWN)
    assert conflate(session, NOON).merged == 0
    write(session, entry("b", 2), dataset=BUS)
    assert id_of_source(session, "b") == id_of_source(session, "n")


@pytest.mark.parametrize("edition", ["m", "t"])
def test_importing_either_edition_again_changes_nothing(session: Session, edition: str) -> None:
    official: dict[str, Any] = {"name": "Rose", "opening_hours": "Mo-Su 08:00-20:00"}
    one_place(session, {"name": "Rose", "attributes": {"fee": "no"}}, official)
    before = whole(session)
    if edition == "m":
        summary = write(session, entry("m", name="Rose", attributes={"fee": "no"}), dataset=MAP, as_of=LATER)
    else:
        summary = write(session, entry("t", 4, **official), dataset=TOWN, as_of=LATER)
    assert (summary.changed, summary.unchanged, summary.conflation.merged) == (0, 1, 0)
    assert whole(session) == before


def test_keep_apart_prevents_and_its_revert_allows(session: Session) -> None:
    write(session, entry("m"), dataset=MAP)
    write(session, entry("t", 50), dataset=TOWN)
    first, second = id_of_source(session, "m"), id_of_source(session, "t")
    apart = decided(session, second, "keep_apart", first)
    session.execute(text("UPDATE facility SET location = ST_Point(10, 50, 4326)"))
    assert conflate(session, NOON).merged == 0
    assert conflate(session, NOON).kept_apart == [f"{first} and {second}: by a decision"]
    with pytest.raises(Conflict, match="already kept apart"):
        decided(session, first, "keep_apart", second)
    reverted(session, apart)
    assert conflate(session, NOON).merged == 1


def test_a_part_that_is_kept_apart_keeps_its_place_apart(session: Session) -> None:
    for external_id, dataset, north_m in (("m", MAP, 0), ("t", TOWN, 100), ("b", BUS, 200)):
        write(session, entry(external_id, north_m), dataset=dataset)
    first, second, third = (id_of_source(session, external_id) for external_id in "mtb")
    decided(session, second, "keep_apart", third)
    merging.merge(session, first, second, NOON)
    session.execute(text("UPDATE facility SET location = ST_Point(10, 50, 4326)"))
    assert conflate(session, NOON).merged == 0


def test_the_maximum_distance_is_the_distance_on_the_sphere(session: Session) -> None:
    write(session, entry("m"), dataset=MAP)
    write(session, entry("t", 31), dataset=TOWN)
    assert id_of_source(session, "m") != id_of_source(session, "t")
    assert conflate(session, NOON, max_m=30.9).merged == 0
    assert conflate(session, NOON, max_m=31.1).merged == 1


def test_a_merged_place_is_counted_once(session: Session) -> None:
    one_place(session, {}, {})
    assert [tuple(row) for row in counts.by_kind(session)] == [("toilets", 1, 0, 1)]


def test_two_closures_end_each_at_its_own_time_after_a_split(session: Session) -> None:
    first, second = add_facility(session), add_facility(session)
    closed_by_reports(session, first)
    closed_by_reports(session, second)
    until = text("UPDATE facility SET reported_closed_until = reported_closed_until - interval '1 day' WHERE id = :id")
    session.execute(until, {"id": first})
    before = whole(session)
    merging.merge(session, first, second, LATER)
    assert facility_row(session, first)["reported_closed_until"] == NOON + timedelta(days=30)
    merging.split(session, first, second, LATER)
    after = whole(session)["facility"]
    assert after[1] == before["facility"][1]


def test_a_closure_that_ended_before_the_merge_does_not_return_with_a_split(session: Session) -> None:
    first, second = add_facility(session), add_facility(session)
    closed_by_reports(session, second)
    closures.reopen(session, second, "expired", LATER)
    merging.merge(session, first, second, LATER)
    closed_by_reports(session, first)
    merging.split(session, first, second, EVENING)
    assert facility_row(session, first)["status"] == "reported_closed"
    assert facility_row(session, second)["status"] == "active"


def test_an_entry_whose_id_changed_is_merged_in_place_of_the_one_that_vanished(session: Session) -> None:
    place_id = one_place(session, {"name": "Rose"}, {"opening_hours": "24/7"})
    summary = write(session, entry("t-new", 4, opening_hours="Mo-Su 08:00-20:00"), dataset=TOWN, as_of=LATER)
    assert (summary.added, summary.vanished, summary.conflation.merged) == (1, 1, 1)
    assert id_of_source(session, "t-new") == place_id
    assert facility_row(session, place_id)["opening_hours"] == "Mo-Su 08:00-20:00"


def test_a_moved_report_is_a_report_in_the_queue(session: Session) -> None:
    first, second = add_facility(session), add_facility(session)
    report(session, second, "wrong")
    merging.merge(session, first, second, LATER)
    item = session.execute(text("SELECT target_id, details FROM queue_item WHERE state = 'open'")).one()
    assert (item.target_id, item.details["reports"]) == (first, {"wrong": 1})


def test_dismissed_devices_do_not_count_again_because_of_a_merge(session: Session) -> None:
    first, second = add_facility(session), add_facility(session)
    reporters = [visitor(session) for _ in range(3)]
    for network, device_id in enumerate(reporters, 1):
        report(session, second, "closed", device_id, network)
    target = targets.lock(session, "facility", second)
    decide.on_target(session, member(session), target, NewDecision("dismiss_reports", "no_fault"), NOON)
    assert facility_row(session, second)["status"] == "active"
    merging.merge(session, first, second, LATER)
    for network, device_id in enumerate(reporters, 1):
        report(session, first, "closed", device_id, network)
    assert facility_row(session, first)["status"] == "active"


def test_a_displaced_rating_returns_with_the_record_that_its_device_has_gained(session: Session) -> None:
    first, second, third = (add_facility(session, offset) for offset in (0, 0.001, 1))
    device = devices.register(session, NOON).device_id
    circumstances = Circumstances(bytes(16), "within_150_m")
    for place, as_of in ((first, NOON), (second, LATER)):
        ratings.rate(session, place, device, ratings.NewRating(3), as_of, circumstances=circumstances)
    merging.merge(session, first, second, EVENING)
    next_day = NOON + timedelta(days=1)
    ratings.rate(session, third, device, ratings.NewRating(3), next_day, circumstances=circumstances)
    merging.split(session, first, second, next_day)
    assert [facility_row(session, place)["weight_total"] for place in (first, second, third)] == [1, 1, 1]
    require_exact_sums(session)


def test_presence_that_a_network_shares_is_counted_in_the_merged_place_and_in_each_part(session: Session) -> None:
    first, second = add_facility(session), add_facility(session)
    circumstances = Circumstances(bytes(16), "within_150_m")
    for place, count in ((first, trust.PRESENT_TOGETHER - 1), (second, 2)):
        for _ in range(count):
            device = visitor(session)
            ratings.rate(session, place, device, ratings.NewRating(3), NOON, circumstances=circumstances)
    believed = text("SELECT DISTINCT weight_presence FROM rating")
    assert session.execute(believed).scalars().all() == [1]
    merging.merge(session, first, second, LATER)
    assert session.execute(believed).scalars().all() == [trust.ABSENT_WEIGHT]
    require_exact_sums(session)
    merging.split(session, first, second, LATER)
    assert session.execute(believed).scalars().all() == [1]
    require_exact_sums(session)


def test_a_place_out_of_order_is_so_in_its_merge_and_alone_after_a_split(session: Session) -> None:
    first, second = two(session)
    report(session, second, "out_of_order", regular(session))
    until = NOON + timedelta(days=1)
    merging.merge(session, first, second, LATER)
    shown = [facility_row(session, facility_id)["out_of_order_until"] for facility_id in (first, second)]
    assert shown == [until, None]
    merging.split(session, first, second, LATER)
    shown = [facility_row(session, facility_id)["out_of_order_until"] for facility_id in (first, second)]
    assert shown == [None, until]


def test_an_alarm_is_about_the_place_of_its_ratings_after_a_merge_and_a_split(session: Session) -> None:
    first, second = add_facility(session), add_facility(session)
    for _ in range(9):
        rate(session, second, visitor(session), 5, NOON - timedelta(days=30))
    for network in range(4):
        circumstances = Circumstances(bytes([network]) * 16)
        ratings.rate(session, second, visitor(session), ratings.NewRating(1), NOON, circumstances=circumstances)
    open_items = text("SELECT target_id FROM queue_item WHERE kind = 'rate_bomb' AND state = 'open'")
    assert session.execute(open_items).scalars().all() == [second]
    merging.merge(session, first, second, LATER)
    assert session.execute(open_items).scalars().all() == [first]
    assert facility_row(session, second)["rush_until"] is None
    merging.split(session, first, second, LATER)
    assert session.execute(open_items).scalars().all() == [second]
    assert facility_row(session, first)["rush_until"] is None
