"""The enable line and the emergency stop as ROS sees them.

| name | type | use |
|---|---|---|
| `~/estop` | std_msgs/Bool | true presses the emergency stop, false releases it |
| `~/set_enable` | std_srvs/SetBool | asks for power on or off |
| `~/enable_state` | std_msgs/Bool | whether there is power; latched |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dexora_ros.managed_node import ManagedNode
from dexora_ros.qos import EVENTS, LATCHED
from std_msgs.msg import Bool
from std_srvs.srv import SetBool

from dexora_sim.power import PowerLine


class PowerSwitch:
    """Lets topics and a service switch a power line.

    Args:
        node: The node that offers the interfaces.
        is_enabled: Whether power is on at the start.
        on_change: Called with one sentence when anything was switched, before the new state is published.
    """

    def __init__(self, node: ManagedNode[Any], is_enabled: bool, on_change: Callable[[str], None]) -> None:
        self.line = PowerLine(is_enabled)
        self._on_change = on_change
        self._publisher = node.create_publisher(Bool, "~/enable_state", LATCHED)
        # Every press counts: where only the newest message is kept, a release right behind it hides it.
        node.create_subscription(Bool, "~/estop", self.on_estop, EVENTS)
        node.create_service(SetBool, "~/set_enable", self.on_set_enable)

    def publish(self) -> None:
        """Publish whether there is power."""
        self._publisher.publish(Bool(data=self.line.is_enabled))

    def on_estop(self, message: Bool) -> None:
        """Press or release the emergency stop; a repetition changes nothing.

        Args:
            message: Its new position.
        """
        if message.data != self.line.is_pressed:
            self.line.set_stop(message.data)
            self._changed("emergency stop " + ("pressed" if message.data else "released"))

    def on_set_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        """Switch power if nothing is against it; what is already as wanted goes on undisturbed.

        Args:
            request: Whether power is wanted.
            response: Filled in with whether it is as wanted, and one sentence.
        """
        before = self.line.is_enabled
        response.success, response.message = self.line.ask(request.data)
        if self.line.is_enabled != before:
            self._changed(response.message)
        return response

    def _changed(self, what: str) -> None:
        self._on_change(what)
        self.publish()
