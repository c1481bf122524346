"""OPTIONS and CORS (the Fetch standard): which pages of other sites may read a response.

Only the partner API allows pages of other sites, and only if the key in the request is bound to the page's origin. All
other routes send no Access-Control fields, and their responses do not depend on Origin.
"""

from flask import Flask, Response, current_app, g, request

from api.http.problems import problem
from api.http.services import now
from api.partners.memory import memory

PARTNER_PATHS = "/partner/"

METHODS = "GET, HEAD"
HEADERS = "Authorization, If-None-Match"
EXPOSED = "ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
"""Response headers that a script may read in addition to those that CORS always allows."""

PREFLIGHT_MAX_AGE_S = 7_200
"""Chromium's maximum. A key that is revoked in the meantime is rejected by the request itself."""


def register(app: Flask) -> None:
    """Answer OPTIONS, and add CORS fields to all responses of the partner API, its 404 and 405 included."""
    app.before_request(_answer_preflight)
    app.before_request(_answer_options)
    app.after_request(_tell_browser)


def allow_reading(origin: str) -> None:
    """Let pages of this origin read the response to this request, whatever its status."""
    g.readable_by = origin


def _answer_preflight() -> Response | None:
    """Answer a preflight request, which asks whether a page may send a key.

    A preflight does not carry the key, so this checks only whether any working key is bound to the page's origin.
    """
    origin = request.headers.get("Origin")
    is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if origin is None or not is_preflight or not request.path.startswith(PARTNER_PATHS):
        return None
    if origin not in memory().origins(now()):
        return problem(403, "no partner's key is bound to this origin")
    allow_reading(origin)
    return Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": HEADERS,
            "Access-Control-Max-Age": str(PREFLIGHT_MAX_AGE_S),
            "Cache-Control": "no-store",
        },
    )


def _answer_options() -> Response | None:
    """Return the methods that a route accepts (RFC 9110, 9.3.7). OPTIONS needs no token and counts against no limit."""
    if request.method != "OPTIONS" or request.url_rule is None:
        return None
    response = current_app.make_default_options_response()
    response.status_code = 204
    return response


def _tell_browser(response: Response) -> Response:
    if request.path.startswith(PARTNER_PATHS):
        # On errors too: a cache must not return one origin's refusal, or permission, to another.
        response.vary.update(["Origin", "Authorization"])
        if origin := g.get("readable_by"):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
    return response
