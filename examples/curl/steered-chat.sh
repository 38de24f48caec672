#!/usr/bin/env bash
# Chat with a steering server by curl: plain, steered, and steered while streaming.
set -euo pipefail

server=${STEERING_SERVER:-http://127.0.0.1:8080}
model=${STEERING_MODEL:-storyworld}

# The same seed for every request, so that only the steering makes a difference.
request='"model": "'$model'", "messages": [{"role": "user", "content": "Tell me a story."}], "max_tokens": 120, "temperature": 0.7, "seed": 7'

# --fail-with-body: an error status ends the script, after printing what the server says is wrong. Proxies are for other machines.
chat() {
  curl --silent --show-error --fail-with-body --no-buffer --noproxy 127.0.0.1,localhost "$server/v1/chat/completions" \
    --header 'Content-Type: application/json' \
    --header "Authorization: Bearer ${STEERING_API_KEY:-none}" \
    --data "$1"
}

echo "unsteered:"
chat "{$request}"

echo; echo; echo "steered (the member \"steering\" is the receipt: what was applied):"
chat "{$request, \"steering\": \"2 mood-sorrowful\"}"

echo; echo; echo "steered and streamed (the last chunk with a choice brings the receipt):"
chat "{$request, \"steering\": \"2 mood-sorrowful\", \"stream\": true}" |
  awk '{ print; fflush() } /"steering"/ { receipt = 1 } END { if (!receipt) { print "The stream brought no receipt." > "/dev/stderr"; exit 1 } }'
