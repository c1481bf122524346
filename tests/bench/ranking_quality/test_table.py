import numpy as np
import pytest

from bench.ranking_quality.experiment import BALANCED, CLEANLINESS, Outcome
from bench.ranking_quality.rankers import KAPPAS, OURS, changed, right_mean
from bench.ranking_quality.table import as_json, looks, markdown
from bench.ranking_quality.visits import Score
from bench.ranking_quality.world import REGIMES


@pytest.fixture
def outcome() -> Outcome:
    """Made-up scores in which each bit of doubt costs 0.1 stars and spares one dirty visit in a hundred."""
    rankers = [OURS, *(changed([("kappa", kappa)]) for kappa in KAPPAS), *map(right_mean, KAPPAS)]
    names = [*(ranker.name for ranker in rankers), "oracle"]
    regimes = REGIMES * 2
    scores = np.random.default_rng(10).normal(0.5, 0.01, (len(regimes), len(names), 4, len(Score._fields)))
    doubt = np.array([2, *range(6), *range(6), 0])[:, None]
    scores[..., Score._fields.index("regret")] += 0.1 * doubt
    scores[..., Score._fields.index("dirty")] -= 0.01 * doubt
    return Outcome(names, [*BALANCED, *CLEANLINESS], regimes, scores)


def test_differences_beyond_chance_are_bold(outcome: Outcome) -> None:
    cells = next(line for line in markdown(outcome).splitlines() if line.startswith("| κ 1.5 |")).split(" | ")
    assert cells[2].startswith("**+0.3")
    chance = next(line for line in markdown(outcome).splitlines() if line.startswith("| κ 0.5 |")).split(" | ")
    assert not chance[2].startswith("**")


def test_an_avoided_dirty_visit_has_a_price_in_stars(outcome: Outcome) -> None:
    line = next(
        line for line in markdown(outcome).splitlines() if line.startswith("| balanced, walk, μ of ours, κ 1 |")
    )
    assert float(line.split(" | ")[-1].rstrip(" |")) == pytest.approx(10, rel=0.3)


def test_json_has_a_row_per_ranker_and_task_with_consistent_intervals(outcome: Outcome) -> None:
    rows = as_json(outcome)
    assert len(rows) == len(outcome.names) * 4
    assert looks(outcome) == 12 * 4
    assert rows[0]["regret_less_ours"] == {"mean": 0, "margin": 0}
