"""`make proof-hours FILES="A.osm.pbf B.geojson ..."`: compiled hours against opening_hours.js, with all exceptions."""

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

from bench.hours_proof.comparison import SLOTS, Comparison, Place, compare
from bench.hours_proof.texts import places_of
from geo.facilities.hours import compile_hours

AS_OF = datetime(2026, 11, 23, tzinfo=UTC)
"""A Monday; the weeks after it contain the holidays of December."""


def main(files: list[str]) -> None:
    """Print the agreement over the distinct texts of files."""
    places = list({place.text: place for name in files for place in places_of(Path(name))}.values())
    compile_hours("PH off", places[0].location, AS_OF)  # the library loads its maps of zones and countries
    slowest_s, slowest = max(_compiled_s(place) for place in places)
    compared = compare(places, AS_OF)
    notes = sum(compile_hours(place.text, place.location, AS_OF) is None for place in places)
    print(f"{len(places):5} distinct texts, {notes} of them notes here")
    for reason, count in Counter(one.left_out for one in compared).items():
        print(f"{count:5} texts {reason or 'compared'}")
    for reason in (None, "SH", "||", "comment", "open end"):
        _print_agreement(reason, [one for one in compared if one.left_out == reason])
    print(f"slowest to compile: {slowest_s * 1000:.1f} ms, {slowest!r}")


def _compiled_s(place: Place) -> tuple[float, str]:
    began_s = process_time()
    compile_hours(place.text, place.location, AS_OF)
    return process_time() - began_s, place.text


def _print_agreement(reason: str | None, compared: list[Comparison]) -> None:
    slots = len(compared) * SLOTS
    if slots:
        agreeing = sum(one.agreeing for one in compared)
        print(f"{reason or 'compared'}: {agreeing / slots:.4%} of {slots} slots agree")
        for one in sorted(compared, key=lambda one: one.agreeing):
            if one.agreeing < SLOTS:
                first = f"{one.first:%a %d %b %H:%M} UTC"
                print(f"  {SLOTS - one.agreeing:5} slots differ, first at {first} {one.note}: {one.place.text}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit('usage: make proof-hours FILES="A.osm.pbf B.geojson C.csv"')
    main(sys.argv[1:])
