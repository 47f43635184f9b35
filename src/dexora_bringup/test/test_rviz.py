"""Pins that the RViz view shows what exists: cameras of the contract, frames and description of the model."""

import pathlib

import yaml
from dexora_core.contract import load_contract
from dexora_core.kinematics_urdf import load_urdf

from dexora_description import contract_path, urdf_path

VIEW = yaml.safe_load((pathlib.Path(__file__).parents[1] / "rviz/dexora.rviz").read_text(encoding="utf-8"))
DISPLAYS = {display["Name"]: display for display in VIEW["Visualization Manager"]["Displays"]}


def test_every_camera_has_an_image_display():
    shown = {name: d["Topic"]["Value"] for name, d in DISPLAYS.items() if d["Class"].endswith("/Image")}
    assert shown == {camera.view: camera.topic for camera in load_contract(contract_path()).cameras}


def test_fixed_frame_is_the_root_of_the_model():
    assert VIEW["Visualization Manager"]["Global Options"]["Fixed Frame"] == load_urdf(urdf_path()).root


def test_description_is_read_from_the_latched_topic():
    topic = DISPLAYS["Robot"]["Description Topic"]
    assert topic["Value"] == "robot_description"
    assert topic["Durability Policy"] == "Transient Local"
