"""Mapping files: what they may contain, and the message for each mistake."""

import re
from pathlib import Path

import pytest

from api.config import PROJECT
from geo.errors import UnreadableFile
from geo.imports.mapping import load

MINIMAL = """
licence = "CC0-1.0"
attribution = "A town"
id = "nr"
[rows]
format = "csv"
[position]
lon = "x"
lat = "y"
[constants]
kind = "toilets"
"""


def mapping(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "town.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_minimal_mapping_is_read(tmp_path: Path) -> None:
    read = load(mapping(tmp_path, MINIMAL))
    assert (read.id, read.authority, read.dataset, read.constants) == ("nr", "community", None, {"kind": "toilets"})
    assert read.columns == {"nr": "id", "x": "position.lon", "y": "position.lat"}


@pytest.mark.parametrize("name", ["nyc.toml", "sanisettes.toml"])
def test_a_shipped_mapping_is_valid_and_short(name: str) -> None:
    path = PROJECT / "seed_data" / "mappings" / name
    assert load(path).authority == "official"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('licence = "CC0-1.0"', "", "licence: is required"),
        ('licence = "CC0-1.0"', 'licence = " "', "licence: must be text that is not empty"),
        ('id = "nr"', "", "id: either id (a column) or id_from (a list of columns) is required, not both"),
        ('id = "nr"', 'id = "nr"\nid_from = ["x"]', "id: either id (a column) or id_from"),
        ('id = "nr"', "id_from = []", "id_from: must name at least one column"),
        ('id = "nr"', 'id_from = "x"', "id_from: must be a list of columns"),
        ('id = "nr"', 'id = "nr"\nlicense = "x"', "license: unknown key; did you mean licence?"),
        ('id = "nr"', 'id = "nr"\nauthority = "town"', "authority: must be one of official, community, not 'town'"),
        ('format = "csv"', 'format = "xls"', "rows.format: must be one of csv, json, ndjson, geojson, not 'xls'"),
        ('format = "csv"', 'format = "csv"\ndelimiter = "ab"', "rows.delimiter: must be one character"),
        ('format = "csv"', 'format = "json"\ndelimiter = ";"', "rows.delimiter: is for csv only"),
        ('format = "csv"', 'format = "csv"\npath = "a"', "rows.path: is for json only"),
        ('lat = "y"', "", "position: must have either lon and lat, or lat_lon, or geometry"),
        ('lon = "x"\nlat = "y"', 'geometry = "g"', "position.geometry: is for JSON only"),
        ('kind = "toilets"', "", "constants: kind is required here or in fields"),
        ('kind = "toilets"', 'kind = "toilet"', "constants.kind: must be one of toilets, drinking_water, shower"),
        ('kind = "toilets"', 'kind = "toilets"\ncountry = "France"', "constants.country: country must be two capital"),
        ('kind = "toilets"', 'kind = "toilets"\nnme = "x"', "constants.nme: unknown key; did you mean name?"),
        ('kind = "toilets"', 'kind = "toilets"\n[fields]\nkind = "k"', "constants: kind is also in fields"),
        ('kind = "toilets"', 'kind = "toilets"\n[fields]\nfee = 3', "fields.fee: must be a column, or a table such as"),
        (
            'kind = "toilets"',
            'kind = "toilets"\n[fields.fee]\ncolumn = "f"\nvalues = {"J" = "ja"}',
            "fields.fee.values.J: must be one of yes, no, unknown, reject, not 'ja'",
        ),
        (
            'kind = "toilets"',
            'kind = "toilets"\n[fields.fee]\ncolumn = "f"\nvalues = {"J" = "yes", "j " = "no"}',
            'fields.fee.values."j ": the same value twice',
        ),
        (
            'kind = "toilets"',
            'kind = "toilets"\n[fields.fee]\ncolumn = "f"\ndefault = "unknown"',
            "fields.fee.default: is for values that the table does not have; values is required",
        ),
        (
            'kind = "toilets"',
            'kind = "toilets"\n[fields.name]\ncolumn = "f"\nsyntax = "english"',
            "fields.name.syntax: is for opening_hours only",
        ),
        (
            'kind = "toilets"',
            'kind = "toilets"\n[fields.opening_hours]\ncolumn = "f"\nsyntax = "latin"',
            "fields.opening_hours.syntax: must be one of english, not 'latin'",
        ),
        ("[constants]", "[constants", "is not TOML"),
    ],
)
def test_a_mistake_is_refused_with_its_key(tmp_path: Path, before: str, after: str, message: str) -> None:
    assert before in MINIMAL
    with pytest.raises(UnreadableFile, match=re.escape(message)) as caught:
        load(mapping(tmp_path, MINIMAL.replace(before, after)))
    assert str(caught.value).startswith("town.toml")


def test_a_missing_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^town\.toml cannot be opened: No such file"):
        load(tmp_path / "town.toml")
