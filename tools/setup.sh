#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages that the named groups of work need: build test sanitizers
# bench lint e2e.
#
# Does nothing, in an instant, where all are there. Uses sudo where it does not run as root. Where
# there is no Debian, it only names them.
set -euo pipefail

# Debian 12 keeps a newer Boost beside its default one; later releases have a newer default.
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "${ID:-} ${VERSION_ID:-}")
boost=
if [ "$release" = "debian 12" ]; then boost=1.81; fi

wanted=()
for group in "$@"; do
    case $group in
        build)
            wanted+=(g++ cmake ninja-build ccache pkg-config git ca-certificates
                "libboost$boost-dev" "libboost-json$boost-dev"
                libtomlplusplus-dev libspdlog-dev libsystemd-dev libsqlite3-dev libgcrypt20-dev libfmt-dev
                libcli11-dev libicu-dev)
            command -v npm > /dev/null || wanted+=(npm)
            ;;
        test) wanted+=(libgtest-dev libgmock-dev python3 python3-pytest python3-websockets) ;;
        sanitizers) wanted+=(clang-19 lld-19 llvm-19 libclang-rt-19-dev) ;;
        bench)
            wanted+=(beanstalkd postgresql python3 redis-server util-linux)
            command -v npm > /dev/null || wanted+=(npm)
            ;;
        lint) wanted+=(clang-format-19 clang-tidy-19 shellcheck) ;;
        e2e) wanted+=(systemd systemd-container dbus) ;;
        *)
            echo "setup: unknown group '$group' (build, test, sanitizers, bench, lint, e2e)" >&2
            exit 2
            ;;
    esac
done

if ! command -v dpkg-query > /dev/null; then
    echo "setup: this is no Debian, so nothing is installed; the like of these is needed: ${wanted[*]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2> /dev/null || true)
    case $status in ii*) ;; *) missing+=("$package") ;; esac
done
if [ ${#missing[@]} = 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || {
        echo "setup: please run as root: apt-get install ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi

echo "setup: installing ${missing[*]} (a minute or two) ..." >&2
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"; }
apt update > /dev/null
apt install -y --no-install-recommends "${missing[@]}" > /dev/null
echo "setup: done" >&2
