"""Tipg and pygeoapi, as their documentation says to serve them, over the bench's database.

https://developmentseed.org/tipg, https://docs.pygeoapi.io/en/latest/running.html (in production: gunicorn).
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.engine import URL

from bench import program
from bench.askers import K
from bench.server import PROJECT, WORKERS, Server, free_port, running

ENVIRONMENT = PROJECT / ".venv-peers"
PYTHON = ENVIRONMENT / "bin/python"
REQUIREMENTS = Path(__file__).with_name("peers-requirements.txt")


def install() -> None:
    """Make the peers' environment, unless the one that is there is of these requirements.

    Raises:
        NotMeasured: it cannot be made.
    """
    finished = ENVIRONMENT / "installed-requirements.txt"
    if finished.exists() and finished.read_text() == REQUIREMENTS.read_text():
        return
    print(f"installing the peers into {ENVIRONMENT.name}", file=sys.stderr)
    program.run(sys.executable, "-m", "venv", "--clear", ENVIRONMENT)
    program.run(PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input", "-r", REQUIREMENTS)
    finished.write_text(REQUIREMENTS.read_text())


@contextmanager
def tipg(database: URL) -> Iterator[Server]:
    """Tipg under uvicorn, with as many workers as we have and no access log."""
    port = free_port()
    options = ("--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS), "--no-access-log")
    host = quote(_socket(database), safe="")  # its driver takes a socket's folder for a host
    environ = {
        "DATABASE_URL": f"postgresql://{database.username}@{host}:{database.query['port']}/{database.database}",
        "TIPG_DB_TABLES": json.dumps(["public.facility"]),
    }
    with running([PYTHON, "-m", "uvicorn", "tipg.main:app", *options], port, environ) as server:
        yield server


@contextmanager
def pygeoapi(database: URL) -> Iterator[Server]:
    """Pygeoapi's PostgreSQL provider under gunicorn, with as many workers as we have."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-pygeoapi-") as folder:
        config, openapi = Path(folder, "config.yml"), Path(folder, "openapi.yml")
        config.write_text(json.dumps(_pygeoapi_config(database, port)))  # JSON is YAML
        program.run(ENVIRONMENT / "bin/pygeoapi", "openapi", "generate", config, "--output-file", openapi)
        options = ("--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--no-control-socket")
        environ = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
        command = (PYTHON, "-m", "gunicorn", *options, "pygeoapi.flask_app:APP")
        with running(command, port, environ, path="/conformance?f=json") as server:
            yield server


def _pygeoapi_config(database: URL, port: int) -> dict[str, Any]:
    """The least that it starts with: one collection, the facility table."""
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {
            "host": _socket(database),
            "port": int(str(database.query["port"])),
            "dbname": database.database,
            "user": database.username,
            "password": "",
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


def _socket(database: URL) -> str:
    """The folder of the database's socket."""
    return str(database.query["host"])
