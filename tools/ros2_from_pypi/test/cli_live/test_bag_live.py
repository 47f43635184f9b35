"""Pins recording and playing with a running node: what Ctrl-C and SIGKILL leave, what a full disk says."""

import resource
import signal
import subprocess
import sys
import time

import pytest
from dexora_ros2cli.bag.reader import Bag
from rosbags.highlevel import AnyReader

pytestmark = pytest.mark.system
LOSS_BOUND_S = 0.5


def _record(cli, *words, until):
    """Start a recording and return it once the predicate on its error output holds."""
    process = cli.start("bag", "record", *words)
    text = ""
    while until not in text:
        line = process.stderr.readline()
        assert line, text
        text += line
    return process


def test_interrupted_recording_is_finished_and_an_independent_reader_deserializes_it(cli):
    process = _record(
        cli, "-o", "bag", "--topics", "/chatter", "/latched", "joint_states", until="'/latched'"
    )
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Recording stopped" in err
    with AnyReader([cli.directory / "bag"]) as reader:
        counts = {connection.topic: connection.msgcount for connection in reader.connections}
        messages = [reader.deserialize(data, connection.msgtype) for connection, _, data in reader.messages()]
    assert counts["/latched"] == 1
    assert counts["/chatter"] > 20
    assert counts["/joint_states"] > 20
    assert any(getattr(message, "data", None) == "once" for message in messages)
    code, out, err = cli("bag", "info", "bag")
    assert (code, err) == (0, "")
    assert "Storage id:        mcap\n" in out


def test_killed_recording_loses_at_most_half_a_second_of_every_topic(cli):
    process = _record(cli, "-a", "-o", "bag", until="'/joint_states'")
    time.sleep(1.5)
    killed_ns = time.time_ns()
    process.kill()
    process.communicate()
    bag = Bag(cli.directory / "bag")
    for topic in ("/chatter", "/joint_states"):
        last_ns = max(message.log_ns for message in bag.messages([topic]))
        assert (killed_ns - last_ns) * 1e-9 < LOSS_BOUND_S
    code, out, err = cli("bag", "info", "bag")
    assert code == 0
    assert "'bag_0.mcap' is truncated: its recorder was killed" in err
    assert f"Messages:          {bag.summary.message_count}\n" in out


def test_refused_write_ends_the_recording_with_1_and_the_cause(cli):
    limit = 40_000

    def limit_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    process = subprocess.run(
        [sys.executable, "-m", "dexora_ros2cli", "bag", "record", "-o", "bag", "--topics", "/joint_states"],
        cwd=cli.directory,
        env=cli.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        preexec_fn=limit_files,
    )
    assert process.returncode == 1
    assert "bag_0.mcap': File too large. What was written before can be read: ros2 bag info" in process.stderr
    assert Bag(cli.directory / "bag").summary.message_count > 0


@pytest.mark.timeout(90)  # it reads as many lines as were played
def test_played_bag_arrives_with_its_content_rate_and_quality(cli):
    process = _record(cli, "-o", "bag", "--topics", "/chatter", "/latched", until="'/latched'")
    time.sleep(1.2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    qos = ("--qos-reliability", "reliable", "--qos-depth", "1000")
    listener = cli.start("topic", "echo", "/again", "std_msgs/msg/String", *qos)
    deadline_s = time.monotonic() + 20.0
    while cli("topic", "type", "/again")[0] != 0:
        assert time.monotonic() < deadline_s, "the listener was not found within 20 s"
    start = time.monotonic()
    rules = ("--topics", "/chatter", "--remap", "/chatter:=/again", "--rate", "0.5", "--delay", "1.0")
    code, _, err = cli("bag", "play", "bag", *rules)
    elapsed_s = time.monotonic() - start
    recorded = Bag(cli.directory / "bag")
    heard = [listener.stdout.readline() for _ in range(2 * recorded.summary.count_of("/chatter"))]
    listener.send_signal(signal.SIGINT)
    heard.append(listener.communicate(timeout=10)[0])
    assert (code, "Playing 1 topics at rate 0.5" in err) == (0, True)
    assert elapsed_s > recorded.summary.duration_ns * 2e-9
    assert "".join(heard).count("data: hello") == recorded.summary.count_of("/chatter")


def test_looped_bag_with_clock_plays_until_interrupted(cli):
    process = _record(cli, "-o", "bag", "--topics", "/chatter", until="'/chatter'")
    time.sleep(0.6)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 0
    player = cli.start("bag", "play", "bag", "--loop", "--clock", "50", "-m", "/chatter:=/again")
    code, out, _ = cli("topic", "echo", "/clock", "--once")
    assert (code, out.startswith("clock:\n  sec: ")) == (0, True)
    assert player.poll() is None
    player.send_signal(signal.SIGINT)
    player.communicate(timeout=10)
    assert player.returncode == 0


def test_play_of_topics_that_are_not_there_names_what_is(cli):
    process = _record(cli, "-o", "bag", "--topics", "/chatter", until="'/chatter'")
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    code, _, err = cli("bag", "play", "bag", "--topics", "/other")
    assert code == 1
    assert "none of the bag's topics is chosen and known here; it has: /chatter" in err


def test_recording_into_an_existing_directory_is_refused(cli):
    (cli.directory / "bag").mkdir()
    code, _, err = cli("bag", "record", "-a", "-o", "bag")
    assert (code, "Output folder 'bag' already exists" in err) == (1, True)
