# SPDX-License-Identifier: MIT
# What the scripts of this folder share: words on the terminal, temporary folders, a throw-away PostgreSQL, cleaning up.
# Source it with `. "$(dirname "$0")/lib.sh"`; it changes to the project's root.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
ROOT=$PWD
export LC_ALL=C.UTF-8
# Debian's own programs first: modules that setup installs belong to Debian's python3.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
# Nobody's server but our own.
unset "${!PG@}"
POSTGRES_BIN=/usr/lib/postgresql/15/bin

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' CYAN=$'\e[36m' PLAIN=$'\e[0m'
else
	BOLD='' DIM='' RED='' GREEN='' CYAN='' PLAIN=''
fi

say() { printf '%s\n' "$*"; }
heading() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
complain() { printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2; }
die() {
	complain "${0##*/}: $*"
	exit 2
}

# Prints standard input in lines of at most $1 columns, the first behind $2, those that continue it behind $3.
wrap() {
	local line part cut width=$1 first=$2 next=$3 prefix
	while IFS= read -r line || [ -n "$line" ]; do
		prefix=$first
		while [ ${#line} -gt $((width - ${#prefix})) ]; do
			part=${line:0:$((width - ${#prefix}))}
			cut=${part%[ ,]*} # after the last blank or comma, where there is one
			[ ${#cut} -lt ${#part} ] && [ ${#cut} -gt 20 ] && part=${line:0:$((${#cut} + 1))}
			say "$prefix${part%"${part##*[![:space:]]}"}"
			line=${line:${#part}}
			prefix=$next
		done
		line=$prefix$line
		say "${line%"${line##*[![:space:]]}"}"
	done
}

seconds_since() { echo $((SECONDS - $1)); }

# --- cleaning up -----------------------------------------------------------------------------------------------------

FOLDER='' SERVER_PID=''

# What is registered nowhere cannot be missed: the shell itself knows its children, also one that it started just now.
clean_up() {
	local status=$? pid
	trap '' INT TERM HUP PIPE # a second Ctrl-C must not leave half of it behind
	trap - EXIT
	for pid in $(jobs -pr); do [ "$pid" = "$SERVER_PID" ] || end_process "$pid"; done
	[ -z "$SERVER_PID" ] || end_process "$SERVER_PID" INT
	[ -z "$FOLDER" ] || rm -rf -- "$FOLDER"
	exit "$status"
}

trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs "$@" so that a signal to this script ends it at once, and not only when it is done.
patiently() {
	"$@" </dev/null &
	wait $!
}

# Makes the script's one temporary FOLDER: everybody may pass it, nobody else may list it; gone at the end.
temporary_folder() {
	FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/chaperone-$1.XXXXXX") || die "no temporary folder"
	chmod 711 "$FOLDER"
}

# Ends a process that this script started, and waits for it.
end_process() {
	local pid=$1 signal=${2:-TERM} i
	kill -"$signal" "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 100; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		[ "$(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null)" = Z ] && return 0
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null
	return 0
}

# --- PostgreSQL ------------------------------------------------------------------------------------------------------

# The server refuses to run as root, so root hands it to `nobody`.
as_plain_user() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"
	else
		"$@"
	fi
}

# Starts a cluster below $1 that listens on the unix socket folder $1/socket alone, its superuser named `owner`.
# It is this script's own child: it ends with it.  More arguments are settings, NAME=VALUE.
start_postgres() {
	local folder=$1 i
	local settings=()
	shift
	for i in "$@"; do settings+=(-c "$i"); done
	mkdir -m 755 "$folder/server" "$folder/socket" || return 1
	if [ "$(id -u)" = 0 ]; then chown nobody:nogroup "$folder/server" "$folder/socket"; fi
	(cd "$folder/server" && as_plain_user "$POSTGRES_BIN/initdb" -D data -U owner --auth=trust --no-sync \
		-E UTF8 --locale=C.UTF-8) >"$folder/initdb.log" 2>&1 || {
		cat "$folder/initdb.log" >&2
		return 1
	}
	# A session of its own: Ctrl-C at the terminal reaches this script, which then ends the server.
	(cd "$folder/server" && exec setsid "$(type -P env)" -u LD_PRELOAD bash -c '
		if [ "$(id -u)" = 0 ]; then exec setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"; fi
		exec "$@"' - "$POSTGRES_BIN/postgres" -D data -k "$folder/socket" -c listen_addresses= \
		-c fsync=off -c unix_socket_permissions=0777 "${settings[@]}") >"$folder/server.log" 2>&1 &
	SERVER_PID=$!
	for ((i = 0; i < 200; i++)); do
		"$POSTGRES_BIN/pg_isready" -q -h "$folder/socket" && return 0
		kill -0 "$SERVER_PID" 2>/dev/null || break
		sleep 0.05
	done
	cat "$folder/server.log" >&2
	return 1
}

# --- building --------------------------------------------------------------------------------------------------------

# Configures build folder $1 unless it is; more arguments are meson's.
configure() {
	local folder=$1
	shift
	[ -f "$folder/build.ninja" ] && return 0
	mkdir -p "$folder"
	patiently meson setup "$folder" "$@" >"$folder/setup.log" 2>&1 || {
		tail -n 20 "$folder/setup.log" >&2
		return 1
	}
}
