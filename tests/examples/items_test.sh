#!/usr/bin/env bash
# items_test.sh <command that runs items>...: makes an item, reads it, and deletes it with and without a password.
set -uo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"

serve items "$@"

expect 'POST /items' '' 'a kite' 'HTTP/1.1 201 Created' 'Location: /items/1' 'X-Request-Id: 000001'
expect 'POST /items' '' "$(printf '%01001d' 0)" 'HTTP/1.1 413 Request Entity Too Large'
expect 'GET /items/1' '' '' 'HTTP/1.1 200 OK' 'a kite' 'X-Request-Id: 000003'
expect 'GET /items/2' '' '' 'HTTP/1.1 404 Not Found'
expect 'GET /items/x' '' '' 'HTTP/1.1 404 Not Found'
expect 'DELETE /items/1' '' '' 'HTTP/1.1 401 Unauthorized' 'Www-Authenticate: Basic realm="items"'
expect 'DELETE /items/1' 'Authorization: Basic YWRtaW46c2VjcmV0\r\n' '' 'HTTP/1.1 204 No Content'
expect 'GET /items/1' '' '' 'HTTP/1.1 404 Not Found'
expect 'PUT /items/1' '' '' 'HTTP/1.1 405 Method Not Allowed' 'Allow: DELETE, GET, HEAD'
grep -q '^000001 POST /items took ' "$output" || { echo 'nothing in the log'; cat "$output"; failures=1; }
exit $((failures > 0))
