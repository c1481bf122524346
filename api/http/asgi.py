"""Runs the WSGI application behind an ASGI server.

The event loop receives a request completely before a thread answers it: slow senders occupy no thread, and requests
that wait for a thread do not either. WSGI's environment is built from the bytes of the header, which show what WSGI
hides: fields that are repeated or spelled with an underscore.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from api.http.turns import Caller, TooManyWaiting, Turns

Environ = dict[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Fields = Sequence[tuple[bytes, bytes]]

BODY_S = 10
"""How long a request body may take. The largest body, 2 MB, takes that long at 1.6 Mbit/s; a rating arrives at once."""

MAX_RECEIVING_BYTES = 64 * 1024 * 1024
"""Total size of the unfinished bodies of a process: thirty of the largest, or a thousand of the usual 64 kB. It bounds
the memory that slow senders can occupy."""

LINGER_S = 2
"""How long the rest of a refused body is received and discarded. If the connection closed at once, the client's system
would report a reset and discard the response."""

_FIELDS_WITHOUT_PREFIX = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods whose requests have no body and never write (RFC 9110, section 9.2.1)."""

REFUSAL = "beforehand.refusal"
"""The key of WSGI's environment that holds a Refusal, if this module refuses the request."""


class Refusal(NamedTuple):
    """Why a request is refused. The application writes the problem document.

    Attributes:
        status: the HTTP status.
        detail: the detail of the problem document.
    """

    status: int
    detail: str


class _Answer(NamedTuple):
    status: int
    fields: Fields
    body: bytes


BODY_TOO_LATE = Refusal(408, f"the request body did not arrive within {BODY_S} seconds")
BODY_TOO_LARGE = Refusal(413, "request body too large")
TOO_MANY_BODIES = Refusal(503, "too many request bodies are being received; please try again")
TOO_MANY_WAITING = Refusal(503, "too many requests of your network are waiting; please try again")
_BODY_REFUSALS = frozenset({BODY_TOO_LATE, BODY_TOO_LARGE, TOO_MANY_BODIES})

NO_HOST = Refusal(400, "the Host header field is missing (RFC 9112, section 3.2)")
SEVERAL_HOSTS = Refusal(400, "the Host header field is given more than once (RFC 9112, section 3.2)")


class AsgiApplication:
    """The WSGI application as an ASGI application (ASGI 3.0, PEP 3333)."""

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        network_of: Callable[[Environ], bytes],
        max_body_bytes: int,
        threads: int,
    ) -> None:
        """Create the application, in the process that answers requests.

        Args:
            application: the WSGI application.
            network_of: returns the network that a request came from.
            max_body_bytes: size of the largest body that a route accepts; larger ones are not kept.
            threads: the number of threads that answer requests.
        """
        self._application = application
        self._network_of = network_of
        self._max_body_bytes = max_body_bytes
        self._turns = Turns(threads)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._receiving_bytes = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body, refusal = b"", _host_refusal(scope)
        if refusal is None and scope["method"] not in SAFE_METHODS:
            try:
                body, refusal = await self._body(scope["headers"], receive)
            except ConnectionAbortedError:
                return
        environ = _environ(scope, body)
        answer = await self._answer(environ) if refusal is None else self._refuse(environ, refusal)
        is_unread = refusal in _BODY_REFUSALS
        closing = [(b"connection", b"close")] if is_unread else []
        await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.fields, *closing]})
        await send({"type": "http.response.body", "body": answer.body, "more_body": is_unread})
        if is_unread:
            await _discard(receive)
            await send({"type": "http.response.body"})

    async def _body(self, fields: Fields, receive: Receive) -> tuple[bytes, Refusal | None]:
        """Receive the body; return it, and why it is refused.

        Raises:
            ConnectionAbortedError: the client went away before the end of the body.
        """
        if _declared_bytes(fields) > self._max_body_bytes:
            return b"", BODY_TOO_LARGE
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ConnectionAbortedError
                    piece = message.get("body", b"")
                    body += piece
                    self._receiving_bytes += len(piece)
                    if len(body) > self._max_body_bytes:
                        return b"", BODY_TOO_LARGE
                    if self._receiving_bytes > MAX_RECEIVING_BYTES:
                        return b"", TOO_MANY_BODIES
                    if not message.get("more_body"):
                        return bytes(body), None
        except TimeoutError:
            return b"", BODY_TOO_LATE
        finally:
            self._receiving_bytes -= len(body)

    async def _answer(self, environ: Environ) -> _Answer:
        caller = Caller(self._network_of(environ), environ["REQUEST_METHOD"] not in SAFE_METHODS)
        try:
            async with self._turns.turn(caller):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, environ)
        except TooManyWaiting:
            return self._refuse(environ, TOO_MANY_WAITING)

    def _refuse(self, environ: Environ, refusal: Refusal) -> _Answer:
        """Let the application write the problem document, for which it needs no database and so no thread."""
        return self._run({**environ, REFUSAL: refusal})

    def _run(self, environ: Environ) -> _Answer:
        started: list[tuple[str, Sequence[tuple[str, str]]]] = []

        def start_response(status: str, fields: Sequence[tuple[str, str]], _exc_info: object = None) -> None:
            started.append((status, fields))

        chunks = self._application(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        status, fields = started[-1]
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        return _Answer(int(status.split(" ", 1)[0]), encoded, body)


def _host_refusal(scope: Message) -> Refusal | None:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1:
        return SEVERAL_HOSTS
    if scope["http_version"] == "1.1" and not any(hosts):
        return NO_HOST
    return None


def _declared_bytes(fields: Fields) -> int:
    """Return the Content-Length, which the server has checked; zero if there is none."""
    return max((int(value) for name, value in fields if name == b"content-length"), default=0)


async def _discard(receive: Receive) -> None:
    """Receive the rest of a body for a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while (await receive()).get("more_body"):
                pass


def _environ(scope: Message, body: bytes) -> Environ:
    """Return WSGI's environment of a request.

    A header field whose name has an underscore is left out, as nginx does: WSGI cannot tell it from the field with a
    hyphen, so that clients could send a field that a proxy replaces. Repeated fields are joined in their order.
    """
    server_name, server_port = scope["server"]
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server_name,
        "SERVER_PORT": server_port,
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name or name == b"transfer-encoding":  # the body is complete: it has a length
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in _FIELDS_WITHOUT_PREFIX:
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ
