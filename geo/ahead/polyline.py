"""Decodes encoded polylines, the text format of lines of routing services.

The format is Google's (https://developers.google.com/maps/documentation/utilities/polylinealgorithm), latitude before
longitude, with 5 decimals; OSRM and Valhalla also write 6.
"""

from geo.errors import InvalidRoute

PRECISIONS = (5, 6)
"""Decimals of a degree in use: 1.1 m and 11 cm."""

_FIRST_CHARACTER = 63
_LAST_CHARACTER = 126
_MORE_FOLLOWS = 0x20
_FIVE_BITS = 0x1F
_MAX_SHIFT = 30
"""Shift of a number's last five bits: 360 degrees with 6 decimals and the sign fit in 30 bits."""

VERTEX_MAX_CHARACTERS = 2 * (_MAX_SHIFT // 5 + 1)
"""Maximum length of a vertex's two numbers, at five bits a character."""


def decode(text: str, precision: int) -> list[tuple[float, float]]:
    """Decode a polyline.

    Args:
        text: the encoded line.
        precision: decimals of its degrees, one of PRECISIONS.

    Returns:
        (lon, lat) in degrees for each vertex; the range is not checked.

    Raises:
        InvalidRoute: an invalid character, a number too large for degrees, or an incomplete point.
    """
    unit = 10**precision
    lon = lat = 0
    vertices = []
    numbers = _numbers(text)
    if len(numbers) % 2:
        raise InvalidRoute("polyline", "ends after a latitude without its longitude")
    for place in range(0, len(numbers), 2):
        lat += numbers[place]
        lon += numbers[place + 1]
        vertices.append((lon / unit, lat / unit))
    return vertices


def _numbers(text: str) -> list[int]:
    """Return the signed differences that a polyline encodes."""
    numbers = []
    value = shift = 0
    for place, character in enumerate(text):
        code = ord(character) - _FIRST_CHARACTER
        if not 0 <= code <= _LAST_CHARACTER - _FIRST_CHARACTER:
            raise InvalidRoute("polyline", f"contains an invalid character at position {place}")
        if shift > _MAX_SHIFT:
            raise InvalidRoute("polyline", f"contains a number too large for degrees at position {place}")
        value |= (code & _FIVE_BITS) << shift
        shift += 5
        if not code & _MORE_FOLLOWS:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    if shift:
        raise InvalidRoute("polyline", "ends within a number")
    return numbers
