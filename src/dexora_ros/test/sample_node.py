"""A small managed node that records what happens to it; tests make it fail where they want."""

from dataclasses import dataclass

from dexora_ros.managed_node import ManagedNode
from dexora_ros.parameters import param


@dataclass(frozen=True)
class SampleParameters:
    """Parameters of the sample node."""

    rate_hz: float = param(30.0, description="Rate.", unit="Hz", lower=1.0, upper=100.0)
    speed_scale: float = param(1.0, description="Speed.", lower=0.0, upper=1.0, read_only=False)
    mode: str = param("fast", description="Mode.", choices=("fast", "slow"))
    views: tuple[str, ...] = param((), description="Views.")


class SampleNode(ManagedNode[SampleParameters]):
    """Appends the name of each hook to `calls`; raises the error listed for it in `failures`."""

    def __init__(self, failures=None, **options):
        self.calls = []
        self.failures = failures or {}
        super().__init__("sample_node", SampleParameters, **options)

    def _visit(self, hook):
        self.calls.append(hook)
        if hook in self.failures:
            raise self.failures[hook]

    def on_setup(self, parameters):
        self._visit("on_setup")

    def on_start(self):
        self._visit("on_start")

    def on_stop(self):
        self._visit("on_stop")

    def on_teardown(self):
        self._visit("on_teardown")

    def on_fault(self, fault):
        self._visit("on_fault")

    def on_parameters(self, parameters):
        self._visit("on_parameters")
