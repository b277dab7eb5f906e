#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds a preset and runs its tests: tools/test.sh PRESET STAGE..., where a stage is one of unit,
# integration, simulation, faults, e2e. Runs them all whatever fails, ends with a summary, and fails
# if any did.
#
# The Python tests find the build by LLMSPOOL_BUILD_DIR.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
shift
tools/build.sh "$preset"
export LLMSPOOL_BUILD_DIR=$PWD/build/$preset
# A finding of a sanitizer fails the test wherever it is found.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=66}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:exitcode=66:second_deadlock_stack=1}

# Debian's Python has what setup.sh installed; another one in PATH may not.
python=python3
"$python" -c 'import pytest, websockets' 2> /dev/null || python=/usr/bin/python3

run() {
    case $1 in
        unit) ctest --test-dir "build/$preset" -L unit --no-tests=error --output-on-failure -j "$(nproc)" ;;
        simulation) "$LLMSPOOL_BUILD_DIR/tests/simulation/simulation_test" ;;
        e2e) tools/setup.sh e2e && "$python" -m pytest -ra tests/e2e ;;
        *) "$python" -m pytest -ra "tests/$1" ;;
    esac
}

summary=() failed=0
for stage in "$@"; do
    echo "== $stage"
    begin=$SECONDS
    verdict=passed
    run "$stage" || { verdict=FAILED failed=1; }
    summary+=("$(printf '%-12s %-7s %4d s' "$stage" "$verdict" $((SECONDS - begin)))")
done
echo "== summary ($preset)"
printf '%s\n' "${summary[@]}"
exit "$failed"
