"""Links to a place for map applications. They contain its coordinates and neither the origin nor a name."""

from geo.facilities.ranking import Mode

DECIMALS = 6
"""Decimal places of coordinates in links: 0.1 m."""

_TRAVEL_MODES: dict[Mode, tuple[str, str, str]] = {
    "walk": ("fossgis_osrm_foot", "w", "walking"),
    "drive": ("fossgis_osrm_car", "d", "driving"),
}
"""The words of OpenStreetMap, Apple Maps and Google Maps for each travel mode."""


def directions(lon: float, lat: float, mode: Mode) -> dict[str, str]:
    """Return a geo URI (RFC 5870) of a place, and web links to directions from where the reader is.

    The parameters are those of openstreetmap.org/directions, of Apple's Map Links and of Google's Maps URLs.
    """
    point = f"{_degrees(lat)},{_degrees(lon)}"
    openstreetmap, apple, google = _TRAVEL_MODES[mode]
    return {
        "geo": f"geo:{point}",
        "openstreetmap": f"https://www.openstreetmap.org/directions?engine={openstreetmap}&to={point}",
        "apple_maps": f"https://maps.apple.com/?daddr={point}&dirflg={apple}",
        "google_maps": f"https://www.google.com/maps/dir/?api=1&destination={point}&travelmode={google}",
    }


def _degrees(degrees: float) -> str:
    """Return degrees without an exponent, which RFC 5870 does not allow."""
    text = f"{degrees:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
