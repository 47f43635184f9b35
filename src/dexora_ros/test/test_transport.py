"""Environment of the transport profile: complete, never against the user, never where it cannot work."""

import xml.etree.ElementTree as ElementTree

import pytest

from dexora_ros import transport

ENOUGH = 2**30
NAMESPACE = {"dds": "http://www.eprosima.com"}


def test_environment_sets_profile_allocator_and_local_discovery():
    environment = transport.transport_environment({}, shared_memory_free_bytes=ENOUGH)
    assert environment == {
        "FASTDDS_DEFAULT_PROFILES_FILE": str(transport.PROFILE_PATH),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "MALLOC_MMAP_THRESHOLD_": "268435456",
        "MALLOC_TRIM_THRESHOLD_": "1073741824",
        "MALLOC_TOP_PAD_": "67108864",
    }


def test_jazzy_gets_the_older_name_too():
    environment = transport.transport_environment({"ROS_DISTRO": "jazzy"}, shared_memory_free_bytes=ENOUGH)
    assert environment["FASTRTPS_DEFAULT_PROFILES_FILE"] == str(transport.PROFILE_PATH)


@pytest.mark.parametrize("name", ["FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"])
def test_profile_of_the_user_wins(name):
    environment = transport.transport_environment({name: "mine.xml"}, shared_memory_free_bytes=ENOUGH)
    assert not any("PROFILES_FILE" in variable for variable in environment)


def test_discovery_range_of_the_user_wins():
    user = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET", "MALLOC_TOP_PAD_": "0"}
    environment = transport.transport_environment(user, shared_memory_free_bytes=ENOUGH)
    assert user.keys().isdisjoint(environment)


def test_profile_is_left_out_when_shared_memory_is_small():
    docker_default = 64 * 2**20
    environment = transport.transport_environment({}, shared_memory_free_bytes=docker_default)
    assert "FASTDDS_DEFAULT_PROFILES_FILE" not in environment
    assert environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    warning = transport.shared_memory_warning(docker_default)
    assert "64 MiB free, 408 MiB are needed" in warning
    assert "--shm-size=1g" in warning


def test_enough_shared_memory_gives_no_warning():
    assert transport.shared_memory_warning(ENOUGH) == ""


def test_profile_holds_a_large_segment_and_keeps_udp():
    root = ElementTree.parse(transport.PROFILE_PATH).getroot()
    descriptors = root.findall(".//dds:transport_descriptor", NAMESPACE)
    kinds = {d.findtext("dds:type", namespaces=NAMESPACE): d for d in descriptors}
    assert set(kinds) == {"SHM", "UDPv4"}
    assert int(kinds["SHM"].findtext("dds:segment_size", namespaces=NAMESPACE)) >= 32 * 2**20
    assert int(kinds["SHM"].findtext("dds:maxMessageSize", namespaces=NAMESPACE)) >= 2 * 2**20
    participant = root.find(".//dds:participant", NAMESPACE)
    assert participant.get("is_default_profile") == "true"


def test_profile_announces_often_enough_for_a_newcomer_whose_answer_was_lost():
    root = ElementTree.parse(transport.PROFILE_PATH).getroot()
    period = root.find(".//dds:discovery_config/dds:leaseAnnouncement", NAMESPACE)
    seconds = int(period.findtext("dds:sec", namespaces=NAMESPACE))
    seconds += int(period.findtext("dds:nanosec", namespaces=NAMESPACE)) * 1e-9
    assert 0.1 <= seconds <= 0.5


@pytest.mark.parametrize(
    ("discovery", "expected", "profile"),
    [
        ("LOCALHOST", "SYSTEM_DEFAULT", transport.UDP_LOCALHOST_PROFILE_PATH),
        ("SUBNET", "SUBNET", transport.UDP_PROFILE_PATH),
    ],
)
def test_process_that_leaves_shared_memory_talks_by_udp_alone(discovery, expected, profile):
    user = {"ROS_AUTOMATIC_DISCOVERY_RANGE": discovery, "ROS_DISTRO": "jazzy"}
    environment = user | transport.transport_environment(user, shared_memory_free_bytes=ENOUGH)
    transport.leave_shared_memory(environment)
    assert environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == expected
    assert environment["FASTDDS_DEFAULT_PROFILES_FILE"] == str(profile)
    assert environment["FASTRTPS_DEFAULT_PROFILES_FILE"] == str(profile)


def test_host_of_humble_stays_alone_without_the_setting_that_brings_shared_memory_back():
    environment = {"ROS_LOCALHOST_ONLY": "1", "ROS_DISTRO": "humble"}
    transport.leave_shared_memory(environment)
    assert environment["ROS_LOCALHOST_ONLY"] == "0"
    assert environment["FASTRTPS_DEFAULT_PROFILES_FILE"] == str(transport.UDP_LOCALHOST_PROFILE_PATH)


@pytest.mark.parametrize(
    "own",
    [
        {"FASTDDS_DEFAULT_PROFILES_FILE": "mine.xml"},
        {"ROS_STATIC_PEERS": "192.0.2.7"},
        {"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"},
    ],
)
def test_what_the_profile_could_not_replace_is_left_alone(own):
    environment = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", **own}
    before = dict(environment)
    transport.leave_shared_memory(environment)
    assert environment == before


@pytest.mark.parametrize("path", [transport.UDP_PROFILE_PATH, transport.UDP_LOCALHOST_PROFILE_PATH])
def test_profiles_of_the_command_path_know_no_shared_memory(path):
    root = ElementTree.parse(path).getroot()
    assert [kind.text for kind in root.findall(".//dds:type", NAMESPACE)] == ["UDPv4"]
    assert root.findtext(".//dds:useBuiltinTransports", namespaces=NAMESPACE) == "false"


def test_profile_for_one_host_listens_on_loopback_only():
    root = ElementTree.parse(transport.UDP_LOCALHOST_PROFILE_PATH).getroot()
    addresses = {address.text for address in root.findall(".//dds:address", NAMESPACE)}
    assert addresses == {"127.0.0.1"}
    assert root.findtext(".//dds:avoid_builtin_multicast", namespaces=NAMESPACE) == "true"
