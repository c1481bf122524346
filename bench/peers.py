"""The same questions to peers over the same table, with an index that suits them.

They answer 20 facilities of a box, in no order. The box is the square that reaches as far as our own answer does, the
least area that anybody who gave our answer would have to look at; the search itself looks at more.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.engine import make_url

from bench import peer_servers, wrk
from bench.askers import K
from bench.row import NotMeasured, Row
from bench.run import Run
from bench.server import Server, product
from bench.slices import medians
from geo.database import Database

CHECKED = 20
"""Answers of a peer that are looked at before it is measured."""

TIPG_ITEMS = "/collections/public.facility/items?f=geojson"
PYGEOAPI_ITEMS = "/collections/facility/items?f=json"


def rows(run: Run) -> list[Row]:
    """Closed loops in turns; all servers run, and only the one that is measured is asked anything."""
    peer_servers.install()
    database = make_url(run.url)
    with (
        _plain_index(run.database),
        product(run.url) as ours,
        peer_servers.tipg(database) as tipg,
        peer_servers.pygeoapi(database) as pygeoapi,
    ):
        ours_rate, tipg_rate, pygeoapi_rate = medians(
            _rate(ours, [asker.path for asker in run.askers], run.slice_s),
            _rate(tipg, _checked(tipg, TIPG_ITEMS, run), run.slice_s),
            _rate(pygeoapi, _checked(pygeoapi, PYGEOAPI_ITEMS, run), run.slice_s),
        )
    name, same = f"peers, ranked answers of {K}", f"items by bbox, limit {K}, unranked"
    return [
        Row(name, ours_rate, tipg_rate, "/s", f"tipg 1.6, {same}", "≥ 4"),
        Row(name, ours_rate, pygeoapi_rate, "/s", f"pygeoapi 0.21, {same}", "≥ 20"),
    ]


@contextmanager
def _plain_index(database: Database) -> Iterator[None]:
    """An index of all locations: ours holds those that are offered, and the peers ask for all."""
    with database.write() as session:
        session.execute(text("CREATE INDEX bench_location ON facility USING gist (location)"))
        session.execute(text("ANALYZE facility"))
        session.commit()
    try:
        yield
    finally:
        with database.write() as session:
            session.execute(text("DROP INDEX bench_location"))
            session.commit()


def _rate(server: Server, paths: Sequence[str], slice_s: int) -> Callable[[], float]:
    requests = [wrk.raw_request(path) for path in paths]
    return lambda: wrk.load(server.port, requests, slice_s).rate


def _checked(peer: Server, items: str, run: Run) -> Sequence[str]:
    """The questions to a peer, the first of them asked.

    Raises:
        NotMeasured: an answer is not K features.
    """
    paths = [f"{items}&limit={K}&bbox={asker.bbox}" for asker in run.askers]
    for path in paths[:CHECKED]:
        answer, body = peer.get(path)
        if answer.status != 200 or len(json.loads(body)["features"]) != K:
            raise NotMeasured(f"{path} is answered {answer.status}, without {K} features")
    return paths
