"""What a test asks of a private cluster."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2

from geo.private_postgres.cluster import PrivatePostgres

CHECKOUT = Path(__file__).parents[3]
Cluster = Callable[..., PrivatePostgres]


def run_sql(server: PrivatePostgres, sql: str, database: str = "beforehand") -> list[tuple[object, ...]]:
    address = server.url(database).replace("+psycopg2", "")
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def socket_folder(server: PrivatePostgres) -> Path:
    return Path(parse_qs(urlsplit(server.url()).query)["host"][0])


def postmaster(server: PrivatePostgres) -> int:
    return int((server._data / "postmaster.pid").read_text().split()[0])
