"""What an edition of a dataset did to it, and how much of the dataset an edition may lose before it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from geo.errors import BeforehandError
from geo.imports.record import Rejection

REJECTIONS_KEPT = 100
"""How many rejections a summary quotes; the rest are counted. A person reads a hundred, and memory stays bounded."""


@dataclass(slots=True)
class ImportSummary:
    """What an import did, in facilities; ``rejections`` quotes the first of the ``rejected`` rows.

    ``kept`` are known facilities that stay as they are because the row that describes them was rejected.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    kept: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    def reject(self, external_id: str, reason: str) -> None:
        """Count a rejection, and keep it while there is room."""
        self.rejected += 1
        if len(self.rejections) < REJECTIONS_KEPT:
            self.rejections.append(Rejection(external_id, reason))


@dataclass(frozen=True, slots=True)
class Limit:
    """The most rows that may be lost: a number, or a percentage of all.

    Attributes:
        rows: the number; None where the percentage decides.
        percent: of all rows.
        few: with a percentage, so many may always be lost, unless they are all rows of several.
    """

    rows: int | None = None
    percent: int = 0
    few: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``N`` or ``N%``.

        Raises:
            ValueError: it is neither, or more than 100%.
        """
        number, percent_sign, rest = text.partition("%")
        if not (number.isascii() and number.isdigit()) or rest or (percent_sign and int(number) > 100):
            raise ValueError(f"{text!r} is neither a number of rows, such as 25, nor a percentage up to 100%")
        return cls(percent=int(number)) if percent_sign else cls(rows=int(number))

    def allows(self, lost: int, of: int) -> bool:
        """Whether so many rows may be lost of all."""
        if self.rows is not None:
            return lost <= self.rows
        is_few = lost <= self.few and (lost < of or of == 1)
        return is_few or lost * 100 <= self.percent * of


USUAL = Limit(percent=10, few=10)
"""More is rarely news: it is a file cut short, the file of another dataset, or a column that changed its form. Ten rows
are as many as a person can check, and a small dataset may well lose them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an edition may lose.

    Attributes:
        vanished: facilities that the dataset listed and the edition does not, of all that it listed.
        rejected: rows that cannot be read, of all rows read.
    """

    vanished: Limit = USUAL
    rejected: Limit = USUAL


USUAL_LIMITS = Limits()


class EditionRefused(BeforehandError):
    """An edition that loses more than its limits allow.

    Attributes:
        summary: what the import would have done.
        lost: ``vanished`` or ``rejected``, or both, to the number that its limit does not allow.
    """

    def __init__(self, reason: str, summary: ImportSummary, lost: Mapping[str, int]) -> None:
        super().__init__(reason)
        self.summary = summary
        self.lost = lost


def require_within(limits: Limits, summary: ImportSummary, listed: int) -> None:
    """Refuse an edition that loses too much.

    Args:
        limits: of the edition.
        summary: what the import would do.
        listed: how many facilities the dataset listed before.

    Raises:
        EditionRefused: more facilities vanish, or more rows are rejected, than the limits allow.
    """
    reasons: dict[str, str] = {}
    if not limits.vanished.allows(summary.vanished, listed):
        reasons["vanished"] = f"{summary.vanished} of the {listed} facilities of this dataset would vanish"
    if not limits.rejected.allows(summary.rejected, summary.read):
        reasons["rejected"] = f"{summary.rejected} of the {summary.read} rows read are rejected"
    if reasons:
        lost = {outcome: getattr(summary, outcome) for outcome in reasons}
        raise EditionRefused(" and ".join(reasons.values()), summary, lost)
