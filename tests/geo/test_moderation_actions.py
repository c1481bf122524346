"""The classes of moderation actions, and what the registry derives from them."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.casework import queue
from geo.casework.models import DECISION_TARGETS, QUEUE_KINDS
from geo.casework.statements import Grounds, statement
from geo.moderation.actions import registry
from geo.moderation.actions.action import Action
from tests.conftest import NOON


def test_the_database_accepts_the_names_of_all_actions_and_no_others(session: Session) -> None:
    definition = session.execute(
        text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_decision_action'")
    ).scalar_one()
    assert re.findall(r"'(\w+)'", definition) == list(registry.NAMES)


@pytest.mark.parametrize(
    ("kind", "actions"),
    [
        ("comment", {"approve_comment", "hide_comment"}),
        ("facility", {"dismiss_reports", "close_facility", "hide_facility"}),
        ("proposal", {"accept_proposal", "reject_proposal"}),
        ("rate_bomb", {"exclude_ratings", "dismiss_alarm"}),
    ],
)
def test_each_kind_of_queue_item_has_its_actions(kind: str, actions: set[str]) -> None:
    suiting = registry.for_item(kind)
    assert set(suiting) == actions
    assert {action.target_type.kind for action in suiting.values()} == {queue.target_kind(kind)}


def test_each_action_is_about_a_target_and_an_item_that_the_database_knows() -> None:
    actions = registry.ACTIONS.values()
    assert {action.target_type.kind for action in actions} == set(DECISION_TARGETS)
    assert {action.queue_kind for action in actions} == {*QUEUE_KINDS, None}


def test_actions_with_a_wide_effect_require_a_senior() -> None:
    seniors = {name for name, action in registry.ACTIONS.items() if action.least_role == "senior"}
    assert seniors == {"hide_facility", "exclude_ratings", "suspend_device"}
    assert {action.least_role for action in registry.ACTIONS.values()} == {"moderator", "senior"}


def test_an_action_is_revertible_exactly_where_its_class_defines_a_revert() -> None:
    irrevertible = {"approve_comment", "dismiss_reports", "dismiss_alarm"}
    assert set(registry.ACTIONS) - set(registry.REVERTIBLE) == irrevertible
    for name in registry.REVERTIBLE:
        assert registry.ACTIONS[name].revert is not Action.revert, name


DISABLED, DEMOTED = (f"DECISION_VISIBILITY_CONTENT_{word}" for word in ("DISABLED", "DEMOTED"))


@pytest.mark.parametrize(
    ("name", "visibility", "account", "content_type"),
    [
        ("hold_comment", DISABLED, None, "TEXT"),
        ("hide_comment", DISABLED, None, "TEXT"),
        ("report_closed", DEMOTED, None, "OTHER"),
        ("close_facility", DISABLED, None, "OTHER"),
        ("hide_facility", DISABLED, None, "OTHER"),
        ("reject_proposal", DISABLED, None, "OTHER"),
        ("exclude_ratings", DEMOTED, None, "OTHER"),
        ("suspend_device", None, "DECISION_ACCOUNT_SUSPENDED", "TEXT"),
    ],
)
def test_a_restriction_states_its_effect_and_its_content(
    name: str, visibility: str | None, account: str | None, content_type: str
) -> None:
    stated = statement(registry.RESTRICTIONS[name], Grounds("mistake", NOON.date()), NOON.date(), automated=False)
    assert stated["decision_visibility"] == (visibility and [visibility])
    assert stated["decision_account"] == account
    assert stated["content_type"] == [f"CONTENT_TYPE_{content_type}"]


def test_an_action_that_restricts_nobody_has_no_statement_of_reasons() -> None:
    free = {"approve_comment", "dismiss_reports", "accept_proposal", "dismiss_alarm"}
    free |= {"merge_facilities", "split_facility", "keep_apart"}
    assert set(registry.ACTIONS) - set(registry.RESTRICTIONS) == free
    for name in free:
        restriction = registry.ACTIONS[name].recorded_as.restriction
        assert statement(restriction, Grounds("mistake", NOON.date()), NOON.date(), automated=False) == {}
