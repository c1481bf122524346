"""Schemas of problem documents, for the documentation and the tests."""

from marshmallow import Schema, fields

from api.http.fields import words


class ProblemEntry(Schema):
    """One bad value."""

    place = words("query", "body", "path", "header", required=True, data_key="in")
    name = fields.String(required=True)
    detail = fields.String(required=True)
    pointer = fields.String(metadata={"description": "JSON Pointer into the body."})


class Problem(Schema):
    """A problem document (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemEntry))
    violated_policies = fields.List(
        fields.String(),
        data_key="violated-policies",
        metadata={"description": "The limits exceeded, in a 429."},
    )
