"""Strong ETags that are known before the answer is: what was asked, in which minute, of which data.

Answers are judged as of the last full minute, so that the same question about the same data in the same minute has the
same bytes. A request whose ETag still fits costs one look at PostgreSQL's snapshot, and no search.
"""

import hashlib
from datetime import datetime

import orjson
from flask import Response, request

from geo.database import Session, data_version

MAX_AGE_S = 60
"""How long an answer may be shown without asking again: opening hours are told to the minute."""

_DIGEST_BYTES = 9
"""72 bits, twelve characters: two questions of one client never share them by chance."""


def this_minute(now: datetime) -> datetime:
    """The instant that public answers are judged at."""
    return now.replace(second=0, microsecond=0)


def not_modified(session: Session, as_of: datetime, variant: str = "") -> Response | None:
    """A 304 where the caller has the answer already: its ETag is of this question, this minute and this data.

    Args:
        session: for a look at the data's version.
        as_of: the minute.
        variant: what else the answer depends on, besides the URL: its language.
    """
    if not request.if_none_match:
        return None
    prefix = _prefix(as_of, variant)
    # Weak tags too (RFC 9110, 13.1.2): a proxy that compresses an answer weakens its tag.
    # werkzeug reads an empty tag as None.
    tags = [tag for tag in request.if_none_match.as_set(include_weak=True) if tag and tag.startswith(prefix)]
    if not tags:
        return None
    version = data_version(session)
    if prefix + _digest(version) not in tags:
        return None
    return _with_validators(Response(status=304), prefix, version)


def answer(document: object, mimetype: str, as_of: datetime, version: str, variant: str = "") -> Response:
    """A public answer with its ETag, or a 304 to ``If-None-Match: *``; variant as in not_modified."""
    if request.headers.get("If-None-Match", "").strip() == "*":  # any answer, of which there is one by now
        return _with_validators(Response(status=304), _prefix(as_of, variant), version)
    body = orjson.dumps(document, option=orjson.OPT_UTC_Z)
    return _with_validators(Response(body, mimetype=mimetype), _prefix(as_of, variant), version)


def _with_validators(response: Response, prefix: str, version: str) -> Response:
    response.set_etag(prefix + _digest(version))
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    return response


def _prefix(as_of: datetime, variant: str) -> str:
    return f"{int(as_of.timestamp()) // 60:x}-{_digest(request.full_path + variant)}-"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
