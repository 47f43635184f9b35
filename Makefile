# Everything a user or a developer types. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help
help:  ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12
