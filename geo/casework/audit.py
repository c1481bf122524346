"""The audit chain: each entry contains the hash of the entry before it, so that any later change is detected.

An entry is written in the transaction of the event that it records. It does not identify devices, so that it can be
kept after a device is erased.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import RowMapping, insert, select, text

from geo import paging
from geo.casework.models import AuditEntry, Decision
from geo.database import Session
from geo.paging import Page

GENESIS = bytes(32)
"""The previous hash of the first entry."""

CHAIN_LOCK = 0x62656661
"""Key of the advisory lock that lets one transaction at a time append to the chain ("befa" in ASCII)."""

MIN_ID = -(2**63)
"""The smallest bigint, so that an entry inserted before the first one is detected too."""

FORMER_COLUMNS = {"target": "thing", "target_id": "thing_id"}
"""The names that columns of decisions had before migration 0008, which are part of the digests of that time."""

LATER_COLUMNS = ("decision_facts_code", "decision_facts_parameters")
"""Columns that decisions have since migration 0009. A digest leaves them out where they are NULL, as in every decision
made before."""

BATCH = 1_000
"""Number of entries that a verification reads at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first fault of the chain.

    Attributes:
        entry_id: the first invalid entry.
        reason: why it is invalid.
    """

    entry_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification.

    Attributes:
        entries: number of valid entries before the first fault.
        head: hash of the last of them. Stored elsewhere, it later proves that no entry up to it was removed.
        fault: the first fault, or None.
    """

    entries: int
    head: bytes
    fault: Fault | None


def append(session: Session, actor: str, event: str, details: Mapping[str, Any], as_of: datetime) -> None:
    """Append an entry. Other writers of the chain wait until the transaction ends, so append last in a transaction.

    Args:
        session: a write session.
        actor: ``staff:3``, ``device``, ``automatic`` or ``command``.
        event: the event, in a few words.
        details: strings, whole numbers and lists of them, without personal data.
        as_of: now.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
    # A separate statement after the lock, so that it sees what the previous transaction committed.
    last = session.execute(select(AuditEntry.id, AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)).one_or_none()
    entry = {
        "id": last.id + 1 if last else 1,
        "at": as_of,
        "actor": actor,
        "event": event,
        "details": dict(details),
        "previous_hash": last.hash if last else GENESIS,
    }
    session.execute(insert(AuditEntry).values(**entry, hash=_hash(entry)))


def decision_digest(session: Session, decision_id: int) -> str:
    """Return the digest of a decision's row, which its audit entry stores."""
    row = session.execute(select(Decision.__table__).where(Decision.id == decision_id)).mappings().one()
    return _digest_of_row(dict(row))


def verify(session: Session) -> Verification:
    """Verify the hashes of the chain, and compare each decision with its entry."""
    entries, head, recorded = 0, GENESIS, set[int]()
    for entry in _entries(session):
        fault = _fault(session, entry, entries + 1, head)
        if fault:
            return Verification(entries, head, Fault(entry["id"], fault))
        entries, head = entries + 1, bytes(entry["hash"])
        if decision_id := entry["details"].get("decision_id"):
            recorded.add(decision_id)
    for decision_id in session.execute(select(Decision.id).order_by(Decision.id)).scalars():
        if decision_id not in recorded:
            return Verification(entries, head, Fault(entries + 1, f"the entry of decision {decision_id} is missing"))
    return Verification(entries, head, None)


def contains(session: Session, head: str) -> bool:
    """Return whether the chain contains an entry with this hash, in hexadecimal."""
    try:
        sought = bytes.fromhex(head)
    except ValueError:
        return False
    return session.execute(select(AuditEntry.id).where(AuditEntry.hash == sought)).first() is not None


def page(session: Session, limit: int, before: int | None = None) -> Page[RowMapping]:
    """Return a page of entries, newest first; only those before the given id."""
    older = [] if before is None else [AuditEntry.id < before]
    return paging.read(session, select(AuditEntry.__table__).where(*older).order_by(AuditEntry.id.desc()), limit)


def _entries(session: Session) -> Iterator[RowMapping]:
    after = MIN_ID
    while True:
        statement = select(AuditEntry.__table__).where(AuditEntry.id > after).order_by(AuditEntry.id).limit(BATCH)
        batch = session.execute(statement).mappings().all()
        if not batch:
            return
        yield from batch
        after = batch[-1]["id"]


def _fault(session: Session, entry: RowMapping, expected_id: int, previous_hash: bytes) -> str | None:
    if entry["id"] != expected_id:
        return f"entry {expected_id} is missing before it"
    if bytes(entry["previous_hash"]) != previous_hash:
        return "it does not follow the entry before it"
    if _hash(dict(entry)) != bytes(entry["hash"]):
        return "its content does not match its hash"
    return _decision_fault(session, entry["details"])


def _decision_fault(session: Session, details: Mapping[str, Any]) -> str | None:
    decision_id = details.get("decision_id")
    if decision_id is None:
        return None
    row = session.execute(select(Decision.__table__).where(Decision.id == decision_id)).mappings().one_or_none()
    if row is None:
        return f"its decision {decision_id} is missing"
    former = {FORMER_COLUMNS.get(name, name): value for name, value in row.items()}
    if details["decision_digest"] not in {_digest_of_row(dict(row)), _digest_of_row(former)}:
        return f"decision {decision_id} has changed since the entry was written"
    return None


def _hash(entry: Mapping[str, Any]) -> bytes:
    """Return sha256(previous hash + canonical JSON): keys sorted, no spaces, times in UTC."""
    values = {name: entry[name] for name in ("id", "actor", "event", "details")}
    values["at"] = entry["at"].astimezone(UTC)
    return sha256(bytes(entry["previous_hash"]) + _canonical(values)).digest()


def _digest_of_row(row: Mapping[str, Any]) -> str:
    values = {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None or name not in LATER_COLUMNS
    }
    return sha256(_canonical(values)).hexdigest()


def _canonical(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
