"""Pins the node around the encoder: what it refuses, what it publishes, and which views it leaves out."""

import time

import numpy as np
import pytest
import rclpy
from dexora_perception.preprocess import resize
from dexora_perception.token_encoder_node import TOKENS_TOPIC, TokenEncoderNode
from dexora_ros.buffers import fill_image, token_view
from dexora_ros.executor_choice import choose_executor, single_threaded_executor
from dexora_ros.qos import SENSOR, STATE
from dexora_ros.stamps import from_ns, to_ns
from diagnostic_msgs.msg import DiagnosticStatus
from encoder_cases import CONTRACT, ENCODER_ID, SIZE, VIEWS, expected_tokens, make_bundle, picture
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from dexora_engines import MockScript, MockStep, graph_signature, open_engine
from dexora_msgs.msg import VisualTokens

SMALL = {"image_width": 64, "image_height": 48}
# A loaded machine delays pictures; what is tested here is not their age.
PATIENT = {**SMALL, "max_age_s": 5.0, "max_skew_s": 5.0, "gather_s": 0.3, "max_rate_hz": 100.0}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bundles") / "linear")


def make_node(bundle, options=None, **parameters):
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    return TokenEncoderNode(
        **(options or {}),
        parameter_overrides=[Parameter("bundle", value=str(bundle.path)), *overrides],
        namespace=f"/test_{time.monotonic_ns()}",
    )


class Scene:
    """The node, a publisher per camera and a listener, on one executor."""

    def __init__(self, bundle, executor, **parameters):
        self.node = make_node(bundle, **parameters)
        assert self.node.bring_up(), self.node.fault
        self.world = Node("world", namespace=self.node.get_namespace())
        self.cameras = {
            camera.view: self.world.create_publisher(Image, camera.topic.lstrip("/"), SENSOR)
            for camera in CONTRACT.cameras
        }
        self.tokens = []
        self.world.create_subscription(VisualTokens, TOKENS_TOPIC, self.tokens.append, SENSOR)
        self.executor = executor
        for node in (self.node, self.world):
            self.executor.add_node(node)
        self.until(lambda: all(publisher.get_subscription_count() for publisher in self.cameras.values()))
        self.until(lambda: self.world.count_publishers(TOKENS_TOPIC))

    def show(self, pictures, encoding="rgb8", **stamps_ns):
        now_ns = self.world.get_clock().now().nanoseconds
        for view, pixels in pictures.items():
            stamp_ns = stamps_ns.get(view, now_ns)
            self.cameras[view].publish(fill_image(Image(), pixels, encoding, stamp_ns, "camera"))
        return now_ns

    def until(self, condition, timeout_s=20.0):
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end
            self.executor.spin_once(timeout_sec=0.02)

    def encoded(self, pictures, **options):
        """Show pictures until tokens of exactly these come back; best effort may lose one."""
        end = time.monotonic() + 20.0
        while time.monotonic() < end:
            self.tokens.clear()
            now_ns = self.show(pictures, **options)
            wait_until = time.monotonic() + 1.0
            while time.monotonic() < wait_until and not self.tokens:
                self.executor.spin_once(timeout_sec=0.02)
            if self.tokens and to_ns(self.tokens[-1].view_stamps[0]) == now_ns:
                return self.tokens[-1], now_ns
        raise AssertionError("no tokens of these pictures")

    def check(self, name):
        found = {status.name: status for status in self.node.diagnostics.collect()}
        return found[f"dexora/perception: {name}"]

    def close(self):
        for node in (self.node, self.world):
            self.executor.remove_node(node)
        self.node.shut_down()
        self.node.destroy_node()
        self.world.destroy_node()
        self.executor.shutdown()


@pytest.fixture(params=["single threaded", "chosen"])
def executor(request, ros):
    context = rclpy.get_default_context()
    chosen = request.param == "chosen"
    return choose_executor(context).executor if chosen else single_threaded_executor(context)


