"""Which address a request has behind proxies: theirs to say, never the caller's to choose."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from api import create_app
from api.config import FORWARDED, X_FORWARDED_FOR, InvalidSetting, Settings
from api.http import callers
from api.http.addresses import client_address
from geo.crowd import networks
from tests.api.problem_documents import named
from tests.conftest import OneConnection, TestClock

PROXY = "10.0.0.1"
CLIENT = "203.0.113.9"
OTHERS_CHOICE = "X-Real-Ip"


def settings(proxies: int, field: str = X_FORWARDED_FOR) -> Settings:
    return Settings(
        "postgresql://not.used", None, port=8000, workers=1, trusted_proxies=proxies, client_address_header=field
    )


def address(value: str | None, proxies: int = 1, field: str = FORWARDED) -> str:
    sent = {} if value is None else {f"HTTP_{field.upper().replace('-', '_')}": value}
    return client_address({"REMOTE_ADDR": PROXY, **sent}, settings(proxies, field))


@pytest.mark.parametrize(
    ("value", "proxies", "expected"),
    [
        ("for=203.0.113.9", 1, CLIENT),
        ("For=203.0.113.9;proto=https;by=10.0.0.1", 1, CLIENT),
        ('proto=https;for="203.0.113.9:5678"', 1, "203.0.113.9:5678"),
        ('for="[2001:db8::1]:443"', 1, "[2001:db8::1]:443"),
        ("for=198.51.100.1, for=203.0.113.9", 1, CLIENT),
        ("for=203.0.113.9, for=198.51.100.1", 2, CLIENT),
        ("for=192.0.2.1,for=203.0.113.9 , for=198.51.100.1", 2, CLIENT),
        (r'for="203.0.113\.9"', 1, CLIENT),
        ('for=192.0.2.1;host="a,b;c=d", for=203.0.113.9', 1, CLIENT),
        ("for=203.0.113.9;", 1, CLIENT),
    ],
)
def test_the_outermost_trusted_proxy_names_the_client_in_forwarded(value: str, proxies: int, expected: str) -> None:
    assert address(value, proxies) == expected


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "for", "for=", "by=203.0.113.9", "for=203.0.113.9;for=192.0.2.1", "for=203.0.113.9 proto=https"),
        *('for="203.0.113.9', 'for=203.0.113.9"', "for=203.0.113.9,", "for=[2001:db8::1]", "203.0.113.9"),
        *("for=unknown", "for=_hidden", "for = 203.0.113.9", "for=203.0.113.9;;proto=https"),
    ],
)
def test_what_is_not_one_address_in_forwarded_is_unknown(value: str | None) -> None:
    assert networks.block_of(address(value)) == networks.UNKNOWN


@pytest.mark.parametrize("appended", ["for=203.0.113.9", 'for="203.0.113.9:5678"', 'proto=https;for="203.0.113.9"'])
@given(sent=st.text(st.sampled_from(' ,;="\\for192.0[]:'), max_size=40))
def test_nothing_before_the_appended_element_chooses_the_address(appended: str, sent: str) -> None:
    found = networks.block_of(address(f"{sent}, {appended}"))
    assert found in {networks.UNKNOWN, networks.block_of(CLIENT)}


@given(sent=st.lists(st.text(st.sampled_from(" ,192.0[]:"), max_size=20)))
def test_nothing_before_the_appended_address_chooses_it(sent: list[str]) -> None:
    assert address(",".join([*sent, CLIENT]), field=X_FORWARDED_FOR) == CLIENT


@given(st.text())
def test_no_forwarded_field_causes_an_error(value: str) -> None:
    assert isinstance(address(value), str)


@pytest.mark.parametrize("value", [CLIENT, f"{CLIENT}:5678"])
def test_a_field_of_the_operators_choice_holds_the_address(value: str) -> None:
    assert networks.block_of(address(value, 2, OTHERS_CHOICE)) == networks.block_of(CLIENT)


def test_without_proxies_no_field_is_read() -> None:
    for field in (FORWARDED, X_FORWARDED_FOR, OTHERS_CHOICE):
        assert address(CLIENT, 0, field) == PROXY


def served(connection: Connection, clock: TestClock, settings: Settings) -> FlaskClient:
    return create_app(settings, database=OneConnection(connection), clock=clock).test_client()


@pytest.mark.parametrize("path", ["/v1/facilities?lat=1&lon=1", "/healthz", "/nowhere"])
def test_a_field_with_a_single_address_that_comes_twice_is_refused(
    connection: Connection, clock: TestClock, path: str
) -> None:
    client = served(connection, clock, settings(1, OTHERS_CHOICE))
    response = client.get(path, headers={"X-Real-IP": f"192.0.2.1,{CLIENT}"})
    assert named(response, 400) == [("header", OTHERS_CHOICE)]
    assert client.get("/healthz", headers={"X-Real-IP": CLIENT}).status_code == 200
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"CLIENT_ADDRESS_HEADER": "X-Real-IP"}, "has no effect without TRUSTED_PROXIES"),
        ({"CLIENT_ADDRESS_HEADER": "X_Real_IP", "TRUSTED_PROXIES": "1"}, "without underscores"),
        ({"CLIENT_ADDRESS_HEADER": "X Real", "TRUSTED_PROXIES": "1"}, "must be the name of a header field"),
    ],
)
def test_an_impossible_field_is_refused_at_the_start(environ: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        Settings.from_environ(environ)


@pytest.mark.parametrize("spelling", ["forwarded", "FORWARDED", "Forwarded"])
def test_the_case_of_a_field_does_not_matter(spelling: str) -> None:
    read = Settings.from_environ({"CLIENT_ADDRESS_HEADER": spelling, "TRUSTED_PROXIES": "1"})
    assert read.client_address_header == FORWARDED


PROXIED: dict[str, Any] = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "loo.example",
    "X-Forwarded-Prefix": "/beforehand",
    "X-Forwarded-For": CLIENT,
}


def test_a_proxy_reports_prefix_host_and_scheme(connection: Connection, clock: TestClock) -> None:
    page = served(connection, clock, settings(1)).get("/", headers=PROXIED)
    assert 'href="/beforehand/docs"' in page.text
    assert 'href="/beforehand/openapi.json"' in page.text
    assert 'href="/docs"' in served(connection, clock, settings(0)).get("/", headers=PROXIED).text


@pytest.mark.parametrize(("proxies", "own"), [(1, True), (0, False)])
def test_pages_of_the_host_that_a_proxy_reports_are_our_own(
    connection: Connection, clock: TestClock, proxies: int, own: bool
) -> None:
    app = create_app(settings(proxies), database=OneConnection(connection), clock=clock)
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in PROXIED.items()}
    seen = []
    app.before_request(lambda: seen.append(callers.calling_page()))
    app.test_client().get(
        "/healthz", environ_overrides={**environ, "HTTP_HOST": "backend", "HTTP_ORIGIN": "https://loo.example"}
    )
    assert seen == [None if own else "https://loo.example"]
