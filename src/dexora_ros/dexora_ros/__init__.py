"""The rclpy idioms that every dexora node shares."""
