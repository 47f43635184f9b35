"""Tests across processes; one file per behaviour."""
