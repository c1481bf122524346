"""The pages as a browser shows them, with no other host within reach."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium")

PATIENCE_S = 60


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def rendered(url: str, profile: Path) -> str:
    """The page's elements after its scripts have run."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    options += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}"]
    # Whatever is not this machine cannot be resolved: a page that needs it would show.
    options += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--virtual-time-budget=10000"]
    done = subprocess.run(
        [CHROMIUM or "", *options, "--dump-dom", url], capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )
    return done.stdout


def test_the_documentation_shows_every_operation(app: Flask, url: str, tmp_path: Path) -> None:
    page = rendered(url + "/docs", tmp_path)
    document = app.test_client().get("/openapi.json").get_json()
    for path, item in document["paths"].items():
        assert f'data-path="{path}"' in page
        for operation in (value for method, value in item.items() if method != "parameters"):
            assert operation["summary"] in page
    assert "Failed to load" not in page
    assert "Authorize" in page


def test_the_home_page_shows_its_links(url: str, place: int, tmp_path: Path) -> None:
    page = rendered(url, tmp_path)
    assert "One live answer" in page, place
    assert "The documentation" in page
