"""Where pictures come from: USB cameras by V4L2, RealSense cameras, video files."""

from dexora_perception.sources.source import CameraLostError, CameraSource, Clocks, Frame, SourceEndedError

__all__ = ["CameraLostError", "CameraSource", "Clocks", "Frame", "SourceEndedError"]
