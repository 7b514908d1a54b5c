#!/bin/sh
# One upload of a district: checks the files at home, uploads them, waits for the report, says how it ended.
#
#     upload.sh [SETTINGS]      SETTINGS is upload.conf beside this script, where no other is named
#
# Exit status: 0 applied; 1 applied, but rows were rejected; 2 something is set up wrongly; 3 held until a person agrees;
# 4 refused (by the check at home: then nothing was uploaded); 5 failed, or no report came in time.
set -u
LC_ALL=C # names of files are bytes
export LC_ALL
umask 077 # reports hold names of children

say() { printf '%s  %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$*"; }

stop() { # STATUS SENTENCE
    ended=$1
    shift
    say "$*" >&2
    exit "$ended"
}

setting() { # NAME [ELSE]: what the settings say; a line end of Windows is a space too
    value=$(sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$settings" | sed 's/[[:space:]]*$//' | tail -n 1)
    printf '%s' "${value:-${2-}}"
}

read_settings() {
    [ -r "$settings" ] || stop 2 "There are no settings: $settings cannot be read. Copy upload.conf.example to it."
    for name in server login key known_hosts folder reports; do
        [ -n "$(setting "$name")" ] || stop 2 "$settings does not say what $name is."
    done
    server=$(setting server) folder=$(setting folder) reports=$(setting reports) check=$(setting check sftpingest)
    wait=$(setting wait 30) every=$(setting every 15)
    case $wait$every in *[!0-9]*) stop 2 "$settings: wait and every are whole numbers." ;; esac
    [ -d "$folder" ] || stop 2 "$folder is no folder. Correct it in $settings."
    for name in key known_hosts; do
        [ -r "$(setting "$name")" ] || stop 2 "$(setting "$name") cannot be read. Correct $name in $settings."
    done
}

# Nothing of this asks, and a server with another host key is never spoken to. A key that the server announces for
# later is learnt into the same file, so that the upload goes on when the server gets a new one.
write_ssh_config() {
    cat >"$work/ssh_config" <<END
Host *
    Port $(setting port 2222)
    User $(setting login)
    IdentityFile "$(setting key)"
    IdentitiesOnly yes
    UserKnownHostsFile "$(setting known_hosts)"
    StrictHostKeyChecking yes
    UpdateHostKeys yes
    BatchMode yes
    ConnectTimeout 30
    ServerAliveInterval 15
    ServerAliveCountMax 8
END
}

batch() { # lines of sftp on standard input -> $work/said, $work/wrong
    sftp -F "$work/ssh_config" -b - "$server" >"$work/said" 2>"$work/wrong"
}

quoted() { # as sftp reads names in a batch
    printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

check_at_home() {
    mkdir -p "$reports/check" || stop 2 "The folder $reports cannot be made."
    "$check" check "$folder" --format "$(setting format auto)" --report "$reports/check" >"$work/checked" 2>&1
    case $? in
    0) say "The check at home found nothing that stops a row." ;;
    1) say "The check at home would reject rows: see $reports/check. All files are uploaded nevertheless." ;;
    4)
        cat "$work/checked" >&2
        stop 4 "The check at home refuses these files. Nothing was uploaded. The report: $reports/check"
        ;;
    *)
        cat "$work/checked" >&2
        stop 2 "The files could not be checked. Nothing was uploaded."
        ;;
    esac
}

sums() { # of every file, to see whether the export still writes
    cksum "$folder"/* 2>/dev/null
}

unchanged() { # since the beginning
    sums | cmp -s - "$work/sums"
}

# The reports are listed in the same session, just before the first file is sent: what is newer then is a new one.
upload() {
    {
        printf '%s\n' '-ls -1 /reports'
        printf 'lcd %s\n' "$(quoted "$folder")"
        for path in "$folder"/*; do
            name=${path##*/}
            # no folders, no links: neither does the check read them
            if [ -f "$path" ] && [ ! -L "$path" ]; then printf 'put %s\n' "$(quoted "$name")"; fi
        done
    } >"$work/batch"
    grep -q '^put ' "$work/batch" || stop 2 "There are no files in $folder. Nothing was uploaded."
    for try in 1 2 3; do
        if batch <"$work/batch"; then return; fi
        sed 's/^/    /' "$work/wrong" >&2
        [ "$try" = 3 ] || { say "The upload broke off. Once more in $every seconds." && sleep "$every"; }
    done
    stop 5 "The upload failed three times. The lines above say why."
}

