import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coordinates import Point
from geo.facilities.attributes import ATTRIBUTE_NAMES, KINDS, WORDS
from geo.imports import osm_kinds, osm_tags
from geo.imports.record import FacilityRecord

HERE = Point(24.94, 60.17)


def facility(**tags: str) -> FacilityRecord:
    record = osm_tags.facility_of("node/1", HERE, {key.replace("__", ":"): value for key, value in tags.items()})
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"amenity": "toilets"}, "toilets"),
        ({"amenity": "drinking_water"}, "drinking_water"),
        ({"amenity": "shower"}, "shower"),
        ({"amenity": "nursing_room"}, "baby_care"),
        ({"amenity": "cafe", "toilets": "yes"}, "toilets"),
        ({"shop": "mall", "baby_feeding": "room"}, "baby_care"),
        ({"amenity": "shower;toilets"}, "toilets"),
        ({"amenity": "fountain", "drinking_water": "yes"}, "drinking_water"),
        ({"man_made": "water_tap", "drinking_water": "yes"}, "drinking_water"),
        ({"natural": "spring", "drinking_water": "yes"}, "drinking_water"),
        ({"amenity": "water_point"}, "drinking_water"),
        ({"man_made": "water_well", "drinkable": "yes"}, "drinking_water"),
        ({"amenity": "watering_place", "potable": "yes"}, "drinking_water"),
        ({"tourism": "camp_site", "drinking_water": "yes"}, "drinking_water"),
        ({"amenity": "restaurant", "toilets:wheelchair": "yes"}, "toilets"),
        ({"amenity": "bank", "toilets:wheelchair": "limited"}, "toilets"),
        ({"amenity": "library", "toilets:access": "yes"}, "toilets"),
        ({"amenity": "pub", "toilets": "customers"}, "toilets"),
        ({"shop": "chemist", "changing_table": "yes"}, "toilets"),
        ({"shop": "clothes", "changing_table": "yes", "changing_table:location": "sales_area"}, "baby_care"),
    ],
)
def test_a_tag_names_the_kind(tags: dict[str, str], kind: str) -> None:
    assert facility(**tags).kind == kind


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"amenity": "fountain"},
        {"amenity": "fountain", "drinking_water": "no"},
        {"amenity": "fountain", "drinking_water": "yes;no"},
        {"natural": "spring"},
        {"natural": "spring", "drinking_water": "conditional"},
        {"man_made": "reservoir_covered", "drinking_water": "yes"},
        {"amenity": "cafe", "toilets": "no"},
        {"amenity": "cafe", "toilets": "separate"},
        {"amenity": "cafe", "toilets:wheelchair": "no"},
        {"amenity": "cafe", "toilets": "no", "toilets:wheelchair": "yes"},
        {"amenity": "cafe", "changing_table": "no"},
        {"shop": "mall", "baby_feeding": "yes"},
        {"proposed:amenity": "toilets"},
    ],
)
def test_an_object_that_is_not_a_facility_is_skipped(tags: dict[str, str]) -> None:
    assert osm_tags.facility_of("node/1", HERE, tags) is None
    assert not osm_tags.is_facility(tags)


def test_an_amenity_tag_takes_precedence_over_a_toilets_tag() -> None:
    record = facility(amenity="drinking_water", toilets="yes", fee="no")
    assert (record.kind, record.venue, record.attributes.get("fee")) == ("drinking_water", None, "no")


@pytest.mark.parametrize(
    ("tags", "venue"),
    [
        ({"amenity": "fuel", "shop": "convenience"}, "fuel"),
        ({"shop": "supermarket", "building": "retail"}, "supermarket"),
        ({"railway": "station", "public_transport": "station"}, "station"),
        ({"tourism": "museum", "building": "yes"}, "museum"),
        ({"building": "yes"}, "building"),
        ({"building": "no", "name": "?"}, None),
    ],
)
def test_the_venue_is_the_tag_value_of_the_host(tags: dict[str, str], venue: str | None) -> None:
    assert facility(toilets="yes", **tags).venue == venue


def test_tags_of_a_host_do_not_apply_to_its_toilets() -> None:
    record = facility(
        amenity="cafe", toilets="yes", name="Ekberg", opening_hours="Mo-Fr 08:00-18:00", access="customers",
        wheelchair="yes", fee="yes", male="no", female="yes", unisex="no", locked="yes",
    )  # fmt: skip
    assert (record.name, record.opening_hours) == ("Ekberg", "Mo-Fr 08:00-18:00")
    assert (
        record.attributes.get("access"),
        record.attributes.get("wheelchair"),
        record.attributes.get("fee"),
        record.attributes.get("male"),
        record.attributes.get("female"),
        record.attributes.get("all_gender"),
    ) == (None,) * 6


