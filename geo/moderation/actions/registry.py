"""All actions of moderation by name, and what follows from what each declares."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Table

from geo.casework.decisions import REVERT
from geo.casework.models import Decision
from geo.casework.statements import Restriction
from geo.facilities.models import one_of
from geo.moderation.actions import comment, device, facility, proposal, ratings
from geo.moderation.actions.action import Action
from geo.moderation.targets import Target

ACTIONS: Mapping[str, type[Action[Any]]] = {
    action.recorded_as.name: action
    for action in (*comment.ACTIONS, *facility.ACTIONS, *proposal.ACTIONS, *ratings.ACTIONS, *device.ACTIONS)
}

NAMES = (*ACTIONS, REVERT.name)
"""What the column ``action`` of a decision may hold."""

STAFF_ACTIONS = tuple(name for name, action in ACTIONS.items() if not action.is_automatic)
"""What a member of staff may take."""

REVERTIBLE = tuple(name for name, action in ACTIONS.items() if action.is_revertible)

WINDOW_ACTIONS = tuple(name for name, action in ACTIONS.items() if action.takes_window)
"""What concerns a time window."""

RESTRICTIONS: Mapping[str, Restriction] = {
    name: restriction for name, action in ACTIONS.items() if (restriction := action.recorded_as.restriction)
}
"""How each action restricts somebody; it then carries a statement of reasons."""

# Here, because the models lie below the actions.
cast("Table", Decision.__table__).append_constraint(one_of("action", NAMES))


def for_item(queue_kind: str) -> Mapping[str, type[Action[Any]]]:
    """The actions that staff may take on a queue item of a kind."""
    return {name: ACTIONS[name] for name in STAFF_ACTIONS if ACTIONS[name].queue_kind == queue_kind}


def for_target(target: Target) -> Mapping[str, type[Action[Any]]]:
    """The actions that staff may take on a target."""
    return {name: ACTIONS[name] for name in STAFF_ACTIONS if isinstance(target, ACTIONS[name].target_type)}
