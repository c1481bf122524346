"""A private cluster starts, survives and stops."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from geo.errors import DatabaseUnavailable
from geo.private_postgres.cluster import PrivatePostgres
from tests.geo.private_postgres.clusters import CHECKOUT, Cluster, postmaster, run_sql, socket_folder


def test_the_address_is_known_before_the_server_runs(cluster: Cluster) -> None:
    server = cluster()
    address = server.url()
    server.start()
    assert server.url() == address
    assert run_sql(server, "SELECT current_database(), current_user") == [("beforehand", "beforehand")]


def test_the_server_has_postgis_utc_and_unicode(running: PrivatePostgres) -> None:
    run_sql(running, "CREATE EXTENSION postgis")
    assert run_sql(running, "SELECT ST_X('POINT(24.94 60.17)'::geometry)") == [(24.94,)]
    settings = "timezone", "server_encoding", "fsync", "jit"
    shown = [run_sql(running, f"SHOW {name}")[0][0] for name in settings]
    assert shown == ["UTC", "UTF8", "on", "off"]


def test_starting_twice_keeps_the_running_server(running: PrivatePostgres) -> None:
    first = postmaster(running)
    running.start()
    assert postmaster(running) == first


def test_a_missing_database_is_created_again(running: PrivatePostgres) -> None:
    with closing(psycopg2.connect(running.url("postgres").replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        connection.cursor().execute("DROP DATABASE beforehand")
    running.start()
    assert run_sql(running, "SELECT 1") == [(1,)]


@pytest.mark.slow
def test_stopping_a_stopped_server_is_not_an_error(cluster: Cluster) -> None:
    server = cluster()
    server.stop()
    server.start()
    server.stop()
    server.stop()
    with pytest.raises(psycopg2.OperationalError):
        run_sql(server, "SELECT 1")


def test_committed_rows_survive_a_killed_server(cluster: Cluster) -> None:
    server = cluster()
    server.start()
    run_sql(server, "CREATE TABLE rating AS SELECT 5 AS stars")
    os.kill(postmaster(server), signal.SIGKILL)
    server.start()
    assert run_sql(server, "SELECT stars FROM rating") == [(5,)]


@pytest.mark.slow
def test_a_stale_pid_file_that_names_another_live_process_is_ignored(cluster: Cluster) -> None:
    server = cluster()
    server.start()
    files = [server._data / "postmaster.pid", socket_folder(server) / ".s.PGSQL.5432.lock"]
    contents = [file.read_text() for file in files]
    pid = postmaster(server)
    server.stop()
    # PostgreSQL itself takes any live process of its own account for a server.
    account = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "600"], user=account) as stranger:
        for file, content in zip(files, contents, strict=True):
            file.write_text(content.replace(str(pid), str(stranger.pid), 1))
            os.chown(file, server._data.stat().st_uid, -1)
        try:
            server.start()
            assert stranger.poll() is None
        finally:
            stranger.kill()
    assert run_sql(server, "SELECT 1") == [(1,)]


@pytest.mark.slow
def test_an_interrupted_initdb_is_restarted(cluster: Cluster) -> None:
    server = cluster()
    server._make_folders()
    unfinished = server._server_dir / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("15\n")
    server.start()
    assert run_sql(server, "SELECT 1") == [(1,)]
    assert not unfinished.exists()


@pytest.mark.slow
def test_each_checkout_has_its_own_cluster(cluster: Cluster, tmp_path: Path) -> None:
    one, other = cluster(checkout=tmp_path / "one"), cluster(checkout=tmp_path / "other")
    one.start()
    other.start()
    run_sql(one, "CREATE TABLE only_here (id int)")
    assert run_sql(other, "SELECT to_regclass('only_here')") == [(None,)]


@pytest.mark.slow
def test_simultaneous_starts_run_one_server(cluster: Cluster, folder: Path) -> None:
    server = cluster()
    code = "import sys; from pathlib import Path; from geo.private_postgres.cluster import PrivatePostgres; "
    code += "PrivatePostgres(Path(sys.argv[1]), Path(sys.argv[2])).start()"
    command = [sys.executable, "-c", code, str(folder), str(CHECKOUT)]
    starters = [subprocess.Popen(command, cwd=CHECKOUT) for _ in range(4)]
    assert [starter.wait() for starter in starters] == [0, 0, 0, 0]
    assert server._log.read_text().count("ready to accept connections") == 1


@pytest.mark.slow
def test_a_path_too_long_for_a_socket_uses_a_private_folder_that_may_be_deleted(cluster: Cluster, folder: Path) -> None:
    server = cluster(folder / ("long" * 30))
    server.start()
    assert server._data.is_relative_to(folder)
    assert not socket_folder(server).is_relative_to(folder)
    assert stat.S_IMODE(socket_folder(server).stat().st_mode) == 0o700
    server.stop()
    shutil.rmtree(socket_folder(server))
    server.start()
    assert run_sql(server, "SELECT 1") == [(1,)]


@pytest.mark.slow
def test_a_path_with_separators_of_libpq_works(cluster: Cluster, folder: Path) -> None:
    server = cluster(folder / "O'Brien, café 100%")
    server.start()
    assert server._data.is_relative_to(folder)
    assert run_sql(server, "SELECT 1") == [(1,)]


@pytest.mark.slow
def test_a_server_that_cannot_start_names_its_log_in_one_line(cluster: Cluster) -> None:
    server = cluster()
    server.start()
    server.stop()
    (server._data / "global" / "pg_control").rename(server._data / "pg_control.away")
    with pytest.raises(DatabaseUnavailable) as refusal:
        server.start()
    assert str(server._log) in str(refusal.value)
    assert "\n" not in str(refusal.value)
