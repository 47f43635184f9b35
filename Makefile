# Everything a user or a developer types. `make help` lists it.
#   PYTHON=python3.12   the interpreter to set up with (3.10 to 3.13; default python3)
#   FOR=training        how much to install: robot, simulation, development or training (each holds the ones before)
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench bundle soak clean

PYTHON ?= python3
SET_UP = $(PYTHON) -B tools/setup_workspace --for
IN_WORKSPACE = . tools/env.sh &&

help:  ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: FOR ?= development
setup:  ## install and build what is missing; again only what has changed (FOR=robot|simulation|development|training)
	@$(SET_UP) $(FOR)

demo: FOR ?= simulation
demo:  ## set up, then watch a robot in simulation do what it is told (ARGS="task:=reach engine:=onnx ...")
	@$(SET_UP) $(FOR)
	@$(IN_WORKSPACE) exec ros2 launch dexora_bringup mujoco.launch.py $(ARGS)

test: FOR ?= training
test:  ## set up, then checks, unit tests and system tests; ends in 'N passed, N failed'
	@$(SET_UP) $(FOR)
	@$(IN_WORKSPACE) exec python tools/checks test

check: FOR ?= training
check:  ## set up, then format, lint, types, layers, style and security only
	@$(SET_UP) $(FOR)
	@$(IN_WORKSPACE) exec python tools/checks

format: FOR ?= training
format:  ## format the sources and repair what the linter can
	@$(SET_UP) $(FOR)
	@$(IN_WORKSPACE) ruff format . && ruff check --fix .

bench: FOR ?= training
bench:  ## measure one benchmark of benchmarks/: make bench B=<name>
	@$(SET_UP) $(FOR)
	@$(IN_WORKSPACE) exec python tools/checks bench $(B)

bundle: FOR ?= training
bundle:  ## the shipped policy from nothing, into build/bundle: collect, train, export (hours; goes on where it was)
	@$(SET_UP) $(FOR)
	@$(IN_WORKSPACE) exec tools/build_bundle

soak: FOR ?= training
soak:  ## the long versions of the tests marked 'soak' (minutes)
	@$(SET_UP) $(FOR)
	@$(IN_WORKSPACE) exec python -m pytest src tests -m soak --timeout=0 -o faulthandler_timeout=0

clean:  ## delete everything that was installed, built or cached here
	rm -rf .venv .setup build install log .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tools tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
