"""The status of a place under the decisions that stand: a hidden one stays hidden until its hiding is reverted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update

from geo.crowd import closures
from geo.database import Session
from geo.errors import Conflict
from geo.facilities.models import Facility
from geo.moderation.decisions import stands
from geo.moderation.models import Decision
from geo.moderation.subjects import Subject

STATUS_SET = {"report_closed": "reported_closed", "close_facility": "closed", "hide_facility": "hidden"}
"""The status that an action sets."""


def apply(session: Session, subject: Subject, action: str, as_of: datetime) -> None:
    """Set the status of a place as ``close_facility``, ``hide_facility`` or ``dismiss_reports`` does.

    Raises:
        Conflict: the place is hidden, and the action is another than to hide it.
    """
    if action != "hide_facility" and subject.state == "hidden":
        raise Conflict(f"place {subject.thing_id} is hidden: only a senior's revert of hide_facility shows it again")
    values: dict[str, Any] = {}
    if action != "dismiss_reports":
        values = {"status": STATUS_SET[action]}
    elif subject.state == "reported_closed":
        values = {"status": "active", "reported_closed_until": None}
    if values:
        _set(session, subject.facility_id, {**values, "updated_at": as_of})


def take_back(session: Session, subject: Subject, decision: Mapping[str, Any], as_of: datetime) -> None:
    """Undo what a decision did to the status of a place, as far as no other decision or source stands against it.

    Reverting ``report_closed`` also dismisses its reports.

    Raises:
        Conflict: the place is neither hidden nor as the decision has left it, or was reported closed again since.
    """
    action, facility_id = decision["action"], subject.facility_id or 0
    if subject.state not in {"hidden", STATUS_SET[action]}:
        raise Conflict(f"the place is {subject.state} by now: decide anew")
    if action == "report_closed":
        _refuse_ended(session, facility_id, decision["id"])
        closures.reopen(session, facility_id, "dismissed", as_of)
    parameters = {"facility_id": facility_id, "as_of": as_of, "except_id": decision["id"]}
    status = session.execute(_FITTING, parameters).scalar_one()
    _set(session, facility_id, {"status": status, "updated_at": as_of})


def _refuse_ended(session: Session, facility_id: int, closure_id: int) -> None:
    """Refuse to revert a closure that ended without a revert, by expiry or dismissal, where a later one stands."""
    later = select(Decision.id).where(
        *(Decision.thing == "facility", Decision.thing_id == facility_id, Decision.action == "report_closed"),
        *(Decision.id > closure_id, stands()),
    )
    if later_id := session.execute(later.order_by(Decision.id.desc()).limit(1)).scalar_one_or_none():
        raise Conflict(f"the place was reported closed again since: revert decision {later_id}")


def _set(session: Session, facility_id: int | None, values: Mapping[str, Any]) -> None:
    session.execute(update(Facility).where(Facility.id == facility_id).values(**values))


# A new place is closed when its acceptance is reverted. reported_closed_until outlives a hiding and a closing.
_FITTING = text(
    """
    WITH standing AS (
        SELECT action FROM decision
        WHERE thing = 'facility' AND thing_id = :facility_id AND id <> :except_id
          AND NOT EXISTS (SELECT FROM decision AS later WHERE later.reverts = decision.id)
    )
    SELECT CASE
        WHEN EXISTS (SELECT FROM standing WHERE action = 'hide_facility') THEN 'hidden'
        WHEN EXISTS (SELECT FROM standing WHERE action = 'close_facility') THEN 'closed'
        WHEN EXISTS (SELECT FROM facility_source
                     WHERE facility_id = :facility_id AND (has_closed OR vanished_at IS NOT NULL)) THEN 'closed'
        WHEN EXISTS (SELECT FROM facility_change AS change
                     JOIN decision AS acceptance ON acceptance.id = change.decision_id
                     JOIN decision AS later ON later.reverts = acceptance.id
                     WHERE change.facility_id = :facility_id
                       AND jsonb_typeof(acceptance.before -> 'columns') = 'null') THEN 'closed'
        WHEN reported_closed_until > :as_of THEN 'reported_closed'
        ELSE 'active' END
    FROM facility WHERE id = :facility_id
    """
)
