"""`make bench-ranking`: what visitors of made-up towns get from ours and from other orders, in Markdown and JSON.

make bench-ranking                        192 towns that choose constants, 192 others that confirm them
make bench-ranking ARGS="--towns 96"      fewer; always as many of each regime
"""

import argparse
import json
import sys

from bench.ranking_quality.experiment import CONFIRMING_SEEDS, choose, confirm, towns
from bench.ranking_quality.table import as_json, looks, markdown
from bench.ranking_quality.world import REGIMES


def main() -> None:
    """Measure, and print the tables and their JSON."""
    parser = argparse.ArgumentParser(prog="make bench-ranking", description=__doc__.partition("\n")[0])
    parser.add_argument("--towns", type=int, default=192, help=f"a multiple of {len(REGIMES)}")
    parser.add_argument("--seed", type=int, default=0, help="of the first town")
    options = parser.parse_args()
    if options.towns < 2 * len(REGIMES) or options.towns % len(REGIMES):
        parser.error(f"--towns must be a multiple of {len(REGIMES)}, twice that at least")
    print("choosing", file=sys.stderr)
    finalists = choose(list(towns(options.towns, options.seed)))
    print("confirming", file=sys.stderr)
    outcome = confirm(towns(options.towns, CONFIRMING_SEEDS + options.seed), finalists)
    print(markdown(outcome))
    print(f"\n{options.towns} towns; differences hold together with 95 % over {looks(outcome)} looks.")
    print(json.dumps({"towns": options.towns, "seed": options.seed, "rows": as_json(outcome)}))


main()
