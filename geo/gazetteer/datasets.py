"""The terms of the imported gazetteers."""

from typing import NamedTuple

from geo.database import Session
from geo.rows import driver_rows

_TERMS = "SELECT DISTINCT attribution, licence, url FROM gazetteer_dataset ORDER BY attribution, licence, url"


class Terms(NamedTuple):
    """Terms of use of one or several datasets."""

    attribution: str
    licence: str
    url: str | None


def terms(session: Session) -> list[Terms]:
    """Return the terms of all imported gazetteers, each once. Answers that use a gazetteer contain them."""
    return driver_rows(session, _TERMS, {}, Terms)
