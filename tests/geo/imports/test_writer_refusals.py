import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from geo.errors import UnreadableFile
from geo.imports.edition import EditionRefused, Limit, Limits
from geo.imports.record import FacilityRecord, Rejection
from geo.imports.writer import write_dataset
from tests.conftest import NOON
from tests.geo.imports.city import CITY, LATER, counts, every_row, many, record, status_of, write


@pytest.mark.parametrize(
    ("edition", "reason", "lost"),
    [
        (lambda: many(178), "22 of the 200 facilities of this dataset would vanish", {"vanished": 22}),
        (lambda: many(200, 200), "200 of the 200 facilities of this dataset would vanish", {"vanished": 200}),
        (
            lambda: [*many(200), *(Rejection(f"row {number}", "it has no id") for number in range(30))],
            "30 of the 230 rows read are rejected",
            {"rejected": 30},
        ),
    ],
)
def test_an_edition_that_loses_too_much_is_refused_and_changes_nothing(
    session: Session, edition: Callable[[], Iterable[FacilityRecord | Rejection]], reason: str, lost: dict[str, int]
) -> None:
    write(session, *many(200))
    before = every_row(session)
    with pytest.raises(EditionRefused, match=f"^{reason}$") as refused, session.begin_nested():
        write(session, *edition(), as_of=LATER)
    assert refused.value.lost == lost
    assert {outcome: getattr(refused.value.summary, outcome) for outcome in lost} == lost
    assert every_row(session) == before
    allowed = replace(CITY, limits=Limits(*[Limit(rows=max(lost.values()))] * 2))
    write(session, *edition(), dataset=allowed)


def test_facilities_that_vanished_before_do_not_count_again(session: Session) -> None:
    write(session, *many(200))
    for left in (185, 170, 160):
        write(session, *many(left))
    with pytest.raises(EditionRefused, match="17 of the 160 facilities"), session.begin_nested():
        write(session, *many(143))


def test_a_small_dataset_may_lose_some_facilities_but_not_all(session: Session) -> None:
    write(session, *many(8))
    write(session, *many(2))
    with pytest.raises(EditionRefused, match="2 of the 2 facilities"), session.begin_nested():
        write(session, *many(5, 100))


def test_facilities_kept_despite_a_rejected_row_do_not_count_as_vanished(session: Session) -> None:
    write(session, *many(30))
    allowed = replace(CITY, limits=Limits(rejected=Limit(percent=100)))
    rejected = [Rejection(str(number), "fee must be one of yes, no, not 'free'") for number in range(20)]
    summary = write(session, *many(10, 20), *rejected, dataset=allowed)
    assert (counts(summary), summary.kept) == ((0, 0, 10, 0, 20), 20)


def test_a_file_without_a_single_facility_closes_nothing(session: Session) -> None:
    write(session, record())
    for rows in ((), (Rejection("b", "kind is empty"),)):
        with pytest.raises(UnreadableFile, match=re.escape("there is no facility in city")), session.begin_nested():
            write(session, *rows)
    assert status_of(session) == "active"


def test_a_file_that_fails_halfway_changes_nothing(session: Session) -> None:
    write(session, record("a"))
    before = every_row(session)

    def broken() -> Iterator[FacilityRecord]:
        for number in range(1500):
            yield record(str(number))
        raise UnreadableFile("city.csv is truncated")

    with pytest.raises(UnreadableFile, match=r"^city\.csv is truncated$"), session.begin_nested():
        write_dataset(session, CITY, broken(), NOON)
    assert every_row(session) == before
