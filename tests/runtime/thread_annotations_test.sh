#!/usr/bin/env bash
# Checks with Clang's thread-safety analysis that Gale's locks say what they do.
#
#   thread_annotations_test.sh <clang++> <include directory>
set -euo pipefail
source=$(dirname "${BASH_SOURCE[0]}")/thread_annotations_check.cc
check=("$1" -std=c++2b -fsyntax-only -Wthread-safety -Werror "-I$2" "$source")

"${check[@]}"
for misuse in TOUCHES_WITHOUT_THE_LOCK WRITES_AS_A_READER FORGETS_TO_UNLOCK UNLOCKS_TWICE WAITS_WITHOUT_THE_LOCK; do
  if messages=$("${check[@]}" "-D$misuse" 2>&1); then
    echo "$misuse is not found" >&2
    exit 1
  fi
  if ! grep -q 'Wthread-safety-analysis' <<<"$messages" || grep 'error:' <<<"$messages" | grep -v 'Wthread-safety'; then
    echo "$misuse: $messages" >&2
    exit 1
  fi
done
