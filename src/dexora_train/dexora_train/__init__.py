"""Workstation only: datasets, training, distillation, INT8, evaluation."""
