"""The filters by kind, attribute and verdict that all searches share."""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields

from api.http.fields import read_instant
from geo.crowd.quality import VERDICTS
from geo.facilities.attributes import ATTRIBUTE_NAMES, ATTRIBUTES, KINDS, UNKNOWN
from geo.facilities.search import DEFAULT_ACCEPTED, DEFAULT_KINDS, Needs

ANY_KIND = "any"
KIND_WORDS = (*KINDS, ANY_KIND)
KIND_DESCRIPTION = (
    "It offers one of these, by its kind or in addition (toilets with a shower); any for all kinds (default: toilets)."
)

_DEFAULTS = {name: f" Default: {', '.join(words)}." for name, words in DEFAULT_ACCEPTED.items()}


def needs_of(loaded: Mapping[str, Any], **opening: Any) -> Needs:
    """Return the Needs of a request, for all routes that filter facilities.

    Args:
        loaded: the loaded request, with lists under ``kind``, ``verdict`` and the names of attributes, each optional.
        opening: fields of Needs about opening hours.
    """
    kinds = tuple(loaded.get("kind", DEFAULT_KINDS))
    return Needs(
        kinds=None if ANY_KIND in kinds else kinds,
        accepted={name: tuple(loaded[name]) for name in ATTRIBUTE_NAMES if name in loaded},
        verdicts=tuple(loaded["verdict"]) if "verdict" in loaded else None,
        **opening,
    )


def filters(list_field: Callable[[tuple[str, ...], str], fields.Field[Any]]) -> dict[str, fields.Field[Any]]:
    """Return a field for each filter by kind, attribute and verdict, for ``Meta.include`` of a schema.

    Args:
        list_field: creates the field for a list of these words, with this description.
    """
    of_attributes = {
        attribute.name: list_field(attribute.accepted, attribute.description + _DEFAULTS.get(attribute.name, ""))
        for attribute in ATTRIBUTES
    }
    return {
        "kind": list_field(KIND_WORDS, KIND_DESCRIPTION),
        **of_attributes,
        "verdict": list_field(VERDICTS, "The crowd's verdict."),
    }


class OpenWhen(fields.String):
    """``now``, ``arrival`` or an RFC 3339 instant, optionally with ``,unknown``; loaded as fields of ``Needs``."""

    is_multiple = True  # like the filters: open=now&open=unknown

    default_error_messages = {
        "when": "must be now, arrival or an RFC 3339 instant such as 2026-12-24T18:00:00Z (write + as %2B), "
        "optionally followed by ,unknown",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        when, *more = str(super()._deserialize(",".join(value), attr, data, **kwargs)).split(",")
        if more not in ([], [UNKNOWN]):
            raise self.make_error("when")
        needs: dict[str, Any] = {"open_states": ("open", *more)}
        if when == "arrival":
            needs["open_on_arrival"] = True
        elif when != "now":
            if (instant := read_instant(when)) is None:
                raise self.make_error("when")
            needs["open_at"] = instant
        return needs
