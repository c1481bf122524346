"""What reaches the application of a request: its environment, its body in time, or a refusal."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask

from api.http import asgi
from api.http.asgi import REFUSAL, AsgiApplication, Environ, Message, Refusal

HERE = (b"host", b"here")
LARGEST_BYTES = 1_000
THREADS = 4


def scope(method: str = "GET", raw_path: bytes = b"/", fields: Iterable[tuple[bytes, bytes]] = (HERE,)) -> Message:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "raw_path": raw_path,
        "query_string": b"a=%ff",
        "headers": list(fields),
        "client": ("192.0.2.7", "50000"),
        "server": ("127.0.0.1", "8000"),
    }


class Client:
    """Sends a request and keeps what comes back.

    A piece of the body is sent after the pause that stands before it, in seconds; None: the client goes away.
    """

    def __init__(self, *pieces: bytes | float | None) -> None:
        self.sent: list[Message] = []
        self.received_bytes = 0
        self._pieces = list(pieces)

    async def receive(self) -> Message:
        piece = self._pieces.pop(0) if self._pieces else b""
        if isinstance(piece, float):
            await asyncio.sleep(piece)
            piece = self._pieces.pop(0)
        if piece is None:
            return {"type": "http.disconnect"}
        self.received_bytes += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def fields(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


class Application:
    """A WSGI application that keeps the environment of each request."""

    def __init__(self) -> None:
        self.environs: list[Environ] = []

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        self.environs.append(environ)
        start_response("200 OK", [("X-Body", "is read")])
        return [environ["wsgi.input"].read(), b""]

    @property
    def refusals(self) -> list[Refusal | None]:
        return [environ.get(REFUSAL) for environ in self.environs]


def served(application: Callable[..., Any]) -> AsgiApplication:
    return AsgiApplication(application, lambda environ: environ["REMOTE_ADDR"].encode(), LARGEST_BYTES, THREADS)


def ask(request: Message, *pieces: bytes | float | None) -> tuple[Client, Application]:
    client, application = Client(*pieces), Application()
    asyncio.run(served(application)(request, client.receive, client.send))
    return client, application


def environ_of(*fields: tuple[bytes, bytes], raw_path: bytes = b"/") -> Environ:
    _, application = ask(scope(raw_path=raw_path, fields=fields or (HERE,)))
    [environ] = application.environs
    return environ


def test_the_environment_is_that_of_wsgi() -> None:
    client, application = ask(scope("POST", b"/v1/a%2fb%C3%A4", [HERE, (b"content-type", b"text/plain")]), b"ab", b"c")
    [environ] = application.environs
    assert (client.status, client.body, client.fields[b"x-body"]) == (200, b"abc", b"is read")
    expected = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/v1/a/b\xc3\xa4",
        "QUERY_STRING": "a=%ff",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "HTTP_HOST": "here",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "3",
        "wsgi.url_scheme": "http",
    }
    assert environ.items() >= expected.items()


@pytest.mark.parametrize("name", [b"x_forwarded_for", b"x-forwarded_for", b"x_forwarded-for", b"content_length"])
def test_a_field_with_an_underscore_does_not_reach_the_application(name: bytes) -> None:
    environ = environ_of(HERE, (name, b"1"), (b"x-forwarded-for", b"203.0.113.9"), (name, b"2"))
    assert environ["HTTP_X_FORWARDED_FOR"] == "203.0.113.9"
    assert environ["CONTENT_LENGTH"] == "0"


def test_repeated_fields_are_joined_in_their_order() -> None:
    environ = environ_of((b"x-forwarded-for", b"1.1.1.1"), HERE, (b"x-forwarded-for", b"2.2.2.2, 3.3.3.3"))
    assert environ["HTTP_X_FORWARDED_FOR"] == "1.1.1.1,2.2.2.2, 3.3.3.3"


def test_the_values_of_fields_are_bytes() -> None:
    assert environ_of(HERE, (b"x", b"\xff\xc3\xa4"))["HTTP_X"] == "\xff\xc3\xa4"


@pytest.mark.parametrize(
    ("version", "fields", "refusal"),
    [
        ("1.1", [], asgi.NO_HOST),
        ("1.1", [(b"host", b"")], asgi.NO_HOST),
        ("1", [(b"host", b"")], None),
        ("1.1", [HERE, HERE], asgi.SEVERAL_HOSTS),
        ("1", [HERE, (b"host", b"there")], asgi.SEVERAL_HOSTS),
    ],
)
def test_a_request_needs_one_host(version: str, fields: list[tuple[bytes, bytes]], refusal: Refusal | None) -> None:
    _, application = ask({**scope(fields=fields), "http_version": version})
    assert application.refusals == [refusal]


def test_a_body_that_arrives_too_late_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_S", 0.05)
    client, application = ask(scope("PUT"), b"{", 0.02, b'"', 60.0, b"}")
    assert application.refusals == [asgi.BODY_TOO_LATE]
    assert client.fields[b"connection"] == b"close"


def test_a_body_that_ends_early_is_not_answered() -> None:
    client, application = ask(scope("PUT"), b"{", None)
    assert (client.sent, application.environs) == ([], [])


@pytest.mark.parametrize(
    ("fields", "pieces", "refusal"),
    [
        ([HERE, (b"content-length", b"1000")], [b"x" * 1_000], None),
        ([HERE, (b"content-length", b"1001")], [b"x" * 1_001], asgi.BODY_TOO_LARGE),
        ([HERE], [b"x" * 500, b"x" * 500], None),
        ([HERE], [b"x" * 500, b"x" * 501, b"x" * 100_000], asgi.BODY_TOO_LARGE),
    ],
)
def test_a_body_that_no_route_accepts_is_refused_and_its_rest_is_discarded(
    fields: list[tuple[bytes, bytes]], pieces: list[bytes], refusal: Refusal | None
) -> None:
    client, application = ask(scope("PUT", fields=fields), *pieces)
    assert application.refusals == [refusal]
    assert client.received_bytes == sum(map(len, pieces))
    assert (b"connection" in client.fields) == (refusal is not None)


def test_the_rest_of_a_refused_body_is_received_for_a_limited_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "LINGER_S", 0.02)
    client, _ = ask(scope("PUT", fields=[HERE, (b"content-length", b"2000")]), b"x", 60.0, b"x")
    assert client.received_bytes == 1
    assert not client.sent[-1].get("more_body")


def test_unfinished_bodies_have_a_total_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "MAX_RECEIVING_BYTES", 2_500)
    application = Application()
    server = served(application)
    slow = [Client(b"x" * 900, 0.1, b"x") for _ in range(3)]

    async def scenario() -> None:
        await asyncio.gather(*(server(scope("PUT"), client.receive, client.send) for client in slow))
        await server(scope("PUT"), Client(b"x").receive, Client().send)

    asyncio.run(scenario())
    assert sorted(str(refusal and refusal.status) for refusal in application.refusals) == [
        "503",
        "None",
        "None",
        "None",
    ]


def test_bodies_that_do_not_end_occupy_no_thread() -> None:
    server = served(Application())

    async def scenario() -> Client:
        slow = [
            asyncio.create_task(server(scope("PUT"), Client(b"{", 60.0, b"}").receive, Client().send))
            for _ in range(10 * THREADS)
        ]
        await asyncio.sleep(0)
        others = [Client(b"{}") for _ in range(THREADS)]
        await asyncio.gather(*(server(scope("PUT"), other.receive, other.send) for other in others))
        for task in slow:
            task.cancel()
        return others[-1]

    assert asyncio.run(scenario()).body == b"{}"


def test_a_network_leaves_half_of_the_threads_to_others() -> None:
    goes, began = threading.Event(), threading.Semaphore(0)

    def application(environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        if environ["REMOTE_ADDR"] == "192.0.2.7":
            began.release()
            goes.wait()
        start_response("200 OK", [])
        return []

    server = served(application)

    async def scenario() -> None:
        greedy = [asyncio.create_task(server(scope(), Client().receive, Client().send)) for _ in range(10 * THREADS)]
        for _ in range(THREADS // 2):
            await asyncio.to_thread(began.acquire)
        other = Client()
        await server({**scope(), "client": ("198.51.100.7", "1")}, other.receive, other.send)
        assert other.status == 200
        assert not began.acquire(blocking=False)
        goes.set()
        await asyncio.gather(*greedy)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "refusal",
    [asgi.BODY_TOO_LATE, asgi.BODY_TOO_LARGE, asgi.TOO_MANY_BODIES, asgi.TOO_MANY_WAITING, asgi.NO_HOST],
    ids=lambda refusal: refusal.detail,
)
@pytest.mark.parametrize("path", [b"/v1/facilities?lat=1&lon=2", b"/v1/devices", b"/nowhere"])
def test_a_refusal_is_a_problem_document_and_nothing_else_happens(app: Flask, refusal: Refusal, path: bytes) -> None:
    server = served(app.wsgi_app)
    answer = server._refuse(asgi._environ(scope("POST", path), b""), refusal)
    fields = dict(answer.fields)
    assert (answer.status, fields[b"content-type"]) == (refusal.status, b"application/problem+json")
    assert json.loads(answer.body)["detail"] == refusal.detail
    assert (b"retry-after" in fields) == (refusal.status == 503)
