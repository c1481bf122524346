"""The commands staff, audit, moderation export-statements and maintain."""

import csv
import sys
from typing import cast
from uuid import UUID

import click
import orjson
from flask import Blueprint

from api.cli.commands import PlainCommand, ready_database
from api.cli.facilities import compile_all_hours, estimate_all_priors
from api.http.languages import DEFAULT_LANGUAGE, language
from api.http.services import now
from api.moderation.texts import exported_statement
from geo import maintenance
from geo.casework import audit, staff, statements
from geo.casework.models import ROLES
from geo.crowd import rate_bombs

commands = Blueprint("moderation_commands", __name__, cli_group=None)


@commands.cli.group("staff")
def staff_group() -> None:
    """Add, revoke and list moderators."""


@staff_group.command("add", cls=PlainCommand)
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), required=True, help="Each role includes the rights of the previous ones."
)
@click.option("--device", type=click.UUID, help="Handle of the person's own phone, from GET /v1/me.")
def add(name: str, role: str, device: UUID | None) -> None:
    """Add a member of staff.

    The token is printed only once, alone on standard output.
    """
    with ready_database().write() as session:
        added = staff.add(session, name, cast("staff.Role", role), now(), actor="command", device_handle=device)
        session.commit()
    click.echo(f"Valid until {added.expires_at:%Y-%m-%d}. Store the token; it is shown only once:", err=True)
    click.echo(added.token)


@staff_group.command("revoke", cls=PlainCommand)
@click.argument("name")
def revoke(name: str) -> None:
    """Revoke the token of a member of staff immediately."""
    with ready_database().write() as session:
        staff.revoke(session, name, now(), actor="command")
        session.commit()
    click.echo(f"Revoked {name}'s token.")


@staff_group.command("list", cls=PlainCommand)
def list_staff() -> None:
    """List all members of staff."""
    with ready_database().read() as session:
        for row in staff.listed(session):
            state = "revoked" if row["revoked_at"] else f"until {row['expires_at']:%Y-%m-%d}"
            click.echo(f"{row['name']}: {row['role']}, {state}")


@commands.cli.group("audit")
def audit_group() -> None:
    """Verify the audit chain of all decisions."""


@audit_group.command("verify", cls=PlainCommand)
@click.option("--head", help="Head of the chain from an earlier run, which the chain must still contain.")
def verify(head: str | None) -> None:
    """Detect tampering with the audit chain or a decision.

    Prints the head of the chain. If you store it elsewhere, it proves later that no entries were removed.
    """
    with ready_database().read() as session:
        found = audit.verify(session)
        is_known = head is None or audit.contains(session, head)
    if found.fault:
        raise click.ClickException(f"entry {found.fault.entry_id}: {found.fault.reason}")
    if not is_known:
        raise click.ClickException(f"no entry has the hash {head}: the chain was truncated or rebuilt")
    click.echo(f"{found.entries} entries, all intact; head {found.head.hex()}")


@commands.cli.group("moderation")
def moderation_group() -> None:
    """Export statements of reasons."""


@moderation_group.command("export-statements", cls=PlainCommand)
@click.option("--format", "format_name", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
def export_statements(format_name: str) -> None:
    """Print every statement of reasons.

    The fields are those of the EU's DSA Transparency Database. They contain no personal data. The texts are in English.
    """
    with ready_database().read() as session:
        english = language(DEFAULT_LANGUAGE)
        exported = (exported_statement(dict(decision), english) for decision in statements.export(session))
        if format_name == "jsonl":
            for statement in exported:
                click.echo(orjson.dumps(statement))
            return
        writer = csv.DictWriter(sys.stdout, statements.EXPORTED, lineterminator="\n")
        writer.writeheader()
        for statement in exported:
            writer.writerow(
                {name: "|".join(value) if isinstance(value, list) else value for name, value in statement.items()}
            )


@commands.cli.command("maintain", cls=PlainCommand)
def maintain() -> None:
    """Delete expired data; run it daily.

    Deletes the hashes of networks after a week, closes expired claims, reports, closures and alarms, compiles the
    opening hours of the coming weeks, and estimates the prior quality of places from their kinds, operators and brands.
    Running it again, or twice at the same time, does no harm.
    """
    ready, as_of = ready_database(), now()
    with ready.write() as session:
        purged = maintenance.purge(session, as_of)
        session.commit()
    if purged is None:
        click.echo("Another maintenance run is active; nothing to do.")
        return
    with ready.read() as session:
        due = maintenance.closures_to_end(session, as_of)
        alarmed = rate_bombs.alarmed(session)
    for facility_id in due:
        with ready.write() as session:
            maintenance.end_closure(session, facility_id, as_of)
            session.commit()
    for facility_id in alarmed:
        with ready.write() as session:
            maintenance.check_alarm(session, facility_id, as_of)
            session.commit()
    click.echo(
        f"Erased {purged.networks} networks and {purged.devices} devices; ended {purged.claims} claims,"
        f" {purged.reports} reports and {len(due)} closures; compiled the hours of {compile_all_hours()} facilities;"
        f" changed the priors of {estimate_all_priors()}."
    )
