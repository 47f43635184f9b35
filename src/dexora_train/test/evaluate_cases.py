"""Results that nobody played."""

from dexora_train.evaluate.episode import EpisodeResult
from dexora_train.evaluate.opening import ModelIdentity
from dexora_train.evaluate.results import Subject
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.evaluate.smoothness import Smoothness

SUBJECT = Subject(ModelIdentity("someone", "0123456789ab"), EvaluationSettings())


def made(seed, is_success=True, **changes):
    motion = Smoothness(0.1, 0.2)
    stages = ("approached", "touched") if is_success else ("approached",)
    values = {
        "task": "reach",
        "seed": seed,
        "instruction": "touch the red ball",
        "is_success": is_success,
        "stages": stages,
        "score": len(stages) / 2,
        "time_s": 3.0 + seed,
        "failure": "",
        "wanted": "ball",
        "touched": ("left:ball",),
        "inferences": 10,
        "discarded": 1,
        "commanded": motion,
        "measured": motion,
        "wall_s": 1.0,
    }
    return EpisodeResult(**(values | changes))
