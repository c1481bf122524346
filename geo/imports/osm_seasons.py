"""Writes the season of an OSM object (``seasonal=summer``) into its opening hours.

https://wiki.openstreetmap.org/wiki/Key:seasonal: the object is not there, or does not work, in the rest of the year.
When exactly is not known, so that in the rest of the year the hours are unknown, not closed.
"""

import re

from geo.facilities.hours_rules import rules_of
from geo.facilities.hours_syntax import normalised

NORTHERN_MONTHS = {
    "spring": ("Mar-May", "Jun-Feb"),
    "summer": ("Jun-Aug", "Sep-May"),
    "autumn": ("Sep-Nov", "Dec-Aug"),
    "winter": ("Dec-Feb", "Mar-Nov"),
}
"""The months of each season north of the equator, and the rest of the year."""

SOUTHERN_SEASON = {"spring": "autumn", "summer": "winter", "autumn": "spring", "winter": "summer"}
"""The northern season of the same months."""

_WITH_DATES = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|week|easter|\d{4})\b", re.IGNORECASE)


def seasonal_hours(opening_hours: str, seasonal: str | None, *, is_north: bool) -> str:
    """Return opening hours that are unknown outside the season.

    Args:
        opening_hours: the hours as written.
        seasonal: the value of ``seasonal``; None if there is none.
        is_north: whether the object is north of the equator.

    Returns:
        The hours unchanged if there is no season or if they name dates of their own. A text that cannot be limited,
        such as one with ``||``, becomes a note that names the season.
    """
    if seasonal is None or seasonal == "no" or _WITH_DATES.search(opening_hours):
        return opening_hours
    rules = [rule.strip() for rule in normalised(opening_hours).split(";") if rule.strip()]
    if "||" in opening_hours or ", " in normalised(opening_hours) or any(rules_of(rule) is None for rule in rules):
        return f"{opening_hours} (seasonal: {seasonal})"
    season = seasonal if is_north else SOUTHERN_SEASON.get(seasonal, seasonal)
    if season not in NORTHERN_MONTHS:  # "yes", "wet_season": which months is not known
        return "; ".join(map(_unknown, rules))
    within, outside = NORTHERN_MONTHS[season]
    return "; ".join(
        [*(f"{within} {_daily(rule)}" for rule in rules), *(f"{outside} {_unknown(rule)}" for rule in rules)]
    )


def _daily(rule: str) -> str:
    return rule.replace("24/7", "00:00-24:00")


def _unknown(rule: str) -> str:
    """Return a rule with the state unknown, unless it closes."""
    is_open = all(parsed.state == "open" for parsed in rules_of(rule) or ())
    return f"{_daily(rule)} unknown" if is_open else _daily(rule)
