"""Turns the newest pictures of all cameras into one message of visual tokens.

| topic | type | direction |
|---|---|---|
| each camera's, by the contract | sensor_msgs/Image | in; newest only, not decoded |
| `dexora/perception/tokens` | dexora_msgs/VisualTokens | out |
| `joint_states` | sensor_msgs/JointState | in; only with `frozen_motion_rad` |

One thread: an encoding never overlaps the next. While it runs, the middleware keeps the newest picture of
each camera; before the next begins, the topics are read to their end.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from dexora_core.bundle import check_bundle, check_runtime, load_bundle
from dexora_core.contract import load_contract
from dexora_core.errors import EngineError
from dexora_core.faults import Fault, Level, fault_spec, make_fault
from dexora_ros.buffers import fill_tokens
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from dexora_ros.qos import SENSOR
from dexora_ros.stamps import set_stamp
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState

from dexora_description import contract_path
from dexora_msgs.msg import VisualTokens
from dexora_perception.arm_positions import ArmPositions
from dexora_perception.encode_statistics import EncodeRecord, EncodeStatistics
from dexora_perception.picture_intake_node import PictureIntake, ReceiverClock
from dexora_perception.token_encoder import Encoded, TokenEncoder, check_encoder, open_encoder
from dexora_perception.token_encoder_parameters import TokenEncoderParameters
from dexora_perception.view_set import Selection, ViewSet

TOKENS_TOPIC = "dexora/perception/tokens"
# Looks whether a picture has waited long enough for the others.
GATHER_CHECK_S = 0.01


class TokenEncoderNode(ManagedNode[TokenEncoderParameters]):
    """Encodes pictures."""

    def __init__(self, **node_options: Any) -> None:
        super().__init__("token_encoder_node", TokenEncoderParameters, subsystem="perception", **node_options)

    # Going up and down.

    def on_setup(self, parameters: TokenEncoderParameters) -> None:
        """Verify the bundle, open the engine and warm it up."""
        self._encoder: TokenEncoder | None = None
        contract = load_contract(contract_path(parameters.robot))
        bundle = load_bundle(Path(parameters.bundle).expanduser())
        check_bundle(bundle, contract)
        check_encoder(bundle, parameters.encoder_id)
        check_runtime(bundle.manifest.requires, bundle.path.name)
        self._manifest = bundle.manifest
        engine = open_encoder(bundle, parameters.choice())
        self._encoder = TokenEncoder(engine, self._manifest, parameters.dtype)
        durations = self._encoder.warm_up(parameters.warm_up_runs)
        self.get_logger().info(
            f"{bundle.bundle_id}: {self._manifest.encoder_id} on {engine.kind} {engine.precision}, "
            f"{engine.device}; {len(self._manifest.views)} views take {min(durations) * 1e3:.1f} ms"
        )
        self._cameras = [contract.camera(view) for view in self._manifest.views]
        self._arms = ArmPositions(contract)
        self._bounds = parameters.bounds(contract, self._manifest.views)
        self._timing = parameters.timing(contract, self._manifest.views)
        self._message = VisualTokens(encoder_id=self._manifest.encoder_id)
        self._tokens_publisher = self.create_publisher(VisualTokens, TOKENS_TOPIC, SENSOR)
        self._begin()

    def on_start(self) -> None:
        """Listen to the cameras."""
        self._begin()
        self._intake = PictureIntake(self, self._cameras, self._views, self._times, self._encode_if_due)
        self.create_timer(GATHER_CHECK_S, self._encode_if_due, clock=Clock(clock_type=ClockType.STEADY_TIME))
        if self.parameters.frozen_motion_rad > 0.0:
            self.create_subscription(JointState, "joint_states", self._on_joints, SENSOR)

    def on_teardown(self) -> None:
        """Give the engine back."""
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None

    def _begin(self) -> None:
        """Know nothing yet: pictures of before a pause are of no use."""
        self._times = ReceiverClock(self)
        self._views = ViewSet(self._bounds, self._timing)
        self._statistics = EncodeStatistics(min(bound.max_age_ns for bound in self._bounds.values()))
        self._masked: dict[str, Fault] = {}
        self._told: dict[str, Fault] = {}
        self.diagnostics.add("encoder", self._check_encoder)
        for camera in self._cameras:
            self.diagnostics.add(f"camera {camera.view}", partial(self._check_camera, camera.view))

    # Work.

    def _on_joints(self, message: JointState) -> None:
        self._arms.offer(message.name, message.position)

    def _encode_if_due(self) -> None:
        if not self._views.is_due(self._times.now_ns()):
            return
        self._intake.drain()
        started_ns, started_stamp_ns = self._times.now_ns(), self._times.stamp_ns()
        selection = self._views.select(started_ns, self._arms.newest)
        self._masked = dict(selection.masked)
        if not selection.pictures:
            self._statistics.blind += 1
            return
        encoded = self._encode(selection)
        if isinstance(encoded, Fault):
            self._statistics.refused_encodes += 1
            self.get_logger().error(f"{encoded.code}: {encoded.sentence}", throttle_duration_sec=1.0)
            return
        self._publish(selection, encoded, started_stamp_ns)
        captured = [picture.captured_ns for picture in selection.pictures.values()]
        times = (encoded.resize_s, encoded.engine_s)
        self._statistics.add(EncodeRecord(started_ns, self._times.now_ns(), captured, *times))

    def _encode(self, selection: Selection) -> Encoded | Fault:
        """Encode; a failure that concerns this encoding only is a fault, any other leaves and is latched."""
        assert self._encoder is not None
        try:
            return self._encoder.encode({view: p.pixels for view, p in selection.pictures.items()})
        except EngineError as error:
            if not error.code or fault_spec(error.code).level > Level.DEGRADE:
                raise
            return make_fault(error.code, self._times.now_ns(), self.parameters.engine)

    def _publish(self, selection: Selection, encoded: Encoded, started_stamp_ns: int) -> None:
        names = list(selection.pictures)
        stamps_ns = [picture.stamp_ns for picture in selection.pictures.values()]
        fill_tokens(self._message, encoded.tokens, names, stamps_ns, scale=encoded.scale)
        set_stamp(self._message.encode_start, started_stamp_ns)
        set_stamp(self._message.encode_end, self._times.stamp_ns())
        self._tokens_publisher.publish(self._message)

    # Telling.

    def _tell(self, masked: Mapping[str, Fault]) -> None:
        """Log what has changed since the last diagnostics: a view that blinks must not fill the log."""
        for view, fault in masked.items():
            if view not in self._told or self._told[view].code != fault.code:
                self.get_logger().warning(f"{fault.code}: {fault.sentence} {fault.spec.remedy}")
        for view in self._told.keys() - masked.keys():
            self.get_logger().info(f"camera {view} is used again")
        self._told = dict(masked)

    def _check_encoder(self) -> Check:
        values = self._statistics.summary()
        if not self.is_active:
            return Check.ok("not active", values)
        masked = self._all_masked()
        self._tell(masked)
        if not masked:
            return Check.ok("all views are encoded", values)
        what = ", ".join(f"{view} {fault.code}" for view, fault in masked.items())
        if len(masked) == len(self._bounds):
            fault = make_fault("DX-TOK-001", self._times.now_ns(), detail=what)
            return Check.error(f"{fault.code}: {fault.sentence}", values)
        return Check.warn(f"masked: {what}", values)

    def _check_camera(self, view: str) -> Check:
        values = {f"pictures {name}": str(count) for name, count in self._views.counts[view].items()}
        fault = self._all_masked().get(view) if self.is_active else None
        if fault is None:
            return Check.ok("used" if self.is_active else "not active", values)
        return Check.warn(f"{fault.code}: {fault.sentence}", values)

    def _all_masked(self) -> dict[str, Fault]:
        return {**self._masked, **self._views.masked(self._times.now_ns())}


def main() -> int:
    """Run the node; exit code as `run_node`."""
    return run_node(TokenEncoderNode)
