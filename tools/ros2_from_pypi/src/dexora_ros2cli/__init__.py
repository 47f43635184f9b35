"""The `ros2` command for machines whose ROS 2 comes from PyPI: the subset of verbs that dexora's docs use."""
