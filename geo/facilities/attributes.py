"""The table of attributes: what can be known of a facility. Filters, columns and properties derive from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KINDS = ("toilets", "drinking_water", "shower", "baby_care")
YES_NO = ("yes", "no")

UNKNOWN = "unknown"
"""In a list of accepted values: also the facilities whose value is unknown."""

OFFERED_STATES = ("open", UNKNOWN)
"""What is offered along a route, in hints and in fences: nobody is sent to what is shut on arrival."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something that is known of a facility, or not; a search can filter by it and a proposal can set it.

    Attributes:
        name: of the column, the query parameter, the field of an import and the property of a Feature.
        words: the values it can have; where it is unknown, it is NULL.
        description: for the API's documentation.
        osm: how OSM tags say it: key to OSM's words to ours. The first key that says something counts. Empty where
            geo/imports/osm_tags.py has a function for it.
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
)

ATTRIBUTE_NAMES = tuple(attribute.name for attribute in ATTRIBUTES)

WORDS: Mapping[str, tuple[str, ...]] = {attribute.name: attribute.words for attribute in ATTRIBUTES}

_SAID_BY: Mapping[str, str] = {"shower": "shower", "drinking_water": "drinking_water", "baby_care": "changing_table"}
"""Kind to the attribute that says yes or no to it. A toilet with a shower offers a shower; a tap whose water is not for
drinking offers no drinking water."""


def _offers_list_sql() -> str:
    said_of_own_kind = " ".join(f"WHEN '{kind}' THEN {column}" for kind, column in _SAID_BY.items())
    own = f"CASE WHEN CASE kind {said_of_own_kind} END IS DISTINCT FROM 'no' THEN kind END"
    others = (f"CASE WHEN {column} = 'yes' AND kind <> '{kind}' THEN '{kind}' END" for kind, column in _SAID_BY.items())
    return f"array_remove(ARRAY[{', '.join((own, *others))}], NULL)"


OFFERS = _offers_list_sql()
"""All that it offers, its own kind first, as the reply lists it. The bits below say the same, and a test holds both."""

_OFFERED_WHEN: Mapping[str, str] = {
    "toilets": "kind = 'toilets'",
    **{kind: f"coalesce({column} = 'yes', kind = '{kind}')" for kind, column in _SAID_BY.items()},
}
"""The attribute decides; where it is unknown, the kind does."""

_BIT: Mapping[tuple[str, str], int] = {
    trait: 1 << number
    for number, trait in enumerate(
        [("offers", kind) for kind in KINDS]
        + [(attribute.name, word) for attribute in ATTRIBUTES for word in attribute.accepted]
    )
}
"""A bit for each value of each attribute, of which a facility has exactly one; 63 at most fit a bigint. They are stored
with each facility: a migration that adds an attribute computes the column anew."""


def offered(kinds: Iterable[str] | None) -> int:
    """The traits of which a facility must have at least one; None asks for any kind.

    Args:
        kinds: of KINDS.
    """
    return sum(_BIT["offers", kind] for kind in (KINDS if kinds is None else set(kinds)))


def ruled_out(accepted: Mapping[str, Iterable[str]]) -> int:
    """The traits of which a facility must have none.

    Args:
        accepted: attribute name to the values that will do, UNKNOWN among them or not; any value of the other
            attributes will do.
    """
    return sum(
        _BIT[name, word] for name, words in accepted.items() for word in {*WORDS[name], UNKNOWN}.difference(words)
    )


def _offers_sql() -> str:
    return " | ".join(f"CASE WHEN {_OFFERED_WHEN[kind]} THEN {_BIT['offers', kind]} ELSE 0 END" for kind in KINDS)


def _attribute_sql(attribute: Attribute) -> str:
    whens = " ".join(f"WHEN '{word}' THEN {_BIT[attribute.name, word]}" for word in attribute.words)
    return f"CASE {attribute.name} {whens} ELSE {_BIT[attribute.name, UNKNOWN]} END"


TRAITS = f"({' | '.join([_offers_sql(), *map(_attribute_sql, ATTRIBUTES)])})::bigint"
"""The bits of a facility's traits, computed from its other columns."""

PROPERTIES = ", ".join(f"'{name}', f.{name}" for name in ATTRIBUTE_NAMES)
"""The arguments of json_build_object that write the attributes of a facility f as properties of its Feature."""
