"""The table of facility attributes, from which filters, columns and properties are derived."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KINDS = ("toilets", "drinking_water", "shower", "baby_care")
YES_NO = ("yes", "no")

UNKNOWN = "unknown"
"""In a list of accepted values: facilities whose value is unknown are accepted, too."""

OFFERED_STATES = ("open", UNKNOWN)
"""Default states of stops on routes, in hints and in geofences: facilities closed on arrival are not suggested."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a facility. Searches can filter by it, and proposals can set it.

    Attributes:
        name: name of the column, the query parameter, the import field and the Feature's property.
        words: its possible values; NULL means unknown.
        description: description in the API documentation.
        osm: OSM keys, each with its values and our words for them. The first key with a known value counts. Empty if
            geo/imports/osm_tags.py has a function for the attribute.
    """

    name: str
    words: tuple[str, ...]
    description: str
    osm: Mapping[str, Mapping[str, str]]

    @property
    def accepted(self) -> tuple[str, ...]:
        """The values that a filter can accept."""
        return (*self.words, UNKNOWN)


_SAME = {"yes": "yes", "no": "no"}
_OPPOSITE = {"yes": "no", "no": "yes"}

ATTRIBUTES = (
    Attribute("access", ("public", "customers", "key", "private"), "Who may enter.", {}),
    Attribute(
        "wheelchair",
        ("yes", "limited", "no"),
        "Wheelchair access.",
        {"wheelchair": {**_SAME, "designated": "yes", "official": "yes", "limited": "limited"}},
    ),
    Attribute("fee", YES_NO, "Whether it costs something.", {}),
    Attribute("changing_table", YES_NO, "Whether a baby can be changed there.", {}),
    Attribute("all_gender", YES_NO, "Whether it is for everybody.", {"unisex": _SAME, "gender_segregated": _OPPOSITE}),
    Attribute("male", YES_NO, "Whether there is a part for men.", {"male": _SAME}),
    Attribute("female", YES_NO, "Whether there is a part for women.", {"female": _SAME}),
    Attribute("shower", YES_NO, "Whether one can shower there.", {}),
    Attribute("drinking_water", YES_NO, "Whether there is drinking water.", {}),
    Attribute(
        "menstrual_products",
        ("yes", "limited", "no"),
        "Whether there are tampons or pads; limited: not in all rooms, or not always.",
        {"menstrual_products": {**_SAME, "limited": "limited"}},
    ),
    Attribute("toilets", YES_NO, "Whether there are toilets, at a facility of another kind.", {}),
    Attribute(
        "changing_table_location",
        (
            *("wheelchair_toilet", "female_toilet", "male_toilet", "male_and_female_toilet", "unisex_toilet"),
            *("dedicated_room", "room", "sales_area"),
        ),
        "Where the changing table is, in OSM's words.",
        {},
    ),
    Attribute(
        "key_scheme",
        ("radar", "eurokey", "mlak"),
        "The access key for people with disabilities that opens it, or its wheelchair-accessible part.",
        {},
    ),
)

ATTRIBUTE_NAMES = tuple(attribute.name for attribute in ATTRIBUTES)

WORDS: Mapping[str, tuple[str, ...]] = {attribute.name: attribute.words for attribute in ATTRIBUTES}

ATTRIBUTE_OF_KIND: Mapping[str, str] = {
    "toilets": "toilets",
    "shower": "shower",
    "drinking_water": "drinking_water",
    "baby_care": "changing_table",
}
"""The attribute that determines whether a facility offers a kind. A toilet with a shower offers a shower; a tap without
drinking water does not offer drinking water."""


def _offers_list_sql() -> str:
    said_of_own_kind = " ".join(f"WHEN '{kind}' THEN {column}" for kind, column in ATTRIBUTE_OF_KIND.items())
    own = f"CASE WHEN CASE kind {said_of_own_kind} END IS DISTINCT FROM 'no' THEN kind END"
    others = (
        f"CASE WHEN {column} = 'yes' AND kind <> '{kind}' THEN '{kind}' END"
        for kind, column in ATTRIBUTE_OF_KIND.items()
    )
    return f"array_remove(ARRAY[{', '.join((own, *others))}], NULL)"


OFFERS = _offers_list_sql()
"""SQL: the list of kinds that a facility offers, its own kind first. A test checks that the bits below agree."""


def _offered_when(kind: str) -> str:
    """Return SQL: when a facility offers a kind. The attribute decides or, if it is unknown, the kind."""
    return f"coalesce({ATTRIBUTE_OF_KIND[kind]} = 'yes', kind = '{kind}')"


_BIT: Mapping[tuple[str, str], int] = {
    trait: 1 << number
    for number, trait in enumerate(
        [("offers", kind) for kind in KINDS]
        + [(attribute.name, word) for attribute in ATTRIBUTES for word in attribute.accepted]
    )
}
"""A bit for each value of each attribute; a facility has exactly one of them per attribute. A bigint has room for 63.
The bits are stored with each facility: a migration that adds an attribute must recompute the column."""


def offered(kinds: Iterable[str] | None) -> int:
    """Return the traits of which a facility must have at least one; None means any kind.

    Args:
        kinds: of KINDS.
    """
    return sum(_BIT["offers", kind] for kind in (KINDS if kinds is None else set(kinds)))


def ruled_out(accepted: Mapping[str, Iterable[str]]) -> int:
    """Return the traits of which a facility must have none.

    Args:
        accepted: accepted values by attribute name, with or without UNKNOWN. Other attributes may have any value.
    """
    return sum(
        _BIT[name, word] for name, words in accepted.items() for word in {*WORDS[name], UNKNOWN}.difference(words)
    )


def _offers_sql() -> str:
    return " | ".join(f"CASE WHEN {_offered_when(kind)} THEN {_BIT['offers', kind]} ELSE 0 END" for kind in KINDS)


def _attribute_sql(attribute: Attribute) -> str:
    whens = " ".join(f"WHEN '{word}' THEN {_BIT[attribute.name, word]}" for word in attribute.words)
    return f"CASE {attribute.name} {whens} ELSE {_BIT[attribute.name, UNKNOWN]} END"


TRAITS = f"({' | '.join([_offers_sql(), *map(_attribute_sql, ATTRIBUTES)])})::bigint"
"""SQL: the bits of a facility's traits, computed from its other columns."""

PROPERTIES = ", ".join(f"'{name}', f.{name}" for name in ATTRIBUTE_NAMES)
"""The arguments of json_build_object that write the attributes of a facility f as properties of its Feature."""
