"""All personas and rules over many days: each rule lives the same days."""

import sys

from bench.hints_quality.day import Tally, live
from bench.hints_quality.people import PERSONAS, make_day
from bench.hints_quality.prompters import RULES


def simulate(days: int, first_seed: int) -> dict[str, dict[str, list[Tally]]]:
    """Return the tallies of each persona and rule.

    Args:
        days: number of days of all personas together.
        first_seed: seed of each persona's first day; the others follow.
    """
    tallies = {}
    for persona in PERSONAS:
        print(persona, file=sys.stderr)
        lives = [make_day(persona, first_seed + number) for number in range(days // len(PERSONAS))]
        tallies[persona] = {name: [live(day, rule) for day in lives] for name, rule in RULES.items()}
    return tallies
