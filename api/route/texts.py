"""Texts about stops along a route, in the caller's language."""

from api.http.languages import Language
from geo.ahead.route.journey import Gap


def last_good_stop_text(gap_after_m: float, language: Language) -> str:
    """Return the text that marks the last good stop before a gap."""
    return language.say("last good stop for %(distance)s", distance=language.distance(gap_after_m))


def backup_text(further_m: float, language: Language) -> str:
    """Return the text that says how far further along the backup of a planned stop is."""
    return language.say("if shut, %(distance)s further", distance=language.distance(further_m))


def whereabouts(along_m: float, language: Language) -> str:
    """Return the text that says how far along the route a stop is."""
    return language.say("%(distance)s along the route", distance=language.distance(along_m))


def warning_text(gap: Gap, start_m: float, comfort_s: int, language: Language, *, is_since_last_stop: bool) -> str:
    """Return the text about a gap that exceeds the comfort time.

    Args:
        gap: the gap.
        start_m: where it starts, along the route.
        comfort_s: the comfort time.
        language: the caller's.
        is_since_last_stop: whether its duration includes the time since a stop before the route.
    """
    values = {
        "gap": language.distance(gap.length_m),
        "start": language.distance(start_m),
        "duration": _duration(gap.duration_s, language),
        "comfort": _duration(comfort_s, language),
    }
    if is_since_last_stop:
        return language.say(
            "no stop for %(gap)s after %(start)s: %(duration)s since the last stop, longer than the %(comfort)s of"
            " comfort",
            **values,
        )
    return language.say(
        "no stop for %(gap)s after %(start)s: %(duration)s, longer than the %(comfort)s of comfort", **values
    )


def empty_note(max_offset_m: float, language: Language) -> str:
    """Return a sentence that explains why there is no stop."""
    return language.say(
        "Nothing within %(offset)s of this route meets these needs when you pass.",
        offset=language.metres(max_offset_m),
    )


def shortened_note(left_out: int, language: Language) -> str:
    """Return a sentence that explains why the list is shortened."""
    return language.count(
        "%(number)s more stop is omitted: only the best of each stretch of the route are returned.",
        "%(number)s more stops are omitted: only the best of each stretch of the route are returned.",
        left_out,
    )


def _duration(seconds: int, language: Language) -> str:
    """Return a duration in hours and minutes: 45 min, 2 h, 2 h 5 min."""
    hours, minutes = divmod(round(seconds / 60), 60)
    values = {"hours": language.decimal(hours), "minutes": language.decimal(minutes)}
    if not hours:
        return language.say("%(minutes)s min", **values)
    if not minutes:
        return language.say("%(hours)s h", **values)
    return language.say("%(hours)s h %(minutes)s min", **values)
