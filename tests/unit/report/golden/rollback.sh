#!/usr/bin/env bash
# Rollback of nautobot.example.com: Nautobot 3.2.7 to Nautobot 2.4.44, 2026-11-19 12:00 UTC
# Planned 2026-11-20 12:00 UTC by nautobot-upgrade-jobs 0.1.0.
# Read this script before you run it. Without --yes it asks for confirmation before each
# irreversible step. It stops at the first failure. Run it again to resume there.
set -euo pipefail
# The answers of the operator, which no command of a step may read.
{ exec 3<&0; } 2>/dev/null || exec 3</dev/null
cd "$(dirname "${BASH_SOURCE[0]}")"
planned_for='postgresql nautobot: 0123456789abcdef, 7 changes'
finished="${BASH_SOURCE[0]##*/}.34b61ef3.finished"
log="${BASH_SOURCE[0]##*/}.log"
confirmed=no although_blocked=no although_old=no dry_run=no from=1 until=14
usage() {
    echo "$1; known: --dry-run, --from STEP, --until STEP, --yes, --although-blocked, --although-old" >&2
    exit 1
}
while [ $# -gt 0 ]; do
    case "$1" in
    --yes) confirmed=yes ;;
    --although-blocked) although_blocked=yes ;;
    --although-old) although_old=yes ;;
    --dry-run) dry_run=yes ;;
    --from | --until)
        [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] && [ "$2" -le 14 ] ||
            usage "$1 needs a step from 1 to 14"
        declare "${1#--}=$2"
        shift
        ;;
    *) usage "unknown: $1" ;;
    esac
    shift
done

say() { printf '%s  %s\n' "$(date -u +%FT%TZ)" "$*" | tee -a "$log"; }
fail() {
    say "STOPPED: $*"
    say "Fix the cause and run this script again. It resumes at the failed step."
    exit 1
}
by_hand() {
    echo "By hand: $1"
    local answer=no
    read -r -p "Type done when it is done: " answer <&3 || true
    [ "${answer%$'\r'}" = done ] || { echo "It was not done."; false; }
}
has() { grep --quiet --line-regexp --fixed-strings "$1" "$finished" 2>/dev/null; }
check_state() {
    local state
    state=$(nautobot-server upgrade_jobs state | tail -n 1) || fail "the state of the database cannot be read"
    [ "${state:0:${#planned_for}}" = "$planned_for" ] || fail "the database is not in the state of this plan. Planned for: $planned_for; current: $state. Plan again."
}

# Run a step. A change is made once. The steps before the first change are repeated until then, so
# that the backup of the current state contains all that has been written in the meantime.
run() {
    local number=$1 title=$2 role=$3 kind=$4
    [ "$number" -le "$until" ] || { say "Stopped before step $number: $title"; exit 0; }
    local guarded=$number
    [ "$role" != gate ] || guarded=$((number + 1))
    if [ "$guarded" -lt "$from" ]; then
        say "Step $number is left out: $title"
        return
    fi
    if [ "$dry_run" = yes ]; then
        printf '\n# Step %s: %s\n' "$number" "$title"
        declare -f "step_$number" "verify_$number" | sed '/^[a-z_0-9]* ()/d; /^[{}]/d'
        return
    fi
    case "$role" in
    preparation) ! has begun || { say "Step $number is finished: $title"; return; } ;;
    gate) ! has "$guarded" || { say "Step $number is finished: $title"; return; } ;;
    stop) ! has started || { say "Step $number is finished: $title"; return; } ;;
    *) ! has "$number" || { say "Step $number is finished: $title"; return; } ;;
    esac
    if [ "$kind" = irreversible ] && [ "$confirmed" = no ]; then
        say "This script cannot undo this step: $title. Only the backup can."
        local answer=no
        read -r -p "Type yes to continue: " answer <&3 || true
        [ "${answer%$'\r'}" = yes ] || fail "not confirmed: $title"
    fi
    if ! has begun && { [ "$role" = stop ] || [ "$role" = change ]; }; then
        check_state
        [ "$role" = stop ] || echo begun >>"$finished"
    fi
    say "Step $number: $title"
    trap 'fail "step '"$number"' failed"' ERR
    ("step_$number") </dev/null 2>&1 | tee -a "$log"
    trap - ERR
    ("verify_$number") </dev/null >>"$log" 2>&1 ||
        fail "step $number ran, but its verification failed"
    case "$role" in
    start) { echo "$number"; echo started; } >>"$finished" ;;
    change) echo "$number" >>"$finished" ;;
    esac
}

