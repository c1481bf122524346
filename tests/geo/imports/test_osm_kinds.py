"""What OSM tags say besides the kind: several kinds in one object, closed and private hosts, keys, changing tables."""

import pytest

from tests.geo.imports.test_osm_tags import facility


@pytest.mark.parametrize(
    ("tags", "offered"),
    [
        ({"amenity": "toilets;shower"}, ("toilets", {"shower": "yes"})),
        ({"amenity": "shower", "toilets": "yes"}, ("shower", {"toilets": "yes"})),
        ({"amenity": "drinking_water;toilets"}, ("toilets", {"drinking_water": "yes"})),
        ({"amenity": "drinking_water", "toilets": "yes"}, ("drinking_water", {"toilets": "yes"})),
        ({"amenity": "toilets", "drinking_water": "yes"}, ("toilets", {"drinking_water": "yes"})),
        ({"amenity": "toilets;shower;drinking_water"}, ("toilets", {"shower": "yes", "drinking_water": "yes"})),
        ({"amenity": "cafe", "toilets": "yes", "baby_feeding": "room"}, ("toilets", {"changing_table": "yes"})),
        ({"tourism": "camp_site", "toilets": "yes", "drinking_water": "yes"}, ("toilets", {"drinking_water": "yes"})),
    ],
)
def test_an_object_with_several_kinds_offers_all(tags: dict[str, str], offered: tuple[str, dict[str, str]]) -> None:
    record = facility(**tags)
    kinds = ("toilets", "shower", "drinking_water", "changing_table")
    assert (record.kind, {name: word for name, word in record.attributes.items() if name in kinds}) == offered


@pytest.mark.parametrize(
    ("tags", "access", "closed"),
    [
        ({"building": "retail", "disused:shop": "supermarket", "toilets": "yes"}, None, True),
        ({"building": "yes", "abandoned:amenity": "restaurant", "toilets:wheelchair": "yes"}, None, True),
        ({"landuse": "commercial", "demolished:building": "yes", "toilets": "yes"}, None, True),
        ({"shop": "vacant", "toilets": "yes"}, None, True),
        ({"building": "retail", "shop": "supermarket", "disused:shop": "kiosk", "toilets": "yes"}, None, False),
        ({"office": "company", "access": "private", "toilets": "yes"}, "private", False),
        ({"office": "company", "access": "employees", "toilets": "yes"}, "private", False),
        ({"office": "company", "access": "private", "toilets": "yes", "toilets:access": "yes"}, "public", False),
        ({"office": "company", "access": "private", "access:conditional": "yes @ (Sa)", "toilets": "yes"}, None, False),
        ({"amenity": "cafe", "access": "no", "toilets": "yes"}, "private", False),
        ({"amenity": "toilets", "access": "employees"}, "private", False),
        ({"amenity": "pub", "toilets": "customers"}, "customers", False),
    ],
)
def test_a_closed_or_private_host_is_not_open_to_the_public(
    tags: dict[str, str], access: str | None, closed: bool
) -> None:
    record = facility(**tags)
    assert (record.attributes.get("access"), record.closed) == (access, closed)


@pytest.mark.parametrize(
    ("tags", "fee"),
    [
        ({"fee": "no", "fee:conditional": "yes @ (Jun-Aug)"}, None),
        ({"fee": "yes", "fee:conditional": "no @ (Su)"}, "yes"),
        ({"fee": "no"}, "no"),
        ({"fee": "0", "fee:conditional": "1 EUR @ (Sa,Su)"}, None),
    ],
)
def test_a_fee_at_certain_times_is_not_free(tags: dict[str, str], fee: str | None) -> None:
    assert facility(amenity="toilets", **tags).attributes.get("fee") == fee


@pytest.mark.parametrize(
    ("tags", "location", "table"),
    [
        ({"changing_table": "yes", "changing_table:location": "female_toilet"}, "female_toilet", "yes"),
        ({"changing_table:location": "wheelchair_toilet"}, "wheelchair_toilet", "yes"),
        ({"changing_table:location": "female_toilet;male_toilet"}, "male_and_female_toilet", "yes"),
        ({"changing_table": "no", "changing_table:location": "room"}, "room", "no"),
        ({"changing_table": "yes", "changing_table:location": "attic"}, None, "yes"),
        ({"changing_table": "yes"}, None, "yes"),
    ],
)
def test_the_place_of_the_changing_table_is_kept(tags: dict[str, str], location: str | None, table: str) -> None:
    attributes = facility(amenity="toilets", **tags).attributes
    assert (attributes.get("changing_table_location"), attributes.get("changing_table")) == (location, table)


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ({"amenity": "toilets", "centralkey": "radar"}, "radar"),
        ({"amenity": "toilets", "centralkey": "nks"}, "radar"),
        ({"amenity": "toilets", "centralkey": "Eurokey"}, "eurokey"),
        ({"amenity": "cafe", "toilets": "yes", "toilets:centralkey": "eurokey"}, "eurokey"),
        ({"amenity": "toilets", "centralkey": "mlak;radar"}, "mlak"),
        ({"amenity": "toilets", "centralkey": "yes"}, None),
        ({"amenity": "toilets"}, None),
    ],
)
def test_the_scheme_of_an_access_key_is_kept(tags: dict[str, str], scheme: str | None) -> None:
    assert facility(**tags).attributes.get("key_scheme") == scheme
