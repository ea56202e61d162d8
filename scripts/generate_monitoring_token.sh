#!/usr/bin/env bash
# Gets a monitoring token (read-only, 90 days) from a running HazeBot and keeps it in a file that only you can read.
# Needs curl and jq.
#
#   API_MONITORING_SECRET   the secret, as the server has it (asked for at a terminal when it is not set)
#   API_URL                 where the server is; default http://localhost:5070
#   OUTPUT_FILE             default monitoring_token.txt; "-" prints the bare token to standard output instead
set -euo pipefail
umask 077

fail() {
    echo "generate_monitoring_token: $*" >&2
    exit 1
}

for program in curl jq; do
    command -v "$program" >/dev/null || fail "$program is not installed."
done

api="${API_URL:-http://localhost:5070}"
api="${api%/}"
file="${OUTPUT_FILE:-monitoring_token.txt}"
if [ -z "${API_MONITORING_SECRET:-}" ] && [ -t 0 ]; then
    read -rsp "API_MONITORING_SECRET: " API_MONITORING_SECRET
    echo >&2
fi
[ -n "${API_MONITORING_SECRET:-}" ] || fail "set API_MONITORING_SECRET to the secret of the server."
export API_MONITORING_SECRET

# The secret goes through the environment and a pipe: a command line can be read by everybody on this machine.
answer="$(jq -n '{secret: env.API_MONITORING_SECRET}' |
    curl -sS --max-time 15 -w '\n%{http_code}' -H 'Content-Type: application/json' --data-binary @- \
        "$api/api/auth/monitoring-token")" || fail "no answer from $api."
status="${answer##*$'\n'}"
body="${answer%$'\n'*}"

if [ "$status" != 200 ]; then
    said="$(jq -r '.error // empty' <<<"$body" 2>/dev/null || true)"
    fail "the server refused (HTTP $status). ${said:-It said nothing that can be read.}"
fi
token="$(jq -er '.token' <<<"$body" 2>/dev/null)" || fail "the answer has no token: is $api HazeBot?"
expires="$(jq -r '.expires' <<<"$body")"

if [ "$file" = - ]; then
    echo "$token"
    echo "Expires: $expires" >&2
    exit 0
fi
draft="$(mktemp "$file.XXXXXX")" || fail "cannot write next to $file."
trap 'rm -f "$draft"' EXIT
echo "$token" >"$draft"
mv -f "$draft" "$file"
trap - EXIT
echo "Token:   $token"
echo "Expires: $expires"
echo "Kept in: $file"
echo "Try it:  curl -H \"Authorization: Bearer \$(cat $file)\" $api/api/ping"
