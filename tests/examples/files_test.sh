#!/usr/bin/env bash
# files_test.sh <command that runs files>...: starts it on a port of its own, for a folder of its own.
set -uo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"

folder=$scratch/root
mkdir -p "$folder/dir"
printf 'a{}' >"$folder/site.css"
printf 'zipped' >"$folder/site.css.gz"
printf 'key' >"$folder/.env"
ln -s /etc/passwd "$folder/dir/passwd"
serve files "$@" --root "$folder"

failures=0
# expect <target> <a field to send, with \r\n, or nothing> <a line of the head> <the last line of the body>
expect() {
  local answer head body
  ask "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n$2\r\n" "$1"
  head=${answer%%$'\n\n'*}
  body=${answer##*$'\n'}
  if ! grep -qixF -- "$3" <<<"$head" || [[ $body != "$4" ]]; then
    printf 'GET %s: expected "%s" and the last line "%s", got:\n%s\n' "$1" "$3" "$4" "$answer"
    failures=$((failures + 1))
  fi
}

expect / '' 'HTTP/1.1 200 OK' '</pre>'
expect /site.css '' 'Content-Type: text/css; charset=utf-8' 'a{}'
expect /site.css 'Accept-Encoding: gzip\r\n' 'Content-Encoding: gzip' 'zipped'
expect /site.css 'Range: bytes=1-\r\n' 'Content-Range: bytes 1-2/3' '{}'
expect /dir/passwd '' 'HTTP/1.1 404 Not Found' '404 page not found'
expect /.env '' 'HTTP/1.1 404 Not Found' '404 page not found'
grep -qxF "Server running on 127.0.0.1:$port" "$output" || { echo "files does not say where it runs"; failures=1; }
exit $((failures > 0))
