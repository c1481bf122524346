"""Encoded polylines: the published example, both precisions, and what is none."""

from random import Random

import pytest

from geo.ahead.polyline import decode
from geo.errors import InvalidRoute


def encode(vertices: list[tuple[float, float]], precision: int) -> str:
    """The inverse, as the format's description defines it."""
    text, before = "", (0, 0)
    for lon, lat in vertices:
        now = round(lat * 10**precision), round(lon * 10**precision)
        for difference in (now[0] - before[0], now[1] - before[1]):
            value = difference << 1 if difference >= 0 else ~(difference << 1)
            while value >= 0x20:
                text += chr((0x20 | value & 0x1F) + 63)
                value >>= 5
            text += chr(value + 63)
        before = now
    return text


def test_the_published_example_is_decoded() -> None:
    assert decode("_p~iF~ps|U_ulLnnqC_mqNvxq`@", 5) == [(-120.2, 38.5), (-120.95, 40.7), (-126.453, 43.252)]


@pytest.mark.parametrize("precision", [5, 6])
def test_an_encoded_line_is_decoded_unchanged(precision: int) -> None:
    random = Random(4)
    vertices = [
        (round(random.uniform(-180, 180), precision), round(random.uniform(-90, 90), precision)) for _ in range(500)
    ]
    vertices += [(180.0, 90.0), (-180.0, -90.0), (180.0, 90.0)]
    assert decode(encode(vertices, precision), precision) == vertices


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("_p~iF", "without its longitude"),
        ("_p~iF~ps|", "within a number"),
        ("_p~iF ps|U", "an invalid character"),
        ("_p~iFé", "an invalid character"),
        ("_" * 9 + "?", "too large"),
    ],
)
def test_an_invalid_polyline_is_refused(text: str, fault: str) -> None:
    with pytest.raises(InvalidRoute, match=fault) as caught:
        decode(text, 5)
    assert caught.value.part == "polyline"
