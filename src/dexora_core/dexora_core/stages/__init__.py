"""The stages of the command gate; each is an object wrapped around the next."""

from dexora_core.stages.base import Clearance, GateRequest, Stage, Step, Verdict
from dexora_core.stages.collision import CollisionStage
from dexora_core.stages.finite import FiniteStage
from dexora_core.stages.jerk import JerkStage
from dexora_core.stages.limits import LimitsStage
from dexora_core.stages.order import OrderStage
from dexora_core.stages.project import ProjectStage
from dexora_core.stages.tracking import TrackingStage

__all__ = [
    "Clearance",
    "CollisionStage",
    "FiniteStage",
    "GateRequest",
    "JerkStage",
    "LimitsStage",
    "OrderStage",
    "ProjectStage",
    "Stage",
    "Step",
    "TrackingStage",
    "Verdict",
]
