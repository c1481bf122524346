"""OPTIONS, and what browsers are told: which page of which site may read an answer (CORS, the Fetch standard).

Only the partner door speaks to pages of other sites, and only where the key in the request is bound to the page's
origin. Everywhere else there is no Access-Control field at all, and no answer depends on Origin.
"""

from flask import Flask, Response, current_app, g, request

from api.partner.memory import memory
from api.problems import problem
from api.services import now

PARTNER_PATHS = "/partner/"

METHODS = "GET, HEAD"
HEADERS = "Authorization, If-None-Match"
EXPOSED = "ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
"""What a script may read of an answer's header beyond the few that every script may."""

PREFLIGHT_MAX_AGE_S = 7_200
"""As long as Chromium keeps a preflight at most; a key that is revoked meanwhile is refused by the request itself."""


def register(app: Flask) -> None:
    """Answer OPTIONS, and browsers on the paths of the partner door, its 404 and 405 included."""
    app.before_request(_answer_preflight)
    app.before_request(_answer_options)
    app.after_request(_tell_browser)


def allow_reading(origin: str) -> None:
    """Let pages of this origin read the answer to this request, whatever it will be."""
    g.readable_by = origin


def _answer_preflight() -> Response | None:
    """Answer a browser that asks whether a page may send a key at all.

    It does not show the key yet, so that all that can be asked is whether any working key is bound to its origin.
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
    """Say which methods a route takes (RFC 9110, 9.3.7). It needs no token, and counts against no limit or quota."""
    if request.method != "OPTIONS" or request.url_rule is None:
        return None
    response = current_app.make_default_options_response()
    response.status_code = 204
    return response


def _tell_browser(response: Response) -> Response:
    if request.path.startswith(PARTNER_PATHS):
        # On refusals too: a cache must not hand one origin's refusal, or permission, to another.
        response.vary.update(["Origin", "Authorization"])
        if origin := g.get("readable_by"):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
    return response