def test_tags_of_the_toilets_of_a_host_are_kept() -> None:
    record = facility(
        amenity="cafe", toilets="yes", opening_hours="24/7", changing_table="yes",
        toilets__access="customers", toilets__wheelchair="designated", toilets__fee="0.50 EUR",
        toilets__unisex="yes", toilets__opening_hours="08:00-20:00",
    )  # fmt: skip
    assert (record.attributes.get("access"), record.attributes.get("wheelchair"), record.attributes.get("fee")) == (
        "customers",
        "yes",
        "yes",
    )
    assert (record.attributes.get("all_gender"), record.attributes.get("changing_table"), record.opening_hours) == (
        "yes",
        "yes",
        "08:00-20:00",
    )


@pytest.mark.parametrize(
    ("tags", "access"),
    [
        ({"access": "yes"}, "public"),
        ({"access": "permissive"}, "public"),
        ({"access": "customers"}, "customers"),
        ({"access": "no"}, "private"),
        ({"access": "limited"}, None),
        ({"toilets:access": "customers"}, "customers"),
        ({"access": "key"}, "key"),
        ({"access": "yes", "locked": "yes"}, "key"),
        ({"access": "private", "locked": "yes"}, "private"),
        ({"centralkey": "eurokey"}, "key"),
        ({"centralkey": "eurokey", "access": "yes"}, "public"),
        ({"centralkey": "no"}, None),
        ({}, None),
    ],
)
def test_access_follows_the_access_tag(tags: dict[str, str], access: str | None) -> None:
    assert facility(amenity="toilets", **tags).attributes.get("access") == access


@pytest.mark.parametrize(
    ("fee", "expected"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("0.20", "yes"),
        ("0,50 EUR", "yes"),
        ("0,10 cts", "yes"),
        ("€1", "yes"),
        ("0", "no"),
        ("0.00 EUR", "no"),
        ("unknown", None),
        ("donation", None),
        ("Mo-Fr 08:00-18:00", None),
    ],
)
def test_a_sum_of_money_is_a_fee(fee: str, expected: str | None) -> None:
    assert facility(amenity="toilets", fee=fee).attributes.get("fee") == expected


@pytest.mark.parametrize(
    ("tags", "fee"),
    [
        ({"charge": "0.2€"}, "yes"),
        ({"charge": "0.50 EUR; 1 EUR"}, "yes"),
        ({"charge": "no"}, "no"),
        ({"charge": "0"}, "no"),
        ({"charge": "?"}, None),
        ({"fee": "no", "charge": "1 EUR"}, "no"),
        ({"fee": "unknown", "charge": "1 EUR"}, "yes"),
    ],
)
def test_a_charge_implies_a_fee_without_a_fee_tag(tags: dict[str, str], fee: str | None) -> None:
    assert facility(amenity="toilets", **tags).attributes.get("fee") == fee


@pytest.mark.parametrize(
    ("tags", "attribute", "expected"),
    [
        ({"wheelchair": "official"}, "wheelchair", "yes"),
        ({"wheelchair": "limited"}, "wheelchair", "limited"),
        ({"wheelchair": "unknown", "toilets:wheelchair": "no"}, "wheelchair", "no"),
        ({"wheelchair": "unknown"}, "wheelchair", None),
        ({"gender_segregated": "no"}, "all_gender", "yes"),
        ({"unisex": "no", "gender_segregated": "no"}, "all_gender", "no"),
        ({"diaper": "room"}, "changing_table", "yes"),
        ({"changing_table": "limited"}, "changing_table", None),
        ({"shower": "hot"}, "shower", "yes"),
        ({"addr:country": "fi"}, "country", "FI"),
        ({"toilets:menstrual_products": "limited"}, "menstrual_products", "limited"),
        ({"menstrual_products": "no"}, "menstrual_products", "no"),
        ({"menstrual_products": "sold"}, "menstrual_products", None),
        ({"addr:country": "Finland"}, "country", None),
        ({"opening_hours:toilets": "24/7"}, "opening_hours", "24/7"),
    ],
)
def test_an_attribute_is_read_as_the_wiki_defines_it(
    tags: dict[str, str], attribute: str, expected: str | None
) -> None:
    record = facility(amenity="toilets", **tags)
    read = record.attributes.get(attribute) if attribute in ATTRIBUTE_NAMES else getattr(record, attribute)
    assert read == expected


