#!/usr/bin/env bash
# files_test.sh <command that runs files>...: starts it on a port of its own, for a folder of its own.
set -uo pipefail

output=$(mktemp)
folder=$(mktemp -d)
server=
trap '[[ $server ]] && kill "$server"; rm -rf "$output" "$folder"' EXIT
printf 'a{}' >"$folder/site.css"
printf 'zipped' >"$folder/site.css.gz"
printf 'key' >"$folder/.env"
mkdir "$folder/dir"
ln -s /etc/passwd "$folder/dir/passwd"

# Another program may own the port that is tried: then files ends at once and the next one is tried.
for attempt in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 10000))
  "$@" --addr "127.0.0.1:$port" --root "$folder" >"$output" 2>&1 &
  server=$!
  for wait in {1..100}; do
    kill -0 "$server" 2>/dev/null || { server=; break; }
    (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break 2
    sleep 0.1
  done
done
if [[ -z $server ]]; then
  echo "files does not start:"
  cat "$output"
  exit 1
fi

failures=0
# expect <target> <a field to send, with \r\n, or nothing> <a line of the head> <the last line of the body>
expect() {
  local answer head body
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n$2\r\n" "$1" >&3
  answer=$(tr -d '\r' <&3)
  exec 3>&-
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
