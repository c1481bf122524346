"""Encoded polylines: a line as a short text, as routing services send it.

The format is Google's (https://developers.google.com/maps/documentation/utilities/polylinealgorithm), latitude before
longitude, with 5 decimals; OSRM and Valhalla also write 6.
"""

from geo.errors import InvalidRoute

PRECISIONS = (5, 6)
"""Decimals of a degree that are in use: 1.1 m and 11 cm."""

_FIRST_CHARACTER = 63
_LAST_CHARACTER = 126
_MORE_FOLLOWS = 0x20
_FIVE_BITS = 0x1F
_MAX_SHIFT = 30
"""Of a number's last five bits: 360 degrees to 6 decimals, and its sign, fit in 30 bits."""

VERTEX_MAX_CHARACTERS = 2 * (_MAX_SHIFT // 5 + 1)
"""Of a vertex's two numbers, at five bits a character."""


def decode(text: str, precision: int) -> list[tuple[float, float]]:
    """Read a polyline's vertices.

    Args:
        text: the encoded line.
        precision: decimals of its degrees, of PRECISIONS.

    Returns:
        (lon, lat) in degrees for each vertex, not checked to lie on the Earth.

    Raises:
        InvalidRoute: a character that is not of the encoding, a number too long for a degree, or half a point.
    """
    unit = 10**precision
    lon = lat = 0
    vertices = []
    numbers = _numbers(text)
    if len(numbers) % 2:
        raise InvalidRoute("polyline", "ends after a latitude, before its longitude")
    for place in range(0, len(numbers), 2):
        lat += numbers[place]
        lon += numbers[place + 1]
        vertices.append((lon / unit, lat / unit))
    return vertices


def _numbers(text: str) -> list[int]:
    """The signed differences that a polyline is made of."""
    numbers = []
    value = shift = 0
    for place, character in enumerate(text):
        code = ord(character) - _FIRST_CHARACTER
        if not 0 <= code <= _LAST_CHARACTER - _FIRST_CHARACTER:
            raise InvalidRoute("polyline", f"holds a character that is not of the encoding, at {place}")
        if shift > _MAX_SHIFT:
            raise InvalidRoute("polyline", f"holds a number too long for a degree, at {place}")
        value |= (code & _FIVE_BITS) << shift
        shift += 5
        if not code & _MORE_FOLLOWS:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    if shift:
        raise InvalidRoute("polyline", "ends in the middle of a number")
    return numbers
