import pytest

from bench.row import Row, markdown


@pytest.mark.parametrize(
    ("row", "reached"),
    [
        (Row("a rate", 55, 100, "/s", "theirs", "≥ 0.55"), True),
        (Row("a rate", 54, 100, "/s", "theirs", "≥ 0.55"), False),
        (Row("a time", 5, 2, "ms", "theirs", "≤ 2.5"), True),
        (Row("a time", 6, 2, "ms", "theirs", "≤ 2.5"), False),
        (Row("a figure by itself", 121, None, "MiB", target="≤ 120"), False),
        (Row("a figure that nothing is asked of", 121, None, "/s"), None),
    ],
)
def test_a_row_knows_whether_its_target_is_reached(row: Row, *, reached: bool | None) -> None:
    assert row.reached is reached


def test_the_table_marks_missed_targets() -> None:
    table = markdown([Row("a time", 6, 2, "ms", "theirs", "≤ 2.5"), Row("a figure", 1500, None, "/s")])
    assert table.splitlines()[2:] == [
        "| a time | 6 ms | theirs: 2 ms | 3.00 | ≤ 2.5 | **no** |",
        "| a figure | 1.5e+03 /s |  |  |  |  |",
    ]
