"""/admin/v1/partners: manages partner sites, their keys, quotas and usage."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import Response
from marshmallow import Schema, ValidationError, fields, validate

from api.admin.requests import Instant
from api.callers import calling_staff, staff
from api.replies import private
from api.services import database, now
from api.strictness import Array, Door, PlainText, StrictSchema, WholeNumber, between, id_segment, words
from geo.casework import audit
from geo.database import Session
from geo.errors import Conflict, InvalidKeyTerms, ThingNotFound
from geo.partners import keys, registry, usage
from geo.partners.models import KEY_KINDS, MAX_DAILY_QUOTA, MAX_ORIGINS, NAME_MAX_CHARACTERS, PUBLISHABLE_SCOPES, SCOPES

door = Door(
    "partners",
    __name__,
    url_prefix="/admin/v1",
    description="Partner sites, their keys and quotas.",
)

PARTNER_ID = id_segment("partner_id")
KEY_ID = id_segment("key_id")

MAX_OVERLAP_DAYS = 365

_ORIGIN = "https://www.acme.example"


class Origin(fields.String):
    """A web origin such as https://www.example.org."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return keys.origin(str(super()._deserialize(value, attr, data, **kwargs)))
        except InvalidKeyTerms as error:
            raise ValidationError(str(error)) from None


def _quota(**kwargs: Any) -> WholeNumber:
    return WholeNumber(
        strict=True,
        validate=between(1, MAX_DAILY_QUOTA),
        metadata={"description": "Requests per day (UTC), for all keys together.", "example": registry.DAILY_QUOTA},
        **kwargs,
    )


class NewPartner(StrictSchema):
    """A new partner."""

    name = PlainText(
        required=True,
        validate=validate.Length(1, NAME_MAX_CHARACTERS, error="must be between {min} and {max} characters long"),
        metadata={"description": "The partner's name.", "example": "Acme"},
    )
    daily_quota = _quota(load_default=registry.DAILY_QUOTA)


class Quota(StrictSchema):
    """A partner's daily quota."""

    daily_quota = _quota(required=True)


class NewKeyTerms(StrictSchema):
    """The terms of a key."""

    kind = words(*KEY_KINDS, required=True, metadata={"example": "publishable"})
    origins = Array(
        Origin(),
        most=MAX_ORIGINS,
        load_default=list,
        metadata={"description": "For a publishable key: the sites whose pages may use it.", "example": [_ORIGIN]},
    )
    scopes = Array(
        words(*SCOPES),
        least=1,
        most=len(SCOPES),
        load_default=lambda: list(PUBLISHABLE_SCOPES),
        metadata={"description": "What the key allows.", "example": list(PUBLISHABLE_SCOPES)},
    )
    expires_at = Instant(load_default=None, allow_none=True, metadata={"description": "When the key expires."})


class Rotation(StrictSchema):
    """Which key to rotate."""

    kind = words(*KEY_KINDS, required=True, metadata={"example": "publishable"})
    overlap_days = WholeNumber(
        strict=True,
        load_default=registry.ROTATION_OVERLAP.days,
        validate=between(0, MAX_OVERLAP_DAYS),
        metadata={"description": "How long the old key stays valid."},
    )


