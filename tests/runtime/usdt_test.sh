#!/usr/bin/env bash
# Checks that a program with Gale in it has the scheduler's probes, as perf and bpftrace find them.
#   usdt_test.sh <program> <probe:arguments>...
set -euo pipefail
notes=$(readelf --notes "$1")
shift
for probe; do
  name=${probe%:*}
  count=${probe#*:}
  arguments=$(awk -v name="$name" '
    $1 == "Provider:" { provider = $2 }
    $1 == "Name:" { probe = $2 }
    $1 == "Arguments:" && provider == "gale" && probe == name { $1 = ""; print; exit }
  ' <<<"$notes")
  found=$(grep -oE '8@[^ ]+' <<<"$arguments" | wc -l || true)
  if [[ $found != "$count" ]]; then
    echo "probe gale:$name has $found arguments, not $count: '$arguments'" >&2
    exit 1
  fi
done
