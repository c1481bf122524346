"""What each route declares where it is defined: who may call it, what it takes and which problems it answers with.

Callers are checked, requests are parsed and the routes are documented from these declarations alone.
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
        caller: whose token the route asks for; also the name of the OpenAPI security scheme.
        at_least: the least role of staff, or the scope of a partner's key.
        refusals: the errors by which a route of the API may refuse a caller.
        check: runs before the request is read and raises one of the refusals; a device is checked in its view, in the
            transaction that locks it (``callers.calling_device``).
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
        problems: the HTTP statuses of the problem documents that it may answer with.
    """

    policy: Policy
    problems: frozenset[int] = frozenset()


class OpenRoutes(Blueprint):
    """Routes outside the API, open to everybody: pages and the status of the service."""

    def route(self, rule: str, **options: Any) -> Callable[[Any], Any]:
        """A route and its policy."""
        add = super().route(rule, **options)
        return lambda view: add(declare(view, Declaration(EVERYBODY)))


def declare(view: _View, declaration: Declaration) -> _View:
    """Attach a declaration to a view; ``functools.wraps`` passes it on to every wrapper."""
    setattr(view, _ATTRIBUTE, declaration)
    return view


def policy_of(view: Callable[..., Any]) -> Policy | None:
    """The policy that a view declares, or None."""
    declaration: Declaration | None = getattr(view, _ATTRIBUTE, None)
    return None if declaration is None else declaration.policy


def policy_here() -> Policy:
    """The policy of the route that answers this request.

    Raises:
        LookupError: the route declares none.
    """
    policy = policy_of(current_app.view_functions[request.endpoint or ""])
    if policy is None:
        raise LookupError(f"{request.endpoint} declares no policy")
    return policy


def schemas_of(view: Callable[..., Any]) -> Mapping[str, Schema]:
    """The schemas of what a view takes, by location (``query``, ``json``), as flask-smorest's decorators noted them."""
    documented = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    return {parameter["in"]: parameter["schema"] for parameter in documented if isinstance(parameter, Mapping)}


def register(app: Flask) -> None:
    """Check every caller by the policy of the route, before the request is read."""

    @app.before_request
    def _check_caller() -> None:
        if request.endpoint is not None and (check := policy_here().check) is not None:
            check()
