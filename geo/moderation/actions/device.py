"""Actions on devices."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from geo.casework.decisions import RecordedAction
from geo.casework.statements import ACCOUNT_SUSPENDED
from geo.crowd.models import Device
from geo.errors import Conflict
from geo.moderation.actions.action import Action
from geo.moderation.targets import DeviceTarget


class SuspendDevice(Action[DeviceTarget]):
    """Suspend a device, whose contributions are then rejected."""

    recorded_as = RecordedAction("suspend_device", ACCOUNT_SUSPENDED)
    target_type = DeviceTarget
    queue_kind = None
    least_role = "senior"

    def apply(self) -> dict[str, Any]:
        """Suspend the device."""
        if self.target.state == "suspended":
            raise Conflict("this device is already suspended")
        self._set(self.as_of)
        return super().apply()

    def revert(self, _recorded: Mapping[str, Any]) -> None:
        """Lift the suspension."""
        self._set(None)

    def _set(self, suspended_at: datetime | None) -> None:
        device = Device.id == self.target.device_id
        self.session.execute(update(Device).where(device).values(suspended_at=suspended_at))


ACTIONS = (SuspendDevice,)
