"""`make bench-hints`: what people get from hints, a reminder timer or neither on simulated days, in Markdown and JSON.

make bench-hints                              200 days, 50 of each persona
make bench-hints ARGS="--json hints.json"     write the rows to a file
make bench-hints ARGS="--days 400 --seed 7"   more days, and others
"""

import argparse
import json
import sys
from pathlib import Path

from bench.hints_quality.experiment import simulate
from bench.hints_quality.people import PERSONAS
from bench.hints_quality.table import as_json, markdown


def main() -> None:
    """Simulate, and print the table; write the JSON."""
    parser = argparse.ArgumentParser(prog="make bench-hints", description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=int, default=200, help=f"a multiple of {len(PERSONAS)} (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="number of the first day (default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON to this file")
    options = parser.parse_args()
    if options.days < 2 * len(PERSONAS) or options.days % len(PERSONAS):
        parser.error(f"--days: must be a multiple of {len(PERSONAS)}, at least {2 * len(PERSONAS)}")
    if options.seed < 0:
        parser.error("--seed: must be at least 0")
    rows = as_json(simulate(options.days, options.seed))
    print(markdown(rows))
    if options.json is not None:
        document = {"days": options.days, "seed": options.seed, "rows": rows}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(f"rows: {options.json}", file=sys.stderr)


main()
