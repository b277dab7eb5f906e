# SPDX-License-Identifier: MIT
# What one does with this tree. Every target sees to what it needs first (packages, llama.cpp, the
# build) and says so; the work is in tools/.
PREFIX ?= /usr
export PREFIX DESTDIR MODEL

.DEFAULT_GOAL := help
.PHONY: help demo run test test-asan test-tsan test-faults bench lint format install clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## a real job, from start to end, in a scratch folder (MODEL=/path/to.gguf for a model of yours)
	@tools/demo.sh

run: ## the daemon from the build tree, in the foreground, with your own state
	@tools/run.sh

test: ## all tests: unit, integration, faults, end to end
	@tools/test.sh dev unit integration faults e2e

test-asan: ## unit and integration tests under the address and undefined-behaviour sanitizers
	@tools/test.sh asan unit integration

test-tsan: ## unit and integration tests under the thread sanitizer
	@tools/test.sh tsan unit integration

test-faults: ## broken disks and kills as in `make test`, but 1,000 kills and 30,000 simulated histories
	@LLMSPOOL_FAULT_KILLS=1000 LLMSPOOL_HISTORIES=30000 tools/test.sh dev simulation faults

bench: ## how fast it is beside BullMQ, beanstalkd and PostgreSQL, in some 6 minutes
	@tools/setup.sh bench
	@tools/build.sh release -DLLMSPOOL_BENCH=ON
	@LLMSPOOL_BUILD_DIR=$(CURDIR)/build/release tests/bench/run

lint: ## clang-format, clang-tidy and shellcheck
	@tools/lint.sh

format: ## lay out all sources as clang-format has it
	@tools/lint.sh --fix

install: ## build the release and install it (PREFIX=/usr, DESTDIR=)
	@tools/install.sh

clean: ## remove the build trees
	rm -rf build
