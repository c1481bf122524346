"""Who is calling: the device whose bearer token the request carries."""

from datetime import datetime

from flask import request
from werkzeug.exceptions import Unauthorized

from api.problems import problem
from geo.crowd import devices
from geo.database import Session


def calling_device(session: Session, as_of: datetime) -> devices.KnownDevice:
    """The device that asks.

    Raises:
        Unauthorized: the request carries no bearer token.
        InvalidToken: it carries one that belongs to nobody, or no longer.
    """
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        raise Unauthorized(
            response=problem(
                401,
                "this route needs a device's token: POST /v1/devices gives one, send it as Authorization: Bearer",
                headers={"WWW-Authenticate": 'Bearer realm="beforehand"'},
            )
        )
    return devices.known(session, authorization.token, as_of)
