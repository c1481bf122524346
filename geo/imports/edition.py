"""The summary of an import, and limits of how much of a dataset an import may lose before it is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from geo.conflation.conflate import NOTHING_MERGED, Conflation
from geo.errors import BeforehandError
from geo.imports.record import Rejection

REJECTIONS_KEPT = 100
"""Maximum number of rejections in a summary, to bound memory; the others are counted."""


@dataclass(slots=True)
class ImportSummary:
    """The figures of an import; ``rejections`` contains the first of the ``rejected`` rows.

    Attributes:
        kept: number of known facilities that were not changed because their row was rejected.
        swapped: number of rejected rows whose position would be valid with longitude and latitude swapped.
        examples: the first ids of each outcome, with names and what changes.
        warnings: sentences about probable mistakes.
        conflation: the result of merging the imported places with those of other datasets.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    kept: int = 0
    rejected: int = 0
    swapped: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    examples: dict[str, list[str]] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    conflation: Conflation = NOTHING_MERGED

    def reject(self, rejection: Rejection) -> None:
        """Count a rejection, and store it up to REJECTIONS_KEPT."""
        self.rejected += 1
        self.swapped += rejection.is_swapped
        if len(self.rejections) < REJECTIONS_KEPT:
            self.rejections.append(rejection)


@dataclass(frozen=True, slots=True)
class Limit:
    """The maximum number of rows that may be lost, absolute or as a percentage.

    Attributes:
        rows: the number; None if the percentage applies.
        percent: percentage of all rows.
        few: with a percentage, a number that may always be lost, unless it is all of several rows.
    """

    rows: int | None = None
    percent: int = 0
    few: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``N`` or ``N%``.

        Raises:
            ValueError: the text is neither, or more than 100%.
        """
        number, percent_sign, rest = text.partition("%")
        if not (number.isascii() and number.isdigit()) or rest or (percent_sign and int(number) > 100):
            raise ValueError(f"{text!r} must be a number of rows, such as 25, or a percentage up to 100%")
        return cls(percent=int(number)) if percent_sign else cls(rows=int(number))

    def allows(self, lost: int, of: int) -> bool:
        """Return whether ``lost`` of ``of`` rows may be lost."""
        if self.rows is not None:
            return lost <= self.rows
        is_few = lost <= self.few and (lost < of or of == 1)
        return is_few or lost * 100 <= self.percent * of


USUAL = Limit(percent=10, few=10)
"""The default limit. Larger losses are mostly caused by a truncated file, a wrong file, or a changed column. A person
can check ten rows, and a small dataset may lose them regularly."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an import may lose.

    Attributes:
        vanished: facilities that the file no longer lists, of all that the dataset listed.
        rejected: rejected rows, of all rows read.
        accepts_warnings: whether an import with warnings is allowed.
    """

    vanished: Limit = USUAL
    rejected: Limit = USUAL
    accepts_warnings: bool = False


USUAL_LIMITS = Limits()


class EditionRefused(BeforehandError):
    """An import loses more than its limits allow, or is probably a mistake.

    Attributes:
        summary: what the import would have done.
        lost: the numbers that exceed their limits, by ``vanished`` and ``rejected``.
        is_doubtful: whether there are warnings that were not accepted.
    """

    def __init__(self, reason: str, summary: ImportSummary, lost: Mapping[str, int], limits: Limits) -> None:
        super().__init__(reason)
        self.summary = summary
        self.lost = lost
        self.is_doubtful = bool(summary.warnings) and not limits.accepts_warnings


def require_within(limits: Limits, summary: ImportSummary, listed: int) -> None:
    """Check that an import does not lose too much and has no warnings that were not accepted.

    Args:
        limits: limits of the import.
        summary: what the import would do.
        listed: number of facilities that the dataset listed before.

    Raises:
        EditionRefused: more facilities vanish, or more rows are rejected, than the limits allow; or there are warnings.
    """
    reasons: dict[str, str] = {}
    if not limits.vanished.allows(summary.vanished, listed):
        reasons["vanished"] = f"{summary.vanished} of the {listed} facilities of this dataset would vanish"
    if not limits.rejected.allows(summary.rejected, summary.read):
        reasons["rejected"] = f"{summary.rejected} of the {summary.read} rows read are rejected"
    warnings = () if limits.accepts_warnings else summary.warnings
    if reasons or warnings:
        lost = {outcome: getattr(summary, outcome) for outcome in reasons}
        raise EditionRefused(" and ".join((*reasons.values(), *warnings)), summary, lost, limits)
