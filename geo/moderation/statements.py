"""Statements of reasons: canned reasons, and the fields of the EU's DSA Transparency Database.

Names and words are those of its API (transparency.dsa.ec.europa.eu, API documentation, version of July 2025). What is
exported holds no text that a person wrote: facts and explanations are composed from counts and canned reasons.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import select

from geo.database import Session
from geo.moderation.models import Decision

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

_DISABLED = {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"]}
_DEMOTED = {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_DEMOTED"]}

RESTRICTIONS: Mapping[str, Mapping[str, Any]] = {
    "hold_comment": _DISABLED,
    "hide_comment": _DISABLED,
    "report_closed": _DEMOTED,
    "close_facility": _DISABLED,
    "hide_facility": _DISABLED,
    "reject_proposal": _DISABLED,
    "exclude_ratings": _DEMOTED,
    "suspend_device": {"decision_account": "DECISION_ACCOUNT_SUSPENDED"},
}
"""Which actions restrict somebody's content or account, and how."""


def statement(  # noqa: PLR0913 - each is a field that the action does not tell
    action: str,
    reason: str,
    *,
    facts: str,
    content_date: date,
    today: date,
    ends_on: date | None,
    source: Source,
    automated: bool,
    detected_automatically: bool,
) -> dict[str, Any]:
    """The fields of a restriction's statement of reasons; none for an action that restricts nobody."""
    if action not in RESTRICTIONS:
        return {}
    is_text = action in {"hold_comment", "hide_comment", "suspend_device"}
    return {
        **RESTRICTIONS[action],
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": _GROUND,
        "incompatible_content_explanation": REASONS[reason].text,
        "category": REASONS[reason].category,
        "content_type": ["CONTENT_TYPE_TEXT" if is_text else "CONTENT_TYPE_OTHER"],
        "content_type_other": None if is_text else "A public facility, or ratings of one",
        "content_date": content_date,
        "application_date": today,
        "end_date_visibility_restriction": ends_on,
        "decision_facts": facts,
        "source_type": source,
        "automated_detection": "Yes" if detected_automatically else "No",
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
