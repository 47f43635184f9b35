"""Closed-loop evaluation in the simulated twin, without ROS: how often a policy does the task, and how."""
