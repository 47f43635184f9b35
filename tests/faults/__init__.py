"""The fault matrix as tests: one per row, each measured; docs/faults.md is made from their results."""
