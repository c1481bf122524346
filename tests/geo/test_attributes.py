"""Traits: the bits of a facility's attributes, and what they make of a search's needs."""

from itertools import product

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.facilities.attributes import ATTRIBUTES, KINDS, UNKNOWN, offered, ruled_out
from tests.factories import add_facility


def traits_of(session: Session, **columns: str | None) -> int:
    facility_id = add_facility(session, **columns)
    return session.execute(text("SELECT traits FROM facility WHERE id = :id"), {"id": facility_id}).scalar_one()


def test_each_attribute_value_is_excluded_where_it_is_not_accepted(session: Session) -> None:
    for attribute in ATTRIBUTES:
        for value, accepted in product((None, *attribute.words), attribute.accepted):
            is_met = (value or UNKNOWN) == accepted
            ruled = ruled_out({attribute.name: (accepted,)})
            assert (traits_of(session, **{attribute.name: value}) & ruled == 0) == is_met


def test_traits_have_the_same_offers_as_the_column(session: Session) -> None:
    for kind, toilets, shower, water, table in product(KINDS, *[(None, "yes", "no")] * 4):
        traits = traits_of(
            session, kind=kind, toilets=toilets, shower=shower, drinking_water=water, changing_table=table
        )
        column = session.execute(text("SELECT offers FROM facility ORDER BY id DESC LIMIT 1")).scalar_one()
        assert {offered_kind for offered_kind in KINDS if traits & offered((offered_kind,))} == set(column)
        assert (traits & offered(None) != 0) == bool(column)


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("toilets", "toilets"),
        ("drinking_water", "drinking_water"),
        ("shower", "shower"),
        ("baby_care", "changing_table"),
    ],
)
def test_a_facility_does_not_offer_what_its_own_attribute_denies(session: Session, kind: str, column: str) -> None:
    for denial, offers in ((None, True), ("yes", True), ("no", False)):
        assert (traits_of(session, kind=kind, **{column: denial}) & offered((kind,)) != 0) == offers
    # What else it has, it still offers.
    beside = "shower" if kind != "shower" else "drinking_water"
    traits_of(session, kind=kind, **{column: "no", beside: "yes"})
    assert session.execute(text("SELECT offers FROM facility ORDER BY id DESC LIMIT 1")).scalar_one() == [beside]


def test_an_empty_filter_excludes_nothing_and_all_bits_fit() -> None:
    assert ruled_out({}) == 0
    assert ruled_out({"fee": ("yes", "no", UNKNOWN)}) == 0
    assert ruled_out({"fee": ("yes",)}) | ruled_out({"fee": ("no",)}) == ruled_out({"fee": ()})
    assert offered(KINDS) == offered(None)
