"""Statements of reasons: canned reasons, and the fields of the EU's DSA Transparency Database.

Names and words are those of its API (transparency.dsa.ec.europa.eu, API documentation, version of July 2025). What is
exported holds no text that a person wrote: facts and explanations are composed from counts and canned reasons.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import select

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


@dataclass(frozen=True, slots=True)
class Reason:
    """A canned reason.

    Attributes:
        text: to the author, in one sentence.
        category: of the Transparency Database.
    """

    text: str
    category: str = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"


REASONS: Mapping[str, Reason] = {
    "offensive": Reason("The text attacks or demeans people.", "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"),
    "personal_data": Reason(
        "The text contains personal data of somebody.", "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"
    ),
    "contact_details": Reason(
        "The text holds a phone number, an e-mail address or a link.",
        "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
    ),
    "spam": Reason("The text advertises or repeats itself.", "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"),
    "off_topic": Reason("The text says nothing of the place."),
    "reported": Reason("Several visitors reported it independently of each other."),
    "closed": Reason("The place is closed, as visitors reported."),
    "duplicate": Reason("The place is listed already."),
    "never_existed": Reason("There is no such place, or it is not open to anybody."),
    "unsafe": Reason("Going there may put people in danger.", "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"),
    "inaccurate": Reason("What it says of the place is wrong."),
    "one_sided_burst": Reason("Many one-sided ratings came in a short time, as in a campaign."),
    "abuse": Reason("The device was used against the rules again and again."),
    "verified": Reason("Somebody looked, and it is as it says."),
    "no_fault": Reason("Somebody looked, and found nothing against the rules."),
    "appeal_granted": Reason("The author appealed, and was right."),
    "visited": Reason("Visitors have rated the place since it was reported closed."),
    "mistake": Reason("The decision was a mistake."),
}
"""By the word that a decision names."""

_GROUND = "The rules of the service: what may be said of a place, and by whom."


@dataclass(frozen=True, slots=True)
class Restriction:
    """How an action restricts content or an account, by the names and words of the Transparency Database.

    Attributes:
        content_type: of what is restricted.
        content_type_other: what that is, where no word of the database names it.
        decision_visibility: what happens to the content, None where an account is restricted.
        decision_account: what happens to the account, None where content is restricted.
    """

    content_type: str
    content_type_other: str | None = None
    decision_visibility: str | None = None
    decision_account: str | None = None


_TEXT = "CONTENT_TYPE_TEXT"
_OTHER = ("CONTENT_TYPE_OTHER", "A public facility, or ratings of one")

TEXT_DISABLED = Restriction(_TEXT, decision_visibility="DECISION_VISIBILITY_CONTENT_DISABLED")
PLACE_DISABLED = Restriction(*_OTHER, decision_visibility="DECISION_VISIBILITY_CONTENT_DISABLED")
PLACE_DEMOTED = Restriction(*_OTHER, decision_visibility="DECISION_VISIBILITY_CONTENT_DEMOTED")
ACCOUNT_SUSPENDED = Restriction(_TEXT, decision_account="DECISION_ACCOUNT_SUSPENDED")


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a decision rests on.

    Attributes:
        reason: of REASONS.
        content_date: when the content was made.
        facts: in one sentence, with nothing of a person in it; empty for an action that restricts nobody.
        ends_on: when the restriction ends by itself.
        source: what brought the content to attention.
        detected_automatically: a program found it, nobody reported it.
    """

    reason: str
    content_date: date
    facts: str = ""
    ends_on: date | None = None
    source: Source = "SOURCE_VOLUNTARY"
    detected_automatically: bool = False


def statement(restriction: Restriction | None, grounds: Grounds, today: date, *, automated: bool) -> dict[str, Any]:
    """The columns of a statement of reasons; none where nobody is restricted.

    Args:
        restriction: of the action.
        grounds: of the decision.
        today: the day of the decision.
        automated: no person decided.
    """
    if restriction is None:
        return {}
    reason, visibility = REASONS[grounds.reason], restriction.decision_visibility
    return {
        "decision_visibility": visibility and [visibility],
        "decision_account": restriction.decision_account,
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": _GROUND,
        "incompatible_content_explanation": reason.text,
        "category": reason.category,
        "content_type": [restriction.content_type],
        "content_type_other": restriction.content_type_other,
        "content_date": grounds.content_date,
        "application_date": today,
        "end_date_visibility_restriction": grounds.ends_on,
        "decision_facts": grounds.facts,
        "source_type": grounds.source,
        "automated_detection": "Yes" if grounds.detected_automatically else "No",
        "automated_decision": "AUTOMATED_DECISION_FULLY" if automated else "AUTOMATED_DECISION_NOT_AUTOMATED",
        "territorial_scope": list(EEA),
    }


def export(session: Session) -> Iterator[dict[str, Any]]:
    """Every restriction's statement of reasons, oldest first; fields without a value are left out."""
    after = 0
    columns = [getattr(Decision, name) for name in EXPORTED]
    while True:
        rows = session.execute(
            select(Decision.id, *columns)
            .where(Decision.decision_ground.is_not(None), Decision.id > after)
            .order_by(Decision.id)
            .limit(EXPORT_BATCH)
        ).all()
        if not rows:
            return
        for row in rows:
            yield {name: _plain(value) for name in EXPORTED if (value := getattr(row, name)) is not None}
        after = rows[-1].id


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, list)) else str(value)
