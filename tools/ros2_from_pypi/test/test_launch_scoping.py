"""Pins what ends with a group: launch configurations, environment, namespaces."""

from __future__ import annotations

import os

import pytest
from launch import LaunchContext
from launch.actions import (
    AppendEnvironmentVariable,
    GroupAction,
    LogInfo,
    PopLaunchConfigurations,
    PushLaunchConfigurations,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    UnsetEnvironmentVariable,
    UnsetLaunchConfiguration,
)
from launch.conditions import IfCondition
from launch.substitutions import EnvironmentVariable, LaunchConfiguration


def _say(label):
    return LogInfo(
        msg=[
            label,
            " a=",
            LaunchConfiguration("a", default="-"),
            " E=",
            EnvironmentVariable("DEXORA_TEST", default_value="-"),
            ".",
        ]
    )


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    monkeypatch.delenv("DEXORA_TEST", raising=False)
    saved = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(saved)


def _set(value):
    return [SetLaunchConfiguration("a", value), SetEnvironmentVariable("DEXORA_TEST", value)]


def test_scoped_group_restores_configurations_and_environment(run):
    out = run(*_set("1"), GroupAction([_say("before"), *_set("2"), _say("in")]), _say("after")).out
    assert "before a=1 E=1." in out
    assert "in a=2 E=2." in out
    assert "after a=1 E=1." in out


def test_unscoped_group_leaks(run):
    out = run(*_set("1"), GroupAction(_set("2"), scoped=False), _say("after")).out
    assert "after a=2 E=2." in out


def test_group_without_forwarding_sees_only_its_own_configurations(run):
    group = GroupAction(
        [_say("in"), LogInfo(msg=["b=", LaunchConfiguration("b")])],
        forwarding=False,
        launch_configurations={"b": ["x", LaunchConfiguration("a")]},
    )
    out = run(*_set("1"), group, _say("after")).out
    assert "in a=- E=-." in out
    assert "b=x1\n" in out
    assert "after a=1 E=1." in out


def test_group_configurations_are_set_inside(run):
    group = GroupAction([_say("in")], launch_configurations={"a": "2"})
    out = run(SetLaunchConfiguration("a", "1"), group, _say("after")).out
    assert "in a=2 E=-." in out
    assert "after a=1 E=-." in out


def test_group_with_a_false_condition_is_skipped(run):
    out = run(GroupAction([_say("in")], condition=IfCondition("false")), _say("after")).out
    assert "in a=" not in out
    assert "after a=-" in out


def test_push_and_pop_and_unset(run):
    out = run(
        *_set("1"),
        PushLaunchConfigurations(),
        UnsetLaunchConfiguration("a"),
        UnsetEnvironmentVariable("DEXORA_TEST"),
        _say("in"),
        PopLaunchConfigurations(),
        _say("after"),
    ).out
    assert "in a=- E=-." in out
    assert "after a=1 E=-." in out


def test_pop_without_push_fails(run):
    outcome = run(PopLaunchConfigurations())
    assert outcome.code == 1
    assert "no launch configurations to pop" in outcome.out


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ({}, "old:new"),
        ({"prepend": True}, "new:old"),
        ({"separator": ","}, "old,new"),
        ({"prepend": "true"}, None),
    ],
)
def test_append_environment_variable(kwargs, expected):
    context = LaunchContext()
    context.environment["DEXORA_TEST"] = "old"
    if expected is None:
        with pytest.raises(TypeError):
            AppendEnvironmentVariable("DEXORA_TEST", "new", **kwargs)
        return
    AppendEnvironmentVariable("DEXORA_TEST", "new", **kwargs).execute(context)
    assert context.environment["DEXORA_TEST"] == expected


def test_append_sets_an_unset_variable():
    context = LaunchContext()
    AppendEnvironmentVariable("DEXORA_TEST", "new").execute(context)
    assert context.environment["DEXORA_TEST"] == "new"
