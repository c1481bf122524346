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


def test_only_api_says_404() -> None:
    for file in python_files("geo"):
        numbers = {
            node.value
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant)
        }
        assert 404 not in numbers, file
