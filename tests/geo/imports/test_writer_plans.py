"""The planner expects the rows of a new dataset, although autovacuum has not seen them."""

from typing import Any

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.imports import statements
from geo.imports.record import FacilityRecord
from tests.geo.imports.city import OTHER_CITY, record, write

ROWS = 3_000


def rows(first: int = 0, **fields: Any) -> list[FacilityRecord]:
    return [record(str(first + each), location=Point(each / 1000, 50.0), **fields) for each in range(ROWS)]


def plan_of_places(session: Session, dataset_rows: list[FacilityRecord]) -> str:
    """Import rows, and return the plan of the statement that joins them with the sources."""
    connection = session.connection()
    plans: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(statements.PLACES.text.partition("\n")[0]):
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))

    event.listen(connection, "before_cursor_execute", explain)
    try:
        write(session, *dataset_rows)
    finally:
        event.remove(connection, "before_cursor_execute", explain)
    (plan,) = plans
    return plan


def test_a_dataset_after_another_one_is_joined_without_a_nested_loop(session: Session) -> None:
    write(session, *rows(), dataset=OTHER_CITY)
    session.execute(text("ANALYZE facility_source"))  # statistics that know the other dataset only
    assert "Nested Loop" not in plan_of_places(session, rows(first=ROWS))


def test_an_edition_that_changes_all_rows_is_joined_without_a_nested_loop(session: Session) -> None:
    write(session, *rows())
    assert "Nested Loop" not in plan_of_places(session, rows(name="Kiosk"))
