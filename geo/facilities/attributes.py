"""What can be said of a facility, in OSM's words, and a bit for each: one comparison tells whether needs are met."""

from collections.abc import Iterable, Mapping

KINDS = ("toilets", "drinking_water", "shower", "baby_care")
ACCESSES = ("public", "customers", "key", "private")
YES_NO = ("yes", "no")
WHEELCHAIR = ("yes", "limited", "no")

UNKNOWN = "unknown"
"""In a list of accepted values: take also the facilities whose value nobody knows."""

_SAID_BY: Mapping[str, str] = {"shower": "shower", "drinking_water": "drinking_water", "baby_care": "changing_table"}
"""Kind to the column that says yes or no to it. A toilet with a shower offers a shower; a tap whose water is not for
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

_ACCEPTED: Mapping[str, tuple[str, ...]] = {
    "access": (*ACCESSES, UNKNOWN),
    "wheelchair": (*WHEELCHAIR, UNKNOWN),
    "fee": (*YES_NO, UNKNOWN),
    "changing_table": (*YES_NO, UNKNOWN),
    "all_gender": (*YES_NO, UNKNOWN),
}
"""The columns that a search can ask about, with the words it can accept: a facility has exactly one of each."""

_BIT: Mapping[tuple[str, str], int] = {
    trait: 1 << place
    for place, trait in enumerate(
        [("offers", kind) for kind in KINDS] + [(column, word) for column, words in _ACCEPTED.items() for word in words]
    )
}
"""Stored with each facility: a new trait goes to the end, and a migration computes the column anew."""


def offered(kinds: Iterable[str] | None) -> int:
    """The traits of which a facility must have at least one; None asks for any kind.

    Args:
        kinds: of KINDS.
    """
    return sum(_BIT["offers", kind] for kind in (KINDS if kinds is None else set(kinds)))


def ruled_out(accepted: Mapping[str, Iterable[str] | None]) -> int:
    """The traits of which a facility must have none.

    Args:
        accepted: for some columns the words that will do, UNKNOWN among them or not; None for all.
    """
    return sum(
        _BIT[column, word]
        for column, words in accepted.items()
        if words is not None
        for word in set(_ACCEPTED[column]).difference(words)
    )


def _offers_sql() -> str:
    return " | ".join(f"CASE WHEN {_OFFERED_WHEN[kind]} THEN {_BIT['offers', kind]} ELSE 0 END" for kind in KINDS)


def _column_sql(column: str) -> str:
    whens = " ".join(f"WHEN '{word}' THEN {_BIT[column, word]}" for word in _ACCEPTED[column] if word != UNKNOWN)
    return f"CASE {column} {whens} ELSE {_BIT[column, UNKNOWN]} END"


TRAITS = " | ".join([_offers_sql(), *map(_column_sql, _ACCEPTED)])
"""The bits of a facility's traits, computed from its other columns."""
