"""Fixtures of the rclpy idioms' tests: one context per test, on the default domain of the environment."""

from collections.abc import Iterator

import pytest
import rclpy


@pytest.fixture
def ros() -> Iterator[None]:
    rclpy.init(args=[])
    yield
    if rclpy.ok():
        rclpy.shutdown()
