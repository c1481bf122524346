"""A small invented extract in OSM XML: a town, two villages with a street of the same name, and a station."""

from pathlib import Path

NODES = {
    1: (9.50, 47.10, {"place": "town", "name": "Altstadt", "population": "5400"}),
    2: (9.60, 47.20, {"place": "village", "name": "Bergdorf"}),
    3: (9.51, 47.11, {"railway": "station", "name": "Altstadt Bahnhof"}),
    11: (9.500, 47.101, {}),
    12: (9.502, 47.101, {}),
    13: (9.504, 47.101, {}),
    14: (9.600, 47.201, {}),
    15: (9.602, 47.201, {}),
    16: (9.503, 47.103, {}),
    17: (9.503, 47.104, {}),
}
WAYS = {
    101: ([11, 12], {"highway": "residential", "name": "Hauptstrasse"}),
    102: ([12, 13], {"highway": "tertiary", "name": "Hauptstrasse"}),
    103: ([14, 15], {"highway": "residential", "name": "Hauptstrasse"}),
    104: ([16, 17], {"highway": "footway", "name": "Gässli"}),
    105: ([16, 17], {"highway": "proposed", "name": "Umfahrung"}),
    106: ([11, 16], {"highway": "residential"}),
}


def write_extract(path: Path, leave_out: tuple[int, ...] = ()) -> Path:
    """Write the extract without some objects."""

    def tags(pairs: dict[str, str]) -> str:
        return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in pairs.items())

    nodes = [
        f'<node id="{number}" version="1" lon="{lon}" lat="{lat}">{tags(pairs)}</node>'
        for number, (lon, lat, pairs) in NODES.items()
        if number not in leave_out
    ]
    ways = [
        f'<way id="{number}" version="1">{"".join(map(_reference, refs))}{tags(pairs)}</way>'
        for number, (refs, pairs) in WAYS.items()
        if number not in leave_out
    ]
    path.write_text(f'<osm version="0.6">{"".join(nodes + ways)}</osm>', encoding="utf-8")
    return path


def _reference(node: int) -> str:
    return f'<nd ref="{node}"/>'
