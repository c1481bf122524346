"""The page of docs/partners.md in a real browser: from an origin of the key, and from another."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.config import PROJECT
from geo.database import Database
from geo.partners import issued_keys, registry
from geo.partners.issued_keys import KeyTerms
from tests.api.serving import serving
from tests.factories import add_facility

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]

PATIENCE_S = 60
VIRTUAL_TIME_MS = 10_000
"""How long the page may take by its own clock, which runs faster than ours while nothing is under way."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """A web site of the folder's files: its origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def shown(url: str, profile: Path) -> str:
    """What the page holds once its script has run."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *(f"--user-data-dir={profile}", f"--virtual-time-budget={VIRTUAL_TIME_MS}", "--dump-dom", url),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return done.stdout


def example(service: str, key: str) -> str:
    page = re.search(r"```html\n(.*?)```", (PROJECT / "docs" / "partners.md").read_text(encoding="utf-8"), re.DOTALL)
    assert page is not None
    written = page[1].replace("https://beforehand.example", service).replace("bfp_your-publishable-key", key)
    assert service in written
    assert key in written
    return written


def attribute(session: Session, facility_id: int) -> None:
    """Add a dataset, whose licence requires an attribution, as a source of the facility."""
    session.execute(
        text(
            """
            WITH added AS (
                INSERT INTO dataset (name, licence, attribution, url)
                VALUES ('asema', 'CC-BY-4.0', '© Asema & Co', 'https://a.example/terms')
                RETURNING id
            )
            INSERT INTO facility_source (dataset_id, external_id, facility_id, digest)
            SELECT id, '1', :facility_id, decode(repeat('00', 16), 'hex') FROM added
            """
        ),
        {"facility_id": facility_id},
    )


def test_the_documented_page_shows_places_only_at_the_origin_of_its_key(own_database_url: str, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    pages = tmp_path / "pages"
    pages.mkdir()
    database = Database(own_database_url)
    with site(pages) as allowed, site(pages) as refused:
        with database.write() as session:
            attribute(session, add_facility(session, 24.9384, 60.1700, name="Asema-aukio <b>1</b>"))
            partner_id = registry.ensure(session, "Acme", None, now)
            key = issued_keys.issue(session, partner_id, KeyTerms("publishable", (allowed,)), now).key
            session.commit()
        database.close()
        with serving(own_database_url, tmp_path / "log") as server:
            (pages / "index.html").write_text(example(server.url, key), encoding="utf-8")
            at_home = shown(allowed, tmp_path / "profile 1")
            abroad = shown(refused, tmp_path / "profile 2")
            log = server.log.read_text()
    assert "<li>Asema-aukio &lt;b&gt;1&lt;/b&gt;, 11 m: unrated</li>" in at_home
    assert '<p id="terms"><a href="https://a.example/terms">© Asema &amp; Co</a> </p>' in at_home
    assert '<p id="terms">Nothing to show: Failed to fetch</p>' in abroad
    assert "<li>" not in abroad
    assert '"method":"OPTIONS"' in log
    assert '"status":403' in log
    assert key not in log
