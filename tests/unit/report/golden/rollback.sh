#!/usr/bin/env bash
# The way back of nautobot.example.com: Nautobot 3.2.7 to Nautobot 2.4.44, 2026-11-19 12:00 UTC
# Planned 2026-11-20 12:00 UTC by nautobot-upgrade-jobs 0.1.0.
# Read it before you run it. It asks before what cannot be taken back, unless it is
# given --yes; it stops at the first failure, and goes on from there when run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
planned_for='postgresql nautobot: 0123456789abcdef, 7 changes'
finished="${BASH_SOURCE[0]##*/}.finished"
log="${BASH_SOURCE[0]##*/}.log"
sure=no although_blocked=no
for word in "$@"; do
    case "$word" in
    --yes) sure=yes ;;
    --although-blocked) although_blocked=yes ;;
    *) echo "unknown: $word; known: --yes, --although-blocked" >&2; exit 1 ;;
    esac
done

say() { printf '%s  %s\n' "$(date -u +%FT%TZ)" "$*" | tee -a "$log"; }
fail() {
    say "STOPPED: $*"
    say "Mend that, and run this script again: it goes on with the step that failed."
    exit 1
}

# Each step is run once; what is finished is not run again.
run() {
    local number=$1 title=$2 kind=$3
    if grep --quiet --line-regexp --fixed-strings "$number" "$finished" 2>/dev/null; then
        say "Step $number is finished: $title"
        return
    fi
    say "Step $number: $title"
    if [ "$kind" = irreversible ] && [ "$sure" = no ]; then
        read -r -p "No way back from here but the backup. Type yes to go on: " answer
        [ "$answer" = yes ] || fail "not confirmed: $title"
    fi
    trap 'fail "step '"$number"' failed"' ERR
    ("step_$number") 2>&1 | tee -a "$log"
    trap - ERR
    "proof_$number" >>"$log" 2>&1 || fail "step $number is done, but its proof says otherwise"
    echo "$number" >>"$finished"
}

: "${NAUTOBOT_ROOT:?is not set}"
[ "$although_blocked" = yes ] || fail "this plan was BLOCKED, by what rollback-*.md beside it names. Mend that and plan again, or give --although-blocked."

if [ ! -e "$finished" ]; then
    state=$(nautobot-server upgrade_jobs state | tail -n 1)
    [ "$state" = "$planned_for" ] || fail "this is not what was planned for, or it has changed since; planned for: $planned_for; this is: $state. Plan again."
    touch "$finished"
fi

step_1() {
    test -s before-upgrade.nautobot_config.py
    test -s rollback-requirements.txt
    test -s before-upgrade.postgresql
    test -s before-upgrade-media.tar.gz
    test -s snapshot-before.json.gz
    psql --dbname=postgres --command='SELECT 1'
    if psql --dbname=nautobot_upgraded --command='SELECT 1' >/dev/null 2>&1; then echo 'nautobot_upgraded is still there, of an earlier way back: drop it, or give it another name'; false; fi
}
proof_1() {
    :
}
run 1 'See that everything is at hand' plain

step_2() {
    sudo systemctl stop nautobot nautobot-worker nautobot-scheduler
}
proof_2() {
    ! systemctl is-active --quiet nautobot nautobot-worker nautobot-scheduler
}
run 2 'Stop web, workers and beat' plain

step_3() {
    pg_dump --format=custom --file=before-rollback.postgresql nautobot
}
proof_3() {
    pg_restore --list before-rollback.postgresql
}
run 3 'Back up the present state' plain

step_4() {
    psql --dbname=postgres --command='ALTER DATABASE "nautobot" RENAME TO "nautobot_upgraded"'
}
proof_4() {
    :
}
run 4 'Put the upgraded database aside' irreversible

step_5() {
    createdb --template=template0 --encoding=UTF8 --lc-collate=C.UTF-8 nautobot
}
proof_5() {
    :
}
run 5 'Make an empty one' plain

step_6() {
    pg_restore --single-transaction --no-owner --dbname=nautobot before-upgrade.postgresql
}
proof_6() {
    psql --dbname=nautobot --command='TABLE django_migrations'
}
run 6 'Restore the backup into it' plain

step_7() {
    tar -xzf before-upgrade-media.tar.gz -C /opt/nautobot
}
proof_7() {
    :
}
run 7 'Bring back the media files' plain

step_8() {
    python -m pip install --no-deps --requirement rollback-requirements.txt
    python -m pip uninstall --yes new-lib
    cp -p before-upgrade.nautobot_config.py "$NAUTOBOT_ROOT"/nautobot_config.py
}
proof_8() {
    python -c 'from importlib.metadata import version; from packaging.version import Version as V; assert V(version('"'"'nautobot'"'"')) == V('"'"'2.4.44'"'"')'
}
run 8 'Install the old packages' plain

step_9() {
    nautobot-server celery purge --force
}
proof_9() {
    :
}
run 9 'Empty the queue' plain

step_10() {
    nautobot-server post_upgrade
}
proof_10() {
    nautobot-server migrate --check
}
run 10 'Let the old release do its own steps' plain

step_11() {
    sudo systemctl start nautobot nautobot-worker nautobot-scheduler
}
proof_11() {
    :
}
run 11 'Start web, workers and beat' plain

step_12() {
    nautobot-server upgrade_jobs verify
}
proof_12() {
    :
}
run 12 'Verify, before anybody is let in' plain

step_13() {
    nautobot-server upgrade_jobs compare snapshot-before.json.gz || [ $? = 2 ]
}
proof_13() {
    :
}
run 13 'Compare with the state before' plain

say "Everything is done."
