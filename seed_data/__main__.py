"""Fill an empty database, the one that DATABASE_URL names, with the demo city: `python -m seed_data`."""

import os
import sys
from datetime import UTC, datetime

from geo.database import Database
from geo.errors import BeforehandError
from geo.facilities import counts
from seed_data.city import add_city, add_names
from seed_data.crowd import add_ratings


def main() -> None:
    """Seed, or say why not."""
    database = Database(os.environ.get("DATABASE_URL", ""))
    with database.write() as session:
        if counts.by_kind(session):
            print("There are facilities already: nothing was seeded.")
            return
        as_of = datetime.now(UTC)
        facilities = add_city(session, as_of)
        if not facilities:
            print("Another process has just seeded the demo city.")
            return
        names = add_names(session, as_of)
        ratings = add_ratings(session, as_of)
        session.commit()
    print(
        f"Seeded the demo city: {facilities} facilities of central Helsinki, {names} names of streets and places,"
        f" {ratings} demo ratings."
    )


try:
    main()
except BeforehandError as error:
    sys.exit(f"seed_data: {error}")
