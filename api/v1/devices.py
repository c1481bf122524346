"""POST /v1/devices: registers a device and returns its token."""

from flask import Response

from api import limits
from api.callers import calling_network
from api.declarations import EVERYBODY
from api.replies import private
from api.services import database, now
from api.strictness import Door
from api.v1 import examples, replies
from geo.crowd import devices

door = Door("devices", __name__, url_prefix="/v1/devices", description="Get a token to rate with.")


@door.route("", methods=["POST"], caller=EVERYBODY)
@door.response(201, replies.NewDevice, example=examples.DEVICE)
def register_device() -> Response:
    """Register a device.

    The request takes no data, and only the token identifies the device. The token is returned only once: store it. It
    expires a year after its last renewal; a rating renews it.
    """
    with database().write() as session:
        limits.count_registration(session, calling_network(session))
        device = devices.register(session, now())
        session.commit()
    return private({"token": device.token, "expires_at": device.expires_at}, status=201)
