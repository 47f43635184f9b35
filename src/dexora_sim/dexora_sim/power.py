"""Whether the motors have power: an enable line and an emergency stop, as a state machine without ROS."""

from __future__ import annotations

PRESSED = "the emergency stop is pressed; release it, then enable the robot"
DISABLED = "the robot is not enabled; call set_enable with data: true"


class PowerLine:
    """Power is on while it was asked for since the last emergency stop and none is pressed.

    Releasing the emergency stop never brings power back; somebody has to ask for it.

    Args:
        is_enabled: Whether power is on at the start.
    """

    def __init__(self, is_enabled: bool) -> None:
        self.is_enabled = is_enabled
        self.is_pressed = False

    @property
    def reason(self) -> str:
        """Why nothing may move, or ""."""
        if self.is_pressed:
            return PRESSED
        return "" if self.is_enabled else DISABLED

    def set_stop(self, is_pressed: bool) -> None:
        """Press or release the emergency stop.

        Args:
            is_pressed: Its new position.
        """
        self.is_pressed = is_pressed
        if is_pressed:
            self.is_enabled = False

    def ask(self, is_enabled: bool) -> tuple[bool, str]:
        """Ask for power on or off.

        Args:
            is_enabled: What is asked for.

        Returns:
            Whether it is as asked now, and one sentence.
        """
        if is_enabled and self.is_pressed:
            return False, PRESSED
        self.is_enabled = is_enabled
        return True, "enabled" if is_enabled else "disabled, the joints hold where they are"
