"""`make proof-hours FILES="A.osm.pbf B.geojson ..."`: compiled hours against opening_hours.js, with all exceptions."""

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from bench.hours_proof.comparison import LEFT_OUT, SLOT, SLOTS, Comparison, Place, agreement, compare, missing
from bench.hours_proof.exceptions import reasons_of
from bench.hours_proof.texts import places_of
from geo.facilities.hours import compile_hours

AS_OF = datetime(2026, 11, 23, tzinfo=UTC)
"""A Monday; the weeks after it contain the holidays of December."""

DAYS_TIMED = 3
"""Each text is compiled as of so many days, of which the fastest counts: results are cached for each day."""


def main(files: list[str]) -> None:
    """Print the agreement over the distinct texts of files."""
    places = list({place.text: place for name in files for place in places_of(Path(name))}.values())
    slowest_s, slowest = max((_compiled_s(place), place.text) for place in places)
    compared = compare(places, AS_OF)
    notes = sum(compile_hours(place.text, place.location, AS_OF) is None for place in places)
    print(f"{len(places):5} distinct texts, {notes} of them notes here")
    for reason, count in Counter(one.left_out for one in compared).most_common():
        print(f"{count:5} {reason or 'compared'}")
    for left_out in (None, *LEFT_OUT):
        _print_agreement(left_out, [one for one in compared if one.left_out == left_out])
    print(f"slowest to compile: {slowest_s * 1000:.1f} ms, {slowest!r}")


def _compiled_s(place: Place) -> float:
    return min(_seconds(place, AS_OF + number * timedelta(days=1)) for number in range(DAYS_TIMED))


def _seconds(place: Place, as_of: datetime) -> float:
    began_s = process_time()
    compile_hours(place.text, place.location, as_of)
    return process_time() - began_s


def _print_agreement(left_out: str | None, compared: list[Comparison]) -> None:
    if not compared:
        return
    print(f"{left_out or 'compared'}: {agreement(compared):.4%} of {len(compared) * SLOTS} slots agree")
    by_reason: dict[str, list[Comparison]] = {}
    for one, reason in reasons_of(compared, AS_OF):
        by_reason.setdefault(reason, []).append(one)
    for reason, exceptions in by_reason.items():
        print(f"  {reason}:")
        for one in sorted(exceptions, key=lambda one: -len(one.differing)):
            first = AS_OF + one.differing[0] * SLOT
            print(f"  {len(one.differing):5} slots from {first:%a %d %b %H:%M} UTC: {one.place.text}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit('usage: make proof-hours FILES="A.osm.pbf B.geojson C.csv"')
    if lacking := missing():
        sys.exit(f"make proof-hours: {lacking}")
    main(sys.argv[1:])
