#!/usr/bin/env bash
# Sets up what the tests need, builds everything and runs every suite. The last line adds them up: "N passed, N failed".
# A suite that is missing, breaks off or says no counts is a failure. Results are kept in artifacts/test.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder="test"
results=$root/artifacts/test
passed=0 failed=0 skipped=0
summary=()

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 CI=${CI:-true}

case "${1:-}" in
  '') ;;
  *) echo "usage: ./test"; exit 2 ;;
esac

step() { echo; echo "== $* =="; }

end() {
  step "results"
  printf '%s\n' "${summary[@]}"
  local line="$passed passed, $failed failed"
  [ "$skipped" = 0 ] || line="$line, $skipped skipped"
  echo "$line"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
  exit
}

count() { # SUITE EXIT_CODE [PASSED FAILED SKIPPED]
  local name=$1 code=$2 p=${3:-} f=${4:-} s=${5:-0}
  if [ -z "$p" ] || [ $((p + f)) = 0 ]; then
    summary+=("$name: ran no test (exit code $code)")
    failed=$((failed + 1))
    return
  fi
  # A runner can fail without a failed test: a crash, an error outside of any test.
  if [ "$code" != 0 ] && [ "$f" = 0 ]; then f=1 name="$name (exit code $code)"; fi
  summary+=("$name: $p passed, $f failed, $s skipped")
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

broken() { # WHAT: without it no suite can run
  summary+=("$1 failed")
  failed=$((failed + 1))
  end
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install() { # PROGRAM PACKAGES... installs Debian packages unless the program is there
  local program=$1
  shift
  command -v "$program" > /dev/null && return
  echo "installing $*"
  local apt=(as_root env DEBIAN_FRONTEND=noninteractive timeout 600 apt-get -q -y -o Dpkg::Use-Pty=0)
  "${apt[@]}" install --no-install-recommends "$@" > "$results/apt.log" 2>&1 ||
    { "${apt[@]}" update > "$results/apt.log" 2>&1 && "${apt[@]}" install --no-install-recommends "$@" >> "$results/apt.log" 2>&1; } ||
    { tail -n 5 "$results/apt.log"; echo "$* could not be installed; the tests that need $program will fail."; }
}

dotnet_suite() { # NAME PROJECT
  local code counts
  timeout --kill-after=30 1500 dotnet test "$root/$2" -c Release --no-build --logger "trx;LogFileName=$1.trx" --results-directory "$results"
  code=$?
  counts=$(sed -n 's/.*<Counters total="\([0-9]*\)" executed="\([0-9]*\)" passed="\([0-9]*\)" failed="\([0-9]*\)".*/\3 \4 \1 \2/p' "$results/$1.trx" 2> /dev/null)
  # shellcheck disable=SC2086
  set -- "$1" $counts
  if [ $# = 5 ]; then count "$1" "$code" "$2" "$3" $(($4 - $5)); else count "$1" "$code"; fi
}

node_suite() { # NAME FOLDER
  local name=$1 directory=$root/$2 report=$results/$1.json log=$results/$1.log code counts command
  rm -f "$report"
  if [ -f "$directory/package.json" ]; then
    if [ ! -d "$directory/node_modules" ]; then
      (cd "$directory" && npm ci --no-audit --no-fund < /dev/null) || { count "$name (npm ci)" 1; return; }
    fi
    command=(npm test)
    if grep -q '"test": *"[^"]*vitest' "$directory/package.json"; then
      command+=(-- --reporter=default --reporter=json "--outputFile.json=$report")
    fi
  elif compgen -G "$directory/*.test.mjs" > /dev/null; then
    command=(node --test)
  else
    count "$name ($2 is missing)" 1
    return
  fi
  (cd "$directory" && timeout --kill-after=30 1200 "${command[@]}" < /dev/null) 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  counts=$(node -e '
    const fs = require("fs");
    const [report, log] = process.argv.slice(1);
    if (fs.existsSync(report)) {
      const { numPassedTests, numFailedTests, numPendingTests = 0, numTodoTests = 0 } = JSON.parse(fs.readFileSync(report, "utf8"));
      console.log(numPassedTests, numFailedTests, numPendingTests + numTodoTests);
    } else {
      // The closing lines of the test runner of Node itself.
      const text = fs.readFileSync(log, "utf8");
      const of = word => [...text.matchAll(new RegExp(`^(?:#|\\u2139) ${word} (\\d+)$`, "gm"))].at(-1)?.[1];
      if (of("pass") !== undefined) console.log(of("pass"), of("fail"), Number(of("skipped") ?? 0) + Number(of("todo") ?? 0));
    }' "$report" "$log")
  # shellcheck disable=SC2086
  count "$name" "$code" $counts
}

rm -rf "$results" && mkdir -p "$results"
step "set-up"
dotnet --list-sdks 2> /dev/null | grep -q '^10\.' || { echo "the .NET 10 SDK is needed"; broken "set-up"; }
node --version > /dev/null 2>&1 || { echo "Node.js 20 or newer is needed"; broken "set-up"; }
install chromium chromium fonts-liberation fonts-dejavu-core

step "build"
dotnet build "$root/Throughline.slnx" -c Release -nologo -v quiet -clp:NoSummary -nr:false || broken "the build"
"$root/pipeline/setup" || echo "the pipeline's tests will fail, since its set-up did"

step ".NET tests"
dotnet_suite dotnet $folder/Throughline.Tests
step "the page's unit tests"
node_suite web web
step "browser tests"
node_suite browser $folder/web
end
