"""The files of geo/imports/sql are all read, in the order of their numbers, and complete."""

import re

from sqlalchemy import TextClause

from geo.imports import statements


def test_every_file_is_a_statement_in_the_order_of_the_numbers() -> None:
    found = [statement.text for statement in vars(statements).values() if isinstance(statement, TextClause)]
    comments = [file.read_text(encoding="utf-8").splitlines()[0] for file in sorted(statements.FILES.glob("*.sql"))]
    assert comments
    assert [text.splitlines()[0] for text in found if text.startswith("--")] == comments


def test_every_list_of_columns_is_filled_in_and_used() -> None:
    for statement in vars(statements).values():
        if isinstance(statement, TextClause):
            assert not re.search(r"\{\w+\}", statement.text)
    written = "".join(file.read_text(encoding="utf-8") for file in statements.FILES.glob("*.sql"))
    assert {name for name in statements.MARKERS if f"{{{name}}}" in written} == set(statements.MARKERS)
