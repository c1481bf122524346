"""The home page at /."""

from urllib.parse import urlencode

from flask import Flask, Response, make_response, render_template

from api.http.declarations import OpenRoutes
from api.http.languages import callers_language, spoken
from api.http.services import database, now
from api.places.geojson import attribution, bare_feature
from geo.facilities import search

PAGE_POLICY = "default-src 'self'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""Content-Security-Policy of the home page, which has an inline style and no script."""

COORDINATE_DIGITS = 4
"""Decimals of coordinates in the link to an example: ten metres."""

blueprint = OpenRoutes("pages", __name__, template_folder="templates")


def register(app: Flask) -> None:
    """Register the page, and forbid content sniffing for all responses."""
    app.register_blueprint(blueprint)

    @app.after_request
    def _no_sniffing(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


@blueprint.get("/")
def home() -> Response:
    """Return the home page, with a link to an example response."""
    language = callers_language()
    with database().read() as session:
        example_id, kind = search.any_offered(session, search.DEFAULT_KINDS), {}
        if example_id is None:
            example_id, kind = search.any_offered(session, None), {"kind": "any"}
        example = search.one(session, example_id, now()).facilities if example_id else []
    nearby = None
    if example:
        lon, lat = bare_feature(example[0])["geometry"]["coordinates"]
        place = {"lat": round(lat, COORDINATE_DIGITS), "lon": round(lon, COORDINATE_DIGITS), **kind}
        nearby = f"/v1/facilities?{urlencode(place)}&limit=3"
    page = render_template("home.html", language=language, nearby=nearby, attribution=attribution(example))
    response = make_response(page)
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Cache-Control"] = "no-cache"
    return spoken(response, language)
