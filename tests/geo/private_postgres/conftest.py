"""Private clusters, running or not, that are removed after the test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.private_postgres.cluster import PrivatePostgres
from tests.geo.private_postgres.clusters import CHECKOUT, Cluster


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
