"""Deleted objects, several versions of one, and incomplete replies in OSM XML."""

import bz2
import gzip
from pathlib import Path

import osmium
import pytest

from geo.errors import UnreadableFile
from geo.imports import osm_pbf
from geo.imports.record import FacilityRecord, Rejection

TOILETS = '<tag k="amenity" v="toilets"/>'
BENCH = '<tag k="amenity" v="bench"/>'


def node(attributes: str, tags: str = TOILETS) -> str:
    return f'<node lat="60" lon="24" {attributes}>{tags}</node>'


def osm(path: Path, *content: str) -> Path:
    text = f'<?xml version="1.0"?><osm version="0.6">{"".join(content)}</osm>'.encode()
    compress = {".gz": gzip.compress, ".bz2": bz2.compress}.get(path.suffix, bytes)
    path.write_bytes(compress(text))
    return path


def ids(path: Path) -> list[str]:
    rows = list(osm_pbf.read(path))
    assert all(isinstance(row, FacilityRecord) for row in rows)
    return [row.external_id for row in rows]


@pytest.mark.parametrize(
    ("objects", "current"),
    [
        ((node('id="1" action="delete"'), node('id="2"')), ["node/2"]),
        ((node('id="1" visible="false"'), node('id="2"')), ["node/2"]),
        ((node('id="1" action="modify"'),), ["node/1"]),
        ((node('id="1" version="1"'), '<node id="1" version="2" visible="false"/>', node('id="2"')), ["node/2"]),
        # Deleted, and put back.
        ((node('id="1" version="1"'), node('id="1" version="2" visible="false"'), node('id="1" version="3"')),
         ["node/1"]),
        # It is a bench now.
        ((node('id="1" version="1"'), node('id="1" version="2"', BENCH), node('id="2"')), ["node/2"]),
        ((node('id="1" version="1"'), node('id="1" version="2"', "")), []),
        # The newest stands first.
        (('<node id="1" version="2" visible="false"/>', node('id="1" version="1"')), []),
        ((node('id="1"'), f'<way id="1" action="delete"><nd ref="1"/>{TOILETS}</way>'), ["node/1"]),
        ((node('id="1" action="delete"'), f'<way id="2"><nd ref="1"/>{TOILETS}</way>'), ["way/2"]),
        ((f'<relation id="1" action="delete"><member type="node" ref="1" role=""/>{TOILETS}</relation>',), []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x.osm", "x.osm.gz", "x.osm.bz2"])
def test_the_newest_version_of_an_object_is_read_or_skipped_if_deleted(
    tmp_path: Path, name: str, objects: tuple[str, ...], current: list[str]
) -> None:
    assert ids(osm(tmp_path / name, *objects)) == current


def test_the_newer_of_two_versions_is_read(tmp_path: Path) -> None:
    newer = node('id="1" version="2"', TOILETS + '<tag k="name" v="New"/>')
    (record,) = osm_pbf.read(osm(tmp_path / "x.osm", node('id="1" version="1"'), newer))
    assert record.name == "New"


def test_an_object_that_was_never_uploaded_is_rejected(tmp_path: Path) -> None:
    rejection, record = osm_pbf.read(osm(tmp_path / "x.osm", node('id="-7"'), node('id="7"')))
    assert rejection == Rejection("node/-7", "it has not been uploaded to OpenStreetMap: its negative id will change")
    assert record.external_id == "node/7"


@pytest.mark.parametrize(
    ("remark", "reason"),
    [
        ("<remark> runtime error: Query timed out in &quot;query&quot; at line 2.\n </remark>",
         'runtime error: Query timed out in "query" at line 2.'),
        ("<remark>runtime error: Query run out of memory</remark>", "runtime error: Query run out of memory"),
        ("<remark>Query timed out</remark>", "Query timed out"),
        ("<error>Mismatch in tags key and value size</error>", "Mismatch in tags key and value size"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x.osm", "x.osm.gz", "x.osm.bz2"])
def test_a_response_with_an_error_remark_is_refused(tmp_path: Path, name: str, remark: str, reason: str) -> None:
    for content in ((node('id="1"'), remark), (remark, node('id="1"'))):
        with pytest.raises(UnreadableFile) as caught:
            list(osm_pbf.read(osm(tmp_path / name, *content)))
        assert str(caught.value) == f"{name} is incomplete: {reason}"


def test_a_harmless_remark_and_a_tag_named_remark_are_accepted(tmp_path: Path) -> None:
    tagged = node('id="1"', TOILETS + '<tag k="remark" v="runtime error"/>')
    assert ids(osm(tmp_path / "x.osm", tagged, "<remark>runtime remark: merged</remark>")) == ["node/1"]


@pytest.mark.parametrize("name", ["x.osm", "x.osm.gz", "x.osm.bz2"])
def test_truncated_xml_is_refused(tmp_path: Path, name: str) -> None:
    path = osm(tmp_path / name, *(node(f'id="{number}"') for number in range(1, 2000)))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UnreadableFile, match=rf"^{name} cannot be read as an OSM extract: "):
        list(osm_pbf.read(path))


@pytest.mark.parametrize("encoding", ["shift_jis", "idna", "hex", "klingon"])
def test_xml_in_an_unsupported_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.osm"
    path.write_text(f'<?xml version="1.0" encoding="{encoding}"?><osm version="0.6">{node("")}</osm>')
    with pytest.raises(UnreadableFile, match=r"^x\.osm cannot be read as an OSM extract: "):
        list(osm_pbf.read(path))


@pytest.mark.parametrize("version", ["99999999999", "9" * 5_000, "٣"])
def test_xml_with_an_invalid_version_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(UnreadableFile, match=r"^x\.osm cannot be read as an OSM extract: "):
        list(osm_pbf.read(osm(tmp_path / "x.osm", node(f'id="1" version="{version}"'))))


@pytest.mark.parametrize("name", ["x.osm.gz", "x.osm.bz2"])
def test_a_damaged_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = osm(tmp_path / name, *(node(f'id="{number}"') for number in range(1, 2000)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(bytes(content))
    with pytest.raises(UnreadableFile, match=rf"^{name} cannot be read as an OSM extract: "):
        list(osm_pbf.read(path))


def test_a_history_is_read_by_its_newest_versions(tmp_path: Path) -> None:
    versions = (node('id="1" version="1"'), '<node id="1" version="2" visible="false"/>', node('id="2" version="1"'))
    assert ids(osm(tmp_path / "x.osh", *versions)) == ["node/2"]


def test_a_binary_history_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.osh.pbf"
    header = osmium.io.Header()
    header.has_multiple_object_versions = True
    with osmium.SimpleWriter(path, header=header) as writer:
        writer.add_node(osmium.osm.mutable.Node(id=1, version=1, location=(24, 60), tags={"amenity": "toilets"}))
    with pytest.raises(UnreadableFile, match=r"^x\.osh\.pbf is a history or a change file: "):
        list(osm_pbf.read(path))


def test_a_change_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.osc"
    create = node('id="1"')
    path.write_text(f'<osmChange version="0.6"><create>{create}</create></osmChange>', encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"^x\.osc is a history or a change file: "):
        list(osm_pbf.read(path))
