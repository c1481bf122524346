import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest

from geo.errors import DatabaseUnavailable
from geo.private_postgres.cluster import PrivatePostgres
from geo.private_postgres.programs import find_programs, install_command

CHECKOUT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
with_proc = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's /proc")

Cluster = Callable[..., PrivatePostgres]


def remove(server: PrivatePostgres) -> None:
    server.stop()
    shutil.rmtree(server._socket_dir, ignore_errors=True)
    shutil.rmtree(server._root, ignore_errors=True)


@pytest.fixture(scope="module")
def running() -> Iterator[PrivatePostgres]:
    """A cluster that runs, for tests that leave it as it is."""
    with tempfile.TemporaryDirectory(prefix="bh-") as folder:
        server = PrivatePostgres(Path(folder), CHECKOUT)
        server.start()
        yield server
        remove(server)


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every account may pass through; root's tmp_path is closed to postgres."""
    with tempfile.TemporaryDirectory(prefix="bh-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    """A factory of clusters that do not run yet; they are removed at the end, wherever they lie."""
    made: list[PrivatePostgres] = []

    def make(data_dir: Path = folder, checkout: Path = CHECKOUT) -> PrivatePostgres:
        made.append(PrivatePostgres(data_dir, checkout))
        return made[-1]

    yield make
    for server in made:
        remove(server)


def run_sql(server: PrivatePostgres, sql: str, database: str = "beforehand") -> list[tuple[object, ...]]:
    address = server.url(database).replace("+psycopg2", "")
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def socket_folder(server: PrivatePostgres) -> Path:
    return Path(parse_qs(urlsplit(server.url()).query)["host"][0])


def postmaster(server: PrivatePostgres) -> int:
    return int((server._data / "postmaster.pid").read_text().split()[0])


def test_the_address_is_known_before_the_server_runs(cluster: Cluster) -> None:
    server = cluster()
    address = server.url()
    server.start()
    assert server.url() == address
    assert run_sql(server, "SELECT current_database(), current_user") == [("beforehand", "beforehand")]


def test_the_server_has_postgis_and_speaks_utc_and_unicode(running: PrivatePostgres) -> None:
    run_sql(running, "CREATE EXTENSION postgis")
    assert run_sql(running, "SELECT ST_X('POINT(24.94 60.17)'::geometry)") == [(24.94,)]
    settings = "timezone", "server_encoding", "fsync", "jit"
    shown = [run_sql(running, f"SHOW {name}")[0][0] for name in settings]
    assert shown == ["UTC", "UTF8", "on", "off"]


def test_starting_twice_keeps_the_server_that_runs(running: PrivatePostgres) -> None:
    first = postmaster(running)
    running.start()
    assert postmaster(running) == first


def test_a_missing_database_is_made_again(running: PrivatePostgres) -> None:
    with closing(psycopg2.connect(running.url("postgres").replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        connection.cursor().execute("DROP DATABASE beforehand")
    running.start()
    assert run_sql(running, "SELECT 1") == [(1,)]


@pytest.mark.slow
def test_stopping_what_does_not_run_is_no_error(cluster: Cluster) -> None:
    server = cluster()
    server.stop()
    server.start()
    server.stop()
    server.stop()
    with pytest.raises(psycopg2.OperationalError):
        run_sql(server, "SELECT 1")


def test_what_was_committed_survives_a_killed_server(cluster: Cluster) -> None:
    server = cluster()
    server.start()
    run_sql(server, "CREATE TABLE rating AS SELECT 5 AS stars")
    os.kill(postmaster(server), signal.SIGKILL)
    server.start()
    assert run_sql(server, "SELECT stars FROM rating") == [(5,)]


@pytest.mark.slow
def test_a_stale_pid_file_that_names_a_live_stranger_is_seen_through(cluster: Cluster) -> None:
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
def test_an_interrupted_initdb_is_begun_again(cluster: Cluster) -> None:
    server = cluster()
    server._make_folders()
    unfinished = server._server_dir / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("15\n")
    server.start()
    assert run_sql(server, "SELECT 1") == [(1,)]
    assert not unfinished.exists()


@pytest.mark.slow
def test_two_checkouts_have_a_cluster_each(cluster: Cluster, tmp_path: Path) -> None:
    one, other = cluster(checkout=tmp_path / "one"), cluster(checkout=tmp_path / "other")
    one.start()
    other.start()
    run_sql(one, "CREATE TABLE only_here (id int)")
    assert run_sql(other, "SELECT to_regclass('only_here')") == [(None,)]


@pytest.mark.slow
def test_starts_at_the_same_moment_make_one_server(cluster: Cluster, folder: Path) -> None:
    server = cluster()
    code = "import sys; from pathlib import Path; from geo.private_postgres.cluster import PrivatePostgres; "
    code += "PrivatePostgres(Path(sys.argv[1]), Path(sys.argv[2])).start()"
    command = [sys.executable, "-c", code, str(folder), str(CHECKOUT)]
    starters = [subprocess.Popen(command, cwd=CHECKOUT) for _ in range(4)]
    assert [starter.wait() for starter in starters] == [0, 0, 0, 0]
    assert server._log.read_text().count("ready to accept connections") == 1


@pytest.mark.slow
def test_a_path_too_long_for_a_socket_gets_a_private_folder_that_a_reboot_may_empty(
    cluster: Cluster, folder: Path
) -> None:
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
def test_a_path_with_letters_that_libpq_splits_at_works(cluster: Cluster, folder: Path) -> None:
    server = cluster(folder / "O'Brien, café 100%")
    server.start()
    assert server._data.is_relative_to(folder)
    assert run_sql(server, "SELECT 1") == [(1,)]


@as_root
def test_a_socket_folder_of_somebody_else_is_refused(cluster: Cluster, folder: Path) -> None:
    server = cluster(folder / ("long" * 30))
    socket_folder(server).mkdir()
    os.chown(socket_folder(server), pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(DatabaseUnavailable, match="belongs to another user"):
        server.start()


@as_root
def test_other_users_do_not_get_in(running: PrivatePostgres) -> None:
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
def test_root_opens_its_own_data_folder_just_enough_for_postgres(cluster: Cluster, folder: Path) -> None:
    folder.chmod(0o700)
    server = cluster(folder)
    server.start()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o701
    assert server._data.is_relative_to(folder)
    assert server._data.stat().st_uid == pwd.getpwnam("postgres").pw_uid


@pytest.mark.slow
@as_root
def test_a_data_folder_that_postgres_cannot_reach_is_replaced_and_told(
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
    held = {str(descriptor.readlink()) for descriptor in descriptors}
    tables = [Path("/proc/net", name).read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    open_on_tcp = {f"socket:[{line.split()[9]}]" for table in tables for line in table}
    assert held & open_on_tcp == set()
    assert any(name.startswith("socket:") for name in held)


def test_ctrl_c_in_the_terminal_that_started_it_does_not_reach_the_server(running: PrivatePostgres) -> None:
    assert os.getsid(postmaster(running)) == postmaster(running)


def test_the_log_keeps_no_coordinates_of_a_failed_statement(running: PrivatePostgres) -> None:
    with pytest.raises(psycopg2.Error):
        run_sql(running, "SELECT 1 / 0, 'POINT(24.94 60.17)'")
    log = running._log.read_text()
    assert "division by zero" in log
    assert "24.94" not in log


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


def test_a_data_folder_that_cannot_be_made_is_told_in_one_line(cluster: Cluster, folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(DatabaseUnavailable, match="BEFOREHAND_DATA_DIR"):
        cluster(folder / "file" / "below").start()


def with_apt(machine: Path, *majors: int) -> Path:
    """A machine with apt, and with PostgreSQL of these versions without PostGIS."""
    (machine / "usr/bin").mkdir(parents=True)
    (machine / "usr/bin/apt-get").touch()
    for major in majors:
        (machine / f"usr/lib/postgresql/{major}/bin").mkdir(parents=True)
        (machine / f"usr/lib/postgresql/{major}/bin/initdb").touch()
    return machine


@pytest.mark.parametrize(
    ("majors", "package"),
    [((), "postgresql-postgis"), ((13,), "postgresql-postgis"), ((14, 16), "postgresql-16-postgis-3")],
)
def test_missing_postgis_is_told_with_the_command_that_installs_it(
    tmp_path: Path, majors: tuple[int, ...], package: str
) -> None:
    machine = with_apt(tmp_path, *majors)
    with pytest.raises(DatabaseUnavailable) as refusal:
        find_programs(machine=machine)
    assert str(refusal.value) == (
        f"PostgreSQL 14 or newer with PostGIS is missing: run `sudo apt-get install {package}`"
    )
    assert install_command(machine=machine)[-1] == package


def test_homebrew_is_used_where_it_is(tmp_path: Path) -> None:
    brew = tmp_path / "opt/homebrew/bin/brew"
    brew.parent.mkdir(parents=True)
    brew.touch()
    assert install_command(machine=tmp_path) == [str(brew), "install", "postgis"]


def test_a_cluster_of_a_version_that_has_gone_says_which(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="postgresql-14-postgis-3"):
        find_programs(major=14, machine=with_apt(tmp_path, 15))
