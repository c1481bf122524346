"""Imports a gazetteer: the file's localities replace those that an earlier edition of the file gave."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import shapely
from sqlalchemy import text

from geo.coordinates import SRID_WGS84
from geo.database import Session
from geo.errors import UnreadableFile
from geo.gazetteer.models import IMPORTANCE, SETTLEMENTS
from geo.gazetteer.names import normalised
from geo.gazetteer.shape import NamedShape
from geo.imports.record import Source
from geo.imports.staging import CopyFile, copy_into, escaped
from geo.imports.statements import SET_LIMITS
from geo.rows import sql_file

GROUPS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "street": (500, ("street",)),
    "station": (500, ("station", "halt")),
    "area": (20_000, ("country", "state", "province", "region", "county", "district", "municipality")),
}
"""Kinds whose objects of one name are one locality if a chain of them has gaps of at most so many metres: a street
continues beyond a square, a station is mapped as a point and as an area. PLACE_GAP_M is the gap for all other kinds."""

PLACE_GAP_M = 2_000
"""The area of a town may not contain the node that marks its centre."""

COLUMNS = (
    "external_id",
    "type_order",
    "kind",
    "group_name",
    "gap_m",
    "importance",
    "name",
    "search_name",
    "population",
)

_FILES = Path(__file__).parent / "sql"
_MARKERS = {"settlements": ", ".join(f"'{kind}'" for kind in SETTLEMENTS)}
_STAGE, _DATASET, _MERGE, _ADD, _NAME_NEAREST = (
    text(sql_file(_FILES / name, _MARKERS))
    for name in ("10_stage.sql", "20_dataset.sql", "30_merge.sql", "40_add.sql", "50_name_nearest.sql")
)
_COPY = f"COPY named_shape ({', '.join(COLUMNS)}, shape) FROM STDIN"

_TYPE_ORDER = ("node", "way", "relation")
"""Of the objects of one locality the first in this order gives its kind and position: a node marks the centre."""


@dataclass(frozen=True, slots=True)
class GazetteerSummary:
    """The number of localities imported."""

    places: int
    stations: int
    streets: int


def write(
    session: Session, name: str, source: Source, shapes: Iterable[NamedShape], as_of: datetime
) -> GazetteerSummary:
    """Replace the localities of a dataset.

    Args:
        session: a write session; the caller commits.
        name: the dataset's name.
        source: its licence.
        shapes: all named objects of the file.
        as_of: the time of the import.

    Raises:
        UnreadableFile: the reader failed, or nothing in the file has a name. The caller must roll back.
    """
    session.execute(SET_LIMITS)
    session.execute(_STAGE)
    copy_into(session, _COPY, CopyFile(_lines(shapes)))
    terms = {"licence": source.licence, "attribution": source.attribution, "url": source.url}
    dataset = {"dataset_id": session.execute(_DATASET, {"name": name, **terms, "as_of": as_of}).scalar_one()}
    session.execute(text("ANALYZE named_shape"))
    session.execute(_MERGE)
    session.execute(text("DELETE FROM locality WHERE dataset_id = :dataset_id"), dataset)
    session.execute(_ADD, dataset)
    session.execute(text("ANALYZE locality"))
    session.execute(_NAME_NEAREST, dataset)
    session.execute(text("DROP TABLE named_shape, merged_shape"))
    counts = session.execute(
        text("SELECT kind, count(*) AS localities FROM locality WHERE dataset_id = :dataset_id GROUP BY kind"), dataset
    )
    by_kind = {row.kind: row.localities for row in counts}
    if not by_kind:
        raise UnreadableFile(f"there is no named place, station or street in {name}, so nothing was changed")
    stations = sum(by_kind.pop(kind, 0) for kind in ("station", "halt"))
    streets = by_kind.pop("street", 0)
    return GazetteerSummary(sum(by_kind.values()), stations, streets)


def _lines(shapes: Iterable[NamedShape]) -> Iterator[str]:
    for external_id, kind, name, population, shape in shapes:
        group, gap_m = _GROUP_OF.get(kind, ("place", PLACE_GAP_M))
        order = _TYPE_ORDER.index(external_id.partition("/")[0])
        known = r"\N" if population is None else str(population)
        wkb = shapely.to_wkb(shapely.set_srid(shapely.force_2d(shape), SRID_WGS84), hex=True, include_srid=True)
        texts = (escaped(name), normalised(name), known, wkb)
        yield "\t".join((external_id, str(order), kind, group, str(gap_m), str(IMPORTANCE[kind]), *texts)) + "\n"


_GROUP_OF = {kind: (group, gap_m) for group, (gap_m, kinds) in GROUPS.items() for kind in kinds}
