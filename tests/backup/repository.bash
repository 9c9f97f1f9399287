# repository - a repository of a test's own: made, damaged, killed, compared.
#
#	load house
#	load backup/repository

setup() {
	prepare "$BATS_TEST_TMPDIR"
}

# prepare DIRECTORY: in it source, and where the repository will be.
prepare() {
	cd "$1" || exit
	export AIKIT_BACKUP_REPO=$PWD/repo AIKIT_BACKUP_KEY_FILE=$PWD/key
	export XDG_STATE_HOME=$PWD/state
	mkdir source
	seq 30000 >source/numbers
	head -c 3000000 /dev/urandom >source/random
	mkdir source/below
	for i in 1 2 3 4 5 6 7 8; do
		seq "$i" 37 40000 >"source/below/file$i"
	done
}

# The repository with a snapshot of source; more options of init follow.
begin() {
	aikit-backup init "$@" >/dev/null
	aikit-backup backup source >/dev/null
}

# objects [ROOM...]: the objects, but for locks and drafts.
objects() {
	(cd repo && find "${@:-.}" -type f | sed 's|^\./||' |
	    grep -v '^locks/\|^tmp/' | sort)
}

# take: a snapshot, whose name it prints.
take() {
	aikit-backup backup source | jq -r .snapshot
}

# turn FILE [OFFSET]: one bit of it, at random when no offset is given.
turn() {
	chmod u+w "$1"
	python3 -c '
import os, random, sys
with open(sys.argv[1], "r+b") as file:
	size = os.path.getsize(sys.argv[1])
	at = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(size)
	file.seek(at % size)
	byte = file.read(1)[0]
	file.seek(at % size)
	file.write(bytes([byte ^ 1 << at % 8]))' "$@"
}

# blind COMMAND...: without a key.
blind() {
	env -u AIKIT_BACKUP_KEY_FILE "$@"
}

# restores [SNAPSHOT [DIRECTORY]]: it is what the directory holds.
restores() {
	rm -rf back
	aikit-backup restore "${1:-latest}" --to back >/dev/null || return
	diff -r "${2:-source}" "back$PWD/source"
}

# grown: source with something more.
grown() {
	cp -r source "before$1"
	seq "$1" 11 90000 >"source/more$1"
	head -c 200000 /dev/urandom >"source/noise$1"
}
