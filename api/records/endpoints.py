"""/admin/v1/facilities, /devices, /staff and /audit: records that staff may read, and staff accounts."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any
from uuid import UUID

from flask import Response

from api.http.callers import calling_staff, staff
from api.http.door import Door
from api.http.paging import PageQuery, page_document
from api.http.responses import private
from api.http.services import database, now
from api.places.endpoints import FACILITY_ID
from api.records import examples, schemas
from geo.casework import audit
from geo.casework import staff as members
from geo.errors import Conflict, FacilityNotFound, RecordNotFound
from geo.moderation import viewing

door = Door("records", __name__, url_prefix="/admin/v1", description="Records that staff may read.")


@door.route(f"/facilities/{FACILITY_ID}", caller=staff("reader"), raises=(FacilityNotFound,))
@door.response(200, schemas.FacilityInFull, example=examples.FACILITY)
def get_facility_in_full(facility_id: int) -> Response:
    """Return a facility, hidden or not, with its newest ratings and all their texts."""
    with database().read() as session:
        return private(viewing.facility(session, facility_id))


@door.route("/devices/<uuid:handle>", caller=staff("reader"), raises=(RecordNotFound,))
@door.response(200, schemas.DeviceInFull, example=examples.DEVICE)
def get_device_in_full(handle: UUID) -> Response:
    """Return a device, by the handle that decisions name, and its content."""
    with database().read() as session:
        return private(viewing.device(session, handle))


@door.route("/staff", caller=staff("admin"))
@door.response(200, schemas.StaffList, example=examples.STAFF)
def list_staff() -> Response:
    """Return all members of staff, including those whose token was revoked."""
    with database().read() as session:
        return private({"staff": [dict(row) for row in members.listed(session)]})


@door.route("/staff", methods=["POST"], caller=staff("admin"), raises=(RecordNotFound, Conflict))
@door.arguments(schemas.NewStaff, example={"name": "anna", "role": "moderator"})
@door.response(201, schemas.StaffToken, example=examples.NEW_STAFF)
def add_staff(body: Mapping[str, Any]) -> Response:
    """Add a member of staff; the token is shown only once."""
    with database().write() as session:
        added = members.add(
            session,
            body["name"],
            body["role"],
            now(),
            actor=calling_staff().actor,
            device_handle=body["device_handle"],
        )
        session.commit()
    return private({"id": added.staff_id, "token": added.token, "expires_at": added.expires_at}, status=201)


@door.route("/staff/<string(maxlength=64):name>", methods=["DELETE"], caller=staff("admin"), raises=(RecordNotFound,))
@door.response(204, description="The token is revoked.")
def revoke_staff(name: str) -> Response:
    """Revoke the token of a member of staff."""
    with database().write() as session:
        members.revoke(session, name, now(), actor=calling_staff().actor)
        session.commit()
    return Response(status=204, headers={"Cache-Control": "no-store"})


@door.route("/audit", caller=staff("admin"))
@door.arguments(PageQuery, location="query")
@door.response(200, schemas.AuditPage, example=examples.AUDIT)
def list_audit(parameters: Mapping[str, Any]) -> Response:
    """Return the audit chain, newest first."""
    with database().read() as session:
        page = audit.page(session, parameters["limit"], parameters.get("cursor"))
    return private(page_document("entries", page, _audit_entry, itemgetter("id")))


def _audit_entry(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**{name: row[name] for name in ("id", "at", "actor", "event", "details")}, "hash": row["hash"].hex()}


doors = (door,)
