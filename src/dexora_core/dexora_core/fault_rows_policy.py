"""Rows of the fault table about the policy node and its instructions (POL). Read by `fault_table.py`."""

from __future__ import annotations

# fmt: off
ROWS: tuple[tuple[str, int, bool, str, str], ...] = (
    # Instructions: refused before anything changes; the instruction in force stays in force.
    ("DX-POL-001", 0, False, "The instruction was refused: {detail}.",
     "Say in 1 to 512 characters what the robot shall do."),
    ("DX-POL-002", 0, False, "The instruction was refused: it holds the control character {detail}.",
     "Write plain text in one line."),
    ("DX-POL-003", 0, False,
     "The instruction was refused: {detail} belongs to templates of language models, not to a sentence.",
     "Write plain text; an instruction is data and is never interpreted."),
    ("DX-POL-004", 0, False,
     "The instruction '{subject}' is not one that the policy was trained on; the closest is '{closest}'.",
     "Use the closest one, or send the same instruction again to confirm it."),
    # What one inference needs: nothing is inferred without it, and the motion in force runs on.
    ("DX-POL-005", 0, False, "No tokens have arrived from {subject}.",
     "Start the token encoder and the cameras."),
    ("DX-POL-006", 0, False, "The tokens are {age_ms} ms old, bound {bound_ms} ms; nothing was inferred.",
     "Look at the cameras and at the load of the token encoder."),
    ("DX-POL-007", 0, False, "The tokens were made by the encoder '{subject}', the bundle needs '{needed}'.",
     "Start the token encoder with the same bundle as the policy."),
    ("DX-POL-008", 0, False, "The tokens were refused: {detail}.",
     "Start the token encoder with the same bundle as the policy."),
    ("DX-POL-009", 0, False, "The joint state is not usable: {detail}; nothing was inferred.",
     "Look at the drivers; all joints of the contract must be measured."),
    ("DX-POL-010", 0, False, "The joint state is {age_ms} ms old, bound {bound_ms} ms; nothing was inferred.",
     "Look at the drivers and at the load of the machine."),
    # What one inference gave: a result that is refused is never published.
    ("DX-POL-011", 0, False, "The policy returned NaN or infinity ({detail}); the result was discarded.",
     "Look at the inputs; verify the bundle with `dexora-bundle verify` when it repeats."),
    ("DX-POL-012", 0, False,
     "The policy wants joint {subject} {excess_rad} rad outside its limits, bound {bound_rad} rad; "
     "the result was discarded.",
     "Compare the statistics of the bundle with the limits of the contract."),
    ("DX-POL-013", 0, False,
     "An inference took {delay_ms} ms where {bound_ms} ms are of use; the result was discarded.",
     "Use a faster engine, fewer steps or a smaller model, or reduce the load of the machine."),
    ("DX-POL-014", 0, False, "The clock jumped during an inference; the result was discarded.",
     "Nothing to do when rare."),
    ("DX-POL-015", 0, False, "The lease changed during an inference; the result was discarded.",
     "Nothing to do: the result belonged to an earlier run."),
    ("DX-POL-016", 0, False, "An inference failed: {detail}.",
     "Keep the log and report it; another engine may help."),
    # What ends a run: the lease is given back and the robot holds.
    ("DX-POL-017", 2, False,
     "{count} results in a row, over {time_ms} ms, were discarded; the last one: {detail}.",
     "Remove the cause, then run the policy again."),
    ("DX-POL-018", 2, False, "The policy lost control of the robot: {detail}.",
     "Remove the cause, then run the policy again."),
    ("DX-POL-019", 2, False, "The command node has been silent for {age_ms} ms, bound {bound_ms} ms.",
     "Start the command node, then run the policy again."),
    ("DX-POL-020", 2, False,
     "The policy inferred nothing for {age_ms} ms, bound {bound_ms} ms: {detail}.",
     "Remove the cause, then run the policy again."),
    ("DX-POL-021", 0, False, "The policy cannot run: {detail}.",
     "Remove the cause, then run the policy again."),
    # Before it may activate.
    ("DX-POL-022", 0, False,
     "The policy gives other actions than when it was exported: joint {subject} differs by {error_rad} rad, "
     "bound {bound_rad} rad.",
     "Use a higher precision or another engine, or export the bundle again."),
)
# fmt: on
