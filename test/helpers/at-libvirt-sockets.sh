#!/bin/sh
# at-libvirt-sockets.sh COMMAND...: runs it where libvirt's clients find this program at libvirt's own sockets, as with the systemd units:
# lxc:/// is all that they need be told. Nobody else sees that, as the sockets are in a mount namespace of the command's own.
# $VIRSH_LXC_PREFIX, if there is one, is the store.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ "${1-}" != --inside ]; then
  mkdir -p /run/libvirt
  exec unshare --mount "$0" --inside "$@"
fi
shift

sockets=$(mktemp -d)
mount --bind "$sockets" /run/libvirt
listeners=
listen() { # SOCKET ARGUMENT...
  socket=/run/libvirt/$1
  shift
  node "$root/test/helpers/socket-listener.cjs" "$socket" "$root/dist/virsh-lxc-rpc" --socket "$@" >/dev/null &
  listeners="$listeners $!"
}
end() {
  kill $listeners || :
  wait || :
  umount --lazy /run/libvirt
  rm -rf "${sockets:?}"
}
trap end EXIT
trap 'exit 143' TERM INT HUP
listen virtlxcd-sock
listen virtlxcd-sock-ro --readonly
# Clients look for other drivers than LXC's there.
listen libvirt-sock
for socket in virtlxcd-sock virtlxcd-sock-ro libvirt-sock; do
  tries=0
  until [ -S "/run/libvirt/$socket" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { echo "$0: nobody listens at $socket" >&2; exit 1; }
    sleep 0.05
  done
done
status=0
"$@" || status=$?
exit "$status"
