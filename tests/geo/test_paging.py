import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo import paging


@pytest.mark.parametrize(("count", "shown", "next_after"), [(0, [], None), (2, [1, 2], None), (3, [1, 2], 2)])
def test_a_next_page_is_announced_only_if_an_entry_follows(
    session: Session, count: int, shown: list[int], next_after: int | None
) -> None:
    numbers = func.generate_series(1, count).table_valued("id").render_derived()
    page = paging.read(session, select(numbers.c.id).order_by(numbers.c.id), limit=2).convert(lambda row: row["id"])
    assert (page.entries, page.next_after) == (shown, next_after)
