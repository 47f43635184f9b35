"""Makes the scripts of `benchmarks/`, which import each other by name, and made-up results importable."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
sys.path.append(str(ROOT / "src/dexora_train/test"))
