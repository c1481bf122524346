from bench.import_speed import _world_file
from bench.synthetic import synthetic_facilities
from geo.imports import geojson
from geo.imports.formats import FORMATS, format_of


def test_the_imported_file_contains_the_whole_synthetic_world() -> None:
    with _world_file(500) as path:
        assert format_of(path) is FORMATS["geojson"]
        assert list(geojson.read_own(path)) == list(synthetic_facilities(500))
