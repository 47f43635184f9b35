"""Values and rules without ROS: contract, chunk, timeline, gate, failsafe, arbiter, freshness."""
