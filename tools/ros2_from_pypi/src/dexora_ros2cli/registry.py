"""Which commands and verbs exist, where they live, and what their help says; imports nothing of theirs.

The tables are what keeps the command quick: help for everything is printed from here, and only the module of
the one verb that was asked for is imported.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A verb: where its class is (`module:Class` below `dexora_ros2cli.verbs`) and its line of help."""

    target: str
    summary: str


# Commands without verbs.
PLAIN: dict[str, Entry] = {
    "launch": Entry("launch:LaunchCommand", "Run a launch file"),
    "run": Entry("run:RunCommand", "Run a package specific executable"),
}

VERBS: dict[str, dict[str, Entry]] = {
    "action": {
        "info": Entry("action:InfoVerb", "Print information about an action"),
        "list": Entry("action:ListVerb", "Output a list of action names"),
        "send_goal": Entry("action_goal:SendGoalVerb", "Send an action goal"),
    },
    "bag": {
        "info": Entry("bag_info:InfoVerb", "Print information about a bag to the screen"),
        "play": Entry("bag_play:PlayVerb", "Play back ROS data from a bag"),
        "record": Entry("bag_record:RecordVerb", "Record ROS data to a bag"),
    },
    "interface": {
        "list": Entry("interface:ListVerb", "List all interface types available"),
        "package": Entry(
            "interface:PackageVerb", "Output a list of available interface types within one package"
        ),
        "packages": Entry("interface:PackagesVerb", "Output a list of packages that provide interfaces"),
        "show": Entry("interface:ShowVerb", "Output the interface definition"),
    },
    "lifecycle": {
        "get": Entry("lifecycle:GetVerb", "Get lifecycle state for one or more nodes"),
        "list": Entry("lifecycle:ListVerb", "Output a list of available transitions"),
        "nodes": Entry("lifecycle:NodesVerb", "Output a list of nodes with lifecycle"),
        "set": Entry("lifecycle:SetVerb", "Trigger lifecycle state transition"),
    },
    "node": {
        "info": Entry("node:InfoVerb", "Output information about a node"),
        "list": Entry("node:ListVerb", "Output a list of available nodes"),
    },
    "param": {
        "describe": Entry(
            "param_read:DescribeVerb", "Show descriptive information about declared parameters"
        ),
        "dump": Entry("param_read:DumpVerb", "Show all of the parameters of a node in a YAML file format"),
        "get": Entry("param_read:GetVerb", "Get parameter"),
        "list": Entry("param_read:ListVerb", "Output a list of available parameters"),
        "set": Entry("param_write:SetVerb", "Set parameter"),
    },
    "pkg": {
        "executables": Entry("pkg:ExecutablesVerb", "Output a list of package specific executables"),
        "list": Entry("pkg:ListVerb", "Output a list of available packages"),
        "prefix": Entry("pkg:PrefixVerb", "Output the prefix path of a package"),
    },
    "service": {
        "call": Entry("service_call:CallVerb", "Call a service"),
        "list": Entry("service:ListVerb", "Output a list of available services"),
        "type": Entry("service:TypeVerb", "Output a service's type"),
    },
    "topic": {
        "echo": Entry("topic_echo:EchoVerb", "Output messages from a topic"),
        "hz": Entry("topic_hz:HzVerb", "Print the average receiving rate to screen"),
        "info": Entry("topic:InfoVerb", "Print information about a topic"),
        "list": Entry("topic:ListVerb", "Output a list of available topics"),
        "pub": Entry("topic_pub:PubVerb", "Publish a message to a topic"),
        "type": Entry("topic:TypeVerb", "Print a topic's type"),
    },
}

COMMAND_SUMMARIES: dict[str, str] = {
    "action": "Various action related sub-commands",
    "bag": "Various rosbag related sub-commands",
    "interface": "Show information about ROS interfaces",
    "launch": PLAIN["launch"].summary,
    "lifecycle": "Various lifecycle related sub-commands",
    "node": "Various node related sub-commands",
    "param": "Various param related sub-commands",
    "pkg": "Various package related sub-commands",
    "run": PLAIN["run"].summary,
    "service": "Various service related sub-commands",
    "topic": "Various topic related sub-commands",
}
