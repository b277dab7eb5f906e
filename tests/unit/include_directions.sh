#!/bin/bash
# SPDX-License-Identifier: MIT
# Includes point one way: each folder of the daemon uses only those named here, and neither sdk/ nor
# plugins/ uses any of them.
set -euo pipefail
cd "$(dirname "$0")/../.."

declare -A may_use=(
    [base]="" [job]="base" [toml]="base" [config]="base toml" [service]="base config"
    [store]="base job" [plugin]="base job config" [pipeline]="base job toml"
    [spool]="base job config store plugin pipeline" [http]="base job config store plugin pipeline spool"
)
wrong=0
for folder in "${!may_use[@]}"; do
    allowed=" ${may_use[$folder]} $folder "
    while IFS=: read -r file include; do
        used=${include#*\"}
        used=${used%%/*}
        [[ -v "may_use[$used]" && $allowed != *" $used "* ]] || continue
        echo "$file must not include $include"
        wrong=1
    done < <(grep -rHo --include='*.[ch]pp' '#include "[a-z_]*/' "daemon/$folder" || true)
done
if grep -rHn --include='*.[ch]*' -E '#include "(base|job|toml|config|service|store|plugin|pipeline|spool|http)/' \
    sdk/include sdk/cli plugins; then
    echo "sdk/ and plugins/ must not include anything of the daemon"
    wrong=1
fi
exit "$wrong"
