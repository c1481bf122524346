"""Normalises OSM ``opening_hours`` texts as people write them to the strict grammar.

Grammar: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification. There, a comma and a space start an
additional rule, so that ``Mo-Fr, Su 08:00-18:00`` is open all day from Monday to Friday. People mean a list, and
opening_hours.js, OSM's reference implementation, reads one.
"""

import re
from functools import lru_cache

_KEPT_TEXTS = 2_048
"""Number of cached normalised texts, at most 4 MB: imports contain few texts many times, and each takes 8 µs."""

_WEEKDAY = "(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH)"
_DAY_BEFORE_TIME = re.compile(rf"\b({_WEEKDAY}(?:\[[^]]*\])?) ?:? ?(?=\d?\d:\d\d)", re.IGNORECASE)
"""``Mo-We: 10:00-18:00`` and ``Fr11:00-18:00``."""

_COMMENT = re.compile(r'"[^"]*"')
_COMMA = re.compile(" ?, ?")
SUN_EVENT = "(?:sunrise|sunset|dawn|dusk)"
_RULE_COMMA = re.compile(
    rf"(?:(?::\d\d|\)|\b{SUN_EVENT})\+?,(?!\(|\d\d?:|{SUN_EVENT})|(?:\"|\b(?:24/7|off|closed|open|unknown)),)",
    re.IGNORECASE,
)
"""A comma that starts a rule: after times, unless more times follow, and after a state or a comment."""

_HOLIDAYS = re.compile(r"\b[PS]H\b", re.IGNORECASE)
SCHOOL_HOLIDAYS = re.compile(r"\bSH\b", re.IGNORECASE)
_LISTED_SCHOOL_HOLIDAYS = re.compile(r"\bSH,|,SH\b", re.IGNORECASE)
_LISTED_DAY = rf"{_WEEKDAY}(?:-{_WEEKDAY})?(?:\[[^]]*\])?(?: ?[-+] ?\d+ ?days?)?"
_DAY_IN_LIST = re.compile(_LISTED_DAY, re.IGNORECASE)
_LIST_OF_DAYS = re.compile(rf"\b{_LISTED_DAY}(?:,{_LISTED_DAY})*", re.IGNORECASE)
PUBLIC_HOLIDAYS = re.compile(r"\bPH\b", re.IGNORECASE)
OF_THIS_PLACE_ALONE = re.compile(rf"{SUN_EVENT}|\bPH\s*[-+]", re.IGNORECASE)
"""The position of the sun, and days counted from holidays, which may lie outside the compiled weeks."""

_WEEKLY = re.compile(
    r'(?:\b(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|Jan-Dec|off|closed|open|unknown|24/7|\d?\d:\d\d)\b|"\?"|[-,; ])*', re.IGNORECASE
)


@lru_cache(maxsize=_KEPT_TEXTS)
def normalised(text: str) -> str:
    """Normalise a text to the strict grammar. A text that is invalid stays invalid.

    Only a comma that starts a rule is followed by a space, ``;`` is only between rules, ``||`` between spaces, holidays
    are before weekdays, and each comment is ``"?"``: the words of a comment do not affect the state.
    """
    text = _COMMENT.sub(lambda comment: '"?"' if len(comment[0]) > len('""') else '""', " ".join(text.split()))
    text = _DAY_BEFORE_TIME.sub(r"\1 ", text)
    text = _RULE_COMMA.sub(r"\g<0> ", _COMMA.sub(",", text))
    if _HOLIDAYS.search(text):
        text = _LIST_OF_DAYS.sub(_with_holidays_first, text)
    return " || ".join(alternative.strip(" ;") for alternative in text.split("||"))


def _with_holidays_first(days: re.Match[str]) -> str:
    """Return a list of days in the order that the library reads: holidays, each once, then weekdays."""
    listed = dict.fromkeys(_DAY_IN_LIST.findall(days[0]))
    return ",".join(sorted(listed, key=lambda day: not _HOLIDAYS.match(day)))


def outside_school_holidays(days: str) -> str | None:
    """Rewrite a day selector with ``SH`` as if no day were a school holiday; None if it then selects no day."""
    days = _LISTED_SCHOOL_HOLIDAYS.sub("", days)
    return None if SCHOOL_HOLIDAYS.search(days) else days


def within_school_holidays(days: str) -> str:
    """Rewrite a day selector with ``SH`` as if every day were a school holiday."""
    return _LIST_OF_DAYS.sub(lambda days: "" if SCHOOL_HOLIDAYS.search(days[0]) else days[0], days).strip()


def on_daily_holidays(days: str) -> str:
    """Rewrite a day selector as if every day were a public holiday."""
    return PUBLIC_HOLIDAYS.sub("Mo-Su", days)


def repeats_weekly(text: str) -> bool:
    """Return whether a normalised text contains only weekdays, times, public holidays and the whole year.

    Its weeks then differ only by their holidays.
    """
    return _WEEKLY.fullmatch(text) is not None
