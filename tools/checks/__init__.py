"""The checks of the sources, and the runner behind `make test`, `make check` and `make bench`."""
