"""A node as a process: start the middleware, run, turn every end into an exit code and one sentence."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence

import rclpy
from dexora_core.errors import ConfigError, DexoraError
from rclpy.signals import SignalHandlerOptions

from .shared_memory import avoid_dead_ports
from .stop_signals import StopSignals


def run_process(run: Callable[[StopSignals], int], args: Sequence[str] | None) -> int:
    """Call `run` between the start and the end of the middleware.

    Args:
        run: Constructs, spins and destroys the node; returns the exit code.
        args: ROS arguments; those of the command line when left out.

    Returns:
        What `run` returned; 0 after a signal that cut the start short; 1 when the node could not start (the
        reason is logged in one sentence).
    """
    with StopSignals() as signals, avoid_dead_ports():
        try:
            _start_middleware(args)
            return run(signals)
        except KeyboardInterrupt:
            return 0
        except DexoraError as error:
            return refuse(str(error))
        except Exception as error:  # noqa: BLE001 - the process ends here, with the reason
            rclpy.logging.get_logger("dexora").error("".join(traceback.format_exception(error)))
            return refuse(f"{type(error).__name__}: {error}")
        finally:
            signals.defer(None)
            if rclpy.ok():
                rclpy.shutdown()


def refuse(reason: str) -> int:
    """Log why the process cannot start and return its exit code, 1."""
    rclpy.logging.get_logger("dexora").fatal(f"cannot start: {reason}")
    return 1


def _start_middleware(args: Sequence[str] | None) -> None:
    given = None if args is None else list(args)
    try:
        rclpy.init(args=given, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # what rclpy raises for arguments and files that it cannot read
        raise ConfigError(
            f"{error}; check what follows --ros-args, and that every --params-file exists and is valid YAML"
        ) from error
