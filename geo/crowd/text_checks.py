"""Finds contact details and links in a text, which then needs review before it is published.

Each check takes time proportional to the length of the text: a pattern starts only at the start of a run of its
characters (lookbehind), and consumes the run without backtracking (possessive quantifiers).
"""

import re
import unicodedata

import phonenumbers

PHONE_NUMBER = "phone_number"
EMAIL_ADDRESS = "email_address"
LINK = "link"

_PHRASES = re.compile("[\ufdfa\ufdfb]")
"""NFKC expands these two characters to 18 and 8 Arabic letters without contact details, and any other to at most 6
characters. Without them the whole text can be checked, instead of a part of it."""

_NOT_DRAWN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point (Unicode 17, DerivedCoreProperties.txt) besides the format characters, category Cf."""

_AT = r"(?:@|\(at\)|\[at\])"
_DOT = r"(?:\.|\(dot\)|\[dot\])"
_EMAIL = re.compile(
    rf"(?<![\w.+-])[\w.+-]++\s*+{_AT}\s*+[\w-]++(?:\s*+{_DOT}\s*+[\w-]++)+",
    re.IGNORECASE,
)

_LINK = re.compile(
    r"[a-z0-9+.-]://\S"
    r"|\bwww\.\S"
    r"|[a-z0-9-]\.(?:com|net|org|info|biz|io|co|me|app|dev|xyz|top|shop|site|online|club|link|ly|gl|gg|tv|cc"
    r"|eu|de|fr|fi|se|no|dk|nl|be|at|ch|it|es|pt|pl|cz|uk|ie|us|ca|au|nz|in|jp|cn|ru|br|mx|za)\b(?!\.\w)",
    re.IGNORECASE,
)
"""The end of a scheme, www., or the last dot of a name under a domain that people write without either."""

_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")

_DIGITS = re.compile(r"(?:\d[\s().\-/]{0,2}){9}")
"""Nine digits with common separators: a phone number of an unknown country."""

_BETWEEN_DIGITS = r"[-x\u2010-\u2015\u2212\u30fc ()\[\]./~\u2053\u223c]{0,4}"
"""Characters that phonenumbers accepts between the digits of one number, after NFKC."""

_NUMBER = re.compile(
    rf".?(?:[(\[+]{_BETWEEN_DIGITS}){{0,2}}\d(?:{_BETWEEN_DIGITS}\d){{4,}}(?=([^\W\d]{{1,9}}\W{{0,3}}\d{{1,20}}|.{{0,3}}))",
    re.IGNORECASE | re.DOTALL,
)
"""Five or more digits that phonenumbers could read as one number, with the context that it considers: the character
before them, and after them an extension (x9, ext. 9) or minutes (:30), which make them a time."""

NUMBERS_MAX_CHARACTERS = 400
"""Characters that are passed to phonenumbers, at 3 to 10 µs each: some twenty numbers. A text with more of them is not
a visitor's sentence and counts as containing a phone number."""


def contact_details(text: str, country: str | None = None) -> list[str]:
    """Return which of PHONE_NUMBER, EMAIL_ADDRESS and LINK the text contains.

    Args:
        text: the text.
        country: ISO 3166-1 alpha-2 code, to find national phone numbers; None to find none.
    """
    # Fullwidth letters and digits as plain ones.
    plain = without_invisible(unicodedata.normalize("NFKC", _PHRASES.sub(" ", text)))
    checks = {
        PHONE_NUMBER: _has_phone_number(plain, country),
        EMAIL_ADDRESS: _EMAIL.search(plain) is not None,
        LINK: _LINK.search(_EMAIL.sub(" ", plain)) is not None,
    }
    return [name for name, found in checks.items() if found]


def without_invisible(text: str) -> str:
    """Leave out the characters that are not drawn, such as zero-width spaces and variation selectors."""
    text = _NOT_DRAWN.sub("", text)
    joints = [ord(letter) for letter in set(text) if unicodedata.category(letter) == "Cf"]
    return text.translate(dict.fromkeys(joints)) if joints else text


def _has_phone_number(text: str, country: str | None) -> bool:
    if _DIGITS.search(_DATE.sub(" ", text)):
        return True
    numbers = [found.group() + found.group(1) for found in _NUMBER.finditer(text)]
    if sum(map(len, numbers)) > NUMBERS_MAX_CHARACTERS:
        return True
    return any(
        any(phonenumbers.PhoneNumberMatcher(number, country, leniency=phonenumbers.Leniency.VALID))
        for number in numbers
    )