@pytest.fixture
def scene(bundle, executor):
    made = []

    def make(**parameters):
        made.append(Scene(bundle, executor, **{**PATIENT, **parameters}))
        return made[-1]

    yield make
    for each in made:
        each.close()


def small(seed):
    return picture(seed, 48, 64)


def test_pictures_of_all_cameras_become_one_message(scene):
    running = scene(dtype="float32")
    pictures = {view: small(seed) for seed, view in enumerate(VIEWS)}
    message, now_ns = running.encoded(pictures)
    assert tuple(message.view_names) == VIEWS
    assert [to_ns(stamp) for stamp in message.view_stamps] == [now_ns] * 4
    assert to_ns(message.header.stamp) == now_ns
    assert message.encoder_id == ENCODER_ID
    assert now_ns <= to_ns(message.encode_start) <= to_ns(message.encode_end)
    squares = [resize(pixels, SIZE) for pixels in pictures.values()]
    np.testing.assert_allclose(token_view(message), expected_tokens(squares, range(4)), atol=1e-3)
    assert running.check("encoder").level == DiagnosticStatus.OK


def test_half_precision_is_published_by_default(scene):
    message, _ = scene().encoded({view: small(seed) for seed, view in enumerate(VIEWS)})
    assert (message.dtype, message.scale) == ("float16", 1.0)


def test_black_view_is_absent_and_reported(scene):
    running = scene()
    pictures = {view: small(seed) for seed, view in enumerate(VIEWS)}
    pictures["wrist_left"] = np.zeros((48, 64, 3), np.uint8)
    message, _ = running.encoded(pictures)
    assert message.view_names == ["top", "wrist_right", "front"]
    check = running.check("camera wrist_left")
    assert check.level == DiagnosticStatus.WARN
    assert check.message.startswith("DX-CAM-002: Camera wrist_left shows nothing")
    assert running.check("encoder").message == "masked: wrist_left DX-CAM-002"


def test_picture_of_another_encoding_is_absent_and_reported(scene):
    running = scene()
    pictures = {view: small(seed) for seed, view in enumerate(VIEWS) if view != "front"}
    grey = Image(encoding="mono8", height=48, width=64, step=64, data=bytes(48 * 64))
    running.cameras["front"].publish(grey)
    running.until(lambda: running.node._views.counts["front"]["refused"])
    message, _ = running.encoded(pictures)
    assert message.view_names == ["top", "wrist_left", "wrist_right"]
    assert "encoding 'mono8', must be one of rgb8, bgr8" in running.check("camera front").message


def test_newest_of_several_pictures_that_wait_is_encoded(scene):
    running = scene()
    old = {view: small(seed) for seed, view in enumerate(VIEWS)}
    running.encoded(old)
    for seed in range(10, 20):
        running.show({view: small(seed) for view in VIEWS})
    _, newest_ns = running.encoded({view: small(50) for view in VIEWS})
    assert {to_ns(stamp) for stamp in running.tokens[-1].view_stamps} == {newest_ns}


def test_node_without_cameras_says_which_are_missing(scene):
    running = scene()
    check = running.check("encoder")
    assert check.level == DiagnosticStatus.ERROR
    assert check.message.startswith("DX-TOK-001: There are no tokens: every camera is masked (top DX-CAM-004")


@pytest.mark.parametrize(
    ("change", "parameters", "code"),
    [
        ({"robot": "other"}, {}, "DX-BND-012"),
        ({"views": ["front", "top"]}, {}, "DX-BND-014"),
        ({}, {"encoder_id": "dino-b14"}, "DX-TOK-003"),
        ({}, {"precision": "int8"}, "DX-BND-005"),
        ({"requires": {"onnxruntime": ">=99.0"}}, {}, "DX-BND-019"),
    ],
)
def test_bundle_that_does_not_fit_is_refused_with_its_code(ros, tmp_path, change, parameters, code):
    node = make_node(make_bundle(tmp_path / "bundle", **change), **parameters)
    assert node.trigger_configure() != TransitionCallbackReturn.SUCCESS
    assert code in str(node.fault)
    node.destroy_node()


