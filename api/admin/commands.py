"""The commands of moderation: staff, audit, the export of statements of reasons, and the daily maintenance."""

import csv
import sys
from typing import cast
from uuid import UUID

import click
import orjson
from flask import Blueprint

from api.cli import PlainCommand, compile_all_hours, ready_database
from api.services import now
from geo import maintenance
from geo.casework import audit, staff, statements
from geo.casework.models import ROLES

commands = Blueprint("moderation_commands", __name__, cli_group=None)


@commands.cli.group("staff")
def staff_group() -> None:
    """Add and revoke those who moderate."""


@staff_group.command("add", cls=PlainCommand)
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="Each may do all that those before it may.")
@click.option("--device", type=click.UUID, help="Handle of the person's own phone, as GET /v1/me tells it.")
def add(name: str, role: str, device: UUID | None) -> None:
    """Add a member of staff.

    The token is shown this once, alone on standard output.
    """
    with ready_database().write() as session:
        added = staff.add(session, name, cast("staff.Role", role), now(), actor="command", device_handle=device)
        session.commit()
    click.echo(f"Until {added.expires_at:%Y-%m-%d}; keep it, it is shown this once:", err=True)
    click.echo(added.token)


@staff_group.command("revoke", cls=PlainCommand)
@click.argument("name")
def revoke(name: str) -> None:
    """End a member of staff's token at once."""
    with ready_database().write() as session:
        staff.revoke(session, name, now(), actor="command")
        session.commit()
    click.echo(f"The token of {name} is good for nothing any more.")


@staff_group.command("list", cls=PlainCommand)
def list_staff() -> None:
    """List all members of staff."""
    with ready_database().read() as session:
        for row in staff.listed(session):
            state = "revoked" if row["revoked_at"] else f"until {row['expires_at']:%Y-%m-%d}"
            click.echo(f"{row['name']}: {row['role']}, {state}")


@commands.cli.group("audit")
def audit_group() -> None:
    """The chain of all that was decided."""


@audit_group.command("verify", cls=PlainCommand)
@click.option("--head", help="An older head of the chain, from when this was run before: it must still be in it.")
def verify(head: str | None) -> None:
    """Find any tampering with the audit chain or a decision.

    Prints the head of the chain: kept somewhere else, it proves later that nothing was cut off.
    """
    with ready_database().read() as session:
        found = audit.verify(session)
        is_known = head is None or audit.holds(session, head)
    if found.fault:
        raise click.ClickException(f"entry {found.fault.entry_id}: {found.fault.reason}")
    if not is_known:
        raise click.ClickException(f"no entry has the hash {head}: the chain was cut off, or made anew")
    click.echo(f"{found.entries} entries, all as they were written; head {found.head.hex()}")


@commands.cli.group("moderation")
def moderation_group() -> None:
    """What moderation tells the outside."""


@moderation_group.command("export-statements", cls=PlainCommand)
@click.option("--format", "format_name", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
def export_statements(format_name: str) -> None:
    """Print every statement of reasons.

    Fields are those of the EU's DSA Transparency Database; nothing of a person is in them.
    """
    with ready_database().read() as session:
        if format_name == "jsonl":
            for statement in statements.export(session):
                click.echo(orjson.dumps(statement))
            return
        writer = csv.DictWriter(sys.stdout, statements.EXPORTED, lineterminator="\n")
        writer.writeheader()
        for statement in statements.export(session):
            writer.writerow(
                {name: "|".join(value) if isinstance(value, list) else value for name, value in statement.items()}
            )


@commands.cli.command("maintain", cls=PlainCommand)
def maintain() -> None:
    """Forget what has had its time; run it daily.

    Erases the hashes of networks after a week, ends what has run out, compiles the opening hours of the coming weeks.
    Running it again, or twice at once, does no harm.
    """
    ready, as_of = ready_database(), now()
    with ready.write() as session:
        purged = maintenance.purge(session, as_of)
        session.commit()
    if purged is None:
        click.echo("Another maintenance is at work; nothing to do here.")
        return
    with ready.read() as session:
        due = maintenance.closures_to_end(session, as_of)
    for facility_id in due:
        with ready.write() as session:
            maintenance.end_closure(session, facility_id, as_of)
            session.commit()
    click.echo(
        f"Erased {purged.networks} networks and {purged.devices} devices; ended {purged.claims} claims,"
        f" {purged.reports} reports and {len(due)} closures; compiled the hours of {compile_all_hours()} facilities."
    )
