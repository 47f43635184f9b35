"""Helpers that the actions share."""

from launch._subset import module_getattr

from .evaluate_parameters import evaluate_parameter_dict, evaluate_parameters
from .namespace_utils import (
    is_namespace_absolute,
    is_root_namespace,
    make_namespace_absolute,
    prefix_namespace,
)
from .normalize_parameters import normalize_parameter_dict, normalize_parameters

__all__ = [
    "evaluate_parameter_dict",
    "evaluate_parameters",
    "is_namespace_absolute",
    "is_root_namespace",
    "make_namespace_absolute",
    "normalize_parameter_dict",
    "normalize_parameters",
    "prefix_namespace",
]

__getattr__ = module_getattr(__name__)
