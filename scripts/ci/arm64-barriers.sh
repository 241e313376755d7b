#!/usr/bin/env bash
# arm64-barriers.sh FOLDER: no test run on a strongly ordered machine notices a missing barrier, so
# this reads the machine code of the objects under FOLDER: the barriers and stores that
# native/warpdrive/hisilicon/barrier.h and mmio.h promise are there, and in their order.
set -euo pipefail
folder="$1"

# instructions OBJECT FUNCTION: one instruction a line, of all functions whose name matches.
instructions() {
  aarch64-linux-gnu-objdump -d -C --no-show-raw-insn "$folder/$1" |
    awk -v name="$2" '/^[0-9a-f]+ <.*>:$/ { on = index($0, name) } on && /^ +[0-9a-f]+:/ {
      sub(/^ +[0-9a-f]+:[ \t]*/, ""); gsub(/[ \t]+/, " "); print }'
}

# expect OBJECT FUNCTION PATTERN...: instructions that match come in this order, whatever is between.
expect() {
  local object="$1" name="$2" code rest
  shift 2
  code="$(instructions "$object" "$name")"
  [ -n "$code" ] || { echo "$object has no function $name"; exit 1; }
  rest="$code"
  for pattern in "$@"; do
    rest="$(awk -v pattern="$pattern" 'found { print } $0 ~ pattern { found = 1 } END { exit !found }' \
      <<<"$rest")" || {
      printf '%s: %s has no "%s" where it is due:\n%s\n' "$object" "$name" "$pattern" "$(head -80 <<<"$code")"
      exit 1
    }
  done
  printf '%s: %s\n' "$name" "$*"
}

call='^(blr|br|bl) '  # Mmio is virtual
queue=hisilicon/qm_queue.o
expect $queue 'QmQueue::RingDoorbell()' '^dmb osh$' "$call"
expect $queue 'QmQueue::Pop(' '^ldrh|HasCompletion' '^dmb oshld$' '^ldrh' '^ldr [xd]|^ldp x'
expect $queue 'QmQueue::ReleaseCompletions(' '^dmb oshld$' "$call" '^dmb osh$'
expect hisilicon/qm_mailbox.o 'QmMailbox::Run(' '^dmb osh$' "$call" '^dmb oshld$'
expect hisilicon/qm_function.o 'QmFunction::RingEventDoorbells()' '^dmb osh$' "$call"
# Doorbells: one store of 64 bits. The mailbox: one of 128.
expect mmio.o 'MappedMmio::Write64(' '^str x'
expect mmio.o 'MappedMmio::Write128(' '^stp x'
