# faults - a command fails or dies at each of its operations on the storage.
#
#	load backup/repository
#	load backup/faults
#	every kill aikit-backup prune
#
# least=5: so many operations the command has; else more than 10.
# damaged=yes: what the command is to put right is not well before it.

# In memory where that can be: hundreds of runs sync what they write, and what a
# power cut takes is made up by the fault, not by the disk.
setup() {
	place=$(mktemp -d -p /dev/shm aikit-faults.XXXXXX 2>/dev/null) ||
		place=$BATS_TEST_TMPDIR
	prepare "$place"
}

teardown() {
	cd / && rm -rf "$place"
}

# A snapshot, $first, of what is in before1, and more in source than that.
begun() {
	head -c 300000 /dev/urandom >source/random
	begin "$@"
	first=$(aikit-backup snapshots | jq -r .snapshot)
	grown 1
}

# well PLAN: verify passes, and the earlier snapshot restores byte for byte.
well() {
	aikit-backup verify --level data >out 2>&1 ||
		deny "verify $1:" "$(cat out)" || return
	restores "$first" before1 || deny "restore $1"
}

# survives PLAN COMMAND...: the command fails or dies by the plan, and then all
# is well: the next run succeeds, verify passes, earlier snapshots restore.
survives() {
	local plan=$1
	shift
	{ AIKIT_FAULT=$plan "$@" >out 2>err || true; } 2>/dev/null
	grep -q '^AIKIT_FAULT: ' err || return 9 # it has fewer operations
	[ -n "${damaged-}" ] || well "after $plan" || return
	"$@" >out 2>&1 || deny "again after $plan:" "$(cat out)" || return
	well "again after $plan"
}

# every EFFECT COMMAND...: at each operation in turn, until there are no more.
every() {
	local how=$1 n=1 status
	shift
	rm -rf whole
	cp -r repo whole
	while :; do
		rm -rf repo
		cp -r whole repo
		status=0
		survives "any:$n:$how" "$@" || status=$?
		[ "$status" != 9 ] || break
		[ "$status" = 0 ] || return
		n=$((n + 1))
	done
	rm -rf repo
	cp -r whole repo
	[ "$n" -gt "${least-10}" ] || deny "only $n operations were tried"
}
