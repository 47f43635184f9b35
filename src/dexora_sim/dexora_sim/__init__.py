"""MuJoCo twin behind the hardware interfaces, with tasks, experts and fault hooks."""
