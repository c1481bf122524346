"""Reports: something is wrong with a place, a comment or a proposal. Staff see each; a few things follow by themselves.

Whoever reports holds the facility's row, so that the third report is the third for everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.crowd import trust
from geo.crowd.devices import KnownDevice
from geo.crowd.models import Device, Proposal, Rating, Report
from geo.crowd.networks import NETWORK_LIFETIME
from geo.database import Session
from geo.errors import FacilityNotFound, ThingNotFound
from geo.facilities.models import Facility
from geo.moderation import queue
from geo.moderation.decisions import Ruling, record

Thing = Literal["facility", "comment", "proposal"]

NETWORKS_TO_ACT = 3
"""Reports from as many networks act by themselves: two may be a quarrel of neighbours. Only reports whose network is
still known count, those of a week."""

WEIGHT_TO_HIDE = 2.0
"""How much the reports of a comment must weigh besides, each network as much as its weightiest: new devices of one day
must come from seven networks."""

REPORTED_CLOSED_LIFETIME = timedelta(days=30)
"""After which a place reported closed counts as open again unless staff have settled it: a month, as long as the
fast half-life of ratings."""


@dataclass(frozen=True, slots=True)
class NewReport:
    """What a device says.

    Attributes:
        thing, thing_id: what it is about.
        reason: of REPORT_REASONS.
        network: hash of the network that the report came from.
        note: in the reporter's words.
    """

    thing: Thing
    thing_id: int
    reason: str
    network: bytes
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A report as it stands.

    Attributes:
        report_id: its id.
        created_at: when it was made.
        is_new: it was not made before.
    """

    report_id: int
    created_at: datetime
    is_new: bool


def report(session: Session, device: KnownDevice, said: NewReport, as_of: datetime) -> Receipt:
    """Take a report; the same one again while it is open changes nothing.

    Raises:
        FacilityNotFound: there is no such facility, or none that may be shown.
        ThingNotFound: there is no such comment or proposal, or none that this device can see.
    """
    _hold(session, said, device)
    weight = trust.age_weight(device.registered_at, as_of)
    is_the_same = {"device_id": device.device_id, "thing": said.thing, "thing_id": said.thing_id, "reason": said.reason}
    report_id = session.execute(
        upsert(Report)
        .values(**is_the_same, note=said.note, weight=weight, network=said.network, created_at=as_of)
        .on_conflict_do_nothing()
        .returning(Report.id)
    ).scalar_one_or_none()
    if report_id is None:
        before = session.execute(
            select(Report.id, Report.created_at).filter_by(**is_the_same).where(Report.closed_at.is_(None))
        ).one()
        return Receipt(before.id, before.created_at, is_new=False)
    item_id = _tell_staff(session, said, as_of)
    if said.thing == "comment":
        _hide_if_agreed(session, said.thing_id, item_id, as_of)
    elif said.thing == "facility" and said.reason == "closed":
        _demote_if_agreed(session, said.thing_id, item_id, as_of)
    return Receipt(report_id, as_of, is_new=True)


def close(session: Session, thing: str, thing_id: int, outcome: str, as_of: datetime) -> None:
    """Close the open reports of a thing, as ``upheld``, ``dismissed``, ``moot`` or ``expired``."""
    session.execute(
        update(Report)
        .where(Report.thing == thing, Report.thing_id == thing_id, Report.closed_at.is_(None))
        .values(closed_at=as_of, outcome=outcome)
    )


def _hold(session: Session, said: NewReport, device: KnownDevice) -> None:
    """Hold the row of the facility that it is all about, and see that the reporter can see the thing."""
    if said.thing == "facility":
        locked = _lock(session, said.thing_id)
        if locked is None:
            raise FacilityNotFound(said.thing_id)
    elif said.thing == "comment":
        rating = select(Rating.facility_id, Rating.comment_state, Rating.device_id).where(
            Rating.id == said.thing_id, Rating.comment.is_not(None)
        )
        found = session.execute(rating).one_or_none()
        if found is not None and _lock(session, found.facility_id) is not None:
            found = session.execute(rating).one_or_none()
        if found is None or (found.comment_state != "visible" and found.device_id != device.device_id):
            raise ThingNotFound(f"there is no comment {said.thing_id}")
    elif (
        session.execute(
            select(Proposal.id)
            .where(Proposal.id == said.thing_id, Proposal.state == "pending")
            .with_for_update(read=True)
        ).first()
        is None
    ):
        raise ThingNotFound(f"there is no open proposal {said.thing_id}")


