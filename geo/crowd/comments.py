"""Visibility of comments: the author always sees a comment, others while it is neither pending review nor hidden.

A decision about a comment applies to one text: it stores the text's digest in ``before``, and neither the decision nor
its revert affects another text of the same author.
"""

import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update

from geo.casework import queue
from geo.casework.decisions import DecisionRecord, RecordedAction, is_effective, record
from geo.casework.models import Decision
from geo.casework.statements import TEXT_DISABLED, Grounds, contact_details_found
from geo.crowd import open_reports
from geo.crowd.models import Device, PastRating, Rating, origin_id
from geo.crowd.text_checks import contact_details, without_invisible
from geo.database import Session
from geo.facilities import merged

HOLD = RecordedAction("hold_comment", TEXT_DISABLED)
HIDE = RecordedAction("hide_comment", TEXT_DISABLED)
APPROVE = RecordedAction("approve_comment")

REVIEW_SCORE = 1.0
"""Urgency of a text that is pending review: that of one trusted report."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """The visibility of a text.

    Attributes:
        state: one of COMMENT_STATES.
        approved: whether a moderator has approved this exact text.
        contact_details: what the text newly contains and is therefore held for review; empty for other texts.
    """

    state: str = "visible"
    approved: bool = False
    contact_details: Sequence[str] = ()


def visibility(
    session: Session, facility_id: int, device_id: int, comment: str | None, country: str | None
) -> Visibility:
    """Return the visibility of a text that a device writes about a facility.

    A text with the same words as a hidden one is hidden; an unchanged text keeps its state.

    Args:
        session: a write session that has locked the facility's row.
        facility_id: the facility.
        device_id: the author.
        comment: the text, or None.
        country: the facility's country, for national phone numbers.
    """
    if comment is None:
        return Visibility()
    digests = _digests(session, facility_id, device_id, comment)
    last_decision = session.execute(
        _judgements(author_handle(session, device_id))
        .where(Decision.before["text_digest"].astext.in_(digests))
        .with_only_columns(Decision.action)
        .limit(1)
    ).scalar_one_or_none()
    if last_decision == HIDE.name:
        return Visibility("hidden")
    for table, latest in ((Rating, Rating.rated_at), (PastRating, PastRating.id)):
        before = session.execute(
            select(table.comment_state, table.comment_approved)
            .where(table.facility_id == facility_id, table.device_id == device_id, table.comment == comment)
            # A past text that was pending review no longer has a queue item, so it is checked again.
            .where(*([table.comment_state != "held"] if table is PastRating else []))
            .order_by(latest.desc())
            .limit(1)
        ).one_or_none()
        if before is not None:
            return Visibility(before.comment_state, before.comment_approved)
    found = contact_details(comment, country)
    return Visibility("held" if found else "visible", contact_details=found)


def plain_words(text: str) -> str:
    """The words of a text, however they are spelled: NFKC, without case, invisible characters and extra white space."""
    drawn = without_invisible(unicodedata.normalize("NFKC", text).casefold())
    return " ".join(unicodedata.normalize("NFKC", drawn).split())


def text_digest(session: Session, origin_id: int, device_id: int, text: str) -> str:
    """Return a digest of the words that a device wrote about a facility, in hexadecimal.

    A merge does not change it: ``origin_id`` is the facility that the text was written about.

    Its key is the digest of the device's token, which is erased with the device, so that a decision that outlives its
    author cannot be compared with a guessed text.
    """
    return _digest(_key(session, device_id), origin_id, text)


def _digests(session: Session, facility_id: int, device_id: int, text: str) -> Sequence[str]:
    """Return the digests that a text has about a place or any facility that was merged into it."""
    key = _key(session, device_id)
    return [_digest(key, part_id, text) for part_id in session.execute(merged.parts_of([facility_id])).scalars()]


def hold_for_review(session: Session, rating_id: int, device_id: int, found: Sequence[str], as_of: datetime) -> None:
    """Put a text with contact details into the queue, and record the decision to hold it for review."""
    details = {"contact_details": list(found)}
    item_id = queue.put(session, "comment", rating_id, as_of, score=REVIEW_SCORE, details=details)
    rating = session.execute(
        select(origin_id(Rating).label("origin_id"), Rating.comment).where(Rating.id == rating_id)
    ).one()
    record(
        session,
        DecisionRecord(
            action=HOLD,
            target="comment",
            target_id=rating_id,
            grounds=Grounds(
                "contact_details",
                as_of.date(),
                contact_details_found(found),
                detected_automatically=True,
            ),
            subject=author_handle(session, device_id),
            queue_item_id=item_id,
            before={"text_digest": text_digest(session, rating.origin_id, device_id, rating.comment)},
        ),
        as_of,
    )


def replace_text(session: Session, rating_id: int, before: str | None, now: str | None, as_of: datetime) -> None:
    """Close the review of a text that its author replaced, unless the new text has the same words."""
    if before and now and plain_words(before) == plain_words(now):
        queue.renew(session, "comment", rating_id)
    else:
        forget_text(session, rating_id, as_of)


def forget_text(session: Session, rating_id: int, as_of: datetime) -> None:
    """Close the review of a text that its author changed or deleted."""
    _end_pending(session, rating_id, as_of, item_state="moot", outcome="moot")


def show(session: Session, facility_id: int, device_id: int, digest: str, as_of: datetime) -> None:
    """Make a text of a device visible, now or when it is written again. Other texts of the device are not affected.

    Args:
        session: a write session that has locked the facility's row.
        facility_id: the facility.
        device_id: the author.
        digest: the digest of the text.
        as_of: now.
    """
    seen = {"comment_state": "visible", "comment_approved": True}
    for table in (Rating, PastRating):
        texts = select(table.id, table.comment).where(
            *(table.facility_id == facility_id, table.device_id == device_id, table.comment.is_not(None)),
            ~table.comment_approved,
        )
        same = [
            row.id for row in session.execute(texts) if digest in _digests(session, facility_id, device_id, row.comment)
        ]
        session.execute(update(table).where(table.id.in_(same)).values(**seen))
        if table is Rating and same:
            _end_pending(session, same[0], as_of, item_state="decided", outcome="dismissed")


def show_again(
    session: Session, facility_id: int, device_id: int, decision: Mapping[str, Any], as_of: datetime
) -> None:
    """Make the text that a decision hid or held for review visible, unless another effective decision hides it too.

    If the text of an older decision cannot be determined, no text changes.
    """
    digest = _decided_on(session, facility_id, device_id, decision)
    if digest is None:
        return
    others = session.execute(_judgements(decision["subject"]).where(Decision.id != decision["id"])).mappings().all()
    same = (other for other in others if _decided_on(session, facility_id, device_id, dict(other)) == digest)
    last = next(same, None)
    if last is None or last["action"] == APPROVE.name:
        show(session, facility_id, device_id, digest, as_of)


def author_handle(session: Session, device_id: int) -> UUID:
    """Return the handle of a device."""
    return session.execute(select(Device.handle).where(Device.id == device_id)).scalar_one()


def _judgements(author: UUID) -> Select[Any]:
    """Select the effective decisions that hide or approve a text of an author, newest first."""
    return (
        select(Decision.__table__)
        .where(
            *(Decision.subject == author, Decision.target == "comment", is_effective()),
            Decision.action.in_((HIDE.name, APPROVE.name)),
        )
        .order_by(Decision.id.desc())
    )


def _decided_on(session: Session, facility_id: int, device_id: int, decision: Mapping[str, Any]) -> str | None:
    """Return the digest of the text that a decision is about.

    Older decisions have no digest: their text is the one that was current when they were made.
    """
    if "text_digest" in decision["before"]:
        return str(decision["before"]["text_digest"])
    rating_id, at = decision["target_id"], decision["decided_at"]
    is_held = decision["action"] == HOLD.name  # in the transaction that wrote the text
    live = select(origin_id(Rating).label("origin_id"), Rating.comment).where(
        Rating.id == rating_id, Rating.facility_id == facility_id, Rating.rated_at <= at
    )
    past = select(origin_id(PastRating).label("origin_id"), PastRating.comment).where(
        *(PastRating.device_id == device_id, PastRating.rating_id == rating_id),
        *(PastRating.facility_id == facility_id, PastRating.rated_at <= at, PastRating.ended_at >= at),
    )
    if is_held:
        live, past = live.where(Rating.rated_at == at), past.where(PastRating.rated_at == at)
    texts = [row for row in session.execute(live.union_all(past)) if row.comment is not None]
    digests = {text_digest(session, row.origin_id, device_id, row.comment) for row in texts}
    return digests.pop() if len(digests) == 1 else None


def _key(session: Session, device_id: int) -> bytes:
    return session.execute(select(Device.token_digest).where(Device.id == device_id)).scalar_one()


def _digest(key: bytes, facility_id: int, text: str) -> str:
    return hmac.digest(key, f"{facility_id}:{plain_words(text)}".encode(), "sha256").hex()


def _end_pending(session: Session, rating_id: int, as_of: datetime, *, item_state: str, outcome: str) -> None:
    # The item before its reports: the lock order of decisions.
    queue.end(session, "comment", rating_id, item_state, as_of)
    open_reports.close(session, "comment", rating_id, outcome, as_of)
