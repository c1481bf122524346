"""Real extracts to check the readers against; they lie beside the checkout and are no part of it."""

from pathlib import Path

import pytest

REAL_DATA = Path(__file__).parents[4] / "shared" / "data"


def real_file(name: str) -> Path:
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"needs {name} in the folder shared/data beside the checkout")
    return path
