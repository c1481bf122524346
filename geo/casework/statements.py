"""Statements of reasons: predefined reasons and facts, and the fields of the EU's DSA Transparency Database.

Names and words are those of its API (transparency.dsa.ec.europa.eu, API documentation, version of July 2025). Decisions
store codes and counts; api/moderation/texts.py has the sentences. No text that a person wrote is exported.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from sqlalchemy import RowMapping, select

from geo.casework.models import Decision
from geo.database import Session

EEA = (
    *("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IS", "IE", "IT", "LV", "LI"),
    *("LT", "LU", "MT", "NL", "NO", "PL", "PT", "RO", "SK", "SI", "ES", "SE"),
)
"""Where a restriction applies: wherever the service is offered, of which the database asks for the EEA's countries."""

Source = Literal["SOURCE_TYPE_OTHER_NOTIFICATION", "SOURCE_VOLUNTARY"]
"""A report by another user, or what we saw ourselves."""

EXPORTED = (
    "puid",
    "decision_visibility",
    "decision_account",
    "decision_ground",
    "incompatible_content_ground",
    "incompatible_content_explanation",
    "category",
    "content_type",
    "content_type_other",
    "content_date",
    "application_date",
    "end_date_visibility_restriction",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "territorial_scope",
)
"""Columns of decision that are fields of the Transparency Database."""

EXPORT_BATCH = 500
"""Rows read at once."""

_CODES = ("reason", "decision_facts_code", "decision_facts_parameters")
"""Columns of decision from which the API composes the texts of a statement."""

_OTHER_VIOLATION = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
_PRIVACY_VIOLATION = "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"

REASONS: Mapping[str, str] = {
    "offensive": "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH",
    "personal_data": _PRIVACY_VIOLATION,
    "contact_details": _PRIVACY_VIOLATION,
    "spam": "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
    "off_topic": _OTHER_VIOLATION,
    "reported": _OTHER_VIOLATION,
    "closed": _OTHER_VIOLATION,
    "out_of_order": _OTHER_VIOLATION,
    "duplicate": _OTHER_VIOLATION,
    "never_existed": _OTHER_VIOLATION,
    "unsafe": "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY",
    "inaccurate": _OTHER_VIOLATION,
    "one_sided_burst": _OTHER_VIOLATION,
    "abuse": _OTHER_VIOLATION,
    "verified": _OTHER_VIOLATION,
    "no_fault": _OTHER_VIOLATION,
    "appeal_granted": _OTHER_VIOLATION,
    "visited": _OTHER_VIOLATION,
    "mistake": _OTHER_VIOLATION,
}
"""The predefined reasons, each with its category of the Transparency Database."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """How an action restricts content or an account, by the names and words of the Transparency Database.

    Attributes:
        content_type: of what is restricted; CONTENT_TYPE_OTHER for a facility or its ratings.
        decision_visibility: what happens to the content, None where an account is restricted.
        decision_account: what happens to the account, None where content is restricted.
    """

    content_type: str
    decision_visibility: str | None = None
    decision_account: str | None = None


_TEXT = "CONTENT_TYPE_TEXT"
_OTHER = "CONTENT_TYPE_OTHER"

TEXT_DISABLED = Restriction(_TEXT, decision_visibility="DECISION_VISIBILITY_CONTENT_DISABLED")
PLACE_DISABLED = Restriction(_OTHER, decision_visibility="DECISION_VISIBILITY_CONTENT_DISABLED")
PLACE_DEMOTED = Restriction(_OTHER, decision_visibility="DECISION_VISIBILITY_CONTENT_DEMOTED")
ACCOUNT_SUSPENDED = Restriction(_TEXT, decision_account="DECISION_ACCOUNT_SUSPENDED")


class Facts(NamedTuple):
    """What happened, with nothing of a person in it.

    Attributes:
        code: one of FACTS.
        parameters: what the sentence names, in JSON.
    """

    code: str
    parameters: Mapping[str, Any] = MappingProxyType({})


REVIEWED = Facts("reviewed")
REPORTED_AND_REVIEWED = Facts("reported_and_reviewed")


def reported(networks: int) -> Facts:
    """Visitors from this number of networks reported a text, or a place out of order."""
    return Facts("reported", {"networks": networks})


def reported_closed(networks: int) -> Facts:
    """Visitors from this number of networks reported a place closed."""
    return Facts("reported_closed", {"networks": networks})


def contact_details_found(kinds: Sequence[str]) -> Facts:
    """A program found contact details of these kinds, see geo/crowd/text_checks.py."""
    return Facts("contact_details_found", {"kinds": list(kinds)})


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a decision rests on.

    Attributes:
        reason: of REASONS.
        content_date: when the content was made.
        facts: what happened; None for an action that restricts nobody.
        ends_on: when the restriction ends by itself.
        source: what brought the content to attention.
        detected_automatically: a program found it, nobody reported it.
    """

    reason: str
    content_date: date
    facts: Facts | None = None
    ends_on: date | None = None
    source: Source = "SOURCE_VOLUNTARY"
    detected_automatically: bool = False


def statement(restriction: Restriction | None, grounds: Grounds, today: date, *, automated: bool) -> dict[str, Any]:
    """Return the columns of a statement of reasons; none where nobody is restricted.

    Args:
        restriction: of the action.
        grounds: of the decision.
        today: the day of the decision.
        automated: no person decided.
    """
    if restriction is None:
        return {}
    facts, visibility = grounds.facts, restriction.decision_visibility
    return {
        "decision_visibility": visibility and [visibility],
        "decision_account": restriction.decision_account,
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "category": REASONS[grounds.reason],
        "content_type": [restriction.content_type],
        "content_date": grounds.content_date,
        "application_date": today,
        "end_date_visibility_restriction": grounds.ends_on,
        "decision_facts_code": facts and facts.code,
        "decision_facts_parameters": facts and dict(facts.parameters),
        "source_type": grounds.source,
        "automated_detection": "Yes" if grounds.detected_automatically else "No",
        "automated_decision": "AUTOMATED_DECISION_FULLY" if automated else "AUTOMATED_DECISION_NOT_AUTOMATED",
        "territorial_scope": list(EEA),
    }


def export(session: Session) -> Iterator[RowMapping]:
    """Return every restriction's statement of reasons, oldest first: the columns of EXPORTED and _CODES.

    Decisions since migration 0009 hold codes, from which the API composes the texts.
    """
    after = 0
    columns = [getattr(Decision, name) for name in (*EXPORTED, *_CODES)]
    while True:
        rows = (
            session.execute(
                select(Decision.id, *columns)
                .where(Decision.decision_ground.is_not(None), Decision.id > after)
                .order_by(Decision.id)
                .limit(EXPORT_BATCH)
            )
            .mappings()
            .all()
        )
        if not rows:
            return
        yield from rows
        after = rows[-1]["id"]
