"""The command group partners: add, list, rotate, revoke, usage."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click
from flask import Blueprint

from api.cli.commands import PlainCommand, ready_database
from api.http.services import now
from geo.casework import audit
from geo.database import Session
from geo.partners import issued_keys, keys, registry, usage
from geo.partners.issued_keys import ROTATION_OVERLAP, KeyTerms, ListedKey
from geo.partners.models import KEY_KINDS, MAX_DAILY_QUOTA, NAME_MAX_CHARACTERS, PUBLISHABLE_SCOPES, SCOPES
from geo.partners.registry import DAILY_QUOTA, ListedPartner

commands = Blueprint("partner_commands", __name__, cli_group=None)


@commands.cli.group("partners")
def partners_group() -> None:
    """Manage the keys of partner sites."""


@partners_group.command("add", cls=PlainCommand)
@click.argument("name")
@click.option("--kind", type=click.Choice(KEY_KINDS), default="publishable", show_default=True)
@click.option("--origin", "origins", multiple=True, help="For a publishable key: https://www.example.org; repeatable.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What the key allows; repeatable.")
@click.option(
    "--daily-quota", type=click.IntRange(1, MAX_DAILY_QUOTA), help=f"Requests per day. Default: {DAILY_QUOTA}."
)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="When the key expires, UTC.")
def add(
    name: str,
    kind: str,
    origins: tuple[str, ...],
    scopes: tuple[str, ...],
    daily_quota: int | None,
    expires: datetime | None,
) -> None:
    """Create a key, and the partner if it is new.

    The key is printed only once, alone on standard output.
    """
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX_CHARACTERS:
        raise click.UsageError(f"NAME must be between 1 and {NAME_MAX_CHARACTERS} characters long")
    terms = KeyTerms(
        kind,
        tuple(dict.fromkeys(keys.origin(text) for text in origins)),
        tuple(dict.fromkeys(scopes)) or PUBLISHABLE_SCOPES,
        expires and expires.replace(tzinfo=UTC),
    )
    with ready_database().write() as session:
        partner_id = registry.ensure(session, name, daily_quota, now())
        new = issued_keys.issue(session, partner_id, terms, now())
        _record(session, "partner key added", partner_id=partner_id, key_id=new.key_id, kind=kind)
        session.commit()
    _show_once(new)


@partners_group.command("rotate", cls=PlainCommand)
@click.argument("name")
@click.option("--kind", type=click.Choice(KEY_KINDS), default="publishable", show_default=True)
@click.option(
    "--overlap-days",
    type=click.IntRange(0, 365),
    default=ROTATION_OVERLAP.days,
    show_default=True,
    help="How long the old key stays valid.",
)
def rotate(name: str, kind: str, overlap_days: int) -> None:
    """Create a successor of a partner's key.

    It has the same scopes and origins; the old key expires after the overlap.
    """
    with ready_database().write() as session:
        partner_id = registry.named(session, name)
        new = issued_keys.rotate(session, partner_id, kind, now(), timedelta(days=overlap_days))
        _record(session, "partner key rotated", partner_id=partner_id, key_id=new.key_id, kind=kind)
        session.commit()
    _show_once(new)


@partners_group.command("revoke", cls=PlainCommand)
@click.argument("key_id", type=int)
def revoke(key_id: int) -> None:
    """Revoke a key; list shows its KEY_ID.

    It takes effect in all server processes within ten seconds.
    """
    with ready_database().write() as session:
        issued_keys.revoke(session, key_id, now())
        _record(session, "partner key revoked", key_id=key_id)
        session.commit()
    click.echo(f"Revoked key {key_id}.")


@partners_group.command("list", cls=PlainCommand)
def list_partners() -> None:
    """List all partners with their keys.

    Only the last characters of a key are stored.
    """
    with ready_database().read() as session:
        for partner in registry.listed(session):
            _show(partner)


@partners_group.command("usage", cls=PlainCommand)
@click.argument("name")
@click.option("--days", type=click.IntRange(min=1), default=usage.DAYS_SHOWN, show_default=True)
def show_usage(name: str, days: int) -> None:
    """Show a partner's usage per day.

    Days are in UTC, the newest first.
    """
    with ready_database().read() as session:
        for day in usage.by_day(session, registry.named(session, name), days):
            click.echo(f"{day.day}  {day.served} served, {day.granted} counted against the quota")


def _record(session: Session, event: str, **details: Any) -> None:
    audit.append(session, "command", event, details, now())


def _show_once(new: issued_keys.NewKey) -> None:
    click.echo(f"Key {new.key_id}, shown only once:", err=True)
    click.echo(new.key)


def _show(partner: ListedPartner) -> None:
    click.echo(f"{partner.partner_id}  {partner.name}: {partner.daily_quota} requests per day")
    for key in partner.keys:
        words = [f"…{key.hint}", key.terms.kind, " ".join(key.terms.scopes), *key.terms.origins, _state(key)]
        click.echo(f"  key {key.key_id}  " + "  ".join(words))


def _state(key: ListedKey) -> str:
    if key.revoked_at is not None:
        return f"ended {key.revoked_at:%Y-%m-%d %H:%M}"
    if key.terms.expires_at is None:
        return "works"
    return f"{'works until' if key.terms.expires_at > now() else 'ended'} {key.terms.expires_at:%Y-%m-%d %H:%M}"
