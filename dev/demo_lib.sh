# SPDX-License-Identifier: MIT
# How dev/demo shows a step and checks that it is so.

STEPS=0 FAILED=()

step() {
	STEPS=$((STEPS + 1))
	STEP_HOLDS=yes
	STEP_TITLE=$1
	printf '\n%s%2d  %s%s\n' "$BOLD" "$STEPS" "$1" "$PLAIN"
}

# Lines of at most 100 columns, set in by four.
print_output() { wrap 100 '    ' '    '; }

show_command() {
	printf '%s' "$CYAN"
	printf '%s\n' "$1" | wrap 100 '      ' '          ' | sed '1s/^      /    $ /'
	printf '%s' "$PLAIN"
}

# Runs the command line in the demonstration's folder; OUT and STATUS are what came out.
run() {
	OUT=$(cd "$FOLDER" && bash -c "$1" 2>&1 </dev/null)
	STATUS=$?
}

run_shown() {
	show_command "$1"
	run "$1"
	printf '%s\n' "$OUT" | print_output
}

# Runs both lines and prints what they wrote next to each other.
run_side_by_side() {
	local left=() right=() i count
	show_command "$1"
	show_command "$2"
	run "$1"
	PLAIN_OUT=$OUT
	mapfile -t left <<<"$OUT"
	run "$2"
	mapfile -t right <<<"$OUT"
	count=$((${#left[@]} > ${#right[@]} ? ${#left[@]} : ${#right[@]}))
	pair "${DIM}without chaperone$PLAIN" 17 "${DIM}with chaperone$PLAIN"
	for ((i = 0; i < count; i++)); do
		pair "${left[i]:-}" $((${#left[i]})) "${right[i]:-}"
	done
}

pair() { printf '    %s%*s %s|%s %s\n' "$1" $((46 - $2)) '' "$DIM" "$PLAIN" "${3%"${3##*[![:space:]]}"}"; }

# Claims about OUT and STATUS; what does not hold makes the step fail.
claim_failed() {
	STEP_HOLDS=no
	say "$RED    does not hold: $1$PLAIN"
}
shows() { [[ "$OUT" == *"$1"* ]] || claim_failed "the output has \"$1\""; }
hides() { [[ "$OUT" != *"$1"* ]] || claim_failed "the output is without \"$1\""; }
status_is() { [ "$STATUS" = "$1" ] || claim_failed "exit status $1, it is $STATUS"; }
holds() { [ "$1" = "$2" ] || claim_failed "$3 (wanted $1, got $2)"; }

meaning() {
	if [ "$STEP_HOLDS" = yes ]; then
		printf '%s' "$GREEN"
		say "$1" | wrap 100 '    => ' '       '
		printf '%s' "$PLAIN"
	else
		FAILED+=("$STEPS $STEP_TITLE")
		say "$RED    => this step did not show what it should$PLAIN"
	fi
}

# What the server itself holds, asked without chaperone.
ask_server() { psql -U owner -At -c "$1"; }
