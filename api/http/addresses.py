"""The address of the client, from the connection or from the header field that trusted proxies write."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from api.config import FORWARDED, X_FORWARDED_FOR, Settings
from api.http.problems import bad_values

_QUOTED = r'"(?:[^"\\]|\\.)*"'

_ELEMENT = re.compile(rf'(?:[^",]|{_QUOTED})*')
"""An element of a list whose commas in quoted strings do not separate (RFC 9110, section 5.6.1)."""

_PAIR = re.compile(rf"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!#$%&'*+.^_`|~0-9A-Za-z-]+|{_QUOTED})\s*(?:;|$)")
"""A parameter of an element of Forwarded (RFC 7239, section 4)."""


def client_address(environ: Mapping[str, Any], settings: Settings) -> str:
    """Return the address that the outermost trusted proxy saw; without proxies, the connection's peer address.

    Args:
        environ: WSGI's environment of the request, as the server made it.
        settings: the deployment's settings.

    Returns:
        An address in any of the forms of ``geo.crowd.networks.block_of``; what is not one, if it is unknown.
    """
    proxies = settings.trusted_proxies
    if proxies == 0:
        return str(environ.get("REMOTE_ADDR") or "")
    value = str(environ.get(_key(settings.client_address_header), ""))
    if settings.client_address_header == FORWARDED:
        return _forwarded_for(value, proxies)
    if settings.client_address_header == X_FORWARDED_FOR:
        return _from_the_end(value.split(","), proxies)
    return value


def register(app: Flask, settings: Settings) -> None:
    """Read the scheme, host and path prefix that the nearest proxy reports, and refuse a repeated client address.

    Args:
        app: the app.
        settings: the deployment's settings.
    """
    if settings.trusted_proxies == 0:
        return
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1, x_host=1, x_prefix=1)  # type: ignore[method-assign]
    field = settings.client_address_header
    if field in {FORWARDED, X_FORWARDED_FOR}:
        return

    @app.before_request
    def _refuse_repeated() -> Response | None:
        """A second value is the caller's own, where a proxy adds the field and does not replace it."""
        if "," not in request.environ.get(_key(field), ""):
            return None
        return bad_values(400, [{"in": "header", "name": field, "detail": "has more than one value"}])


def _key(field: str) -> str:
    return "HTTP_" + field.upper().replace("-", "_")


def _from_the_end(values: list[str], proxies: int) -> str:
    """Return the value that the outermost proxy appended; what stands before it is the caller's own."""
    return values[-proxies] if len(values) >= proxies else ""


def _forwarded_for(value: str, proxies: int) -> str:
    """Return the ``for`` of the element of a Forwarded field that the outermost proxy appended, else nothing."""
    elements, position = [], 0
    while True:
        element = _ELEMENT.match(value, position)
        if element is None or (element.end() < len(value) and value[element.end()] != ","):
            return ""  # a quotation mark without its partner
        elements.append(element[0])
        position = element.end() + 1
        if position > len(value):
            break
    return _for_of(_from_the_end(elements, proxies))


def _for_of(element: str) -> str:
    """Return the value of ``for``; nothing if the element is malformed or has not exactly one."""
    found, position = [], 0
    while position < len(element):
        pair = _PAIR.match(element, position)
        if pair is None:
            return ""
        if pair[1].lower() == "for":
            found.append(pair[2])
        position = pair.end()
    if len(found) != 1:
        return ""
    [address] = found
    return re.sub(r"\\(.)", r"\1", address[1:-1]) if address.startswith('"') else address
