"""`python -m dexora_ros2cli` is the `ros2` command."""

import sys

from dexora_ros2cli.main import main

sys.exit(main())
