"""GET /v1/fences: the regions that a phone should monitor."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from api.fences import examples, schemas
from api.fences.texts import empty_note, fence_text
from api.http.conditional import answer, not_modified, this_minute
from api.http.declarations import EVERYBODY
from api.http.door import Door
from api.http.languages import Language, callers_language, spoken
from api.http.services import database, now
from api.places.geojson import GEOJSON, Shown, show
from geo.ahead.fences.grid import RADIUS_M
from geo.ahead.fences.regions import DWELL_S, Fences, FencesQuery, watch
from geo.errors import CellTooCoarse
from geo.facilities.cards import Card

door = Door("fences", __name__, url_prefix="/v1/fences", description="Geofences that the phone monitors itself.")


@door.route("", caller=EVERYBODY, raises=(CellTooCoarse,))
@door.arguments(schemas.FencesRequest, location="query")
@door.response(200, schemas.FenceCollection, content_type=GEOJSON, example=examples.FENCES)
@door.alt_response(304, description="The answer has not changed.", success=True)
def list_fences(parameters: Mapping[str, Any]) -> Response:
    """Return the regions most worth monitoring, and the region in which they stay valid.

    The phone monitors them itself and shows text when it has been inside one for dwell_s seconds; its position is not
    sent. While it stays inside the refresh region, the same request from its new position would return the nearest half
    of these again. When it leaves that region, or after expires_at, it requests new ones. To reveal less, send cell
    instead of lat and lon: all phones in the cell get the same response, which any cache may store.
    """
    as_of = this_minute(now())
    language = callers_language()
    with database().read() as session:
        if unchanged := not_modified(session, as_of, language.code):
            return spoken(unchanged, language)
        query = FencesQuery(**parameters, as_of=as_of)
        fences = watch(session, query)
        # The labels have no direction, because they are read when the reader has come near.
        shown = show(session, fences.cards, language, whereabouts=lambda _: None)
    return spoken(
        answer(_document(query, fences, shown, language), GEOJSON, as_of, fences.data_version, language.code), language
    )


def _document(query: FencesQuery, fences: Fences, shown: Shown, language: Language) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": _regions(fences.cards, shown, language),
        "refresh_region": {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [query.origin.lon, query.origin.lat]},
            "properties": {"radius_m": int(fences.refresh_m)},
        },
        "language": language.code,
        "note": None if fences.cards else empty_note(language),
        "as_of": query.as_of,
        "expires_at": fences.expires_at,
        "attribution": shown.attribution,
    }


def _regions(cards: Sequence[Card], shown: Shown, language: Language) -> list[dict[str, Any]]:
    for region, name, card in zip(shown.features, shown.names, cards, strict=True):
        text = fence_text(card, name, language)
        region["properties"] |= {"radius_m": RADIUS_M, "dwell_s": DWELL_S, "text": text}
    return shown.features


doors = (door,)
