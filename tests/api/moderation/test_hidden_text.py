"""Hidden text is in no public answer, and no 304 brings it back."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.api.moderation.callers import Caller, Phones

GOSSIP = "Anna lives next door"


def test_a_conditional_request_gets_no_304_after_a_text_is_hidden(
    session: Session, place: int, phones: Phones, moderator: Caller
) -> None:
    rating = phones().rate(place, 1, GOSSIP)
    phones().report(place, "personal_data", rating["id"])
    reader = phones()
    paths = [f"/v1/facilities/{place}/ratings", f"/v1/facilities/{place}", "/v1/facilities?lat=60.17&lon=24.94"]
    tags = {}
    for path in paths:
        before = reader("GET", path)
        tags[path] = before.headers["ETag"]
        assert reader("GET", path, headers={"If-None-Match": tags[path]}).status_code == 304
    assert GOSSIP in reader("GET", paths[0]).text
    moderator.decide(moderator.queue()[0], "hide_comment", "personal_data")
    _next_snapshot(session)
    for path in paths:
        after = reader("GET", path, headers={"If-None-Match": tags[path]})
        assert after.status_code == 200
        assert GOSSIP not in after.text


def test_hidden_text_is_returned_only_to_its_author_and_staff(place: int, phones: Phones, moderator: Caller) -> None:
    author, reader = phones(), phones()
    rating = author.rate(place, 1, GOSSIP)
    reader.rate(place, 5, "Fine")
    phones().report(place, "personal_data", rating["id"])
    moderator.decide(moderator.queue()[0], "hide_comment", "personal_data")
    for path in (
        f"/v1/facilities/{place}/ratings",
        f"/v1/facilities/{place}",
        f"/v1/facilities/{place}/rating",
        "/v1/facilities?lat=60.17&lon=24.94",
        "/v1/facilities?bbox=24,60,25,61",
        "/v1/me",
        "/v1/me/export",
        "/v1/me/decisions",
    ):
        answer = reader("GET", path)
        assert answer.status_code == 200, path
        assert GOSSIP not in answer.text, path
    assert GOSSIP in author("GET", "/v1/me/export").text
    (item,) = moderator.queue(state="decided")
    for path in (
        f"/admin/v1/queue/{item['id']}",
        f"/admin/v1/facilities/{place}",
        f"/admin/v1/devices/{author.handle}",
    ):
        assert GOSSIP in moderator("GET", path).text, path


def _next_snapshot(session: Session) -> None:
    """In a test's one transaction the snapshot stands still; a commit, which there is in life, moves it."""
    before = session.execute(text("SELECT pg_current_snapshot()::text")).scalar_one()
    with session.connection().engine.connect() as other:
        other.execute(text("SELECT pg_current_xact_id()"))
        other.commit()
    assert session.execute(text("SELECT pg_current_snapshot()::text")).scalar_one() != before
