#!/bin/bash
# Runs a command that takes minutes and says what it is doing, how far it is and for how long.
#   with_progress.sh "Step 1 of 3: Debian packages" apt-get install ...
# On a terminal that is one line that changes; elsewhere, a line now and then. What the command
# itself says is shown when it fails, all of it, and its exit status is ours. PROGRESS_DONE may be a
# pattern of files of which each package that is installed leaves one.
set -u
title=$1
shift
said=$(mktemp)
trap 'rm -f "$said"' EXIT
every=1
[ -t 1 ] || every=${PROGRESS_EVERY_S:-15}

# What apt-get (-o APT::Status-Fd=1) and pip say of their progress, in a few words.
how_far() {
    tr '\r' '\n' <"$said" | awk -F: -v installed="$(($(count) - before))" '
        /^(dl|pm)status:/ { at = sprintf("%d %%, %s", $3, $4) }
        /^Collecting / { split($0, words, " "); at = "package " ++found ": " words[2] }
        /^Building |^ +Building / { at = "building" }
        /^Installing collected packages/ {
            all = split($0, packages, ",")
            at = "installing, " (installed < all ? installed : all) " of " all
        }
        END { print substr(at, 1, 60) }'
}

count() {
    # shellcheck disable=SC2086 # it is a pattern
    ls -d ${PROGRESS_DONE:-/nowhere} 2>/dev/null | wc -l
}

before=$(count)
printf '%s ' "$title"
[ -t 1 ] || echo
began=$SECONDS
# Not of the terminal: a question nobody sees would be waited for for ever.
"$@" >"$said" 2>&1 </dev/null &
child=$!
trap 'kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; echo; exit 130' INT TERM
shown=$SECONDS
while kill -0 "$child" 2>/dev/null; do
    sleep 0.5
    [ $((SECONDS - shown)) -ge "$every" ] || continue
    shown=$SECONDS
    line="$title ($((SECONDS - began)) s) $(how_far)"
    if [ -t 1 ]; then
        printf '\r\033[K%s' "${line:0:$(($(tput cols 2>/dev/null || echo 80) - 1))}"
    else
        echo "$line"
    fi
done
wait "$child"
status=$?
[ ! -t 1 ] || printf '\r\033[K'
if [ "$status" -eq 0 ]; then
    echo "$title: done ($((SECONDS - began)) s)"
else
    echo "$title: failed ($((SECONDS - began)) s); it said:" >&2
    grep -vE '^(dl|pm)status:' "$said" >&2
fi
exit "$status"
