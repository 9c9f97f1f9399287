# odd_files - everything that a file can be, and whether two places are the same.
#
#	load house
#	load backup/odd_files
#	(cd data && odd_files)

MANIFEST=$ROOT/tests/backup/manifest.py

# What a backup must bring back of one directory, beside that of another.
same() {
	diff <("$MANIFEST" "$1") <("$MANIFEST" "$2") >&2 ||
		deny "$1 and $2 differ"
}

# Everything that a name can be; some of it root's alone.
odd_files() {
	local long
	long=$(printf 'x%.0s' {1..250})
	echo text >plain
	ln plain further
	mkdir -p sub "$long/$long" 'a b' a a.b
	ln plain sub/further
	echo deep >"$long/$long/file"
	touch a/1 a.b/2 'a b/3' empty
	ln -s ../nowhere dangling
	touch -h -d '2001-02-03 04:05:06.123456789' dangling
	mkfifo -m 640 fifo
	python3 -c 'import socket
socket.socket(socket.AF_UNIX).bind("socket")'
	truncate -s 40M sparse
	echo middle | dd of=sparse bs=1 seek=20000000 conv=notrunc status=none
	truncate -s 1M hole
	printf x >$'not\xff\xfeutf8'
	printf y >$'ctl\x01\x1b[2J'
	head -c 3000000 /dev/urandom >random
	yes 'a line that is there often' | head -c 3000000 >lines
	touch -d '1960-01-01 00:00:00.5' old
	setfattr -n user.name -v "$(printf '\1\2')" plain
	setfattr -n user.empty sub
	setfacl -m u:1234:rwx,g:77:r empty
	setfacl -d -m g:77:rx sub
	chmod 2750 sub
	[ "$(id -u)" != 0 ] || odd_root_files
	touch -d '2020-01-01 00:00:00.123456789' sub a .
}

odd_root_files() {
	mknod null c 1 3
	mknod loop b 7 99
	cp /bin/true able
	setcap cap_net_raw+ep able
	setfattr -h -n trusted.t -v x dangling
	chown 123:456 plain lines
	chown -h 7:8 dangling
	chmod 6755 lines
	mkdir -m 0 closed
	mkdir fixed
	echo x >fixed/file
	chattr +i fixed plain
	echo x >log
	chattr +a log
}
