#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds one preset from nothing: tools/build.sh PRESET [-DOPTION=VALUE ...]. Packages and llama.cpp
# are seen to first; what is there already is not done again.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
shift
case $preset in
    asan | tsan) tools/setup.sh build test sanitizers ;;
    release)
        tools/setup.sh build
        set -- -DLLMSPOOL_TESTS=OFF "$@"
        ;;
    *) tools/setup.sh build test ;;
esac
llamacpp=$(tools/llamacpp.sh)

if [ ! -e "build/$preset/build.ninja" ]; then
    echo "build: building '$preset' in build/$preset, some 5 minutes on 2 cores the first time" >&2
fi
mkdir -p build
cmake --preset "$preset" -DLLMSPOOL_LLAMACPP_PREFIX="$llamacpp" \
    -DCMAKE_INSTALL_PREFIX="${PREFIX:-/usr}" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_INSTALL_SYSCONFDIR=/etc "$@" \
    > "build/$preset.configure.log" || { cat "build/$preset.configure.log" >&2; exit 1; }
cmake --build "build/$preset" -j "${JOBS:-$(nproc)}"
