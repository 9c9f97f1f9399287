#!/bin/bash
# make from clean, elsewhere.
. "$(dirname "$0")/bench.bash"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

build() {
	rm -rf "$scratch/build"
	make B="$scratch/build"
}

limit "make from clean" 20000 1 build
