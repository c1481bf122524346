"""The commands an operator gives partners their keys with."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from tests.api.partner.conftest import ORIGIN, SEARCH
from tests.conftest import TestClock
from tests.factories import bearer

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `flask partners …` on the test's database, whose schema is known to be right."""
    monkeypatch.setattr("geo.schema.is_current", lambda _session: True)

    def run(*words: str) -> Result:
        return app.test_cli_runner().invoke(args=["partners", *words])

    return run


def test_a_new_key_is_printed_alone_on_standard_output_and_works(run: Run, client: FlaskClient) -> None:
    added = run("add", "Acme", "--origin", "https://WWW.acme.example/")
    assert added.exit_code == 0, added.output
    key = added.stdout.strip()
    assert client.get(SEARCH, headers=bearer(key) | {"Origin": ORIGIN}).status_code == 200
    listed = run("list").stdout
    assert f"…{key[-4:]}" in listed
    assert "Acme: 10000 requests per day" in listed
    assert ORIGIN in listed
    assert key not in listed


def test_an_existing_partner_gets_at_most_two_keys_of_a_kind(run: Run) -> None:
    for _ in range(2):
        assert run("add", "Acme", "--kind", "secret", "--daily-quota", "5").exit_code == 0
    third = run("add", "Acme", "--kind", "secret")
    assert third.exit_code == 1
    assert third.stderr == "Error: the partner already has two valid secret keys: revoke one first\n"
    assert run("list").stdout.count("Acme: 5 requests per day") == 1


def test_a_rotation_ends_the_old_key_after_its_overlap(run: Run, client: FlaskClient, clock: TestClock) -> None:
    old = run("add", "Acme", "--kind", "secret").stdout.strip()
    new = run("rotate", "Acme", "--kind", "secret", "--overlap-days", "2").stdout.strip()
    clock.advance(days=2, seconds=-1)
    assert [client.get(SEARCH, headers=bearer(key)).status_code for key in (old, new)] == [200, 200]
    clock.advance(seconds=1)
    assert [client.get(SEARCH, headers=bearer(key)).status_code for key in (old, new)] == [401, 200]


def test_a_key_is_revoked_by_its_number_only_once(run: Run, client: FlaskClient) -> None:
    added = run("add", "Acme", "--kind", "secret")
    key_id = added.stderr.split()[1].rstrip(",")
    assert run("revoke", key_id).exit_code == 0
    assert client.get(SEARCH, headers=bearer(added.stdout.strip())).status_code == 401
    assert run("revoke", key_id).stderr == f"Error: there is no key {key_id}, or it is already revoked\n"


def test_a_key_can_have_an_expiry_date(run: Run, client: FlaskClient, clock: TestClock) -> None:
    end = clock() + timedelta(days=1)
    key = run("add", "Acme", "--kind", "secret", "--expires", f"{end:%Y-%m-%dT%H:%M:%S}").stdout.strip()
    assert client.get(SEARCH, headers=bearer(key)).status_code == 200
    clock.advance(days=1)
    assert client.get(SEARCH, headers=bearer(key)).status_code == 401


def test_usage_is_printed_by_day(run: Run, client: FlaskClient, clock: TestClock) -> None:
    key = run("add", "Acme", "--kind", "secret").stdout.strip()
    for _ in range(3):
        client.get(SEARCH, headers=bearer(key))
    clock.advance(minutes=1)
    client.get(SEARCH, headers=bearer(key))
    assert run("usage", "Acme").stdout.startswith(f"{clock():%Y-%m-%d}  3 served, ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["add", "Acme"], "must have between 1 and 20 origins"),
        (["add", "Acme", "--origin", "*"], "is not a valid origin"),
        (["add", "Acme", "--origin", "null"], "is not a valid origin"),
        (["add", "Acme", "--origin", "http://acme.example"], "must be https"),
        (["add", "Acme", "--origin", "https://acme.example/shop"], "is not a valid origin"),
        (["add", "Acme", "--origin", ORIGIN, "--scope", "proposals:write"], "only the scope facilities:read"),
        (["add", "Acme", "--kind", "secret", "--origin", ORIGIN], "origins are not allowed"),
        (["add", "Acme", "--kind", "secret", "--expires", "2020-01-01"], "expires_at must be in the future"),
        (["add", " ", "--kind", "secret"], "must be between 1 and 100 characters long"),
        (["rotate", "Nobody"], "no partner 'Nobody'"),
        (["usage", "Nobody"], "no partner 'Nobody'"),
    ],
)
def test_an_invalid_argument_is_reported_in_one_line_and_changes_nothing(
    run: Run, words: list[str], message: str
) -> None:
    refused = run(*words)
    assert refused.exit_code != 0
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert run("list").stdout == ""
