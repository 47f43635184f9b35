"""The subset of ROS 2 launch_ros that PyPI does not carry; see tools/ros2_from_pypi/README.md."""

from launch._subset import install_finder, module_getattr

from . import actions, descriptions, parameter_descriptions, substitutions, utilities

__all__ = ["actions", "descriptions", "parameter_descriptions", "substitutions", "utilities"]

__getattr__ = module_getattr(__name__)
install_finder()