def test_damaged_bundle_is_refused(ros, tmp_path):
    bundle = make_bundle(tmp_path / "bundle")
    content = bytearray((bundle.path / "encoder.onnx").read_bytes())
    content[100] ^= 1
    (bundle.path / "encoder.onnx").write_bytes(content)
    node = make_node(bundle)
    assert not node.bring_up()
    assert "DX-BND-007" in str(node.fault)
    node.destroy_node()


def test_picture_that_arrives_with_its_time_is_not_of_the_future(bundle, ros):
    clock_topic = f"/clock_{time.monotonic_ns()}"
    node = make_node(
        bundle, {"cli_args": ["--ros-args", "-r", f"/clock:={clock_topic}"]}, use_sim_time=True, **PATIENT
    )
    world = Node("world", namespace=node.get_namespace())
    clock = world.create_publisher(Clock, clock_topic, STATE)
    camera = world.create_publisher(Image, CONTRACT.camera("top").topic.lstrip("/"), SENSOR)
    assert node.bring_up()
    end = time.monotonic() + 20.0
    stamp_ns = 10**9
    # Nothing spins: what has arrived is what an executor finds after a long encoding.
    while not node._views.counts["top"]["received"] and time.monotonic() < end:
        stamp_ns += 10**9
        clock.publish(Clock(clock=from_ns(stamp_ns)))
        camera.publish(fill_image(Image(), small(1), "rgb8", stamp_ns, "camera"))
        time.sleep(0.05)
        node._intake.drain()
    picture_there = node._views.select(node._times.now_ns()).pictures["top"]
    assert picture_there.stamp_ns == stamp_ns
    node.shut_down()
    node.destroy_node()
    world.destroy_node()


def scripted(bundle, *steps):
    signature = graph_signature(bundle.manifest, "encoder")
    script = MockScript(signature.inputs, signature.outputs, steps)
    return open_engine("mock", "", precision="fp32", options={"script": script})


# What the warm-up runs before the first picture: three encodings of one to four views.
WARM_UP = (MockStep(),) * 12


@pytest.mark.parametrize(
    "bad", [MockStep(nan=("tokens",)), MockStep(error="out of memory")], ids=["NaN", "out of memory"]
)
def test_encoding_that_fails_is_counted_and_the_next_one_is_published(scene, bundle, monkeypatch, bad):
    good = MockStep(outputs={"tokens": 2.0})
    engine = scripted(bundle, *WARM_UP, bad, good)
    monkeypatch.setattr("dexora_perception.token_encoder_node.open_encoder", lambda *_: engine)
    running = scene()
    message, _ = running.encoded({view: small(seed) for seed, view in enumerate(VIEWS)})
    assert token_view(message).min() == 2.0
    values = {value.key: value.value for value in running.check("encoder").values}
    assert values["encodes refused"] == "1"


def test_lost_device_is_latched_and_the_node_deactivates(scene, bundle, monkeypatch):
    engine = scripted(bundle, *WARM_UP, MockStep(error="device lost"))
    monkeypatch.setattr("dexora_perception.token_encoder_node.open_encoder", lambda *_: engine)
    running = scene()
    running.show({view: small(seed) for seed, view in enumerate(VIEWS)})
    running.until(lambda: running.node.fault is not None)
    assert "DX-ENG-007" in str(running.node.fault)
    assert not running.node.is_active


def test_node_can_pause_and_go_on(scene):
    running = scene()
    pictures = {view: small(seed) for seed, view in enumerate(VIEWS)}
    running.encoded(pictures)
    assert running.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert running.check("encoder").message == "not active"
    assert running.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    running.until(lambda: all(camera.get_subscription_count() for camera in running.cameras.values()))
    running.encoded({view: small(90 + seed) for seed, view in enumerate(VIEWS)})
