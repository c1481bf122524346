"""Places that visitors report out of order."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api import create_app
from api.config import Settings
from geo import maintenance, privacy
from geo.casework import audit
from geo.database import Database
from tests.api.moderation.callers import LONG_KNOWN, Caller, Phones, StaffOf, scalar
from tests.api.moderation.closing import made, outcomes, strangers
from tests.api.route_requests import GOOD, PATH
from tests.conftest import NOON, TestClock
from tests.factories import add_device, add_facility, add_record, contents
from tests.geo.ahead.test_stops import at_km

NEARBY = "/v1/facilities?lat=60.1699&lon=24.9384"
NOTE = "Visitors reported it out of order; nobody has confirmed that yet."


def shown(reader: Caller, place: int) -> tuple[str | None, str | None]:
    properties = reader("GET", f"/v1/facilities/{place}").get_json()["properties"]
    assert properties["status"] == "active"
    return properties["status_note"], properties["ranked_last"]


OUT_OF_ORDER = (NOTE, "out_of_order")
IN_ORDER = (None, None)


def report(reporter: Caller, place: int, status: int = 201) -> None:
    assert reporter.report(place, "out_of_order").status_code == status


def test_one_known_device_shows_a_place_out_of_order_and_ranks_it_last(
    session: Session, place: int, regulars: Phones, moderator: Caller
) -> None:
    farther = add_facility(session, 24.95, 60.1699)
    reporter = regulars()
    report(reporter, place)
    assert shown(regulars(), place) == OUT_OF_ORDER
    features = regulars()("GET", NEARBY).get_json()["features"]
    assert [(feature["id"], feature["properties"]["ranked_last"]) for feature in features] == [
        *((farther, None), (place, "out_of_order"))
    ]
    (item,) = moderator.queue(kind="facility")
    assert item["details"]["reports"] == {"out_of_order": 1}
    assert made(moderator) == [("report_out_of_order", None, "out_of_order")]
    before = contents(session)
    report(reporter, place, 200)
    assert contents(session) == before


def test_no_number_of_unknown_devices_shows_a_place_out_of_order_and_one_known_one_does(
    client: FlaskClient, session: Session, clock: TestClock, place: int, regulars: Phones
) -> None:
    for reporter in strangers(client, session, clock, 9):
        report(reporter, place)
        assert shown(regulars(), place) == IN_ORDER
    report(regulars(), place)
    assert shown(regulars(), place) == OUT_OF_ORDER


def test_it_ends_after_a_day_and_can_be_reported_again(
    session: Session, place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    reporter = regulars()
    report(reporter, place)
    clock.advance(hours=23, minutes=59)
    report(reporter, place, 200)
    assert shown(regulars(), place) == OUT_OF_ORDER
    clock.advance(minutes=1)
    assert shown(regulars(), place) == IN_ORDER
    report(reporter, place)
    assert shown(regulars(), place) == OUT_OF_ORDER
    assert outcomes(session) == {"expired": 1, None: 1}
    clock.advance(hours=24)
    assert maintenance.purge(session, clock()) is not None
    assert outcomes(session) == {"expired": 2}
    assert moderator.queue() == []
    assert shown(regulars(), place) == IN_ORDER
    assert audit.verify(session).fault is None


def test_a_later_report_keeps_it_shown_for_a_day_if_it_weighs_enough(
    client: FlaskClient, session: Session, place: int, regulars: Phones, clock: TestClock
) -> None:
    report(regulars(), place)
    clock.advance(hours=12)
    report(strangers(client, session, clock, 1)[0], place)
    clock.advance(hours=6)
    report(regulars(), place)
    clock.advance(hours=23)
    report(strangers(client, session, clock, 1)[0], place)
    assert shown(regulars(), place) == OUT_OF_ORDER
    clock.advance(hours=1)
    assert shown(regulars(), place) == IN_ORDER


def test_two_visitors_after_the_report_end_it(
    client: FlaskClient, session: Session, place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    regulars().rate(place)
    clock.advance(hours=1)
    reporter = regulars()
    report(reporter, place)
    reporter.rate(place, 1)
    clock.advance(hours=1)
    one, other = strangers(client, session, clock, 2)
    for _ in range(2):
        one.rate(place, 4)
        clock.advance(hours=1)
        assert shown(regulars(), place) == OUT_OF_ORDER
    other.rate(place, 4)
    assert shown(regulars(), place) == IN_ORDER
    assert made(moderator) == [("revert", None, "visited"), ("report_out_of_order", None, "out_of_order")]
    assert outcomes(session) == {"moot": 1}
    assert moderator.queue() == []
    report(reporter, place)
    assert shown(regulars(), place) == OUT_OF_ORDER


def test_staff_dismiss_it_and_its_reporters_do_not_count_for_thirty_days(
    place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    reporter = regulars()
    for reason in ("out_of_order", "wrong"):
        assert reporter.report(place, reason).status_code == 201
    (item,) = moderator.queue(kind="facility")
    assert moderator.decide(item, "dismiss_reports", "verified").status_code == 201
    assert shown(regulars(), place) == IN_ORDER
    assert moderator.queue(state="decided") != []
    clock.advance(days=29)
    report(reporter, place)
    assert shown(regulars(), place) == IN_ORDER
    clock.advance(days=1)
    report(reporter, place)
    assert shown(regulars(), place) == OUT_OF_ORDER


def test_a_moderator_reverts_it_unless_it_has_ended(
    place: int, regulars: Phones, clock: TestClock, staff_of: StaffOf
) -> None:
    senior = staff_of("senior")

    def revert(number: int) -> Any:
        decisions = senior("GET", "/admin/v1/decisions").get_json()["decisions"]
        ids = sorted(row["id"] for row in decisions if row["action"] == "report_out_of_order")
        return senior("POST", f"/admin/v1/decisions/{ids[number]}/revert", {"reason": "mistake"})

    report(regulars(), place)
    clock.advance(days=2)
    report(regulars(), place)
    refused = revert(0)
    assert refused.status_code == 409
    assert "reported out of order again" in refused.get_json(force=True)["detail"]
    assert revert(1).status_code == 201
    assert shown(regulars(), place) == IN_ORDER
    assert senior.queue() == []


def test_it_ends_when_its_last_reporter_is_erased(
    session: Session, place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    reporters = [regulars(), regulars()]
    for reporter in reporters:
        report(reporter, place)
    privacy.erase(session, reporters[0].row_id, clock())
    assert shown(regulars(), place) == OUT_OF_ORDER
    privacy.erase(session, reporters[1].row_id, clock())
    assert shown(regulars(), place) == IN_ORDER
    assert moderator.queue() == []


@pytest.mark.parametrize("action", ["close_facility", "hide_facility"])
def test_a_place_that_staff_close_is_in_order_when_it_returns(
    place: int, regulars: Phones, staff_of: StaffOf, action: str
) -> None:
    senior = staff_of("senior")
    report(regulars(), place)
    (item,) = senior.queue(kind="facility")
    assert senior.decide(item, action, "verified").status_code == 201
    (decision,) = (
        row for row in senior("GET", "/admin/v1/decisions").get_json()["decisions"] if row["action"] == action
    )
    path = f"/admin/v1/decisions/{decision['id']}/revert"
    assert senior("POST", path, {"reason": "mistake"}).status_code == 201
    assert shown(regulars(), place) == IN_ORDER


def test_a_comment_cannot_be_out_of_order(place: int, regulars: Phones) -> None:
    rating = regulars().rate(place, 2, "Broken")
    assert regulars().report(place, "out_of_order", rating["id"]).status_code == 422


def test_routes_and_hints_do_not_suggest_a_place_out_of_order(
    session: Session, regulars: Phones, clock: TestClock
) -> None:
    stop = at_km(session, 50)
    town = add_facility(session, 20.002, 10.0)

    def suggested() -> list[bool]:
        route = regulars()("POST", PATH, GOOD).get_json()
        body = {"lat": 10.0, "lon": 20.0, "comfort_s": 3600, "since_last_stop_s": 3500}
        hint = regulars()("POST", "/v1/hints", body).get_json()
        fences = regulars()("GET", "/v1/fences?lat=10&lon=20").get_json()
        found = [[feature["id"] for feature in answer["features"]] for answer in (route, fences)]
        return [stop in found[0], town in found[1], hint["speak"]]

    assert suggested() == [True, True, True]
    for place in (stop, town):
        report(regulars(), place)
    assert suggested() == [False, False, False]
    clock.advance(days=1)
    assert suggested() == [True, True, True]


def test_concurrent_reports_and_visits_make_one_decision_each(own_database_url: str) -> None:
    database, clock = Database(own_database_url, pool_size=20), TestClock()
    settings = Settings(database_url="postgresql://not.used", private_postgres=None, port=8000, workers=1)
    app = create_app(settings, database=database, clock=clock)
    with database.write() as session:
        place = add_facility(session)
        devices = [add_device(session, NOON - LONG_KNOWN) for _ in range(10)]
        add_record(session, *(device.device_id for device in devices))
        session.commit()
    callers = [Caller(app.test_client(), device.token, f"10.9.{n}.9") for n, device in enumerate(devices)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda caller: report(caller, place), callers[:5]))
        clock.advance(hours=1)
        list(pool.map(lambda caller: caller.rate(place), callers[5:]))
    with database.read() as session:
        assert scalar(session, "SELECT array_agg(action ORDER BY id) FROM decision") == [
            *("report_out_of_order", "revert")
        ]
        assert scalar(session, "SELECT out_of_order_until FROM facility") is None
        assert audit.verify(session).fault is None
    database.close()
