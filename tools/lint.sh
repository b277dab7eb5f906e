#!/bin/bash
# SPDX-License-Identifier: MIT
# Checks the looks of all sources and lets clang-tidy read them; tools/lint.sh --fix only formats.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh lint
mapfile -t sources < <(git ls-files '*.c' '*.cpp' '*.h' '*.hpp')
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
if [ "${1:-}" = --fix ]; then
    clang-format-19 -i "${sources[@]}"
    exit 0
fi

clang-format-19 --dry-run --Werror "${sources[@]}"
shellcheck "${scripts[@]}"
tools/build.sh dev
echo "lint: clang-tidy reads every source, some 5 seconds a file and core" >&2
# The build's compiler may have warnings that clang does not know.
run-clang-tidy-19 -quiet -p build/dev -extra-arg=-Wno-unknown-warning-option -j "$(nproc)" \
    "^$PWD/(daemon|plugins|sdk)/"
