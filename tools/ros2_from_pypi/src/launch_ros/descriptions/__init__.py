"""Descriptions of parameters."""

from launch._subset import module_getattr

from ..parameter_descriptions import Parameter, ParameterFile, ParameterValue

__all__ = ["Parameter", "ParameterFile", "ParameterValue"]

__getattr__ = module_getattr(__name__)
