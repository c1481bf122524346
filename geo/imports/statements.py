"""The statements of an import, in the order in which they run. The longer ones are the files of sql/."""

from pathlib import Path

from sqlalchemy import TextClause, text

from geo.imports.staging import HOURS_COLUMNS, HOURS_FIELDS, ROW_COLUMNS, STAGED_COLUMNS
from geo.rows import sql_file

FILES = Path(__file__).parent / "sql"

MARKERS = {
    "row_columns": ", ".join(ROW_COLUMNS),
    "hours_columns": ", ".join(HOURS_COLUMNS),
    "columns": ", ".join((*ROW_COLUMNS, *HOURS_COLUMNS)),
    "staged_columns": ", ".join(
        (*(f"staged.{column}" for column in ROW_COLUMNS), *(f"staged_hours.{column}" for column in HOURS_COLUMNS))
    ),
}
"""Lists of columns that the files contain."""


def _read(name: str) -> TextClause:
    return text(sql_file(FILES / name, MARKERS))


# Statements may take long; another import of the same dataset may hold its lock for long; and a single command may use
# more memory for sorts and joins than the many connections of a server.
SET_LIMITS = text("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL work_mem = '128MB'")

STAGE_ROWS = _read("10_stage_rows.sql")
STAGE_HOURS = _read("11_stage_hours.sql")
STAGE_REJECTED = text("CREATE TEMPORARY TABLE rejected (external_id text) ON COMMIT DROP")
PREPARE = (SET_LIMITS, STAGE_ROWS, STAGE_HOURS, STAGE_REJECTED)

COPY_ROWS = f"COPY staged ({', '.join(STAGED_COLUMNS)}) FROM STDIN"
COPY_HOURS = f"COPY staged_hours ({', '.join(HOURS_FIELDS)}) FROM STDIN"
COPY_REJECTED = "COPY rejected FROM STDIN"

DROP_REPEATED = _read("20_drop_repeated.sql")
DATASET = _read("30_dataset.sql")
AUTHORITY = text("SELECT authority FROM dataset WHERE name = :name")
PLACES_WITH_CHANGES = _read("35_places_with_changes.sql")
RESOLVE = _read("40_resolve.sql")
COUNT_OUTCOMES = text("SELECT outcome, count(*) FROM resolved GROUP BY outcome")
COUNT_LISTED = text("SELECT count(*) FROM facility_source WHERE dataset_id = :dataset_id AND vanished_at IS NULL")

EXAMPLES = _read("41_examples.sql")
SAME_ROWS = _read("42_same_rows.sql")
DISPLACEMENT = _read("43_displacement.sql")
SWAPPED = _read("44_swapped.sql")

JUDGE = _read("50_judge.sql")
CHANGE_FACILITIES = _read("60_change_facilities.sql")
CLOSE_VANISHED = _read("61_close_vanished.sql")
NOTE_SOURCES = _read("62_note_sources.sql")
ADD_FACILITIES = _read("70_add_facilities.sql")
ADD_SOURCES = _read("71_add_sources.sql")

# Known facilities are processed before new ones are added: the planner does not expect the new rows, and would choose a
# nested loop.
APPLY = (JUDGE, CHANGE_FACILITIES, CLOSE_VANISHED, NOTE_SOURCES, ADD_FACILITIES, ADD_SOURCES)

PLACES = _read("80_places.sql")

# The places that are composed of what several sources say, of which the dataset is one.
COMPOSED_PLACES = text(
    "SELECT DISTINCT facility_id FROM facility_source WHERE dataset_id = :dataset_id AND record_id IS NOT NULL"
)

DROP_TABLES = text("DROP TABLE staged, staged_hours, rejected, resolved, judged")

# A large part of the tables may have changed, and nothing else analyses temporary ones. Without these statistics the
# planner expects a handful of rows: a nested loop over 60,000 rows of each takes minutes.
ANALYZE_STAGED = text("ANALYZE staged (row_number, external_id), resolved")
ANALYZE = text("ANALYZE facility, facility_source")
