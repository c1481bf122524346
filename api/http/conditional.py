"""Strong ETags computed before the response: from the request, the minute and the version of the data.

Answers are computed as of the last full minute, so that the same request for the same data in the same minute has the
same bytes. A request with a current ETag costs one look at PostgreSQL's snapshot and no search.
"""

import hashlib
from datetime import datetime

import orjson
from flask import Response, request

from geo.database import Session
from geo.rows import data_version

MAX_AGE_S = 60
"""How long a response may be reused without revalidation. Opening hours are exact to the minute."""

_DIGEST_BYTES = 9
"""72 bits, twelve characters: two requests of one client do not collide by chance."""


def this_minute(now: datetime) -> datetime:
    """Return the start of the current minute, which public answers are computed for."""
    return now.replace(second=0, microsecond=0)


def not_modified(session: Session, as_of: datetime, variant: str = "") -> Response | None:
    """Return a 304 if the caller's ETag matches this request, this minute and this data, otherwise None.

    Args:
        session: reads the version of the data.
        as_of: the minute.
        variant: what the answer depends on besides the URL, such as its language.
    """
    if not request.if_none_match:
        return None
    prefix = _prefix(as_of, variant)
    # Weak tags match too (RFC 9110, 13.1.2): a proxy that compresses a response weakens its tag.
    # werkzeug reads an empty tag as None.
    tags = [tag for tag in request.if_none_match.as_set(include_weak=True) if tag and tag.startswith(prefix)]
    if not tags:
        return None
    version = data_version(session)
    if prefix + _digest(version) not in tags:
        return None
    return _with_validators(Response(status=304), prefix, version)


def answer(document: object, mimetype: str, as_of: datetime, version: str, variant: str = "") -> Response:
    """Return a public response with its ETag, or a 304 for ``If-None-Match: *``. See not_modified for ``variant``."""
    if request.headers.get("If-None-Match", "").strip() == "*":  # matches any existing response
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