listed() { # NUMBER/FOLDER of every report that sftp has just listed, oldest first
    sed -n 's|^.*\([0-9]\{4\}-[0-9][0-9]-[0-9][0-9]T[0-9]\{6\}Z-\([0-9]\{6,\}\)\)/*$|\2/\1|p' "$work/said" | sort -n
}

fetch() { # FOLDER: the report, whole, into $work/report; fails where it was replaced meanwhile
    { rm -rf "$work/report" && mkdir "$work/report"; } || return 1
    batch <<END
lcd $(quoted "$work/report")
get /reports/$1/summary.txt
get /reports/$1/rejections.csv
get /reports/$1/report.html
get /reports/$1/result.json
-get -r /reports/$1/rejected
END
}

rows() { # RESULT.JSON: a line a file with its number of rows
    sed -n '/^    ".*": {$/h; /^      "rows": /{G; s/,*\n/ /; p;}' "$1"
}

is_ours() { # the report is about the files that were just uploaded: as many rows of each as the check has read
    [ "$check" = no ] && return 0
    rows "$work/report/result.json" >"$work/theirs"
    rows "$reports/check/result.json" | while IFS= read -r line; do
        grep -qxF -e "$line" "$work/theirs" || exit 1
    done
}

look() { # once: whether the report of this upload is there
    echo 'ls -1 /reports' | batch || return 1
    for report in $(listed); do
        number=${report%%/*}
        [ "$number" -gt "$seen" ] || continue
        fetch "${report#*/}" || return 1
        seen=$number
        is_ours && return 0
        say "Report $number is about other files, of an upload before this one. Waiting on."
        other=$report
    done
    return 1
}

wait_for_report() {
    seen=$(listed | tail -n 1) seen=${seen%%/*} seen=${seen:-0} other=
    [ "$check" != no ] || rm -f "$reports/check/result.json"
    deadline=$(($(date +%s) + wait * 60))
    while ! look; do
        if [ "$(date +%s)" -ge "$deadline" ]; then
            [ -n "$other" ] && fetch "${other#*/}" && say "No other report came: this one is taken." && return
            sed 's/^/    /' "$work/wrong" >&2
            stop 5 "No report came within $wait minutes. Look into /reports later, or ask whoever runs the server."
        fi
        sleep "$every"
    done
}

keep_report() {
    { mkdir -p "$reports" && rm -rf "$reports/upload" && mv "$work/report" "$reports/upload"; } ||
        stop 2 "The report could not be kept in $reports/upload."
    cat "$reports/upload/summary.txt"
    say "The report: $reports/upload"
}

tell() { # how it ended, as an exit status
    case $(sed -n 's/^  "outcome": "\([a-z]*\)".*/\1/p' "$reports/upload/result.json") in
    applied) if grep -q '"rejected": [1-9]' "$reports/upload/result.json"; then exit 1; else exit 0; fi ;;
    held | discarded) exit 3 ;;
    refused) exit 4 ;;
    *) exit 5 ;;
    esac
}

settings=${1:-$(dirname "$0")/upload.conf}
read_settings
work=$(mktemp -d) || stop 2 "No temporary folder could be made."
trap 'rm -rf "$work"' EXIT
trap 'exit 5' HUP INT TERM
write_ssh_config
sums >"$work/sums"
[ "$check" = no ] || check_at_home
unchanged || stop 5 "The files changed while they were checked: the export still runs. Nothing was uploaded."
upload
unchanged || stop 5 "The files changed while they were uploaded: some may be old and some new. Run this once more."
say "Uploaded. Waiting for the report."
wait_for_report
keep_report
tell
