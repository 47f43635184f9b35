"""Tests of the rclpy idioms; a package so that they share `sample_node`."""
