"""One module for each command; a verb is a class with `add_arguments` and `main`."""