@pytest.mark.parametrize(
    ("tags", "drinking_water"),
    [
        ({"drinking_water": "no"}, "no"),
        ({"drinking_water": "No "}, "no"),
        ({"drinking_water": "unsafe"}, "no"),
        ({"drinking_water": "untreated"}, "no"),
        ({"drinking_water": "yes;no"}, "no"),
        ({"drinkable": "no"}, "no"),
        ({"drinking_water": "yes", "potable": "no"}, "no"),
        ({"drinking_water": "Not potable"}, "no"),
        ({"drinking_water": "non-potable"}, "no"),
        ({"potable": "non_drinkable"}, "no"),
        ({"drinking_water:legal": "no"}, "no"),
        ({"drinking_water": "conditional", "drinking_water:legal": "no"}, "no"),
        ({"drinking_water": "yes", "drinking_water:legal": "no"}, "yes"),
        ({"drinking_water": "yes"}, "yes"),
        ({"drinkable": "yes"}, "yes"),
        ({"drinking_water": "conditional"}, None),
        ({"drinking_water": "unknown"}, None),
        ({"drinking_water:legal": "yes"}, None),
        ({}, None),
    ],
)
def test_water_is_not_drinkable_where_any_tag_denies_it(tags: dict[str, str], drinking_water: str | None) -> None:
    assert facility(amenity="drinking_water", **tags).attributes.get("drinking_water") == drinking_water


@pytest.mark.parametrize(
    "tags",
    [
        {"amenity": "toilets", "disused": "yes"},
        {"amenity": "toilets", "operational_status": "closed"},
        {"disused:amenity": "toilets"},
        {"closed:amenity": "drinking_water"},
        {"disused:shop": "kiosk", "toilets": "yes"},
    ],
)
def test_a_disused_place_is_closed(tags: dict[str, str]) -> None:
    assert facility(**tags).closed


def test_a_disused_tag_of_an_active_host_does_not_close_it() -> None:
    assert not facility(**{"was:shop": "bakery", "amenity": "cafe", "toilets": "yes"}).closed
    assert not facility(**{"was:shop": "bakery", "amenity": "toilets"}).closed


def test_every_tag_of_the_source_is_kept() -> None:
    tags = {"amenity": "toilets", "note": "behind the church", "fee": "yes"}
    record = osm_tags.facility_of("way/2", HERE, tags)
    assert record is not None
    assert (record.external_id, record.location, record.tags) == ("way/2", HERE, tags)


KEYS = st.sampled_from(
    [
        *osm_kinds.KEYS, *osm_kinds.HOST_KEYS, "access", "toilets:access", "fee", "charge",
        "toilets:fee", "wheelchair", "unisex", "gender_segregated", "male", "female", "shower",
        "drinking_water", "diaper", "locked", "centralkey", "changing_table", "disused", "addr:country",
        "opening_hours", "toilets:opening_hours", "disused:shop", "menstrual_products",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["yes", "no", "toilets", "shower", "room", "limited", "customers", "0", "1 EUR", "shower;toilets"]),
    st.text(),
)


def assert_only_known_words(record: FacilityRecord) -> None:
    assert record.kind in KINDS
    assert all(word in WORDS[name] for name, word in record.attributes.items())


@given(st.dictionaries(st.one_of(KEYS, st.text()), VALUES))
def test_arbitrary_tags_are_read_without_an_error(tags: dict[str, str]) -> None:
    record = osm_tags.facility_of("node/1", HERE, tags)
    assert (record is not None) == osm_tags.is_facility(tags)
    if record is None:
        return
    assert any(key in tags for key in osm_kinds.KEYS)
    assert_only_known_words(record)
    assert record.country is None or (record.country.isupper() and len(record.country) == 2)
    assert record.tags == tags


@given(st.dictionaries(st.one_of(KEYS, st.text()), VALUES), st.sampled_from(["amenity", "toilets"]))
def test_arbitrary_tags_of_a_facility_are_read_without_an_error(tags: dict[str, str], form: str) -> None:
    record = facility(**{**tags, **({"amenity": "toilets"} if form == "amenity" else {"toilets": "yes"})})
    assert_only_known_words(record)
