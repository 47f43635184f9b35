"""Reads one camera on a thread of its own, for as long as it takes: a camera that is lost is opened again.

The newest picture goes straight on; there is no queue. Nothing is made up while there is no picture.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from dexora_core.errors import HardwareError

from dexora_perception.sources import CameraSource, Frame, SourceEndedError

FIRST_DELAY_S = 0.2


class Backoff:
    """How long to wait before the next attempt: twice as long after every failure.

    Args:
        longest_s: Longest delay [s].
        first_s: First delay [s].
    """

    def __init__(self, longest_s: float, first_s: float = FIRST_DELAY_S) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._delay_s = first_s

    def reset(self) -> None:
        """Begin again: the camera delivers."""
        self._delay_s = self._first_s

    def next_s(self) -> float:
        """Return the delay before the next attempt [s]."""
        delay_s = min(self._delay_s, self._longest_s)
        self._delay_s = min(2.0 * self._delay_s, self._longest_s)
        return delay_s


@dataclass(slots=True)
class CaptureState:
    """What is known of a capture; read by others at any time.

    Attributes:
        pictures: Pictures delivered.
        losses: Times that the camera was lost.
        attempts: Failures since it last delivered; 0 while it delivers.
        trouble: The sentence of what is wrong, with its code; empty while it delivers.
        is_over: True when a file has come to its wanted end.
        last_capture_ns: Capture time of the last picture, monotonic [ns]; 0 before the first.
    """

    pictures: int = 0
    losses: int = 0
    attempts: int = 0
    trouble: str = ""
    is_over: bool = False
    last_capture_ns: int = 0


class Capture:
    """One camera and the thread that reads it.

    Args:
        source: The camera; already open when `start` is called.
        deliver: Takes a picture, on the capture thread.
        report: Called with a sentence when the camera is lost, and with an empty one when it is back.
        backoff: Delays between attempts.
    """

    def __init__(
        self,
        source: CameraSource,
        deliver: Callable[[Frame], None],
        report: Callable[[str], None],
        backoff: Backoff,
    ) -> None:
        self._source, self._deliver, self._report, self._backoff = source, deliver, report, backoff
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_open = True
        self.state = CaptureState()

    def start(self, run: Callable[[], None] | None = None) -> None:
        """Start to read.

        Args:
            run: Wraps `run`, for instance so that no exception is lost; `run` itself when left out.
        """
        self._stop.clear()
        self._thread = threading.Thread(target=run or self.run, name="capture", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop to read and wait until the thread has ended: at most as long as one read takes."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def run(self, wait: Callable[[float], bool] | None = None) -> None:
        """Read until `stop`, or until a file ends.

        Args:
            wait: Waits [s] and returns whether to stop; that of `stop` when left out.
        """
        wait = wait or self._stop.wait
        while not (self._stop.is_set() or self.state.is_over):
            if not self._is_read() and wait(self._backoff.next_s()):
                return

    def _is_read(self) -> bool:
        """Take one picture and return True, or leave the camera closed and return False."""
        try:
            if not self._is_open:
                self._source.open()
                self._is_open = True
            self._take(self._source.read())
        except SourceEndedError as error:
            self.state.is_over = True
            self._report(str(error))
        except HardwareError as error:
            self._source.close()
            self._is_open = False
            self._fail(str(error))
            return False
        return True

    def _take(self, frame: Frame) -> None:
        state = self.state
        if state.trouble:
            state.trouble, state.attempts = "", 0
            self._backoff.reset()
            self._report("")
        state.pictures += 1
        state.last_capture_ns = frame.capture_ns
        self._deliver(frame)

    def _fail(self, trouble: str) -> None:
        state = self.state
        state.losses += not state.trouble
        state.attempts += 1
        is_news = trouble != state.trouble
        state.trouble = trouble
        if is_news:
            self._report(trouble)
