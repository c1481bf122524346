"""What schemathesis cannot know from OpenAPI: which parameters go together, and which values mean something.

It may send anything when it means to be refused; what it means to be accepted is put in order here.
"""

from typing import Any

import schemathesis
from schemathesis import Case, GenerationMode, HookContext

from geo.moderation.actions.registry import OTHER_ACTIONS

INSTANTS = {"last_asked_at": "2026-11-20T12:00:00+02:00", "opened_before": "2100-01-01T00:00:00Z"}
"""An instant for each parameter that must be one."""

PLACES = 5
"""How many facilities there are, from id 1 on."""


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:  # noqa: ARG001 - the hook's name
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if "facility_id" in case.path_parameters:
        case.path_parameters["facility_id"] = int(case.path_parameters["facility_id"]) % (2 * PLACES)
    if isinstance(case.body, dict):
        repair_body(case, kwargs)
    query = dict(case.query)
    if case.operation.label == "GET /v1/localities" and {"lat", "lon"} & query.keys():
        query = {"lat": 60.17, "lon": 24.94} | query
    if case.operation.label in {"GET /v1/facilities", "GET /partner/v1/facilities"}:
        query = search(query)
    if case.operation.label == "GET /v1/fences":
        query = fences(query)
    query |= {name: instant for name, instant in INSTANTS.items() if name in query}
    if "cursor" in query and not case.operation.path.startswith("/admin/"):
        query["cursor"] = "20261120T120000.000000Z-1"
    if query != case.query:
        case.query = query


def repair_body(case: Case, kwargs: dict[str, Any]) -> None:
    """Make of a body the nearest one that makes sense."""
    label = case.operation.label
    if label in BODIES:
        case.body = BODIES[label](case.body)
        kwargs["json"] = case.body
    elif case.operation.path == "/v1/facilities/{facility_id}/reports":
        case.body = case.body | ({"reason": "spam"} if case.body.get("rating_id") else {})
    elif label.startswith("POST /admin/"):
        case.body = admin_body(case.body)


def search(query: dict[str, Any]) -> dict[str, Any]:
    """The nearest search that makes sense: around a point, or in a box."""
    if "bbox" in query:
        query = {name: value for name, value in query.items() if name not in {"lat", "lon", "radius_m", "mode"}}
        query["bbox"] = "170,-20,-170,80.5"
        if query.get("rank") == "distance":
            query["rank"] = "cleanliness"
    else:
        query = {"lat": 60.17, "lon": 24.94} | query
    if "open" in query and query["open"] not in {"now", "now,unknown"}:
        query["open"] = "2026-12-24T18:00:00+02:00,unknown"
    return query


def fences(query: dict[str, Any]) -> dict[str, Any]:
    """The nearest request that makes sense: around a point or for a cell, for a platform or with a limit."""
    if "cell" in query:
        query = {name: value for name, value in query.items() if name not in {"lat", "lon", "heading_deg"}}
        query["cell"] = "881126d331fffff"
    else:
        query = {"lat": 60.17, "lon": 24.94} | query
    if "limit" in query:
        query.pop("platform", None)
    return query


def hint(body: dict[str, Any]) -> dict[str, Any]:
    """The nearest question that makes sense: a memory that is whole, a route that leads somewhere."""
    body = dict(body)
    if "last_hint_at" in body or "last_hint_facility_id" in body:
        body["last_hint_at"] = "2026-11-20T12:00:00+02:00"
    if "last_asked_at" in body:
        body["last_asked_at"] = INSTANTS["last_asked_at"]
    if "quiet_hours" in body:
        body |= {"quiet_hours": {"from": "22:00", "to": "07:00:30"}, "local_time": "12:00"}
    if "route" in body:
        way = "polyline" if "polyline" in body["route"] else "line"
        line = {"type": "LineString", "coordinates": [[24.94, 60.17], [24.95, 60.18, 5]]}
        body["route"] = {"polyline": "_p~iF~ps|U_ulLnnqC", "precision": 6} if way == "polyline" else {"line": line}
    return body


def route(body: dict[str, Any]) -> dict[str, Any]:
    """The nearest route that makes sense: one line that leads somewhere, and one pace."""
    body = {"speed_kmh": 60} | body
    paces = [name for name in ("times_s", "duration_s", "speed_kmh") if name in body]
    for name in paces[1:]:
        del body[name]
    if "times_s" in body:
        body["times_s"] = [0, 60.5]
    if "polyline" in body:
        body.pop("line", None)
        body["polyline"] = "_p~iF~ps|U_pR_pR"
    else:
        body.pop("precision", None)
        body["line"] = {"type": "LineString", "coordinates": [[24.94, 60.17], [24.95, 60.18, 5]]}
    return body | {"depart_at": "2026-12-24T18:00:00.5+02:00"}


def admin_body(body: dict[str, Any]) -> dict[str, Any]:
    """Return the nearest valid decision: with the window or the other facility that its action requires."""
    if body.get("kind") == "publishable" and "scopes" in body:
        body = {**body, "scopes": ["facilities:read"]}
    if "expires_at" in body:
        body = {**body, "expires_at": "2100-01-01T00:00:00Z"}
    if "action" not in body:
        return body
    body = {name: value for name, value in body.items() if name not in {"from", "until", "rated_at", "other_id"}}
    if body["action"] == "exclude_ratings":
        body |= {"from": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}
    if body["action"] in OTHER_ACTIONS:
        body |= {"other_id": 2}
    if body.get("target") == "device":
        body.pop("target_id", None)
        return {"handle": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", **body}
    if "target" in body:
        body.pop("handle", None)
        return {"target_id": 1, **body}
    return body


def proposal(body: dict[str, Any]) -> dict[str, Any]:
    """The nearest proposal that makes sense: of a new place, or of a change."""
    attributes = body.get("attributes", {})
    if body.get("facility_id") is None:
        return {"lat": 60.17, "lon": 24.94, **body, "attributes": {"kind": "toilets", **attributes}}
    changes = {name: value for name, value in attributes.items() if name != "kind"}
    place = {"lat": 60.17, "lon": 24.94}
    return {**place, **body, "facility_id": int(body["facility_id"]) % (2 * PLACES) + 1, "attributes": changes}


BODIES = {
    "POST /v1/hints": hint,
    "POST /v1/route/stops": route,
    "POST /v1/proposals": proposal,
    "POST /partner/v1/proposals": proposal,
}
