"""Who reaches a private cluster, and in which folders it lies."""

import os
import pwd
import stat
import subprocess
from pathlib import Path

import psycopg2
import pytest

from geo.errors import DatabaseUnavailable
from geo.private_postgres.cluster import PrivatePostgres
from geo.private_postgres.programs import find_programs
from tests.geo.private_postgres.clusters import Cluster, postmaster, run_sql, socket_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
with_proc = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's /proc")


@as_root
def test_a_socket_folder_of_another_user_is_refused(cluster: Cluster, folder: Path) -> None:
    server = cluster(folder / ("long" * 30))
    socket_folder(server).mkdir()
    os.chown(socket_folder(server), pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(DatabaseUnavailable, match="belongs to another user"):
        server.start()


@as_root
def test_other_users_cannot_connect(running: PrivatePostgres) -> None:
    psql = find_programs().folder / "psql"
    command = [psql, "-h", socket_folder(running), "-U", "beforehand", "-c", "SELECT 1", "postgres"]
    nobody = pwd.getpwnam("nobody")

    def intrude() -> str:
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        return subprocess.run(command, **who, cwd="/", capture_output=True, text=True, check=False).stderr

    assert "Permission denied" in intrude()
    # Past the folder's mode there is still the check of who asks.
    socket_folder(running).chmod(0o711)
    assert "Peer authentication failed" in intrude()
    socket_folder(running).chmod(0o700)


@pytest.mark.slow
@as_root
def test_root_grants_postgres_only_traversal_of_its_data_folder(cluster: Cluster, folder: Path) -> None:
    folder.chmod(0o700)
    server = cluster(folder)
    server.start()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o701
    assert server._data.is_relative_to(folder)
    assert server._data.stat().st_uid == pwd.getpwnam("postgres").pw_uid


@pytest.mark.slow
@as_root
def test_a_data_folder_that_postgres_cannot_reach_is_replaced_with_a_message(
    cluster: Cluster, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.chmod(0o700)
    server = cluster(folder / "inside")
    server.start()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert str(folder / "inside") in lines[0]
    assert socket_folder(server).is_relative_to("/var/lib/beforehand")
    assert run_sql(server, "SELECT 1") == [(1,)]


@with_proc
def test_nothing_listens_on_tcp(running: PrivatePostgres) -> None:
    descriptors = Path(f"/proc/{postmaster(running)}/fd").iterdir()
    open_files = {str(descriptor.readlink()) for descriptor in descriptors}
    tables = [Path("/proc/net", name).read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    open_on_tcp = {f"socket:[{line.split()[9]}]" for table in tables for line in table}
    assert open_files & open_on_tcp == set()
    assert any(name.startswith("socket:") for name in open_files)


def test_ctrl_c_in_the_terminal_that_started_it_does_not_reach_the_server(running: PrivatePostgres) -> None:
    assert os.getsid(postmaster(running)) == postmaster(running)


def test_the_log_contains_no_coordinates_of_a_failed_statement(running: PrivatePostgres) -> None:
    with pytest.raises(psycopg2.Error):
        run_sql(running, "SELECT 1 / 0, 'POINT(24.94 60.17)'")
    log = running._log.read_text()
    assert "division by zero" in log
    assert "24.94" not in log


def test_a_data_folder_that_cannot_be_created_is_reported_in_one_line(cluster: Cluster, folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(DatabaseUnavailable, match="BEFOREHAND_DATA_DIR"):
        cluster(folder / "file" / "below").start()
