"""What each route declares where it is defined: who may call it, what it accepts, and with which problems it answers.

The check of the caller, the parsing of the request and the documentation all read these declarations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from flask import Blueprint, Flask, current_app, request
from marshmallow import Schema

from geo.errors import BeforehandError, LimitReached

Caller = Literal["everybody", "device", "staff", "partner"]

Error = type[BeforehandError]

_View = TypeVar("_View", bound=Callable[..., Any])

_ATTRIBUTE = "__declaration__"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may call a route.

    Attributes:
        caller: whose token the route requires; also the name of the OpenAPI security scheme.
        at_least: the lowest role of staff, or the scope of a partner's key.
        refusals: the errors that reject a caller of the API, including its rate limit.
        check: raises a refusal before the request is read. A device is checked in its view instead, in the transaction
            that locks its row (``callers.calling_device``).
    """

    caller: Caller
    at_least: str | None = None
    refusals: tuple[Error, ...] = ()
    check: Callable[[], None] | None = None


EVERYBODY = Policy("everybody", refusals=(LimitReached,))


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a route declares.

    Attributes:
        policy: who may call it.
        problems: the HTTP statuses of its problem documents.
    """

    policy: Policy
    problems: frozenset[int] = frozenset()


class OpenRoutes(Blueprint):
    """A blueprint whose routes are open to everybody and not part of the API: pages, health checks, documentation."""

    def route(self, rule: str, **options: Any) -> Callable[[Any], Any]:
        """Add a route and declare its policy."""
        add = super().route(rule, **options)
        return lambda view: add(declare(view, Declaration(EVERYBODY)))


def declare(view: _View, declaration: Declaration) -> _View:
    """Attach a declaration to a view. ``functools.wraps`` copies it to every wrapper."""
    setattr(view, _ATTRIBUTE, declaration)
    return view


def policy_of(view: Callable[..., Any]) -> Policy | None:
    """Return the policy that a view declares, or None."""
    declaration: Declaration | None = getattr(view, _ATTRIBUTE, None)
    return None if declaration is None else declaration.policy


def policy_here() -> Policy:
    """Return the policy of the route that answers this request.

    Raises:
        LookupError: the route declares no policy.
    """
    policy = policy_of(current_app.view_functions[request.endpoint or ""])
    if policy is None:
        raise LookupError(f"{request.endpoint} declares no policy")
    return policy


def schemas_of(view: Callable[..., Any]) -> Mapping[str, Schema]:
    """Return the schemas of a view's parameters by location (``query``, ``json``), as flask-smorest recorded them."""
    documented = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    return {parameter["in"]: parameter["schema"] for parameter in documented if isinstance(parameter, Mapping)}


def register(app: Flask) -> None:
    """Check the caller of every request by the policy of its route, before the request is read."""

    @app.before_request
    def _check_caller() -> None:
        if request.endpoint is not None and (check := policy_here().check) is not None:
            check()
