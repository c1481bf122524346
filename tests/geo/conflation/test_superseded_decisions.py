"""A decision about a part of a place cannot be reverted while a later one about it stands."""

import pytest
from sqlalchemy.orm import Session

from geo.errors import Conflict
from geo.facilities import merged
from tests.factories import add_facility
from tests.geo.conflation.places import M, decided, reverted


def test_only_the_latest_decision_about_a_part_can_be_reverted(session: Session) -> None:
    place, part = add_facility(session, 10, 50), add_facility(session, 10, 50 + 5 * M)
    first = decided(session, place, "merge_facilities", part)
    split = decided(session, place, "split_facility", part)
    again = decided(session, place, "merge_facilities", part)
    for earlier in (first, split):
        with pytest.raises(Conflict, match=f"revert decision {again} first"):
            reverted(session, earlier)
    assert merged.place_of(session, part) == place
    reverted(session, again)
    assert merged.place_of(session, part) == part
