"""Declares who may call each route. A test requires a policy for every route."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from flask import current_app, request

Caller = Literal["everybody", "device", "staff", "partner"]

_View = TypeVar("_View", bound=Callable[..., Any])

_ATTRIBUTE = "__policy__"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may call a route.

    Attributes:
        caller: whose token it asks for.
        at_least: staff: the least role that will do; a partner: the scope of its key.
    """

    caller: Caller
    at_least: str | None = None


EVERYBODY = Policy("everybody")
DEVICE = Policy("device")


def open_to(policy: Policy) -> Callable[[_View], _View]:
    """Declare a view's policy; it stands closest to the function, so that every wrapper keeps it."""

    def declare(view: _View) -> _View:
        setattr(view, _ATTRIBUTE, policy)
        return view

    return declare


def staff(at_least: str) -> Policy:
    """Open to staff of at least this role."""
    return Policy("staff", at_least)


def partner(scope: str) -> Policy:
    """Open to a partner's key of this scope."""
    return Policy("partner", scope)


def policy_of(view: Callable[..., Any]) -> Policy | None:
    """What a view has declared; None for nothing."""
    policy: Policy | None = getattr(view, _ATTRIBUTE, None)
    return policy


def policy_here() -> Policy | None:
    """The policy of the view that answers this request."""
    return policy_of(current_app.view_functions[request.endpoint or ""])
