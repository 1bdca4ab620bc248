#!/usr/bin/env bash
# pipeline_test.sh <command that runs pipeline>...: every number is squared once, whoever does it.
set -uo pipefail

expected=$'1 * 1 = 1\n2 * 2 = 4\n3 * 3 = 9\n4 * 4 = 16\n5 * 5 = 25\n6 * 6 = 36'
output=$("$@" --workers 3 --numbers 6) || { echo "pipeline failed with status $?"; exit 1; }
if [[ $(sed 's/, says worker [1-3]$//' <<<"$output" | sort) != "$expected" ]]; then
  printf 'unexpected output:\n%s\n' "$output"
  exit 1
fi
