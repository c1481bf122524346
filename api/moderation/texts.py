"""Texts of decisions: the sentences of reasons, facts and statements of reasons, in the caller's language."""

from collections.abc import Mapping
from typing import Any

from api.http.languages import Language
from geo.casework.statements import EXPORTED
from geo.crowd.text_checks import EMAIL_ADDRESS, LINK, PHONE_NUMBER


def reason_text(reason: str, language: Language) -> str:
    """Return the sentence of a predefined reason, as the author reads it."""
    return {
        "offensive": language.say("The text attacks or demeans people."),
        "personal_data": language.say("The text contains personal data of another person."),
        "contact_details": language.say("The text contains a phone number, an e-mail address or a link."),
        "spam": language.say("The text is advertising, or repeats itself."),
        "off_topic": language.say("The text is not about the place."),
        "reported": language.say("Several visitors reported it independently of each other."),
        "closed": language.say("The place is closed, as visitors reported."),
        "out_of_order": language.say("The place is out of order, as visitors reported."),
        "duplicate": language.say("The place is already listed."),
        "never_existed": language.say("There is no such place, or it is not open to the public."),
        "unsafe": language.say("Going there may put people in danger."),
        "inaccurate": language.say("What it says about the place is wrong."),
        "one_sided_burst": language.say("Many one-sided ratings came in a short time, as in a campaign."),
        "abuse": language.say("The device was used against the rules repeatedly."),
        "verified": language.say("A moderator checked it, and it is correct."),
        "no_fault": language.say("A moderator checked it and found nothing against the rules."),
        "appeal_granted": language.say("The author appealed, and the appeal was granted."),
        "visited": language.say("Visitors have rated the place since it was reported."),
        "mistake": language.say("The decision was a mistake."),
    }[reason]


def statement_texts(decision: Mapping[str, Any], language: Language) -> dict[str, str | None]:
    """Return the texts of a statement of reasons by the names of the EU's database; None where nobody is restricted.

    Decisions made before migration 0009 have stored texts, in English, which are returned as they are.

    Args:
        decision: a row of the table.
        language: of the texts composed from codes.
    """
    code = decision["decision_facts_code"]
    if code is None:
        return {name: decision[name] for name in _TEXTS}
    is_other = decision["content_type"] == ["CONTENT_TYPE_OTHER"]
    return {
        "incompatible_content_ground": language.say(
            "The rules of the service: what may be published about a place, and by whom."
        ),
        "incompatible_content_explanation": reason_text(decision["reason"], language),
        "content_type_other": language.say("A public facility, or ratings of one") if is_other else None,
        "decision_facts": _facts_text(code, decision["decision_facts_parameters"], language),
    }


def exported_statement(decision: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return a statement of reasons with the fields of the EU's database, without those that have no value."""
    fields = {**decision, **statement_texts(decision, language)}
    return {name: _plain(fields[name]) for name in EXPORTED if fields[name] is not None}


_TEXTS = ("incompatible_content_ground", "incompatible_content_explanation", "content_type_other", "decision_facts")
"""The columns with texts."""


def _facts_text(code: str, parameters: Mapping[str, Any], language: Language) -> str:
    if code == "reported":
        return language.count(
            "Visitors from %(number)s network reported it within a week.",
            "Visitors from %(number)s networks reported it within a week.",
            parameters["networks"],
        )
    if code == "reported_closed":
        return language.count(
            "Visitors from %(number)s network reported it closed within a week.",
            "Visitors from %(number)s networks reported it closed within a week.",
            parameters["networks"],
        )
    if code == "contact_details_found":
        found = ", ".join(_contact_detail(kind, language) for kind in parameters["kinds"])
        return language.say("An automatic check found in the text: %(found)s.", found=found)
    if code == "reported_and_reviewed":
        return language.say("Visitors reported it, and a moderator reviewed it.")
    return language.say("A moderator reviewed it.")


def _contact_detail(kind: str, language: Language) -> str:
    return {
        PHONE_NUMBER: language.say("a phone number"),
        EMAIL_ADDRESS: language.say("an e-mail address"),
        LINK: language.say("a link"),
    }[kind]


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, list)) else str(value)
