#!/usr/bin/env bash
# Rollback of nautobot.example.com: Nautobot 3.2.7 to Nautobot 2.4.44, 2026-11-19 12:00 UTC
# Planned 2026-11-20 12:00 UTC by nautobot-upgrade-jobs 0.1.0.
# Read this script before you run it. Without --yes it asks for confirmation before each
# irreversible step. It stops at the first failure. Run it again to resume there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
planned_for='postgresql nautobot: 0123456789abcdef, 7 changes'
finished="${BASH_SOURCE[0]##*/}.34b61ef3.finished"
log="${BASH_SOURCE[0]##*/}.log"
confirmed=no although_blocked=no
for word in "$@"; do
    case "$word" in
    --yes) confirmed=yes ;;
    --although-blocked) although_blocked=yes ;;
    *) echo "unknown: $word; known: --yes, --although-blocked" >&2; exit 1 ;;
    esac
done

say() { printf '%s  %s\n' "$(date -u +%FT%TZ)" "$*" | tee -a "$log"; }
fail() {
    say "STOPPED: $*"
    say "Fix the cause and run this script again. It resumes at the failed step."
    exit 1
}
has() { grep --quiet --line-regexp --fixed-strings "$1" "$finished" 2>/dev/null; }
check_state() {
    local state
    state=$(nautobot-server upgrade_jobs state | tail -n 1)
    [ "$state" = "$planned_for" ] || fail "the database is not in the state of this plan. Planned for: $planned_for; current: $state. Plan again."
}

# Run a step. A change is made once. The steps before the first change are repeated until then, so
# that the backup of the current state contains all that has been written in the meantime.
run() {
    local number=$1 title=$2 role=$3 kind=$4
    case "$role" in
    preparation) ! has begun || { say "Step $number is finished: $title"; return; } ;;
    stop) ! has started || { say "Step $number is finished: $title"; return; } ;;
    *) ! has "$number" || { say "Step $number is finished: $title"; return; } ;;
    esac
    say "Step $number: $title"
    if [ "$kind" = irreversible ] && [ "$confirmed" = no ]; then
        say "This script cannot undo this step. Only the backup of the current state can."
        local answer=no
        read -r -p "Type yes to continue: " answer || true
        [ "$answer" = yes ] || fail "not confirmed: $title"
    fi
    if [ "$role" = change ] && ! has begun; then
        check_state
        echo begun >>"$finished"
    fi
    trap 'fail "step '"$number"' failed"' ERR
    ("step_$number") 2>&1 | tee -a "$log"
    trap - ERR
    "verify_$number" >>"$log" 2>&1 || fail "step $number ran, but its verification failed"
    case "$role" in
    start) { echo "$number"; echo started; } >>"$finished" ;;
    change) echo "$number" >>"$finished" ;;
    esac
}

: "${NAUTOBOT_ROOT:?is not set}"
[ "$although_blocked" = yes ] || fail "this plan is BLOCKED. rollback-*.md in this folder lists the blockers. Fix them and plan again, or pass --although-blocked."

has begun || check_state

step_1() {
    test -s before-upgrade.nautobot_config.py
    test -s rollback-requirements.txt
    test -s before-upgrade.postgresql
    test -s before-upgrade-media.tar.gz
    test -s snapshot-before.json.gz
    psql --dbname=postgres --command='SELECT 1'
    if psql --dbname=nautobot_upgraded --command='SELECT 1' >/dev/null 2>&1; then echo 'nautobot_upgraded exists from an earlier rollback: drop or rename it'; false; fi
}
verify_1() {
    :
}
run 1 'Check that all files are available' preparation plain

step_2() {
    sudo systemctl stop nautobot nautobot-worker nautobot-scheduler
}
verify_2() {
    ! systemctl is-active --quiet nautobot nautobot-worker nautobot-scheduler
}
run 2 'Stop web, workers and beat' stop plain

step_3() {
    pg_dump --format=custom --file=before-rollback.postgresql nautobot
}
verify_3() {
    pg_restore --list before-rollback.postgresql
}
run 3 'Back up the current state' preparation plain

step_4() {
    psql --dbname=postgres --command='ALTER DATABASE "nautobot" RENAME TO "nautobot_upgraded"'
}
verify_4() {
    :
}
run 4 'Rename the upgraded database' change irreversible

step_5() {
    createdb --template=template0 --encoding=UTF8 --lc-collate=C.UTF-8 nautobot
}
verify_5() {
    :
}
run 5 'Create an empty database' change plain

step_6() {
    pg_restore --single-transaction --no-owner --dbname=nautobot before-upgrade.postgresql
}
verify_6() {
    psql --dbname=nautobot --command='TABLE django_migrations'
}
run 6 'Restore the backup into it' change plain

step_7() {
    tar -xzf before-upgrade-media.tar.gz -C /opt/nautobot
}
verify_7() {
    :
}
run 7 'Restore the media files' change plain

step_8() {
    python -m pip install --no-deps --requirement rollback-requirements.txt
    python -m pip uninstall --yes new-lib
    cp -p before-upgrade.nautobot_config.py "$NAUTOBOT_ROOT"/nautobot_config.py
}
verify_8() {
    python -c 'from importlib.metadata import version; from packaging.version import Version as V; assert V(version('"'"'nautobot'"'"')) == V('"'"'2.4.44'"'"')'
}
run 8 'Install the previous packages' change plain

step_9() {
    nautobot-server celery purge --force
}
verify_9() {
    :
}
run 9 'Purge the task queue' change plain

step_10() {
    nautobot-server post_upgrade
}
verify_10() {
    nautobot-server migrate --check
}
run 10 'Run post_upgrade of the previous release' change plain

step_11() {
    sudo systemctl start nautobot nautobot-worker nautobot-scheduler
}
verify_11() {
    :
}
run 11 'Start web, workers and beat' start plain

step_12() {
    nautobot-server upgrade_jobs verify
}
verify_12() {
    :
}
run 12 'Verify before users return' change plain

step_13() {
    nautobot-server upgrade_jobs compare snapshot-before.json.gz || [ $? = 2 ]
}
verify_13() {
    :
}
run 13 'Compare with the state before the upgrade' change plain

say "All steps are complete."
