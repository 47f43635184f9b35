"""Gives every parallel test worker a ROS domain of its own, so that nodes of two tests never meet."""

import os

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
_DOMAINS = 101
if _WORKER != "0":
    _base = int(os.environ.get("ROS_DOMAIN_ID", "0"))
    os.environ["ROS_DOMAIN_ID"] = str((_base + 50 + int(_WORKER)) % _DOMAINS)
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
