"""How far the parts of a robot are from each other: shapes, rules, distances, without ROS and simulator."""

from dexora_core.collision.model import CollisionModel, Judgement
from dexora_core.collision.rules import CollisionRules, Margin, load_rules
from dexora_core.collision.shapes import Shape, load_shapes

__all__ = ["CollisionModel", "CollisionRules", "Judgement", "Margin", "Shape", "load_rules", "load_shapes"]