host=nautobot-1
[ "$dry_run" = yes ] || [ "$(uname -n)" = "$host" ] || fail "this plan is for the host $host, but this is $(uname -n)."

[ "$although_blocked$dry_run" != nono ] || fail "this plan is BLOCKED. The report in this folder lists the blockers. Fix them and plan again, or pass --although-blocked."

export PATH=/opt/nautobot/bin:"${PATH}"
export NAUTOBOT_ROOT=/opt/nautobot
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
    systemctl cat -- nautobot nautobot-worker nautobot-scheduler > /dev/null
}
verify_2() {
    :
}
run 2 'Check the services' preparation plain

step_3() {
    sudo systemctl stop -- nautobot nautobot-worker nautobot-scheduler
}
verify_3() {
    ! systemctl is-active --quiet -- nautobot nautobot-worker nautobot-scheduler
}
run 3 'Stop web, workers and beat' stop plain

step_4() {
    pg_dump --format=custom nautobot > before-rollback.postgresql
}
verify_4() {
    pg_restore --list < before-rollback.postgresql
}
run 4 'Back up the current state' preparation plain

step_5() {
    psql --dbname=postgres --command='ALTER DATABASE "nautobot" RENAME TO "nautobot_upgraded"'
}
verify_5() {
    :
}
run 5 'Rename the upgraded database' change irreversible

step_6() {
    createdb --template=template0 --encoding=UTF8 --lc-collate=C.UTF-8 nautobot
}
verify_6() {
    :
}
run 6 'Create an empty database' change plain

step_7() {
    pg_restore --dbname=nautobot --single-transaction --no-owner < before-upgrade.postgresql
}
verify_7() {
    psql --dbname=nautobot --command='TABLE django_migrations'
}
run 7 'Restore the backup into it' change plain

step_8() {
    tar -xzf before-upgrade-media.tar.gz -C /opt/nautobot
}
verify_8() {
    :
}
run 8 'Restore the media files' change plain

step_9() {
    python -m pip install --no-deps --requirement rollback-requirements.txt
    python -m pip uninstall --yes new-lib
    cp -p before-upgrade.nautobot_config.py "$NAUTOBOT_ROOT"/nautobot_config.py
}
verify_9() {
    python -c 'from importlib.metadata import version; from packaging.version import Version as V; assert V(version('"'"'nautobot'"'"')) == V('"'"'2.4.44'"'"')'
}
run 9 'Install the previous packages' change plain

step_10() {
    nautobot-server celery purge --force
}
verify_10() {
    :
}
run 10 'Purge the task queue' change plain

step_11() {
    nautobot-server post_upgrade
}
verify_11() {
    nautobot-server migrate --check
}
run 11 'Run post_upgrade of the previous release' change plain

step_12() {
    sudo systemctl start -- nautobot nautobot-worker nautobot-scheduler
}
verify_12() {
    systemctl is-active -- nautobot && systemctl is-active -- nautobot-worker && systemctl is-active -- nautobot-scheduler
}
run 12 'Start web, workers and beat' start plain

step_13() {
    nautobot-server upgrade_jobs verify --wait 180
}
verify_13() {
    :
}
run 13 'Verify before users return' change plain

step_14() {
    nautobot-server upgrade_jobs compare snapshot-before.json.gz || [ $? = 2 ]
}
verify_14() {
    :
}
run 14 'Compare with the state before the upgrade' change plain

[ "$dry_run" = yes ] || say "All steps are complete."
