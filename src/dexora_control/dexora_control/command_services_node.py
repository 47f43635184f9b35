"""What others may ask of the command node: control, resets, and to follow a world that was put elsewhere."""

from __future__ import annotations

from typing import Protocol

from dexora_core.arbiter import Grant
from dexora_core.command_path import CommandPath
from dexora_core.faults import Level
from dexora_ros.managed_node import ManagedNode
from std_srvs.srv import Trigger

from dexora_msgs.srv import RequestControl, ResetFault

_INACTIVE = "command_node is not active; activate it first"


class Commander(Protocol):
    """What the services need of the node."""

    @property
    def path(self) -> CommandPath | None:
        """The command path; None while the node is not active."""

    @property
    def now_ns(self) -> int:
        """The present in path time [ns]."""

    def self_test(self) -> str:
        """Return what is wrong with the robot and its connections; empty when nothing is."""

    def let_go(self) -> str:
        """Send nothing for a while, because a simulation puts the robot elsewhere; return why not."""

    def rebase(self) -> str:
        """Start again where the robot is measured; return why not, or an empty string."""


class CommandServices:
    """The services of the command node.

    Args:
        node: The node that offers them.
        commander: What they act on.
    """

    def __init__(self, node: ManagedNode, commander: Commander) -> None:
        self._commander = commander
        self._logger = node.get_logger()
        self._told: dict[str, str] = {}
        node.create_service(RequestControl, "dexora/command/request_control", self._on_control)
        node.create_service(ResetFault, "dexora/command/reset_fault", self._on_reset)
        node.create_service(Trigger, "dexora/command/let_go", self._on_let_go)
        node.create_service(Trigger, "dexora/command/rebase", self._on_rebase)

    def _on_control(
        self, request: RequestControl.Request, response: RequestControl.Response
    ) -> RequestControl.Response:
        path = self._commander.path
        if path is None:
            response.owner, response.code, response.message = "hold", "DX-ARB-003", _INACTIVE
            return response
        asked = {
            RequestControl.Request.ACQUIRE: path.acquire,
            RequestControl.Request.RELEASE: path.release,
            RequestControl.Request.RENEW: path.renew,
        }.get(request.operation)
        if asked is None or not request.holder:
            response.owner, response.epoch = path.arbiter.owner, path.arbiter.epoch
            response.message = "operation must be ACQUIRE, RELEASE or RENEW, and holder the name of who asks"
            return response
        grant = asked(self._commander.now_ns, request.source, request.holder)
        self._answer(grant, response)
        self._tell(request, grant, response.message)
        return response

    def _tell(self, request: RequestControl.Request, grant: Grant, message: str) -> None:
        """Log a change of the owner, and a refusal that is not the one before."""
        if grant.changed or (not grant.granted and self._told.get(request.holder) != message):
            self._logger.info(f"{request.holder} asked for {request.source}: {message}")
        self._told[request.holder] = message

    @staticmethod
    def _answer(grant: Grant, response: RequestControl.Response) -> None:
        response.granted, response.epoch, response.owner = grant.granted, grant.epoch, grant.owner
        if grant.fault is None:
            response.message = f"{grant.owner} owns the robot under epoch {grant.epoch}"
        else:
            response.code = grant.fault.code
            response.message = f"{grant.fault.sentence} {grant.fault.spec.remedy}"

    def _on_reset(self, request: ResetFault.Request, response: ResetFault.Response) -> ResetFault.Response:
        path = self._commander.path
        if path is None:
            response.message = _INACTIVE
            return response
        trouble = self._commander.self_test()
        result = path.reset(self._commander.now_ns, list(request.codes), request.operator_name, not trouble)
        response.success, response.remaining = result.success, list(result.remaining)
        response.message = result.message + (f" Self-test: {trouble}" if trouble else "")
        self._logger.warning(f"reset by '{request.operator_name}': {response.message}")
        return response

    def _on_let_go(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        trouble = _INACTIVE if self._commander.path is None else self._commander.let_go()
        response.success, response.message = not trouble, trouble or "nothing is sent until rebase is called"
        return response

    def _on_rebase(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        path = self._commander.path
        trouble = _INACTIVE if path is None else self._commander.rebase()
        response.success, response.message = not trouble, trouble or "the path starts where the robot is"
        return response


def may_rebase(path: CommandPath) -> str:
    """Return why the path may not start elsewhere; empty when it may.

    Args:
        path: The path in force.
    """
    if path.arbiter.owner != "hold":
        return f"{path.arbiter.owner} owns the robot; release the lease first"
    others = [f.code for f in path.safety.faults if f.level >= Level.SOFT_STOP and f.code != "DX-GAT-012"]
    return f"{', '.join(others)} must be reset first" if others else ""