class Key(Schema):
    """A key's terms and state, without the key itself."""

    id = fields.Integer(required=True)
    hint = fields.String(required=True, metadata={"description": "The key's last characters."})
    kind = words(*KEY_KINDS, required=True)
    origins = fields.List(fields.String(), required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class Partner(Schema):
    """A partner and all its keys."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    daily_quota = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    keys = fields.List(fields.Nested(Key), required=True)


class Partners(Schema):
    """All partners, by name."""

    partners = fields.List(fields.Nested(Partner), required=True)


class ShownKey(Schema):
    """A new key, which is shown only once."""

    id = fields.Integer(required=True)
    key = fields.String(required=True)


class UsedDay(Schema):
    """A day in UTC."""

    day = fields.Date(required=True)
    served = fields.Integer(required=True, metadata={"description": "Requests answered, as reported so far."})
    granted = fields.Integer(required=True, metadata={"description": "Requests counted against the quota."})


class Usage(Schema):
    """The latest days with requests of a partner, newest first."""

    days = fields.List(fields.Nested(UsedDay), required=True)


PARTNER_EXAMPLE: dict[str, Any] = {
    "id": 3,
    "name": "Acme",
    "daily_quota": registry.DAILY_QUOTA,
    "created_at": "2026-11-21T12:00:00Z",
    "keys": [
        {
            "id": 8,
            "hint": "x4Rq",
            "kind": "publishable",
            "origins": [_ORIGIN],
            "scopes": list(PUBLISHABLE_SCOPES),
            "created_at": "2026-11-21T12:00:00Z",
            "expires_at": None,
            "revoked_at": None,
        }
    ],
}
KEY_EXAMPLE = {"id": 8, "key": "bfp_shown-this-once"}
USAGE_EXAMPLE = {"days": [{"day": "2026-11-21", "served": 787, "granted": 900}]}


@door.route("/partners", caller=staff("admin"))
@door.response(200, Partners, example={"partners": [PARTNER_EXAMPLE]})
def list_partners() -> Response:
    """Return all partners with their keys; only a key's last characters are stored."""
    with database().read() as session:
        return private({"partners": [_document(partner) for partner in registry.listed(session)]})


@door.route("/partners", methods=["POST"], caller=staff("admin"), raises=(Conflict,))
@door.arguments(NewPartner, example={"name": "Acme", "daily_quota": registry.DAILY_QUOTA})
@door.response(201, Partner, example={**PARTNER_EXAMPLE, "keys": []})
def add_partner(said: Mapping[str, Any]) -> Response:
    """Create a partner without a key."""
    with database().write() as session:
        partner_id = registry.add(session, said["name"], said["daily_quota"], now())
        made = _document(registry.listed(session, partner_id)[0])
        _record(session, "partner added", partner_id, daily_quota=said["daily_quota"])
        session.commit()
    return private(made, status=201)


@door.route(f"/partners/{PARTNER_ID}", caller=staff("admin"), raises=(ThingNotFound,))
@door.response(200, Partner, example=PARTNER_EXAMPLE)
def get_partner(partner_id: int) -> Response:
    """Return a partner with its keys."""
    with database().read() as session:
        return private(_document(registry.listed(session, partner_id)[0]))


@door.route(f"/partners/{PARTNER_ID}", methods=["PATCH"], caller=staff("admin"), raises=(ThingNotFound,))
@door.arguments(Quota, example={"daily_quota": 50_000})
@door.response(200, Partner, example={**PARTNER_EXAMPLE, "daily_quota": 50_000})
def change_partner(said: Mapping[str, Any], partner_id: int) -> Response:
    """Change a partner's daily quota; it takes effect within a minute."""
    with database().write() as session:
        registry.set_quota(session, partner_id, said["daily_quota"])
        changed = _document(registry.listed(session, partner_id)[0])
        _record(session, "partner quota changed", partner_id, daily_quota=said["daily_quota"])
        session.commit()
    return private(changed)


@door.route(
    f"/partners/{PARTNER_ID}/keys",
    methods=["POST"],
    caller=staff("admin"),
    raises=(ThingNotFound, Conflict, InvalidKeyTerms),
)
@door.arguments(NewKeyTerms, example={"kind": "publishable", "origins": [_ORIGIN]})
@door.response(201, ShownKey, example=KEY_EXAMPLE)
def add_partner_key(said: Mapping[str, Any], partner_id: int) -> Response:
    """Create a key, which is shown only once. A partner may have two working keys of a kind."""
    terms = registry.KeyTerms(
        said["kind"],
        tuple(dict.fromkeys(said["origins"])),
        tuple(dict.fromkeys(said["scopes"])),
        said["expires_at"],
    )
    with database().write() as session:
        new = registry.add_key(session, partner_id, terms, now())
        _record(session, "partner key added", partner_id, key_id=new.key_id, kind=said["kind"])
        session.commit()
    return private({"id": new.key_id, "key": new.key}, status=201)


@door.route(
    f"/partners/{PARTNER_ID}/rotation", methods=["POST"], caller=staff("admin"), raises=(ThingNotFound, Conflict)
)
@door.arguments(Rotation, example={"kind": "publishable", "overlap_days": registry.ROTATION_OVERLAP.days})
@door.response(201, ShownKey, example=KEY_EXAMPLE)
def rotate_partner_key(said: Mapping[str, Any], partner_id: int) -> Response:
    """Create a successor of a partner's key on the same terms; the old key expires after the overlap."""
    with database().write() as session:
        overlap = timedelta(days=said["overlap_days"])
        new = registry.rotate(session, partner_id, said["kind"], now(), overlap)
        _record(session, "partner key rotated", partner_id, key_id=new.key_id, kind=said["kind"])
        session.commit()
    return private({"id": new.key_id, "key": new.key}, status=201)


@door.route(f"/partners/{PARTNER_ID}/keys/{KEY_ID}", methods=["DELETE"], caller=staff("admin"), raises=(ThingNotFound,))
@door.response(204, description="The key becomes invalid within ten seconds.")
def revoke_partner_key(partner_id: int, key_id: int) -> Response:
    """Revoke a key of the partner."""
    with database().write() as session:
        registry.revoke(session, key_id, now(), partner_id)
        _record(session, "partner key revoked", partner_id, key_id=key_id)
        session.commit()
    return Response(status=204, headers={"Cache-Control": "no-store"})


@door.route(f"/partners/{PARTNER_ID}/usage", caller=staff("admin"), raises=(ThingNotFound,))
@door.response(200, Usage, example=USAGE_EXAMPLE)
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
