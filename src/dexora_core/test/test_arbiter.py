"""Promise S6, rows 22, 46, 47: one owner at any time, by priority, with an epoch and a holder."""

import pytest
from dexora_core.arbiter import HOLD, PRIORITY, Arbiter
from dexora_core.faults import make_fault
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

SOURCES = [*PRIORITY, "cat"]


def test_nobody_owns_the_robot_at_first():
    arbiter = Arbiter(epoch=7)
    assert (arbiter.owner, arbiter.holder, arbiter.epoch) == (HOLD, "", 7)
    assert arbiter.refuses(0, "policy", 7).code == "DX-CHK-008"


def test_lease_raises_the_epoch_and_obeys_only_its_chunks():
    arbiter = Arbiter()
    grant = arbiter.acquire(0, "policy", "a")
    assert (grant.granted, grant.epoch, grant.owner, grant.changed) == (True, 1, "policy", True)
    assert arbiter.refuses(0, "policy", 1) is None
    assert arbiter.refuses(0, "policy", 0).code == "DX-CHK-007"
    assert arbiter.refuses(0, "teleop", 1).code == "DX-CHK-008"


def test_asking_again_keeps_lease_and_epoch():
    arbiter = Arbiter()
    arbiter.acquire(0, "teleop", "a")
    again = arbiter.acquire(1, "teleop", "a", forbidden=make_fault("DX-FRS-010", 0))
    assert (again.granted, again.epoch, again.changed) == (True, 1, False)
    assert arbiter.renew(2, "teleop", "a").granted


def test_teleoperation_takes_over_and_gives_back_only_on_request():
    arbiter = Arbiter()
    arbiter.acquire(0, "policy", "p")
    assert arbiter.acquire(1, "teleop", "t").epoch == 2
    refused = arbiter.acquire(2, "policy", "p")
    assert (refused.granted, refused.fault.code, refused.owner) == (False, "DX-ARB-001", "teleop")
    assert arbiter.renew(2, "policy", "p").fault.code == "DX-ARB-005"
    given = arbiter.release(3, "teleop", "t")
    assert (given.granted, given.owner, given.epoch) == (True, HOLD, 3)
    assert arbiter.acquire(4, "policy", "p").epoch == 4


def test_second_device_of_the_same_class_is_refused():
    arbiter = Arbiter()
    arbiter.acquire(0, "teleop", "glove")
    refused = arbiter.acquire(1, "teleop", "keyboard")
    assert refused.fault.code == "DX-ARB-002"
    assert "glove" in refused.fault.sentence
    assert arbiter.release(2, "teleop", "keyboard").fault.code == "DX-ARB-005"


def test_unknown_source_and_active_fault_are_refused():
    arbiter = Arbiter()
    assert arbiter.acquire(0, "cat", "c").fault.code == "DX-ARB-004"
    refused = arbiter.acquire(0, "policy", "p", make_fault("DX-FRS-002", 0))
    assert refused.fault.code == "DX-ARB-003"
    assert "DX-FRS-002 is active" in refused.fault.sentence


def test_stop_revokes_the_lease_once():
    arbiter = Arbiter()
    arbiter.acquire(0, "policy", "p")
    assert arbiter.revoke()
    assert (arbiter.owner, arbiter.epoch) == (HOLD, 2)
    assert not arbiter.revoke()
    assert arbiter.epoch == 2


@pytest.mark.parametrize("source", PRIORITY)
def test_chunk_of_an_earlier_lease_is_never_obeyed(source):
    arbiter = Arbiter()
    epoch = arbiter.acquire(0, source, "a").epoch
    arbiter.revoke()
    arbiter.acquire(1, source, "a")
    assert arbiter.refuses(1, source, epoch).code == "DX-CHK-007"


class ArbiterModel(RuleBasedStateMachine):
    """Drives the arbiter and a ten-line reference with the same random requests."""

    def __init__(self):
        super().__init__()
        self.real, self.lease, self.epoch = Arbiter(), None, 0

    def moved(self, lease):
        self.epoch += lease != self.lease
        self.lease = lease

    @rule(source=st.sampled_from(SOURCES), holder=st.sampled_from("ab"), stopped=st.booleans())
    def acquire(self, source, holder, stopped):
        grant = self.real.acquire(0, source, holder, make_fault("DX-FRS-002", 0) if stopped else None)
        new, old = PRIORITY.get(source, -1), PRIORITY.get(self.lease[0], 0) if self.lease else 0
        expected = (source, holder) == self.lease or (not stopped and new > old)
        assert grant.granted == expected
        if expected:
            self.moved((source, holder))

    @rule(source=st.sampled_from(SOURCES), holder=st.sampled_from("ab"), keep=st.booleans())
    def give(self, source, holder, keep):
        answer = (self.real.renew if keep else self.real.release)(0, source, holder)
        assert answer.granted == ((source, holder) == self.lease)
        if answer.granted and not keep:
            self.moved(None)

    @rule()
    def stop(self):
        assert self.real.revoke() == (self.lease is not None)
        self.moved(None)

    @invariant()
    def exactly_one_owner(self):
        owner = self.lease[0] if self.lease else HOLD
        assert (self.real.owner, self.real.epoch) == (owner, self.epoch)
        obeyed = [source for source in PRIORITY if self.real.refuses(0, source, self.epoch) is None]
        assert obeyed == ([owner] if self.lease else [])


TestArbiterModel = ArbiterModel.TestCase
TestArbiterModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
