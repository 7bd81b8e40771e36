#!/bin/sh
# Makes a checkout ready to run: node modules, and a build that is newer than its sources. Silent where nothing is missing.
set -eu
cd "$(dirname "$0")/../.."

fail() {
  echo "virsh-lxc: $1" >&2
  exit 1
}

command -v cc >/dev/null || fail "there is no C compiler: apt-get install gcc libc6-dev"
node -e 'process.exit(process.getBuiltinModule ? 0 : 1)' || fail "Node 20.16 or newer is needed, this is $(node --version)"

# The lock file as npm installed it last: a copy that npm keeps inside node_modules is written at the end of an installation.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "installing node modules ..."
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

built=dist/virsh-lxc.bin
if [ ! -e "$built" ] || [ -n "$(find bin src lib-native man/prose package.json -newer "$built" -type f | head -n 1)" ]; then
  echo "building ..."
  node src/build/build.mjs
fi
