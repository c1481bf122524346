"""A server that stops finishes the requests it has begun."""

import shutil
import signal
import tempfile
import threading
from pathlib import Path

import psycopg2
import pytest
import requests
from sqlalchemy import text

from api.cli.server import SHUTDOWN_S
from api.cli.serving import METRICS_FOLDER, _metrics_folder
from geo.database import CONNECT_TIMEOUT_S, POOL_TIMEOUT_S, WRITE_TIMEOUT_MS, Database
from tests.api.serving import PATIENCE_S, Server, figures, serving, until
from tests.factories import add_facility, bearer, facility_row

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def refuses(server: Server) -> bool:
    try:
        requests.get(server.url + "/healthz", timeout=PATIENCE_S)
    except requests.ConnectionError:
        return True
    return False


@pytest.mark.slow
def test_a_rating_in_progress_is_stored_and_acknowledged_before_the_server_stops(
    own_database_url: str, tmp_path: Path
) -> None:
    database = Database(own_database_url)
    with database.write() as session:
        place = add_facility(session)
        session.commit()
    statuses = []

    def rate() -> None:
        answer = requests.put(
            f"{server.url}/v1/facilities/{place}/rating", json={"stars": 5}, headers=device, timeout=PATIENCE_S
        )
        statuses.append(answer.status_code)

    with serving(own_database_url, tmp_path / "log") as server:
        device = bearer(requests.post(server.url + "/v1/devices", timeout=PATIENCE_S).json()["token"])
        other = psycopg2.connect(own_database_url.replace("+psycopg2", ""))
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM facility WHERE id = %s FOR UPDATE", (place,))
            under_way = threading.Thread(target=rate)
            under_way.start()

            def waits() -> bool:
                with database.read() as session:  # the locking transaction would see the activity of its start only
                    return session.execute(text(WAITING)).scalar_one() == 1

            until(waits)
            server.process.send_signal(signal.SIGTERM)
            until(lambda: refuses(server))
            assert server.process.poll() is None
            other.rollback()
        other.close()
        under_way.join()
        assert server.process.wait(PATIENCE_S) == 0
    assert statuses == [201]
    with database.read() as session:
        assert facility_row(session, place)["rating_count"] == 1
    database.close()


@pytest.mark.slow
def test_the_metrics_files_of_a_stopped_server_are_removed_by_the_next(own_database_url: str, tmp_path: Path) -> None:
    with serving(own_database_url, tmp_path / "first") as first:
        left = figures(first)
    assert left.exists()
    with serving(own_database_url, tmp_path / "second") as second:
        assert not left.exists()
        left = figures(second)
    shutil.rmtree(left)


def test_a_folder_with_an_impossible_process_number_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = tmp_path / f"{METRICS_FOLDER}{10**30}-x"
    strange.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert Path(_metrics_folder()).parent == tmp_path
    assert strange.exists()


def test_a_stopping_worker_has_time_to_finish_its_longest_request() -> None:
    assert SHUTDOWN_S > POOL_TIMEOUT_S + CONNECT_TIMEOUT_S + WRITE_TIMEOUT_MS / 1000
