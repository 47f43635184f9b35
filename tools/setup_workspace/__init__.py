"""Sets up a bare machine: system packages, virtual environment, ROS 2 from PyPI, workspace build.

Started by `make setup`, and by `make demo` and `make test` before they do their own work. It needs only the
standard library, because it runs before anything is installed. Where ROS 2 is installed it is not used.
"""
