"""Processes that work for another one: killed ones are told, and none outlives the one that asked."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dexora_core.errors import DatasetError
from dexora_train.pool import processes

# The guard is for the worker, which imports this file, too.
ASKER = """
import os, time
from dexora_core.errors import DatasetError
from dexora_train.pool import processes
if __name__ == "__main__":
    with processes(1, DatasetError) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""


def test_killed_worker_is_told_in_one_sentence():
    killed = pytest.raises(DatasetError, match="a worker was killed, perhaps for memory")
    with killed, processes(1, DatasetError) as pool:
        pool.submit(os._exit, 1).result()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_worker_ends_with_the_process_that_asked(tmp_path, how):
    script = tmp_path / "asker.py"
    script.write_text(ASKER)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as asker:
        worker = int(asker.stdout.readline())
        os.kill(worker, 0)
        asker.send_signal(how)
        asker.wait(10)
    end_s = time.monotonic() + 10
    while is_running(worker):
        assert time.monotonic() < end_s, f"process {worker} goes on without its parent"
        time.sleep(0.01)


def is_running(pid):
    """Return whether a process is there and no zombie, for which nobody may have asked yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
