#!/bin/bash
# SPDX-License-Identifier: MIT
# Prints the folder where llama.cpp lies, ready to link; builds it there once if it is not.
#
# The source is pinned by its git tree, wherever it comes from. The result lies in the user's cache,
# under a name that says version, recipe and processor, and appears there whole or not at all.
#
# Environment: LLAMACPP_CMAKE_ARGS  more arguments for llama.cpp's cmake, e.g. -DGGML_NATIVE=OFF for
#                                   a build that shall run on other machines
#              LLAMACPP_BUNDLE      a gitRelease.bundle that is already here (no network)
set -euo pipefail

version=v0.5.0
tree=fd570ef54b10ec5fecb739e7e04c8ce44a6f415a
package=node-llama-cpp@3.22.1
sha512=bltIipuWmc123H7tMIgDGKSsSrhmhlQYeVUC48XTjVW7XGJJiJJyCdlTMzQ/LiWoPkGDpcL4FviDpgw7qfTiDw==
upstream=https://github.com/ggml-org/llama.cpp
recipe=(
    -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DCMAKE_C_VISIBILITY_PRESET=hidden -DCMAKE_CXX_VISIBILITY_PRESET=hidden
    -DCMAKE_INSTALL_LIBDIR=lib
    -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF
    -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF
    -DLLAMA_OPENSSL=OFF -DLLAMA_SUBPROCESS=OFF -DGGML_OPENMP=OFF
)
read -ra more <<< "${LLAMACPP_CMAKE_ARGS:-}"
recipe+=("${more[@]}")

say() { echo "llama.cpp: $*" >&2; }
die() { say "$*"; exit 1; }

# The compiler's own macros name its version and every instruction set that -march=native turns on.
# The 1 is raised when what is done below with the recipe changes.
key=$({ echo 1 "$tree" "${recipe[@]}"; cc -march=native -dM -E -x c /dev/null | sort; } |
    sha256sum | cut -c1-12)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/llmspool
prefix=$cache/llama.cpp-$version-$key
if [ -d "$prefix" ]; then echo "$prefix"; exit 0; fi

mkdir -p "$cache"
exec 9> "$cache/llama.cpp.lock"
flock -n 9 || { say "another build of it is running; waiting for that"; flock 9; }
if [ -d "$prefix" ]; then echo "$prefix"; exit 0; fi

# All work is done here. The folder stays when a run is interrupted, and the next one goes on.
work=$cache/.building-$version-$key
mkdir -p "$work"

# Leaves the bundle that the npm package carries in $work/gitRelease.bundle, or fails.
fetch_bundle() {
    local npm=$work/npm archive want got
    if [ -s "$work/gitRelease.bundle" ]; then return; fi
    if [ -n "${LLAMACPP_BUNDLE:-}" ]; then
        cp "$LLAMACPP_BUNDLE" "$work/given.bundle" &&
            mv "$work/given.bundle" "$work/gitRelease.bundle"
        return
    fi
    say "fetching the source from the npm registry ($package, 34 MiB, under a minute) ..."
    rm -rf "$npm" && mkdir "$npm"
    npm pack --silent --pack-destination "$npm" "$package" > /dev/null || return 1
    archive=$(echo "$npm"/*.tgz)
    want=$(base64 -d <<< "$sha512" | od -An -v -tx1 | tr -d ' \n')
    got=$(sha512sum "$archive" | cut -d' ' -f1)
    if [ "$got" != "$want" ]; then
        say "the archive of $package is not the one that we know: its SHA-512 is $got"
        return 1
    fi
    tar -C "$npm" -xzf "$archive" package/llama/gitRelease.bundle &&
        mv "$npm/package/llama/gitRelease.bundle" "$work" &&
        rm -rf "$npm"
}

clone() { git -c advice.detachedHead=false clone --quiet "$@" "$work/source"; }

tree_of() { git -C "$1" rev-parse 'HEAD^{tree}' 2> /dev/null || true; }

if [ "$(tree_of "$work/source")" != "$tree" ]; then
    rm -rf "$work/source"
    if ! { fetch_bundle && clone "$work/gitRelease.bundle"; }; then
        rm -rf "$work/gitRelease.bundle" "$work/source"
        say "trying the upstream repository, $upstream ..."
        clone --depth 1 --branch "$version" "$upstream" ||
            die "its source could not be fetched: is there a network?"
    fi
    if [ "$(tree_of "$work/source")" != "$tree" ]; then
        rm -f "$work/gitRelease.bundle"  # the next run is to fetch another
        die "the source fetched is not $version as we know it (git tree $tree): nothing was built"
    fi
fi

jobs=$(nproc)
say "building $version once, about $(((8 + jobs - 1) / jobs)) minutes on $jobs cores" \
    "(log: $work/build.log) ..."
{
    cmake -S "$work/source" -B "$work/build" -G Ninja "${recipe[@]}" &&
        cmake --build "$work/build" -j "$jobs" &&
        rm -rf "$work/install" &&
        cmake --install "$work/build" --prefix "$work/install"
} > "$work/build.log" 2>&1 || { tail -n 20 "$work/build.log" >&2; die "the build failed"; }

# What upstream's installation leaves out: the libraries behind its libraries, common's headers
# (but the two that need vendored ones) and the licences. What it has too much: package files that
# name this folder.
rm -r "$work/install/lib/cmake" "$work/install/lib/pkgconfig"
find "$work/build" -name '*.a' ! -name libvendor-hash.a -exec cp -t "$work/install/lib" {} +
headers=$work/install/include/llama-common
mkdir "$headers"
(cd "$work/source/common" && find . -name '*.h' -exec cp --parents -t "$headers" {} +)
rm "$headers/http.h" "$headers/subproc.h"
cp -r -t "$work/install" "$work/source/LICENSE" "$work/source/licenses"

mv -T "$work/install" "$prefix"
rm -rf "$work"
say "done: $prefix"
echo "$prefix"
