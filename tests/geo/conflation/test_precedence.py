"""What a place says when its sources differ."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.crowd import proposals
from geo.errors import Conflict
from geo.moderation import decide, targets
from geo.moderation.actions.action import NewDecision
from tests.conftest import NOON
from tests.factories import facility_row
from tests.geo.conflation.places import (
    MAP,
    TOWN,
    entry,
    id_of_source,
    last_decision,
    member,
    one_place,
    reverted,
    said_of,
    visitor,
)
from tests.geo.imports.city import write

HOUR = timedelta(hours=1)


def accept(session: Session, facility_id: int, as_of: Any = NOON, **changes: Any) -> int:
    """The decision that accepts a proposal."""
    new = proposals.NewProposal(facility_id, None, changes, device_id=visitor(session))
    proposal_id, _ = proposals.propose(session, new, as_of)
    target = targets.lock(session, "proposal", proposal_id)
    return decide.on_target(session, member(session), target, NewDecision("accept_proposal", "verified"), as_of)


def test_an_official_source_decides_about_hours_access_and_fee(session: Session) -> None:
    place_id = one_place(
        session,
        {"name": "Rose", "opening_hours": "24/7", "attributes": {"access": "public", "fee": "no", "wheelchair": "yes"}},
        {"name": "Rose A", "opening_hours": "Mo-Su 08:00-20:00", "attributes": {"access": "customers", "fee": "yes"}},
    )
    row = facility_row(session, place_id)
    assert (row["name"], row["opening_hours"]) == ("Rose", "Mo-Su 08:00-20:00")
    assert (row["access"], row["fee"], row["wheelchair"]) == ("customers", "yes", "yes")
    gave = {source["dataset"]: source["gave"] for source in said_of(session, place_id)["sources"]}
    assert sorted(gave["town"]) == ["access", "fee", "opening_hours"]
    assert sorted(gave["map"]) == ["kind", "location", "name", "wheelchair"]


def test_the_other_source_gives_what_the_first_one_lacks(session: Session) -> None:
    place_id = one_place(session, {"opening_hours": "24/7"}, {"name": "Rose", "attributes": {"shower": "yes"}})
    row = facility_row(session, place_id)
    assert (row["name"], row["opening_hours"], row["shower"]) == ("Rose", "24/7", "yes")


def test_an_only_source_gives_everything(session: Session) -> None:
    write(session, entry("m", name="Rose"), dataset=MAP)
    assert [source["gave"] for source in said_of(session, id_of_source(session, "m"))["sources"]] == [None]


def test_a_changed_authority_changes_the_place_and_an_import_without_one_keeps_it(session: Session) -> None:
    place_id = one_place(session, {"attributes": {"fee": "no"}}, {"attributes": {"fee": "yes"}})
    row = entry("t", 4, attributes={"fee": "yes"})
    for authority, fee in ((None, "yes"), ("community", "no"), (None, "no"), ("official", "yes")):
        assert write(session, row, dataset=replace(TOWN, authority=authority)).changed == 0
        assert facility_row(session, place_id)["fee"] == fee


def test_a_changed_edition_changes_the_place(session: Session) -> None:
    place_id = one_place(session, {"attributes": {"fee": "no"}}, {"attributes": {"fee": "yes"}})
    write(session, entry("t", 4, attributes={"fee": "no"}), dataset=TOWN)
    assert facility_row(session, place_id)["fee"] == "no"
    write(session, entry("m", attributes={"fee": "yes"}), dataset=MAP)
    assert facility_row(session, place_id)["fee"] == "no"


def test_a_source_that_vanished_gives_nothing(session: Session) -> None:
    place_id = one_place(session, {"name": "Rose"}, {"opening_hours": "24/7", "attributes": {"fee": "yes"}})
    write(session, entry("other", 5000), dataset=TOWN)
    row = facility_row(session, place_id)
    assert (row["status"], row["name"], row["opening_hours"], row["fee"]) == ("active", "Rose", None, None)
    gave = {source["external_id"]: source["gave"] for source in said_of(session, place_id)["sources"]}
    assert gave["t"] == []


def test_a_place_closes_when_all_its_sources_do_and_reopens_when_one_does(session: Session) -> None:
    place_id = one_place(session, {"name": "Rose"}, {"attributes": {"fee": "yes"}})
    write(session, entry("m", name="Rose", closed=True), dataset=MAP)
    assert facility_row(session, place_id)["status"] == "active"
    write(session, entry("t", 4, attributes={"fee": "yes"}, closed=True), dataset=TOWN)
    row = facility_row(session, place_id)
    assert (row["status"], row["name"], row["fee"]) == ("closed", "Rose", "yes")
    write(session, entry("m", name="Rose"), dataset=MAP)
    assert facility_row(session, place_id)["status"] == "active"


def test_an_import_does_not_open_what_staff_closed(session: Session) -> None:
    place_id = one_place(session, {}, {})
    target = targets.lock(session, "facility", place_id)
    closing = decide.on_target(session, member(session), target, NewDecision("close_facility", "closed"), NOON)
    write(session, entry("m", name="Rose"), dataset=MAP)
    assert facility_row(session, place_id)["status"] == "closed"
    reverted(session, closing)
    assert facility_row(session, place_id)["status"] == "active"


def test_an_accepted_proposal_stands_until_its_source_changes_that_value(session: Session) -> None:
    place_id = one_place(session, {"name": "Rose"}, {"attributes": {"fee": "yes"}})
    accept(session, place_id, NOON + HOUR, fee="no", name="Rose Garden")
    write(session, entry("t", 4, attributes={"fee": "yes", "shower": "yes"}), dataset=TOWN, as_of=NOON + 2 * HOUR)
    row = facility_row(session, place_id)
    assert (row["fee"], row["shower"], row["name"]) == ("no", "yes", "Rose Garden")
    write(session, entry("t", 4), dataset=TOWN, as_of=NOON + 3 * HOUR)
    row = facility_row(session, place_id)
    assert (row["fee"], row["name"]) == (None, "Rose Garden")


@pytest.mark.parametrize("absorbed", [False, True])
def test_a_proposal_accepted_before_the_merge_stands_over_both_sources(session: Session, *, absorbed: bool) -> None:
    datasets = [(TOWN, "t"), (MAP, "m")] if absorbed else [(MAP, "m"), (TOWN, "t")]
    (first, first_id), (second, second_id) = datasets
    names = {"m": None, "t": "Oak Street"}
    write(session, entry(first_id, name=names[first_id], attributes={"fee": "yes"}), dataset=first)
    write(session, entry(second_id, 200, name=names[second_id]), dataset=second)
    map_id = id_of_source(session, "m")
    acceptance = accept(session, map_id, NOON + HOUR, fee="no", name="Rose")
    session.execute(text("UPDATE facility SET location = ST_Point(10, 50, 4326)"))
    ids = sorted((map_id, id_of_source(session, "t")))
    decision = NewDecision("merge_facilities", "duplicate", other_id=ids[1])
    target = targets.lock(session, "facility", ids[0])
    decide.on_target(session, member(session), target, decision, NOON + 2 * HOUR)
    row = facility_row(session, ids[0])
    assert (row["fee"], row["name"]) == ("no", "Rose")
    reverted(session, acceptance, NOON + 3 * HOUR)
    row = facility_row(session, ids[0])
    assert (row["fee"], row["name"]) == ("yes", "Oak Street")
    reverted(session, last_decision(session, "merge_facilities"), NOON + 3 * HOUR)
    assert facility_row(session, map_id)["name"] is None


def test_changes_that_follow_each_other_stand_together(session: Session) -> None:
    place_id = one_place(session, {"name": "Rose"}, {})
    accept(session, place_id, NOON + HOUR, name="Rose Garden")
    accept(session, place_id, NOON + 2 * HOUR, name="Rose Gardens")
    write(session, entry("t", 4, attributes={"fee": "yes"}), dataset=TOWN, as_of=NOON + 3 * HOUR)
    assert facility_row(session, place_id)["name"] == "Rose Gardens"
    write(session, entry("m", name="Tulip"), dataset=MAP, as_of=NOON + 4 * HOUR)
    assert facility_row(session, place_id)["name"] == "Tulip"


def test_proposed_hours_in_no_syntax_stand_too(session: Session) -> None:
    write(session, entry("m"), dataset=MAP)
    map_id = id_of_source(session, "m")
    accept(session, map_id, NOON + HOUR, opening_hours="when the caretaker is there")
    write(session, entry("t", 4, name="Rose"), dataset=TOWN, as_of=NOON + 2 * HOUR)
    row = facility_row(session, map_id)
    assert (row["opening_hours_note"], row["name"]) == ("when the caretaker is there", "Rose")
    write(session, entry("m", opening_hours="24/7"), dataset=MAP, as_of=NOON + 3 * HOUR)
    assert facility_row(session, map_id)["opening_hours"] == "24/7"


def test_a_pending_proposal_about_a_merged_facility_changes_its_place(session: Session) -> None:
    write(session, entry("m"), dataset=MAP)
    write(session, entry("t", 200), dataset=TOWN)
    first, second = id_of_source(session, "m"), id_of_source(session, "t")
    proposal_id, _ = proposals.propose(
        session, proposals.NewProposal(second, None, {"name": "Rose"}, device_id=visitor(session)), NOON
    )
    target = targets.lock(session, "facility", first)
    decision = NewDecision("merge_facilities", "duplicate", other_id=second)
    decide.on_target(session, member(session), target, decision, NOON)
    target = targets.lock(session, "proposal", proposal_id)
    acceptance = decide.on_target(session, member(session), target, NewDecision("accept_proposal", "verified"), NOON)
    assert facility_row(session, first)["name"] == "Rose"
    reverted(session, acceptance)
    assert facility_row(session, first)["name"] is None


def test_the_acceptance_of_a_new_place_is_not_reverted_while_it_is_part_of_another(session: Session) -> None:
    write(session, entry("m"), dataset=MAP)
    first = id_of_source(session, "m")
    new = proposals.NewProposal(None, Point(10.0, 50.1), {"kind": "toilets"}, device_id=visitor(session))
    proposal_id, _ = proposals.propose(session, new, NOON)
    target = targets.lock(session, "proposal", proposal_id)
    acceptance = decide.on_target(session, member(session), target, NewDecision("accept_proposal", "verified"), NOON)
    second = session.execute(text("SELECT max(id) FROM facility")).scalar_one()
    decision = NewDecision("merge_facilities", "duplicate", other_id=second)
    decide.on_target(session, member(session), targets.lock(session, "facility", first), decision, NOON)
    with pytest.raises(Conflict, match="split it first"):
        reverted(session, acceptance)
