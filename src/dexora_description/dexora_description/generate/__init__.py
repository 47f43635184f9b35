"""The one kinematic source of dexora36. `python -m dexora_description.generate` writes its URDF and its MJCF.

`arm.py` and `hand.py` hold the numbers, `robot.py` puts them together, `urdf.py` and `mjcf.py` write the same
tree in two languages. Joint limits and camera names come from the contract, never from here.
"""
