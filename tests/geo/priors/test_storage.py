"""Priors are stored with the places: only what changed, in batches, without waiting for others."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.crowd.quality import PRIOR_MEAN_STARS
from geo.database import Database
from geo.priors import storage
from geo.priors.estimate import DEFAULT, estimate
from tests.conftest import NOON
from tests.factories import add_facility, facility_row
from tests.geo.priors.places import add_place, prior, store_all, versions


def add_town(session: Session) -> list[int]:
    return [add_place(session, (20, 20 * stars)) for stars in (3.9, 4.0, 4.4)]


def test_a_second_run_rewrites_no_row(session: Session) -> None:
    add_town(session)
    assert store_all(session) == 3
    before = versions(session)
    assert store_all(session) == 0
    assert store_all(session, NOON + timedelta(hours=1)) == 0
    assert versions(session) == before


def test_a_place_whose_prior_changes_keeps_everything_else(session: Session) -> None:
    place = add_town(session)[0]
    before = facility_row(session, place)
    store_all(session)
    after = facility_row(session, place)
    assert {name for name in after if after[name] != before[name]} == {"prior_stars", "prior_group"}


def test_a_change_that_no_answer_shows_is_not_written(session: Session) -> None:
    places = add_town(session)
    store_all(session)
    before = prior(session, places[0])
    set_stars = text("UPDATE facility SET prior_stars = prior_stars + :change WHERE id = :id")
    for place, change in zip(places, (9e-5, 2e-4, 0), strict=True):
        session.execute(set_stars, {"change": change, "id": place})
    assert store_all(session) == 1
    assert [prior(session, place).stars - before.stars for place in places] == pytest.approx([9e-5, 0, 0], abs=1e-12)


@pytest.mark.parametrize(("factor", "changed"), [(1.009, 0), (1.02, 1), (0.98, 1)])
@pytest.mark.parametrize("column", ["record_credibility", "present_credibility"])
def test_a_credibility_is_written_if_it_changed_by_more_than_a_hundredth(
    session: Session, column: str, factor: float, changed: int
) -> None:
    place = add_town(session)[0]
    store_all(session)
    session.execute(
        text(f"UPDATE facility SET {column} = {column} * :factor WHERE id = :id"),  # noqa: S608 - of this test
        {"factor": factor, "id": place},
    )
    assert store_all(session) == changed


def test_a_place_that_loses_its_group_gets_the_prior_of_its_kind(session: Session) -> None:
    place = add_town(session)[0]
    session.execute(
        text("UPDATE facility SET prior_group = 'operator:Gone', prior_stars = 1.5 WHERE id = :id"), {"id": place}
    )
    store_all(session)
    assert prior(session, place).group == "kind:toilets"


def test_a_new_place_gets_its_prior_at_the_next_run(session: Session) -> None:
    add_town(session)
    store_all(session)
    place = add_facility(session)
    assert prior(session, place) == DEFAULT
    assert store_all(session) == 1
    assert prior(session, place).group == "kind:toilets"


def test_all_batches_are_stored(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "BATCH", 2)
    places = [*add_town(session), *add_town(session)]
    assert store_all(session) == 6
    assert {prior(session, place).group for place in places} == {"kind:toilets"}


def test_a_place_that_another_transaction_has_locked_is_left_for_the_next_run(own_database_url: str) -> None:
    database = Database(own_database_url)
    with database.write() as session:
        locked, *free = add_town(session)
        session.commit()
    with database.write() as other, database.write() as session:
        other.execute(text("SELECT FROM facility WHERE id = :id FOR NO KEY UPDATE"), {"id": locked})
        assert store_all(session) == 2
        session.commit()
        assert prior(session, locked) == DEFAULT
        assert {prior(session, place).group for place in free} == {"kind:toilets"}
        session.rollback()
        other.rollback()
        assert store_all(session) == 1
        session.rollback()
    database.close()


def test_a_rating_made_between_reading_and_storing_is_kept(own_database_url: str) -> None:
    database = Database(own_database_url)
    with database.write() as session:
        place = add_town(session)[0]
        session.commit()
    with database.write() as session:
        priors, batch = estimate(session, NOON), storage.next_batch(session, 0)
        with database.write() as other:
            other.execute(text("UPDATE facility SET weight_slow = 7, name = 'New' WHERE id = :id"), {"id": place})
            other.commit()
        storage.store(session, batch, priors)
        session.commit()
        row = facility_row(session, place)
    assert (row["weight_slow"], row["name"], row["prior_group"]) == (7, "New", "kind:toilets")
    database.close()


def test_an_explanation_says_how_much_the_prior_counts(session: Session) -> None:
    unrated, rated, _ = add_place(session), add_place(session, (20, 80)), add_place(session, (20, 80))
    assert storage.explained(session, [unrated], NOON) == [(PRIOR_MEAN_STARS, None, 1)]
    store_all(session)
    first, second = storage.explained(session, [rated, unrated], NOON)
    assert first == (pytest.approx(4), "kind:toilets", pytest.approx(5 / 25))
    assert second == (pytest.approx(4), "kind:toilets", 1)
    assert storage.explained(session, [], NOON) == []
