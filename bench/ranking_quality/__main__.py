"""`make bench-ranking`: what visitors of simulated towns lose by our ranking and by other rules.

make bench-ranking                                       96 towns, each under every regime
make bench-ranking ARGS="--towns 24 --seed 7"            fewer towns, others
make bench-ranking ARGS="--json FILE"                    every figure with its interval, too
"""

import argparse
import json
import sys
from pathlib import Path

from bench.ranking_quality import table
from bench.ranking_quality.asking import asked
from bench.ranking_quality.experiment import BALANCED, CLEANLINESS, compare
from bench.ranking_quality.regimes import REGIMES
from bench.ranking_quality.rules import RULES, VARIANTS
from bench.ranking_quality.verdicts import truths
from bench.ranking_quality.world import towns

JUDGED = ("ours", "ours-2025", "informed")
"""Rules whose verdicts are counted."""


def main() -> None:
    """Measure, print the tables and write the JSON."""
    parser = argparse.ArgumentParser(prog="make bench-ranking", description=__doc__.partition("\n")[0])
    parser.add_argument("--towns", type=int, default=96, help="2 or more; a multiple of 24 meets all conditions alike")
    parser.add_argument("--seed", type=int, default=0, help="of the first town")
    parser.add_argument("--json", type=Path, help="file for every figure")
    options = parser.parse_args()
    if options.towns < 2 or options.seed < 0:
        parser.error("--towns must be at least 2, --seed at least 0")
    measured = options.towns, options.seed
    print("ranking", file=sys.stderr)
    outcome = compare(towns(*measured), REGIMES, RULES | VARIANTS, [*BALANCED, *CLEANLINESS])
    print("verdicts", file=sys.stderr)
    said = truths(towns(*measured), REGIMES, {name: RULES[name] for name in JUDGED})
    print("asking", file=sys.stderr)
    answered = asked(towns(*measured), "budapest")
    print(f"{options.towns} towns from seed {options.seed}; intervals of 95 %.")
    for rank in ("balanced", "cleanliness"):
        print(f"\n## Regret in stars, walk / drive, rank={rank}\n\n{table.regret_table(outcome, rank, RULES)}")
        print(f"\n## Less ours, thousandths of a star\n\n{table.difference_table(outcome, rank, RULES)}")
        print(f"\n## Variants of ours less ours, the same\n\n{table.difference_table(outcome, rank, VARIANTS)}")
        print(f"\n## Dirty visits in a hundred\n\n{table.dirty_table(outcome, rank, ['ours', *VARIANTS])}")
    print(f"\n## Ours against distance and the informed filter, %\n\n{table.against_table(outcome)}")
    print(f"\n## Verdicts that are true, %\n\n{table.verdict_table(said)}")
    print(f"\n## Whom to ask\n\n{table.asked_table(answered)}")
    if options.json:
        document = {
            "towns": options.towns,
            "seed": options.seed,
            "rows": table.rows(outcome),
            "details": table.detail_rows(outcome),
            "verdicts": table.verdict_rows(said),
            "asks": table.asked_rows(answered),
        }
        options.json.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
