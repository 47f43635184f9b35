"""What `ros2 launch` needs besides `launch` itself; import `ros2launch.api`."""
