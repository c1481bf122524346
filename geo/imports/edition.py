"""The summary of an import, and limits of how much of a dataset an import may lose before it is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from geo.conflation.conflate import NOTHING_MERGED, Conflation
from geo.errors import BeforehandError
from geo.imports.record import Rejection

REJECTIONS_KEPT = 100
"""Maximum number of rejections in a summary, to bound memory; the others are counted."""


EXAMPLES_KEPT = 10
"""Examples of each outcome in a summary."""


@dataclass(frozen=True, slots=True)
class Example:
    """What an import does to one facility.

    Attributes:
        outcome: ``added``, ``changed`` or ``vanished``.
        external_id: its id in the dataset.
        kind: its kind.
        name: its name.
        lon: its new longitude in degrees; the former one if it vanished.
        lat: its latitude.
        changes: what changes, such as columns; None unless it is a changed one.
    """

    outcome: str
    external_id: str
    kind: str
    name: str | None
    lon: float
    lat: float
    changes: Sequence[str] | None


@dataclass(slots=True)
class ImportSummary:
    """The figures of an import; ``rejections`` contains the first of the ``rejected`` rows.

    Attributes:
        kept: number of known facilities that were not changed because their row was rejected.
        exchanged: number of rejected rows that would be valid with longitude and latitude exchanged.
        examples: what happens to the first facilities of each outcome.
        warnings: what makes the edition implausible, each in one sentence.
        conflation: the result of merging the imported places with those of other datasets.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    kept: int = 0
    rejected: int = 0
    exchanged: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    conflation: Conflation = NOTHING_MERGED

    def reject(self, external_id: str, reason: str, *, is_exchanged: bool = False) -> None:
        """Count a rejection, and store it up to REJECTIONS_KEPT."""
        self.rejected += 1
        self.exchanged += is_exchanged
        if len(self.rejections) < REJECTIONS_KEPT:
            self.rejections.append(Rejection(external_id, reason))


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
        warnings: whether an implausible edition is accepted.
    """

    vanished: Limit = USUAL
    rejected: Limit = USUAL
    warnings: bool = False


USUAL_LIMITS = Limits()


class EditionRefused(BeforehandError):
    """An import loses more than its limits allow, or is implausible.

    Attributes:
        summary: what the import would have done.
        lost: the numbers that exceed their limits, by ``vanished`` and ``rejected``.
    """

    def __init__(self, reason: str, summary: ImportSummary, lost: Mapping[str, int]) -> None:
        super().__init__(reason)
        self.summary = summary
        self.lost = lost


def require_within(limits: Limits, summary: ImportSummary, listed: int) -> None:
    """Check that an import does not lose too much.

    Args:
        limits: limits of the import.
        summary: what the import would do.
        listed: number of facilities that the dataset listed before.

    Raises:
        EditionRefused: more facilities vanish, or more rows are rejected, than the limits allow, or there are warnings.
    """
    reasons: dict[str, str] = {}
    if not limits.vanished.allows(summary.vanished, listed):
        reasons["vanished"] = f"{summary.vanished} of the {listed} facilities of this dataset would vanish"
    if not limits.rejected.allows(summary.rejected, summary.read):
        reasons["rejected"] = f"{summary.rejected} of the {summary.read} rows read are rejected"
    lost = {outcome: getattr(summary, outcome) for outcome in reasons}
    refusals = [*reasons.values(), *(() if limits.warnings else summary.warnings)]
    if refusals:
        raise EditionRefused(" and ".join(refusals), summary, lost)
