"""What every problem document has in common."""

from typing import Any

from werkzeug.test import TestResponse


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The problem document, whose form is held here once for all."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers
    document = response.get_json(force=True)
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    return document


def named(response: TestResponse, status: int = 422) -> list[tuple[str, str]]:
    """Where each bad value stands and what it is called."""
    entries = problem(response, status).get("errors", [])
    assert all(entry["detail"] for entry in entries)
    return [(entry["in"], entry["name"]) for entry in entries]
