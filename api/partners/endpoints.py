"""The API for partner sites under /partner/v1, and their management under /admin/v1/partners."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import Response

from api.crowd import examples as crowd_examples
from api.crowd import schemas as crowd_schemas
from api.crowd.endpoints import put_before_staff
from api.http import limits
from api.http.callers import calling_staff, staff
from api.http.conditional import MAX_AGE_S
from api.http.door import Door
from api.http.paths import id_segment
from api.http.responses import private
from api.http.services import database, now
from api.partners import examples, schemas
from api.partners.callers import add_rate_limit_fields, calling_key, partner
from api.places import examples as places_examples
from api.places import schemas as places_schemas
from api.places.endpoints import FACILITY_ID, UNSEEN, answer_list, answer_one
from api.places.geojson import GEOJSON
from geo.casework import audit
from geo.database import Session
from geo.errors import Conflict, FacilityNotFound, InvalidKeyTerms, RecordNotFound
from geo.partners import issued_keys, registry, usage

facilities_door = Door(
    "partner facilities",
    __name__,
    url_prefix="/partner/v1/facilities",
    description="Search for facilities, for partner sites.",
)
facilities_door.after_request(add_rate_limit_fields)


@facilities_door.after_request
def keep_for_the_caller(response: Response) -> Response:
    """Let only the browser's own cache store the response.

    The data are public, but the response requires a key: a shared cache would return it to callers without one.
    """
    if response.status_code in {200, 304}:
        response.headers["Cache-Control"] = f"private, max-age={MAX_AGE_S}"
    return response


@facilities_door.route("", caller=partner("facilities:read"))
@facilities_door.arguments(places_schemas.FacilitiesQuery, location="query")
@facilities_door.response(
    200, places_schemas.FeatureCollection, content_type=GEOJSON, example=places_examples.COLLECTION
)
@facilities_door.alt_response(304, description="The answer has not changed.", success=True)
def list_partner_facilities(parameters: Mapping[str, Any]) -> Response:
    """Return the best facilities near a point or in a bounding box: the same response as GET /v1/facilities."""
    return answer_list(parameters)


@facilities_door.route(f"/{FACILITY_ID}", caller=partner("facilities:read"), raises=UNSEEN)
@facilities_door.response(200, places_schemas.OneFeature, content_type=GEOJSON, example=places_examples.ONE)
@facilities_door.alt_response(304, description="The answer has not changed.", success=True)
def get_partner_facility(facility_id: int) -> Response:
    """Return one facility: the same response as GET /v1/facilities/{facility_id}."""
    return answer_one(facility_id)


proposals_door = Door(
    "partner proposals",
    __name__,
    url_prefix="/partner/v1/proposals",
    description="Proposals by partners.",
)
proposals_door.after_request(add_rate_limit_fields)


@proposals_door.route("", methods=["POST"], caller=partner("proposals:write"), raises=(FacilityNotFound,))
@proposals_door.arguments(crowd_schemas.NewProposal, example=crowd_examples.NEW_PROPOSAL)
@proposals_door.response(201, crowd_schemas.ProposalReceipt, example=crowd_examples.PROPOSAL_RECEIPT)
def propose_as_partner(body: Mapping[str, Any]) -> Response:
    """Propose a new place or a change to one, with a secret key that has the scope proposals:write.

    Nothing changes for other users until a moderator accepts the proposal.
    """
    as_of = now()
    partner_id = calling_key().partner_id
    with database().write() as session:
        limits.count_proposal(session, partner_id)
        receipt = put_before_staff(session, body, as_of, partner_id=partner_id)
        session.commit()
    return private(receipt, status=201)


partners_door = Door(
    "partners",
    __name__,
    url_prefix="/admin/v1",
    description="Partner sites, their keys and quotas.",
)

PARTNER_ID = id_segment("partner_id")
KEY_ID = id_segment("key_id")


@partners_door.route("/partners", caller=staff("admin"))
@partners_door.response(200, schemas.Partners, example={"partners": [examples.PARTNER]})
def list_partners() -> Response:
    """Return all partners with their keys; only a key's last characters are stored."""
    with database().read() as session:
        return private({"partners": [_document(partner) for partner in registry.listed(session)]})


@partners_door.route("/partners", methods=["POST"], caller=staff("admin"), raises=(Conflict,))
@partners_door.arguments(schemas.NewPartner, example={"name": "Acme", "daily_quota": registry.DAILY_QUOTA})
@partners_door.response(201, schemas.Partner, example={**examples.PARTNER, "keys": []})
def add_partner(body: Mapping[str, Any]) -> Response:
    """Create a partner without a key."""
    with database().write() as session:
        partner_id = registry.add(session, body["name"], body["daily_quota"], now())
        made = _document(registry.listed(session, partner_id)[0])
        _record(session, "partner added", partner_id, daily_quota=body["daily_quota"])
        session.commit()
    return private(made, status=201)


