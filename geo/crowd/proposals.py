"""Proposals of new places and of changes, which take effect when staff accept them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, insert, select, text

from geo.casework import queue
from geo.coordinates import Point
from geo.crowd.models import Proposal
from geo.crowd.text_checks import contact_details
from geo.database import Session
from geo.errors import FacilityNotFound, RecordNotFound
from geo.facilities import merged, names
from geo.facilities.attributes import ATTRIBUTE_NAMES
from geo.facilities.models import PUBLIC_STATUSES, Facility

PROPOSABLE = (
    *("kind", "name", *ATTRIBUTE_NAMES, "operator", "street", "house_number", "postcode", "city", "region", "country"),
    *("level", "opening_hours"),
)
"""Columns of a facility that a proposal may set."""

PROPOSAL_SCORE = 1.0
"""Urgency of a proposal: that of one trusted report."""

DUPLICATE_WITHIN_M = 50
"""Distance within which two places are most likely the same."""

NAMESAKE_WITHIN_M = 150
"""The same for places with similar names: a phone's position in a city can be wrong by as much."""

SIMILAR_NAME = 70.0
"""Similarity of names (geo/facilities/names.py) from which two count as the same."""

MAX_DUPLICATES = 5


@dataclass(frozen=True, slots=True)
class NewProposal:
    """The content of a proposal.

    Attributes:
        facility_id: the place to change, None for a new one.
        location: position of the new place, or new position of the existing one; None to leave it unchanged.
        changes: columns of PROPOSABLE and their values.
        note: a note to the moderators.
        device_id, partner_id: who proposes; exactly one is set.
    """

    facility_id: int | None
    location: Point | None
    changes: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None
    device_id: int | None = None
    partner_id: int | None = None


@dataclass(frozen=True, slots=True)
class LikelyDuplicate:
    """An existing place that may be the same as the proposed one."""

    facility_id: int
    name: str | None
    kind: str
    distance_m: float


def propose(session: Session, proposal: NewProposal, as_of: datetime) -> tuple[int, Sequence[LikelyDuplicate]]:
    """Add a proposal to the queue. Return its id and the places that it may duplicate.

    A proposal to change a place that was merged changes the place that it is now part of. The same proposal again,
    while the first is pending, is that one: its answer may have been lost.

    Raises:
        FacilityNotFound: the facility to change does not exist or is hidden.
    """
    if proposal.facility_id is not None:
        place_id = merged.place_of(session, proposal.facility_id)
        facility = select(Facility.id).where(Facility.id == place_id, Facility.status.in_(PUBLIC_STATUSES))
        if session.execute(facility).first() is None:
            raise FacilityNotFound(proposal.facility_id)
        proposal = replace(proposal, facility_id=place_id)
    duplicates = likely_duplicates(session, proposal.location, proposal.changes.get("name"), proposal.facility_id)
    at = proposal.location
    location = None if at is None else f"SRID=4326;POINT({at.lon!r} {at.lat!r})"
    if (repeated := _pending(session, proposal, location)) is not None:
        return repeated, duplicates
    proposal_id = session.execute(
        insert(Proposal)
        .values(
            kind="new" if proposal.facility_id is None else "change",
            device_id=proposal.device_id,
            partner_id=proposal.partner_id,
            facility_id=proposal.facility_id,
            location=location,
            changes=dict(proposal.changes),
            note=proposal.note,
            created_at=as_of,
        )
        .returning(Proposal.id)
    ).scalar_one()
    details: dict[str, Any] = {"likely_duplicates": [duplicate.facility_id for duplicate in duplicates]}
    texts = [value for value in (*proposal.changes.values(), proposal.note) if isinstance(value, str)]
    if found := contact_details("\n".join(texts), proposal.changes.get("country")):
        details["contact_details"] = found
    queue.put(session, "proposal", proposal_id, as_of, score=PROPOSAL_SCORE, details=details)
    return proposal_id, duplicates


def _pending(session: Session, proposal: NewProposal, location: str | None) -> int | None:
    """Return the id of the same proposal by the same device or partner that is not decided yet."""
    same = (
        Proposal.device_id.is_not_distinct_from(proposal.device_id),
        Proposal.partner_id.is_not_distinct_from(proposal.partner_id),
        Proposal.facility_id.is_not_distinct_from(proposal.facility_id),
        Proposal.location.is_(None) if location is None else Proposal.location == location,
        Proposal.changes == dict(proposal.changes),
        Proposal.note.is_not_distinct_from(proposal.note),
    )
    return session.execute(select(func.min(Proposal.id)).where(Proposal.state == "pending", *same)).scalar_one()


def likely_duplicates(
    session: Session, location: Point | None, name: str | None, facility_id: int | None = None
) -> Sequence[LikelyDuplicate]:
    """Return places within DUPLICATE_WITHIN_M, or with a similar name within NAMESAKE_WITHIN_M, nearest first.

    Args:
        session: any session.
        location: position of the proposed place; without one the result is empty.
        name: name of the proposed place.
        facility_id: the place to change, which is not its own duplicate.
    """
    if location is None:
        return []
    rows = session.execute(
        _NEAR,
        {"lon": location.lon, "lat": location.lat, "within_m": NAMESAKE_WITHIN_M, "facility_id": facility_id},
    ).all()
    return [
        LikelyDuplicate(row.id, row.name, row.kind, round(row.distance_m, 1))
        for row in rows
        if row.distance_m <= DUPLICATE_WITHIN_M or (names.similarity(name, row.name) or 0) >= SIMILAR_NAME
    ][:MAX_DUPLICATES]


def of_device(session: Session, device_id: int) -> Sequence[RowMapping]:
    """Return a device's proposals, newest first."""
    return _read(session, Proposal.device_id == device_id)


def one(session: Session, proposal_id: int) -> RowMapping:
    """Return a proposal.

    Raises:
        RecordNotFound: there is no proposal with that id.
    """
    found = _read(session, Proposal.id == proposal_id)
    if not found:
        raise RecordNotFound(f"there is no proposal {proposal_id}")
    return found[0]


def _read(session: Session, *where: Any) -> Sequence[RowMapping]:
    columns = (
        *(Proposal.id, Proposal.kind, Proposal.facility_id, Proposal.changes, Proposal.note, Proposal.state),
        *(Proposal.created_at, Proposal.decided_at, Proposal.location.ST_X().label("lon")),
        Proposal.location.ST_Y().label("lat"),
    )
    return session.execute(select(*columns).where(*where).order_by(Proposal.id.desc())).mappings().all()


_NEAR = text(
    """
    WITH proposed AS (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS location),
         area AS (SELECT facility_search.boxes_around(location, :within_m) AS boxes FROM proposed)
    SELECT f.id, f.name, f.kind, ST_DistanceSphere(f.location, proposed.location) AS distance_m
    FROM proposed, area, facility AS f
    WHERE facility_search.is_listed(f.status)
      AND (f.location && (area.boxes).box OR f.location && (area.boxes).box_beyond_antimeridian)
      AND ST_DistanceSphere(f.location, proposed.location) <= :within_m
      AND f.id IS DISTINCT FROM CAST(:facility_id AS bigint)
    ORDER BY distance_m, f.id
    """
)
