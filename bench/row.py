"""A line of the table: one figure, mostly over the plainest thing that could be done instead."""

from collections.abc import Sequence
from typing import NamedTuple


class NotMeasured(Exception):
    """A row has no figure, because something is missing or did not do what it should; the text says what."""


class Row(NamedTuple):
    """One measurement.

    Attributes:
        name: of what was measured.
        ours: the figure.
        theirs: that of the plain alternative in the same run; None where the figure stands by itself.
        unit: of both.
        against: what the alternative is.
        target: what the ratio ours/theirs must reach, or the figure where it stands by itself: ``≥ 0.3``, ``≤ 2.5``;
            empty where nothing is asked of it.
    """

    name: str
    ours: float
    theirs: float | None
    unit: str
    against: str = ""
    target: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over theirs."""
        return None if self.theirs is None else self.ours / self.theirs

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if not self.target:
            return None
        judged = self.ours if self.ratio is None else self.ratio
        sign, bound = self.target.split()
        return {"≥": judged >= float(bound), "≤": judged <= float(bound)}[sign]

    def document(self) -> dict[str, str | float | bool | None]:
        """Return the row for the JSON output."""
        return {**self._asdict(), "ratio": self.ratio, "reached": self.reached}


_REACHED = {True: "yes", False: "**no**", None: ""}


def markdown(rows: Sequence[Row]) -> str:
    """The table."""
    lines = ["| what | ours | against | ratio | target | reached |", "|---|---|---|---|---|---|"]
    for row in rows:
        theirs = "" if row.theirs is None else f"{row.against}: {row.theirs:,.3g} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        cells = (row.name, f"{row.ours:,.3g} {row.unit}", theirs, ratio, row.target, _REACHED[row.reached])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
