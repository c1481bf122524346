"""What in a text needs a look before everybody reads it: ways to reach a person, and links. No reason to refuse."""

import re
import unicodedata

import phonenumbers

PHONE_NUMBER = "phone number"
EMAIL_ADDRESS = "e-mail address"
LINK = "link"

_EMAIL = re.compile(r"[\w.+-]+\s*(?:@|\(at\)|\[at\])\s*[\w-]+(?:\s*(?:\.|\(dot\)|\[dot\])\s*[\w-]+)+", re.IGNORECASE)

_LINK = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]*://|www\.)\S+"
    r"|\b(?:[a-z0-9-]+\.)+(?:com|net|org|info|biz|io|co|me|app|dev|xyz|top|shop|site|online|club|link|ly|gl|gg|tv|cc"
    r"|eu|de|fr|fi|se|no|dk|nl|be|at|ch|it|es|pt|pl|cz|uk|ie|us|ca|au|nz|in|jp|cn|ru|br|mx|za)\b(?!\.\w)",
    re.IGNORECASE,
)
"""A scheme, www., or a name under a domain that people write without either."""

_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")

_DIGITS = re.compile(r"(?:\d[\s().\-/]{0,2}){9,}")
"""Nine digits or more with what people put between them: a number of some country that is not told."""


def contact_details(text: str, country: str | None = None) -> list[str]:
    """What the text holds of PHONE_NUMBER, EMAIL_ADDRESS and LINK.

    Args:
        text: what a person wrote.
        country: ISO 3166-1 alpha-2, whose national phone numbers are known; None for none.
    """
    plain = unicodedata.normalize("NFKC", text)  # fullwidth digits and letters are read as what they show
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")  # no zero-width joints
    checks = {
        PHONE_NUMBER: _has_phone_number(plain, country),
        EMAIL_ADDRESS: _EMAIL.search(plain) is not None,
        LINK: _LINK.search(_EMAIL.sub(" ", plain)) is not None,
    }
    return [name for name, found in checks.items() if found]


def _has_phone_number(text: str, country: str | None) -> bool:
    if _DIGITS.search(_DATE.sub(" ", text)):
        return True
    return any(phonenumbers.PhoneNumberMatcher(text, country, leniency=phonenumbers.Leniency.VALID))
