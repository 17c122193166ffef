# Every command a person needs. The work is done by scripts/task.sh, which finds Python, and scripts/setup.py.
.DEFAULT_GOAL := help
.PHONY: help run test test-slow cover check bench format clean

help: ## (this list)
	@sed -n 's/^\([a-z-]*\):.*## \([^(].*\)/  make \1\t\2/p' Makefile | expand -t 20

run: ## set up what is missing, start Matinee, and say where it is
	@exec sh scripts/task.sh run

test: ## everything that must pass: linters, types, borders, web, all tests, coverage
	@exec sh scripts/task.sh test

test-slow: ## the tests that take minutes
	@exec sh scripts/task.sh test-slow

cover: ## the tests alone: lines and branches that none of them runs, also in .build/covered.xml for editors
	@exec sh scripts/task.sh cover

check: ## linters, types and borders only
	@exec sh scripts/task.sh check

bench: ## the figures that the project claims, measured here
	@exec sh scripts/task.sh bench

format: ## lay out the code, mend what the linters can mend
	@exec sh scripts/task.sh format

clean: ## remove everything made here except your data (.data)
	@exec sh scripts/task.sh clean
