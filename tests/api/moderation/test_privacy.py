"""All data about a device are exported and erased completely; the sums are those of the remaining ratings."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import maintenance
from geo.casework import audit
from geo.crowd import ratings
from geo.crowd.devices import TOKEN_LIFETIME
from geo.database import Base
from tests.api.moderation.callers import Caller, Phones, StaffOf, member, phone, scalar
from tests.conftest import TestClock
from tests.factories import add_facility, facility_row

MARK = "quite unmistakable words"


def busy(session: Session, clock: TestClock, place: int, phones: Phones, staff_of: StaffOf) -> Caller:
    """A device with a trace in every table that may hold one."""
    author = phones()
    author.rate(place, 1, MARK)
    clock.advance(hours=1)
    rating = author.rate(place, 2, f"{MARK}, again")
    author.report(place, "wrong")
    author("POST", "/v1/proposals", {"facility_id": place, "note": MARK})
    phones().report(place, "spam", rating["id"])
    senior = staff_of("senior")
    assert senior.decide(senior.queue(kind="comment")[0], "hide_comment", "spam", note="Spam.").status_code == 201
    (decision,) = author("GET", "/v1/me/decisions").get_json()["decisions"]
    assert author("POST", f"/v1/me/decisions/{decision['id']}/appeal", {"text": MARK}).status_code == 201
    member(author.client, session, clock, "reader", author.handle)
    return author


def cells(session: Session) -> list[tuple[str, str, str]]:
    """Every value of every column of every table, as text."""
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            rows = session.execute(text(f'SELECT "{column.name}"::text FROM "{table.name}"')).scalars()  # noqa: S608 - our own names
            found += [(table.name, column.name, value) for value in rows if value is not None]
    return found


def test_an_export_contains_every_row_that_refers_to_the_device(
    session: Session, clock: TestClock, place: int, phones: Phones, staff_of: StaffOf
) -> None:
    author = busy(session, clock, place, phones, staff_of)
    exported = author("GET", "/v1/me/export").get_json()
    for table in Base.metadata.sorted_tables:
        if "device_id" in table.columns and table.name != "staff":  # that a phone is of staff is the staff's, not its
            row_count = scalar(
                session,
                f"SELECT count(*) FROM {table.name} WHERE device_id = :id",  # noqa: S608 - a name of our own
                id=author.row_id,
            )
            assert row_count, f"the test leaves no trace in {table.name}"
            assert len(exported[f"{table.name}s"]) == row_count, table.name
    assert len(exported["decisions"]) == 1
    assert exported["device"] == author("GET", "/v1/me").get_json()


def test_erasure_leaves_no_trace_and_equals_a_recompute(
    session: Session, clock: TestClock, place: int, phones: Phones, staff_of: StaffOf
) -> None:
    never = add_facility(session, 24.9, 60.1)
    others = [phones() for _ in range(4)]
    for stars, other in enumerate(others, start=2):
        other.rate(place, stars)
        other.rate(never, stars)
    author = busy(session, clock, place, phones, staff_of)
    device_id, handle = author.row_id, author.handle
    assert author("DELETE", "/v1/me").status_code == 204
    assert author("GET", "/v1/me").status_code == 401
    found = [cell for cell in cells(session) if MARK in cell[2] or author.token in cell[2] or cell[2] == str(handle)]
    # Decisions stay under a handle that means nothing any more.
    assert {(table, column) for table, column, _ in found} <= {("decision", "subject")}
    assert not [cell for cell in cells(session) if "device_id" in cell[1] and cell[2] == str(device_id)]
    assert session.execute(text("SELECT count(*) FROM device WHERE handle = :h"), {"h": handle}).scalar_one() == 0
    sums = ("rating_count", "stars_total", "weight_slow", "stars_slow", "weight_fast", "stars_fast", "last_rated_at")
    erased, untouched = facility_row(session, place), facility_row(session, never)
    assert [erased[name] for name in sums] == [untouched[name] for name in sums]
    ratings.recompute(session, [place])
    assert facility_row(session, place) == erased
    assert audit.verify(session).fault is None
    assert staff_of("reader").queue(kind="proposal") == []


def test_a_device_that_never_rated_is_erased_as_well(phones: Phones) -> None:
    phone = phones()
    assert phone("DELETE", "/v1/me").status_code == 204
    assert phone("GET", "/v1/me").status_code == 401


def test_erasing_one_rating_of_a_rush_reweights_the_others(
    session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    client = phones().client
    neighbours = [phone(client, session, clock, f"192.0.2.{host}") for host in range(3)]
    for neighbour in neighbours[:2]:
        neighbour.rate(place)
    before = facility_row(session, place)
    weight = neighbours[0]("GET", f"/v1/facilities/{place}/rating").json["counts_as"]["weight"]
    neighbours[2].rate(place)
    assert neighbours[0]("GET", f"/v1/facilities/{place}/rating").json["counts_as"]["weight"] < weight
    neighbours[2]("DELETE", "/v1/me")
    assert facility_row(session, place) == before


def test_no_table_holds_a_client_address_or_a_token(
    session: Session, clock: TestClock, place: int, phones: Phones, staff_of: StaffOf
) -> None:
    author = busy(session, clock, place, phones, staff_of)
    for table, column, value in cells(session):
        assert author.address not in value, (table, column)
        assert author.token not in value, (table, column)


def test_maintenance_removes_expired_data_and_nothing_else(
    session: Session, clock: TestClock, place: int, phones: Phones, moderator: Caller
) -> None:
    silent, rater = phones(), phones()
    rater.rate(place)
    phones().report(place, "wrong")
    (item,) = moderator.queue()
    moderator("POST", f"/admin/v1/queue/{item['id']}/claim")
    clock.advance(hours=1)
    purged = maintenance.purge(session, clock())
    assert purged is not None
    assert (purged.claims, purged.devices, purged.reports) == (1, 0, 0)
    clock.now += TOKEN_LIFETIME
    purged = maintenance.purge(session, clock())
    assert purged is not None
    assert (purged.devices, purged.reports, purged.networks) == (1, 1, 2)
    assert scalar(session, "SELECT count(*) FROM device WHERE id = :id", id=silent.row_id) == 0
    assert scalar(session, "SELECT count(*) FROM rating WHERE device_id = :id", id=rater.row_id) == 1
    assert scalar(session, "SELECT count(*) FROM queue_item WHERE state = 'open'") == 0
    again = maintenance.purge(session, clock())
    assert again is not None
    assert (again.devices, again.reports, again.networks, again.claims) == (0, 0, 0, 0)


def test_the_handle_is_random_and_reveals_nothing(phones: Phones) -> None:
    handles = {phones().handle for _ in range(20)}
    assert len(handles) == 20
    assert all(UUID(str(handle)).version == 4 for handle in handles)
