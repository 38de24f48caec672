#!/usr/bin/env bash
# Installs what the tests need beyond the .NET SDK, builds, runs every test, and ends with "N passed, N failed, N skipped".
# Arguments are passed on to `dotnet test` (for example: ./test.sh --filter Tokenization).
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# What drives the server from outside: a Debian package, and how to tell that it is there. A test whose program is missing skips and says which.
missing=()
need() { "${@:2}" >/dev/null 2>&1 || missing+=("$1"); }
need curl command -v curl
need nodejs command -v node
need npm command -v npm
need protobuf-compiler-grpc command -v grpc_python_plugin
need libprotobuf-dev test -f /usr/include/google/protobuf/struct.proto
# Debian's packages are for Debian's own Python; another one may come before it on the path.
need python3-grpcio /usr/bin/python3 -c 'import grpc, google.protobuf'
if [ ${#missing[@]} -gt 0 ] && command -v apt-get >/dev/null; then
  sudo=""; [ "$(id -u)" = 0 ] || sudo="sudo -n"
  echo "installing ${missing[*]}"
  { $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null || echo "could not install ${missing[*]}: their tests will skip"
fi
for folder in tests/clients/node examples/node examples/grpc/node; do
  if command -v npm >/dev/null && [ -f "$folder/package-lock.json" ]; then
    npm ci --prefix "$folder" --no-audit --no-fund --silent || echo "npm ci failed in $folder: its tests will skip"
  fi
done

dotnet build SteeringServer.sln -c Release --nologo -v q || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }

# One project after another: the engine's threads share two cores.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
dotnet test SteeringServer.sln -c Release --no-build --nologo -m:1 "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
grep -oE '(Failed|Passed|Skipped): +[0-9]+' "$log" | awk -v status="$status" '
  { gsub(":", "", $1); count[$1] += $2 }
  END {
    # A test process that died prints no summary: that is a failure too.
    if (status != 0 && count["Failed"] == 0) count["Failed"] = 1
    printf "%d passed, %d failed, %d skipped\n", count["Passed"], count["Failed"], count["Skipped"]
  }'
exit "$status"
