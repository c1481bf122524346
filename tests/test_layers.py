"""wsgi → api → geo ← seed_data, bench: the rule of the house."""

import ast
from pathlib import Path

import pytest

from api.config import PROJECT

FORBIDDEN = {
    "geo": {"flask", "flask_smorest", "marshmallow", "webargs", "api", "seed_data", "bench", "tests"},
    "api": {"sqlalchemy", "geoalchemy2", "psycopg2", "shapely", "seed_data", "bench", "tests"},
    "seed_data": {"flask", "flask_smorest", "marshmallow", "api", "bench", "tests"},
    "bench": {"seed_data", "tests"},
}
"""What each room may not import."""


FLOORS = (
    *("errors", "coordinates", "turns", "database", "rows", "paging", "facilities.attributes", "models"),
    *("facilities", "casework", "crowd", "conflation", "moderation"),
    *("partners", "limits", "imports", "gazetteer", "priors"),
    *("ahead", "ahead.fences", "ahead.route", "ahead.hints"),
    *("privacy", "maintenance", "private_postgres", "schema", "migrations"),
)
"""The rooms of geo from the bottom to the top; ``models`` are all files of that name. Each imports itself and what lies
below it."""


def python_files(room: str) -> list[Path]:
    files = sorted((PROJECT / room).rglob("*.py"))
    assert files, f"{room} has no Python files: has it moved?"
    return files


def imported(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def floor(module: str) -> int:
    """The number of the floor on which a module of geo lies, the lowest being 0.

    Args:
        module: such as ``geo.crowd.ratings``; it may name something in a module too.
    """
    parts = module.split(".")[1:]
    if parts[1:2] == ["models"]:
        return FLOORS.index("models")
    named = [room for room in (".".join(parts[:2]), parts[0]) if room in FLOORS]
    assert named, f"{module} has no floor: add its room to FLOORS"
    return FLOORS.index(named[0])


def climbs(source: str, module: str) -> set[str]:
    """The imports of a module of geo that run up."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name}" for name in names]
        found |= {name for name in names if name.startswith("geo.") and floor(name) > floor(module)}
    return found


def test_no_import_in_geo_goes_up() -> None:
    for file in python_files("geo"):
        module = ".".join(file.relative_to(PROJECT).with_suffix("").parts)
        if file.name != "__init__.py":
            assert not climbs(file.read_text(encoding="utf-8"), module), module


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("geo.casework.queue", "from geo.crowd import reports"),
        ("geo.casework.decisions", "from geo.moderation.actions import registry"),
        ("geo.crowd.reports", "from geo.moderation.decide import on_item"),
        ("geo.crowd.comments", "from geo.moderation import decide, targets"),
        ("geo.crowd.ratings", "from geo import privacy"),
        ("geo.moderation.decide", "import geo.maintenance"),
        ("geo.facilities.recompile", "from geo.imports import staging"),
        ("geo.facilities.models", "from geo.facilities.search import Needs"),
        ("geo.facilities.attributes", "from geo.facilities.models import Facility"),
        ("geo.database", "from geo.crowd.models import Device"),
        ("geo.ahead.passing", "from geo.ahead.route.journey import Stop"),
        ("geo.ahead.route.stops", "from geo.ahead.hints import outlook"),
    ],
)
def test_an_upward_import_is_detected(module: str, line: str) -> None:
    assert climbs(line, module)


@pytest.mark.parametrize(
    "line", ["from geo.casework import queue", "from geo.moderation.models import Appeal", "import ast"]
)
def test_a_downward_import_is_allowed(line: str) -> None:
    assert not climbs(line, "geo.crowd.reports")


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_only_what_it_may_know(room: str) -> None:
    trespasses = {
        f"{file.relative_to(PROJECT)} imports {name}"
        for file in python_files(room)
        for name in imported(file) & FORBIDDEN[room]
    }
    assert not trespasses


def test_geo_never_commits_and_reads_no_environment() -> None:
    found = set()
    for file in python_files("geo"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
                found.add(f"{file.relative_to(PROJECT)}:{node.lineno} {node.attr}")
            # geo/schema.py runs migrations as a whole, outside any request.
            if isinstance(node, ast.Attribute) and node.attr == "commit" and file.name != "schema.py":
                found.add(f"{file.relative_to(PROJECT)}:{node.lineno} commit")
    assert not found


def test_geo_contains_no_http_status() -> None:
    for file in python_files("geo"):
        numbers = {
            node.value
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant)
        }
        assert 404 not in numbers, file