@partners_door.route(f"/partners/{PARTNER_ID}", caller=staff("admin"), raises=(RecordNotFound,))
@partners_door.response(200, schemas.Partner, example=examples.PARTNER)
def get_partner(partner_id: int) -> Response:
    """Return a partner with its keys."""
    with database().read() as session:
        return private(_document(registry.listed(session, partner_id)[0]))


@partners_door.route(f"/partners/{PARTNER_ID}", methods=["PATCH"], caller=staff("admin"), raises=(RecordNotFound,))
@partners_door.arguments(schemas.Quota, example={"daily_quota": 50_000})
@partners_door.response(200, schemas.Partner, example={**examples.PARTNER, "daily_quota": 50_000})
def change_partner(body: Mapping[str, Any], partner_id: int) -> Response:
    """Change a partner's daily quota; it takes effect within a minute."""
    with database().write() as session:
        registry.set_quota(session, partner_id, body["daily_quota"])
        changed = _document(registry.listed(session, partner_id)[0])
        _record(session, "partner quota changed", partner_id, daily_quota=body["daily_quota"])
        session.commit()
    return private(changed)


@partners_door.route(
    f"/partners/{PARTNER_ID}/keys",
    methods=["POST"],
    caller=staff("admin"),
    raises=(RecordNotFound, Conflict, InvalidKeyTerms),
)
@partners_door.arguments(schemas.NewKeyTerms, example={"kind": "publishable", "origins": [examples.ORIGIN]})
@partners_door.response(201, schemas.ShownKey, example=examples.KEY)
def add_partner_key(body: Mapping[str, Any], partner_id: int) -> Response:
    """Create a key, which is shown only once. A partner may have two working keys of a kind."""
    terms = issued_keys.KeyTerms(
        body["kind"],
        tuple(dict.fromkeys(body["origins"])),
        tuple(dict.fromkeys(body["scopes"])),
        body["expires_at"],
    )
    with database().write() as session:
        new = issued_keys.issue(session, partner_id, terms, now())
        _record(session, "partner key added", partner_id, key_id=new.key_id, kind=body["kind"])
        session.commit()
    return private({"id": new.key_id, "key": new.key}, status=201)


@partners_door.route(
    f"/partners/{PARTNER_ID}/rotation", methods=["POST"], caller=staff("admin"), raises=(RecordNotFound, Conflict)
)
@partners_door.arguments(
    schemas.Rotation, example={"kind": "publishable", "overlap_days": issued_keys.ROTATION_OVERLAP.days}
)
@partners_door.response(201, schemas.ShownKey, example=examples.KEY)
def rotate_partner_key(body: Mapping[str, Any], partner_id: int) -> Response:
    """Create a successor of a partner's key on the same terms; the old key expires after the overlap."""
    with database().write() as session:
        overlap = timedelta(days=body["overlap_days"])
        new = issued_keys.rotate(session, partner_id, body["kind"], now(), overlap)
        _record(session, "partner key rotated", partner_id, key_id=new.key_id, kind=body["kind"])
        session.commit()
    return private({"id": new.key_id, "key": new.key}, status=201)


@partners_door.route(
    f"/partners/{PARTNER_ID}/keys/{KEY_ID}", methods=["DELETE"], caller=staff("admin"), raises=(RecordNotFound,)
)
@partners_door.response(204, description="The key becomes invalid within ten seconds.")
def revoke_partner_key(partner_id: int, key_id: int) -> Response:
    """Revoke a key of the partner."""
    with database().write() as session:
        issued_keys.revoke(session, key_id, now(), partner_id)
        _record(session, "partner key revoked", partner_id, key_id=key_id)
        session.commit()
    return Response(status=204, headers={"Cache-Control": "no-store"})


@partners_door.route(f"/partners/{PARTNER_ID}/usage", caller=staff("admin"), raises=(RecordNotFound,))
@partners_door.response(200, schemas.Usage, example=examples.USAGE)
def get_partner_usage(partner_id: int) -> Response:
    """Return a partner's usage on each of its latest ninety days."""
    with database().read() as session:
        registry.listed(session, partner_id)
        return private({"days": [asdict(day) for day in usage.by_day(session, partner_id)]})


def _record(session: Session, event: str, partner_id: int, **details: Any) -> None:
    audit.append(session, calling_staff().actor, event, {"partner_id": partner_id, **details}, now())


def _document(partner: registry.ListedPartner) -> dict[str, Any]:
    members = asdict(partner)
    shown = [
        {"id": key["key_id"], **key["terms"], **{name: key[name] for name in ("hint", "created_at", "revoked_at")}}
        for key in members.pop("keys")
    ]
    return {"id": members.pop("partner_id"), **members, "keys": shown}


doors = (facilities_door, proposals_door, partners_door)
