"""Launch files, parameters and viewers."""
