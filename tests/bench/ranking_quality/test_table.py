import json
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.ranking_quality import table
from bench.ranking_quality.experiment import BALANCED, Outcome
from bench.ranking_quality.visits import Score


@pytest.fixture
def outcome() -> Outcome:
    """Scores of 30 towns in which ours loses 0.2 stars, distance 0.3, and another rule as much as ours."""
    random = np.random.default_rng(10)
    town = random.normal(0, 0.02, (30, 1, 1, 1, 1))
    scores = np.full((30, 2, 4, 2, len(Score._fields)), 0.2) + town + random.normal(0, 0.001, (30, 2, 4, 2, 3))
    scores[:, :, 1] += 0.1
    scores[:, :, 2] -= 0.04
    return Outcome(["clean", "spread"], ["ours", "distance", "informed", "alike"], BALANCED, scores)


def test_differences_beyond_chance_are_bold(outcome: Outcome) -> None:
    lines = table.difference_table(outcome, "balanced", outcome.rules).splitlines()
    assert lines[0] == "| rule | clean | spread |"
    assert lines[2].startswith("| distance | **+")
    assert "**" not in lines[-1]
    assert not any(line.startswith("| ours") for line in lines)


def test_a_share_below_distance_has_an_interval_that_pairs_towns(outcome: Outcome) -> None:
    below = outcome.below("clean", "ours", "distance", BALANCED[0])
    assert below.mean == pytest.approx(1 / 3, abs=0.02)
    assert below.margin < 0.01
    assert table.against_table(outcome).splitlines()[2].startswith("| clean | 33.")


def test_rows_have_their_fixed_names_and_consistent_intervals(outcome: Outcome) -> None:
    rows, details = table.rows(outcome), table.detail_rows(outcome)
    assert len(rows) == len(details) == 2 * 4 * 2
    assert list(rows[0]) == ["regime", "rule", "rank", "mode", "regret"]
    assert list(rows[0]["regret"]) == ["mean", "margin"]
    assert rows[0]["regret"]["mean"] == pytest.approx(0.2, abs=0.02)
    assert [list(row.values())[:4] for row in rows] == [list(row.values())[:4] for row in details]
    assert details[0]["less_ours"] == {"mean": 0, "margin": 0}
    assert details[2]["below_distance"]["mean"] == 0


@pytest.mark.slow
def test_the_program_prints_tables_and_writes_every_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bench.ranking_quality.__main__ import main  # noqa: PLC0415 - a program

    written = tmp_path / "figures.json"
    monkeypatch.setattr(sys, "argv", ["bench", "--towns", "2", "--seed", "3", "--json", str(written)])
    main()
    document = json.loads(written.read_text())
    assert {row["regime"] for row in document["rows"]} >= {"clean", "spread", "budapest"}
    assert {row["rank"] for row in document["rows"]} == {"balanced", "cleanliness"}
    assert document["verdicts"][0]["true"]["mean"] > 0
    assert document["asks"][0]["below_nobody"] == {"mean": 0, "margin": 0}
    assert "| squat |" in capsys.readouterr().out
