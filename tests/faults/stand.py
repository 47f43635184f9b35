"""A healthy robot for every test, started once and kept as long as it recovers."""

import sys

from dexora_ros.shared_memory import remove_stale_segments

from .robot import Robot


class Stand:
    """Hands out a healthy robot; one that does not recover is replaced by another, in a domain of its own."""

    def __init__(self):
        self._robot = None

    def ready(self):
        """Return a robot with which nothing is wrong and that remembers nothing."""
        remove_stale_segments()  # 33 MiB per process killed before
        robot = self._robot = self._robot or Robot()
        try:
            return self._prepared(robot)
        except AssertionError as error:
            sys.stderr.write(f"a new robot is started, for the old one did not recover: {error}\n")
            self.close()
            self._robot = Robot()
            return self._prepared(self._robot)

    def close(self):
        """End the robot."""
        if self._robot is not None:
            self._robot.close()
            self._robot = None

    @staticmethod
    def _prepared(robot):
        robot.start()
        robot.up()
        robot.recover()
        robot.forget()
        return robot
