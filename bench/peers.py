"""The same questions to the peers, as their documentation says to serve them: tipg and pygeoapi over the same table.

They answer 20 facilities in a box, in no order; the box is the square that reaches as far as our own answer does, which
is the least area that anybody who gave our answer would have to look at.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from bench import wrk
from bench.askers import K
from bench.row import NotMeasured, Row
from bench.run import Run
from bench.server import PROJECT, WORKERS, Server, free_port, product, running
from bench.slices import medians
from geo.database import Database

ENVIRONMENT = PROJECT / ".venv-peers"
REQUIREMENTS = Path(__file__).with_name("peers-requirements.txt")

CHECKED = 20
"""Answers of a peer that are looked at before it is measured."""

TIPG_ITEMS = "/collections/public.facility/items?f=geojson"
PYGEOAPI_ITEMS = "/collections/facility/items?f=json"


def rows(run: Run) -> list[Row]:
    """Closed loops, each peer in turns with us; only who is measured is asked anything."""
    _install()
    with _plain_index(run.database):
        return _rows(run)


def _rows(run: Run) -> list[Row]:
    ours = [wrk.raw_request(asker.path) for asker in run.askers]
    database = make_url(run.url)
    with product(run.url) as server, _tipg(database) as tipg, _pygeoapi(database) as pygeoapi:
        peers = [(tipg, _requests(tipg, TIPG_ITEMS, run)), (pygeoapi, _requests(pygeoapi, PYGEOAPI_ITEMS, run))]
        ours_rate, tipg_rate, pygeoapi_rate = medians(
            *(
                lambda server=server, requests=requests: wrk.load(server.port, requests, run.slice_s).rate
                for server, requests in [(server, ours), *peers]
            )
        )
    name, same = "the same over HTTP, ranked", f"items by bbox, {K}, unranked"
    return [
        Row(name, ours_rate, tipg_rate, "/s", f"tipg 1.6, {same}", "≥ 4"),
        Row(name, ours_rate, pygeoapi_rate, "/s", f"pygeoapi 0.21, {same}", "≥ 20"),
    ]


@contextmanager
def _plain_index(database: Database) -> Iterator[None]:
    """An index of all locations: ours is of those that are offered, and the peers ask for all."""
    with database.write() as session:
        session.execute(text("CREATE INDEX bench_location ON facility USING gist (location)"))
        session.execute(text("ANALYZE facility"))
        session.commit()
    try:
        yield
    finally:
        with database.write() as session:
            session.execute(text("DROP INDEX bench_location"))
            session.commit()


def _install() -> None:
    """Make the peers' environment, unless the one that is there is of these requirements.

    Raises:
        NotMeasured: it cannot be made.
    """
    finished = ENVIRONMENT / "installed-requirements.txt"
    if finished.exists() and finished.read_text() == REQUIREMENTS.read_text():
        return
    print(f"installing the peers into {ENVIRONMENT.name}", file=sys.stderr)
    pip = [ENVIRONMENT / "bin/python", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    for command in ([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], [*pip, "-r", REQUIREMENTS]):
        if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode:  # noqa: S603 - every word is ours
            raise NotMeasured("the peers could not be installed")
    finished.write_text(REQUIREMENTS.read_text())


@contextmanager
def _tipg(database: URL) -> Iterator[Server]:
    """tipg as its README serves it, with as many workers as we have and no access log."""
    port = free_port()
    command = [ENVIRONMENT / "bin/python", "-m", "uvicorn", "tipg.main:app", "--host", "127.0.0.1", "--port", str(port)]
    host = quote(_host(database), safe="")  # a socket's folder too is a host to libpq and asyncpg
    login = quote(database.username or "") + (f":{quote(str(database.password))}" if database.password else "")
    environ = {
        "DATABASE_URL": f"postgresql://{login}@{host}:{_port(database)}/{database.database}",
        "TIPG_DB_TABLES": json.dumps(["public.facility"]),
    }
    with running([*command, "--workers", str(WORKERS), "--no-access-log"], port, environ) as server:
        yield server


@contextmanager
def _pygeoapi(database: URL) -> Iterator[Server]:
    """pygeoapi's PostgreSQL provider under gunicorn, as its documentation says for production."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-pygeoapi-") as folder:
        config, openapi = Path(folder, "config.yml"), Path(folder, "openapi.yml")
        config.write_text(json.dumps(_pygeoapi_config(database, port)))  # JSON is YAML
        environ = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
        generated = subprocess.run(  # noqa: S603 - every word is ours
            [ENVIRONMENT / "bin/pygeoapi", "openapi", "generate", config, "--output-file", openapi],
            capture_output=True,
            text=True,
            check=False,
        )
        if generated.returncode:
            raise NotMeasured(f"pygeoapi does not take its configuration: {generated.stderr[-1000:]}")
        command = [ENVIRONMENT / "bin/python", "-m", "gunicorn", "--workers", str(WORKERS), "--no-control-socket"]
        with running(
            [*command, "--bind", f"127.0.0.1:{port}", "pygeoapi.flask_app:APP"], port, environ, path="/conformance?f=json"
        ) as server:
            yield server


def _pygeoapi_config(database: URL, port: int) -> dict[str, Any]:
    """The least that it starts with: one collection, the facility table."""
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {
            "host": _host(database),
            "port": _port(database),
            "dbname": database.database,
            "user": database.username,
            "password": str(database.password or ""),
            "search_path": ["public"],
        },
        "id_field": "id",
        "table": "facility",
        "geom_field": "location",
    }
    words = {"title": "facilities", "description": "facilities", "keywords": ["facilities"]}
    world = {"spatial": {"bbox": [-180, -90, 180, 90], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "pretty_print": False,
            "limits": {"default_items": K, "max_items": K},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {**words, "keywords_type": "theme", "terms_of_service": "", "url": "http://127.0.0.1"},
            "license": {"name": "", "url": "http://127.0.0.1"},
            "provider": {"name": "", "url": "http://127.0.0.1"},
            "contact": {"name": ""},
        },
        "resources": {
            "facility": {"type": "collection", **words, "links": [], "extents": world, "providers": [provider]}
        },
    }


def _host(database: URL) -> str:
    """Where the database listens: a name, or the folder of its socket."""
    return str(database.host or database.query["host"])


def _port(database: URL) -> int:
    return int(database.port or str(database.query["port"]))


def _requests(peer: Server, items: str, run: Run) -> Sequence[bytes]:
    """The questions to a peer, of which some are asked.

    Raises:
        NotMeasured: an answer is not K features.
    """
    paths = [f"{items}&limit={K}&bbox={asker.bbox}" for asker in run.askers]
    for path in paths[:CHECKED]:
        answer, body = peer.get(path)
        if answer.status != 200 or len(json.loads(body)["features"]) != K:
            raise NotMeasured(f"{path} is answered {answer.status} without {K} features")
    return [wrk.raw_request(path) for path in paths]