def _lock(session: Session, facility_id: int) -> int | None:
    statement = select(Facility.id).where(Facility.id == facility_id, Facility.status != "hidden")
    locked: int | None = session.execute(statement.with_for_update(key_share=True)).scalar_one_or_none()
    return locked


def _tell_staff(session: Session, said: NewReport, as_of: datetime) -> int:
    rows = session.execute(
        select(Report.reason, func.count().label("count"), func.sum(Report.weight).label("weight"))
        .where(Report.thing == said.thing, Report.thing_id == said.thing_id, Report.closed_at.is_(None))
        .group_by(Report.reason)
        .order_by(Report.reason)
    ).all()
    details: Mapping[str, Any] = {"reports": {row.reason: row.count for row in rows}}
    score = sum(row.weight for row in rows)
    return queue.put(session, said.thing, said.thing_id, as_of, score=score, details=details)


def _hide_if_agreed(session: Session, rating_id: int, item_id: int, as_of: datetime) -> None:
    rating = session.execute(
        select(Rating.comment_state, Rating.comment_approved, Rating.rated_at, Device.handle)
        .join(Device, Device.id == Rating.device_id)
        .where(Rating.id == rating_id)
    ).one()
    if rating.comment_state != "visible" or rating.comment_approved:
        return
    agreed = session.execute(
        _AGREED, {"thing": "comment", "thing_id": rating_id, "since": as_of - NETWORK_LIFETIME, "reason": None}
    ).one()
    if agreed.networks < NETWORKS_TO_ACT or agreed.weight < WEIGHT_TO_HIDE:
        return
    session.execute(update(Rating).where(Rating.id == rating_id).values(comment_state="hidden"))
    queue.put(session, "comment", rating_id, as_of, score=agreed.weight, details={"auto_hidden": True})
    record(
        session,
        Ruling(
            "hide_comment",
            "comment",
            rating_id,
            "reported",
            facts=f"Visitors from {agreed.networks} networks reported it within a week.",
            content_date=rating.rated_at.date(),
            subject=rating.handle,
            queue_item_id=item_id,
            source="SOURCE_TYPE_OTHER_NOTIFICATION",
        ),
        as_of,
    )


def _demote_if_agreed(session: Session, facility_id: int, item_id: int, as_of: datetime) -> None:
    facility = session.execute(select(Facility.status, Facility.created_at).where(Facility.id == facility_id)).one()
    if facility.status != "active":
        return
    alive_at = session.execute(_LAST_SIGN_OF_LIFE, {"facility_id": facility_id}).scalar_one()
    since = max(as_of - NETWORK_LIFETIME, alive_at) if alive_at else as_of - NETWORK_LIFETIME
    agreed = session.execute(
        _AGREED, {"thing": "facility", "thing_id": facility_id, "since": since, "reason": "closed"}
    ).one()
    if agreed.networks < NETWORKS_TO_ACT:
        return
    until = as_of + REPORTED_CLOSED_LIFETIME
    session.execute(
        update(Facility)
        .where(Facility.id == facility_id)
        .values(status="reported_closed", reported_closed_until=until, updated_at=as_of)
    )
    record(
        session,
        Ruling(
            "report_closed",
            "facility",
            facility_id,
            "closed",
            facts=f"Visitors from {agreed.networks} networks reported it closed within a week.",
            content_date=facility.created_at.date(),
            queue_item_id=item_id,
            before={"status": "active"},
            ends_on=until.date(),
            source="SOURCE_TYPE_OTHER_NOTIFICATION",
        ),
        as_of,
    )


_AGREED = text(
    """
    SELECT count(*) AS networks, coalesce(sum(weight), 0) AS weight
    FROM (SELECT max(weight) AS weight FROM report
          WHERE thing = :thing AND thing_id = :thing_id AND closed_at IS NULL AND network IS NOT NULL
            AND created_at > :since AND (CAST(:reason AS text) IS NULL OR reason = :reason)
          GROUP BY network) AS by_network
    """
)

_LAST_SIGN_OF_LIFE = text(
    """
    SELECT max(rated_at) FROM rating
    WHERE facility_id = :facility_id AND device_id NOT IN (
        SELECT device_id FROM report
        WHERE thing = 'facility' AND thing_id = :facility_id AND reason = 'closed' AND closed_at IS NULL)
    """
)
"""A rating by anybody but those who say that it is closed."""
