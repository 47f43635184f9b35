"""Demonstrations as LeRobot datasets: collected, written, read, summarised and checked."""
