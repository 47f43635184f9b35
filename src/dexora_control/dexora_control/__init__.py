"""The command path: command node, watchdog and hardware drivers."""
