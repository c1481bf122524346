"""The messages of the code, and the catalogues that translate them."""

import ast
import re
from itertools import chain

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from api.config import PROJECT
from api.http.languages import LANGUAGES, TRANSLATIONS

TRANSLATED = [code for code in LANGUAGES if code != "en"]

Message = str | tuple[str, ...]
"""A message id, or its singular and plural."""

ARGUMENTS = {"say": 1, "count": 2}
"""How many message ids the methods of Language take."""

COUNT_ARGUMENTS = 3
"""Arguments of Language.count(); other functions of that name have another number."""


def messages() -> set[Message]:
    """Every message id in the code and the templates of all rooms."""
    api = PROJECT / "api"
    found = set(chain.from_iterable(in_code(file.read_text(encoding="utf-8")) for file in api.rglob("*.py")))
    return found.union(*(in_template(file.read_text(encoding="utf-8")) for file in api.rglob("*.html")))


def in_code(source: str) -> set[Message]:
    """The message ids in Python source, each a literal."""
    found: set[Message] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ARGUMENTS:
            ids = node.args[: ARGUMENTS[node.func.attr]]
            if node.func.attr == "count" and len(node.args) != COUNT_ARGUMENTS:
                continue
            texts = [arg.value for arg in ids if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            assert len(texts) == len(ids), f"not a literal message id: {ast.unparse(node)}"
            found.add(texts[0] if len(texts) == 1 else tuple(texts))
    return found


def in_template(source: str) -> set[Message]:
    """The message ids in a Jinja template, each a literal."""
    found: set[Message] = set()
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Getattr) and call.node.attr in ARGUMENTS:
            ids = [arg.as_const() for arg in call.args[: ARGUMENTS[call.node.attr]]]
            found.add(ids[0] if len(ids) == 1 else tuple(ids))
    return found


def catalogue(code: str) -> Catalog:
    with (TRANSLATIONS / f"{code}.po").open("rb") as source:
        return read_po(source, locale=code, abort_invalid=True)


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """A message id or a translation as all its plural forms."""
    return (text,) if isinstance(text, str) else tuple(text)


def pattern(text: str) -> re.Pattern[str] | None:
    """What finds a message id, whatever stands at its placeholders; None for one that consists of placeholders only."""
    literal = re.sub(r"%\(\w+\)s", "\0", text)
    if not re.search(r"[^\W\d_]", literal):
        return None
    return re.compile(rf"(?<![\w-]){re.escape(literal).replace(chr(0), '.+')}(?![\w-])")


def english_patterns(code: str) -> dict[Message, list[re.Pattern[str]]]:
    """What finds the English of every message whose translation in this language differs."""
    found = {}
    for message in catalogue(code):
        translated = forms(message.string)
        patterns = [pattern(form) for form in forms(message.id) if message.id and form not in translated]
        if known := [one for one in patterns if one is not None]:
            found[message.id] = known
    return found
