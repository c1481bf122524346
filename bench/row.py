"""A line of the table: one figure over the plainest thing that could be done instead."""

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One measurement.

    Attributes:
        name: of what was measured.
        ours, theirs: the figure, and that of the plain alternative in the same run.
        unit: of both.
        against: what the alternative is.
        target: what the ratio ours/theirs must reach, in words.
    """

    name: str
    ours: float
    theirs: float
    unit: str
    against: str
    target: str

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours / self.theirs


def markdown(rows: Sequence[Row]) -> str:
    """The table."""
    lines = ["| what | ours | against | ratio | target |", "|---|---|---|---|---|"]
    for row in rows:
        ours, theirs = f"{row.ours:,.3g} {row.unit}", f"{row.against}: {row.theirs:,.3g} {row.unit}"
        lines.append(f"| {row.name} | {ours} | {theirs} | {row.ratio:.2f} | {row.target} |")
    return "\n".join(lines)
