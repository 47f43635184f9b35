"""The stages of the command gate, one per file; each is an object wrapped around the next."""

from dexora_core.stages.acceleration import AccelerationStage
from dexora_core.stages.base import Clearance, GateRequest, Stage, Step, Verdict
from dexora_core.stages.collision import CollisionStage
from dexora_core.stages.finite import FiniteStage
from dexora_core.stages.jerk import JerkStage
from dexora_core.stages.order import OrderStage
from dexora_core.stages.position import PositionStage
from dexora_core.stages.project import ProjectStage
from dexora_core.stages.tracking import TrackingStage
from dexora_core.stages.velocity import VelocityStage

__all__ = [
    "AccelerationStage",
    "Clearance",
    "CollisionStage",
    "FiniteStage",
    "GateRequest",
    "JerkStage",
    "OrderStage",
    "PositionStage",
    "ProjectStage",
    "Stage",
    "Step",
    "TrackingStage",
    "VelocityStage",
    "Verdict",
]
