"""All actions of moderation by name, and lists derived from their declarations."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Table

from geo.casework.decisions import REVERT
from geo.casework.models import Decision
from geo.casework.statements import Restriction
from geo.facilities.models import one_of
from geo.moderation.actions import comment, device, facility, identity, proposal, ratings
from geo.moderation.actions.action import Action
from geo.moderation.targets import Target

ACTIONS: Mapping[str, type[Action[Any]]] = {
    action.recorded_as.name: action
    for action in (
        *comment.ACTIONS,
        *facility.ACTIONS,
        *proposal.ACTIONS,
        *ratings.ACTIONS,
        *device.ACTIONS,
        *identity.ACTIONS,
    )
}

NAMES = (*ACTIONS, REVERT.name)
"""Values of the column ``action`` of a decision."""

STAFF_ACTIONS = tuple(name for name, action in ACTIONS.items() if not action.is_automatic)
"""Actions that staff may choose."""

REVERTIBLE = tuple(name for name, action in ACTIONS.items() if action.is_revertible)

OTHER_ACTIONS = tuple(name for name, action in ACTIONS.items() if action.takes_other)
"""Actions that take a second facility."""

WINDOW_ACTIONS = tuple(name for name, action in ACTIONS.items() if action.takes_window)
"""Actions that take a time window."""

RESTRICTIONS: Mapping[str, Restriction] = {
    name: restriction for name, action in ACTIONS.items() if (restriction := action.recorded_as.restriction)
}
"""Restrictions by action. A decision that restricts has a statement of reasons."""

# Added here, because the models cannot import the actions.
cast("Table", Decision.__table__).append_constraint(one_of("action", NAMES))


def for_item(queue_kind: str) -> Mapping[str, type[Action[Any]]]:
    """Return the actions that staff may choose for a kind of queue item."""
    return {name: ACTIONS[name] for name in STAFF_ACTIONS if ACTIONS[name].queue_kind == queue_kind}


def for_target(target: Target) -> Mapping[str, type[Action[Any]]]:
    """Return the actions that staff may choose for a target."""
    return {name: ACTIONS[name] for name in STAFF_ACTIONS if isinstance(target, ACTIONS[name].target_type)}
