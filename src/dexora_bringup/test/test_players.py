"""Who plays the twin's task, and what is refused because nobody could."""

import json

import pytest
from dexora_bringup.arguments import LaunchArgumentError
from launch import LaunchContext

from dexora_bringup import players

DEFAULTS = {argument.name: argument.default for argument in players.PLAYERS}
DEFAULTS |= {"robot": "dexora36", "command_path": "true", "camera_rate": "20.0", "bundle": ""}


@pytest.fixture
def given():
    """Return a function that makes a context with these texts and the defaults of the others."""

    def make(**texts):
        context = LaunchContext()
        context.launch_configurations.update({**DEFAULTS, **texts})
        return context

    return make


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Ship a bundle, whatever this copy of the suite ships."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"robot": "dexora36"}))
    monkeypatch.setattr(players, "shipped_bundles", lambda share: {"tiny": folder})
    return str(folder)


@pytest.fixture
def bare(monkeypatch):
    """Ship no bundle."""
    monkeypatch.setattr(players, "shipped_bundles", lambda share: {})


@pytest.mark.usefixtures("bare")
def test_expert_plays_where_no_bundle_is_shipped(given):
    context = given()
    assert players.has_expert(context)
    assert not players.has_player(context)
    assert players.first_seed(context) == 0


def test_shipped_policy_plays_from_a_seed_that_training_never_saw(given, shipped):
    context = given()
    assert players.bundle_of(context) == shipped
    assert players.has_player(context)
    assert not players.has_expert(context)
    assert players.first_seed(context) == players.EVALUATION_SEED
    assert players.first_seed(given(seed="5")) == 5


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    "texts",
    [
        {"expert": "true"},
        {"expert": "false"},
        {"task": "handover"},
        {"task": "none"},
        {"command_path": "false"},
        {"camera_rate": "0"},
    ],
    ids=str,
)
def test_shipped_policy_stands_back(given, texts):
    context = given(**texts)
    assert players.bundle_of(context) == ""
    assert not players.has_player(context)
    assert players.first_seed(context) == 0


@pytest.mark.usefixtures("bare")
def test_named_bundle_plays_any_task_and_none_only_when_asked(given, tmp_path):
    assert players.has_player(given(bundle=str(tmp_path), task="open_bottle"))
    assert not players.has_player(given(bundle=str(tmp_path), task="none"))
    waiting = given(bundle=str(tmp_path), play="false")
    assert not players.has_player(waiting)
    assert players.has_source(waiting)
    assert not players.has_expert(waiting)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (
            {"episodes": "3", "expert": "false"},
            "episodes counts what a policy or an expert plays, and none plays",
        ),
        (
            {"results": "r.json"},
            "time_limit and results are about the episodes of a policy, and none plays here",
        ),
        (
            {"time_limit": "3"},
            "time_limit and results are about the episodes of a policy, and none plays here",
        ),
        ({"time_limit": "nan"}, "time_limit:=nan is outside"),
        ({"play": "perhaps", "bundle": "/"}, "play:='perhaps' is neither true nor false"),
        ({"expert": "true", "bundle": "/"}, "expert and policy would both move the robot"),
        ({"bundle": "tiny"}, "bundle:=tiny is neither a directory nor a bundle that is shipped"),
        ({"seed": "-1"}, "seed:=-1 is outside"),
    ],
)
def test_what_cannot_work_is_refused(given, texts, sentence):
    with pytest.raises(LaunchArgumentError, match=sentence):
        players.check_players(given(**texts))


@pytest.mark.parametrize(
    "texts", [{}, {"episodes": "3"}, {"time_limit": "2.5", "results": "r.json"}], ids=str
)
def test_what_can_work_is_taken(given, shipped, texts):
    players.check_players(given(bundle=shipped, **texts))
