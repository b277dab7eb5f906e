#!/bin/bash
# SPDX-License-Identifier: MIT
# Boots a real systemd as PID 1 on a throw-away overlay of this machine's root file system, prints its
# process id for nsenter, and ends it when standard input does: systemd_container.sh DIR
#
# DIR/root, where there is one, is laid over the container's / before it boots. The container has a
# loopback network only, none of the machine's services, and a fresh /tmp, /run and journal. It is no
# security boundary: nspawn's own limits are lifted, so that what a unit is refused, its own options
# refuse. Exit status 77: not possible on this machine.
set -euo pipefail
skip() { echo "systemd_container: cannot run here: $*" >&2; exit 77; }

# PID 1 of a process and a mount namespace of their own, which becomes systemd-nspawn. When it ends,
# the kernel ends every process and every mount made below.
if [ "${1:-}" = --inner ]; then
    dir=$2 root=$2/overlay/root
    mkdir -p /run/systemd/nspawn && mount -t tmpfs tmpfs /run/systemd/nspawn
    mount -t tmpfs -o mode=0755 tmpfs "$dir/overlay"     # / may be an overlay itself
    mkdir "$dir"/overlay/{upper,work,root}
    mount -t overlay overlay "$root" \
        -o "lowerdir=/,upperdir=$dir/overlay/upper,workdir=$dir/overlay/work" || skip "no overlay of /"

    rm -rf "$root"/etc/{systemd/system,init.d,machine-id} "$root"/etc/rc?.d "$root"/var/log/journal
    mkdir -p "$root"/etc/systemd/{system,system-generators,system.conf.d,journald.conf.d} \
        "$root/var/log/journal"
    : > "$root/etc/fstab"
    tr -d - < /proc/sys/kernel/random/uuid > "$root/etc/machine-id"
    for unit in getty.target console-getty.service systemd-{logind,firstboot,timesyncd,networkd}.service \
        systemd-{resolved,modules-load,update-utmp}.service dev-hugepages.mount; do
        ln -s /dev/null "$root/etc/systemd/system/$unit"
    done
    for generator in "$root"/{usr/lib,usr/local/lib}/systemd/system-generators/*; do
        ln -sf /dev/null "$root/etc/systemd/system-generators/${generator##*/}"
    done
    printf '[Manager]\nDefaultTimeoutStopSec=20s\n' > "$root/etc/systemd/system.conf.d/test.conf"
    printf '[Journal]\nRateLimitIntervalSec=0\n' > "$root/etc/systemd/journald.conf.d/test.conf"
    if [ -d "$dir/root" ]; then    # tar, not cp: directories that exist keep their modes
        tar -C "$dir/root" -c . | tar -C "$root" --no-overwrite-dir --no-same-owner -xp
    fi

    SYSTEMD_SECCOMP=0 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec systemd-nspawn --boot --quiet \
        --directory="$root" --machine="${dir##*/}" --private-network --register=no \
        --keep-unit --link-journal=no --resolv-conf=off --timezone=off --console=pipe \
        --capability=all --drop-capability=CAP_SYS_MODULE systemd.unit=multi-user.target
fi

[ "$(id -u)" = 0 ] || skip "it needs root"
grep -qw overlay /proc/filesystems || skip "this kernel has no overlayfs"
for tool in systemd-nspawn nsenter setpriv dbus-daemon; do
    command -v "$tool" > /dev/null || skip "$tool is missing"
done
dir=$(realpath "$1")
mkdir -p "$dir/overlay"

# Control groups of our own, below the one we are in, so that runs side by side do not meet.
groups=() child=
clean_up() {
    trap '' INT TERM HUP
    if [ -n "$child" ]; then
        kill -KILL "$child" 2> /dev/null || true
        wait "$child" 2> /dev/null || true
    fi
    for group in "${groups[@]}"; do    # they empty a moment after their last process has ended
        for _ in {1..100}; do
            find "$group" -depth -type d -exec rmdir {} + 2> /dev/null || true
            [ -d "$group" ] || break
            sleep 0.05
        done
    done
    rmdir "$dir/overlay" /run/systemd/nspawn 2> /dev/null || true
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP
while IFS=: read -r _ controllers path; do
    case $controllers in
        '') for mount in /sys/fs/cgroup/unified /sys/fs/cgroup; do
                if [ "$(stat -f -c %T "$mount" 2> /dev/null)" = cgroup2fs ]; then break; fi
            done ;;
        name=systemd) mount=/sys/fs/cgroup/systemd ;;
        *) continue ;;
    esac
    group=$mount${path%/}/${dir##*/}-$$
    mkdir "$group" 2> /dev/null || skip "cannot make the control group $group"
    groups+=("$group")
done < /proc/self/cgroup

(
    for group in "${groups[@]}"; do echo "$BASHPID" > "$group/cgroup.procs"; done
    exec setpriv --pdeathsig KILL unshare --mount --propagation private \
        --pid --fork --kill-child=KILL --mount-proc "$0" --inner "$dir"
) < /dev/null > "$dir/nspawn.log" 2>&1 &
child=$!

# The container's PID 1 is the child of nspawn, which is the child of unshare, that became systemd.
children_of() { cat "/proc/$1/task/$1/children" 2> /dev/null || true; }
leader='' state=''
for _ in {1..600}; do
    kill -0 "$child" 2> /dev/null || break
    nspawn=$(children_of "$child")
    leader=$(children_of "${nspawn% }")
    leader=${leader%% *}
    if [ "$(cat "/proc/$leader/comm" 2> /dev/null)" = systemd ]; then
        state=$(nsenter -t "$leader" -m -u -i -n -p -C systemctl is-system-running 2> /dev/null || true)
        case $state in running | degraded) break ;; esac
    fi
    sleep 0.1
done
case $state in
    running | degraded) ;;
    *) cat "$dir/nspawn.log" >&2; skip "systemd did not boot (its state: ${state:-none})" ;;
esac

echo "$leader"
cat > /dev/null    # until standard input ends
