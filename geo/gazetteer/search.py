"""Search for localities by name, tolerant of one typing error."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import NamedTuple

from geo.coordinates import Point
from geo.database import Session
from geo.gazetteer.names import is_one_edit_apart, normalised
from geo.rows import driver_rows, driver_text, sql_file

MAX_CANDIDATES = 100
"""Candidates that each statement returns at most, and the maximum number of results."""

ROWS_PER_IMPORTANCE = 200
"""Names of one importance that a search by a prefix examines at most, so that one letter is as cheap as a name."""

EXACT_ROWS = 2_000
"""Localities of exactly this name that a search examines at most: a country has some thousands of Main Streets."""

MIN_FUZZY_CHARACTERS = 3
"""Shorter texts are not compared by trigrams: a typing error leaves nothing of them."""

MAX_FUZZY_CHARACTERS = 64
"""Characters compared by trigrams; the cost grows with their number."""

SIMILAR = 3
"""The lowest class of matches: neither equal, nor longer, nor one typing error apart."""

MIN_SIMILARITY = 0.3
"""Share of common trigrams from which on names are similar; the default of pg_trgm."""

IMPORTANCE_PER_TENFOLD = 2
"""Steps of importance that a distance ten times as long outweighs, where a position is given: a village 1 km away is
before a city of the same name 500 km away, and a city 5 km away before a street of its name 100 m away."""

_FILES = Path(__file__).parent / "sql"
_MARKERS = {
    "max_candidates": str(MAX_CANDIDATES),
    "rows_per_importance": str(ROWS_PER_IMPORTANCE),
    "exact_rows": str(EXACT_ROWS),
    "columns": sql_file(_FILES / "60_columns.sql", {}),
}
_BY_PREFIX = driver_text(sql_file(_FILES / "61_by_prefix.sql", _MARKERS))
_BY_TRIGRAMS = driver_text(sql_file(_FILES / "62_by_trigrams.sql", _MARKERS))


@dataclass(frozen=True, slots=True)
class LocalitiesQuery:
    """A search by name.

    Attributes:
        text: the name, or the beginning of one.
        limit: maximum number of results, at most MAX_CANDIDATES.
        origin: if given, near localities rank first among those that match equally.
    """

    text: str
    limit: int
    origin: Point | None = None


class Locality(NamedTuple):
    """A locality that matches. ``distance_m`` is None without an origin; the last four are its source."""

    external_id: str
    kind: str
    importance: int
    name: str
    search_name: str
    near: str | None
    population: int | None
    lon: float
    lat: float
    distance_m: float | None
    similarity: float
    dataset: str
    licence: str
    attribution: str
    url: str | None


def by_name(session: Session, query: LocalitiesQuery) -> list[Locality]:
    """Return the localities that match, best first.

    Equal names come first, then names that begin with the text, then names that differ by one typing error, then
    similar ones. See _rank for the order among these.
    """
    text = normalised(query.text)
    if not text:
        return []
    parameters = {
        "text": text,
        "prefix": text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%",
        "lon": query.origin and query.origin.lon,
        "lat": query.origin and query.origin.lat,
    }
    found = driver_rows(session, _BY_PREFIX, parameters, Locality)
    # Every name that begins with the text ranks before every name that is only similar.
    if len(found) < query.limit and len(text) >= MIN_FUZZY_CHARACTERS:
        fuzzy = {**parameters, "text": text[:MAX_FUZZY_CHARACTERS]}
        found += driver_rows(session, _BY_TRIGRAMS, fuzzy, Locality)
    return _ranked(text, found)[: query.limit]


def _ranked(text: str, found: Sequence[Locality]) -> list[Locality]:
    """Order candidates; of an object that several files contain, keep one."""
    by_id = {locality.external_id: locality for locality in reversed(found)}
    near = (each for each in by_id.values() if _match(text, each) < SIMILAR or each.similarity >= MIN_SIMILARITY)
    return sorted(near, key=lambda locality: _rank(text, locality))


def _rank(text: str, locality: Locality) -> tuple[float | str, ...]:
    """Return the sort key: match, similarity in tenths, importance less distance, population, similarity, id."""
    match = _match(text, locality)
    tenths = round(locality.similarity * 10) if match == SIMILAR else 0
    distance_km = (locality.distance_m or 0) / 1000
    importance = locality.importance - IMPORTANCE_PER_TENFOLD * log10(1 + distance_km)
    return match, -tenths, -importance, -(locality.population or 0), -locality.similarity, locality.external_id


def _match(text: str, locality: Locality) -> int:
    """Return the class of a match: 0 equal, 1 begins with the text, 2 one typing error apart, else SIMILAR."""
    name = locality.search_name
    if name == text:
        return 0
    if name.startswith(text):
        return 1
    return 2 if is_one_edit_apart(text, name) else SIMILAR
