#!/usr/bin/env bats
# What holds for every tool of the suite, asked from the tool itself: its hidden
# command "complete" tells its commands and options.

load house

setup() {
	mapfile -t tools < <(cd "$ROOT/tools" && printf 'aikit-%s\n' *)
	cd "$BATS_TEST_TMPDIR"
}

commands_of() {
	"$1" complete ''
}

# options_of TOOL COMMAND: the long ones, without the dashes.
options_of() {
	"$1" complete -- "$2" | sed -n 's/^--//p'
}

# manual_of TOOL COMMAND: the part of its manual that is about the command.
manual_of() {
	awk -v command="$2" '
		/^\.It Cm / { inside = $3 == command }
		/^\.S[hs] / { inside = 0 }
		inside' "$ROOT/man/$1.1"
}

@test "help fits a screen, goes to stdout, and names every command" {
	for tool in "${tools[@]}"; do
		run -0 --separate-stderr "$tool" --help
		[ -z "$stderr" ]
		[ "${#lines[@]}" -le 40 ] || deny "$tool: ${#lines[@]} lines"
		for line in "${lines[@]}"; do
			[ "${#line}" -le 80 ] || deny "too wide: $line"
		done
		while read -r command; do
			grep -qE "^  $command( |\$)" <<<"$output" ||
				deny "$tool --help lacks $command"
		done < <(commands_of "$tool")
	done
}

@test "help of a command: by --help, by -h and by help, all its options" {
	for tool in "${tools[@]}"; do
		while read -r command; do
			run -0 --separate-stderr "$tool" "$command" --help
			text=$output
			for line in "${lines[@]}"; do
				[ "${#line}" -le 80 ] || deny "too wide: $line"
			done
			while read -r option; do
				grep -q -- "--$option\b" <<<"$text" ||
					deny "$tool $command lacks --$option"
			done < <(options_of "$tool" "$command")
			run -0 "$tool" help "$command"
			[ "$output" = "$text" ]
			run -0 "$tool" -h "$command"
			[ "$output" = "$text" ]
		done < <(commands_of "$tool" | grep -vx help)
	done
}

@test "version is one line: the tool and its version" {
	for tool in "${tools[@]}"; do
		run -0 --separate-stderr "$tool" --version
		[[ $output =~ ^$tool\ [0-9a-zA-Z.+-]+$ ]]
	done
}

@test "without a command: the help on stderr, exit 64" {
	for tool in "${tools[@]}"; do
		run -64 --separate-stderr "$tool"
		[ -z "$output" ]
		# shellcheck disable=SC2154
		[ "$stderr" = "$("$tool" --help)" ]
	done
}

@test "an unknown command is refused with the nearest one, exit 64" {
	for tool in "${tools[@]}"; do
		while read -r command; do
			run -64 --separate-stderr "$tool" "${command}z"
			[ -z "$output" ]
			complains
			[ "${#command}" -lt 3 ] ||
				[[ $stderr == *"${command}z: no such command (did you mean "*"?)" ]]
		done < <(commands_of "$tool")
		run -64 --separate-stderr "$tool" quite-another-thing
		complains
		[[ $stderr == *"(see $tool --help)" ]]
	done
}

@test "an unknown option is refused with the nearest one, exit 64" {
	for tool in "${tools[@]}"; do
		while read -r command; do
			run -64 --separate-stderr "$tool" "$command" --versoin
			[ -z "$output" ]
			complains
			[[ $stderr == *"--versoin: no such option (did you mean --version?)" ]]
		done < <(commands_of "$tool")
	done
}

@test "operands: too few and too many are refused with the usage, exit 64" {
	for tool in "${tools[@]}"; do
		while read -r command; do
			usage=$("$tool" help "$command" | sed -n 's/^usage: //p')
			operands=${usage#*"[options]"}
			case $operands in
			'') set -- x ;;
			' ['*|*'[command]'*) continue ;;
			*) set -- ;;
			esac
			run -64 --separate-stderr "$tool" "$command" "$@"
			complains
			[[ $stderr == *"usage: $usage)" ]]
		done < <(commands_of "$tool" | grep -vx help)
	done
}

@test "the manual has every command, and every option where it belongs" {
	for tool in "${tools[@]}"; do
		common=$(sed -n '/^\.Ss Options of every/,/^\.Ss Start/p' \
			"$ROOT/man/$tool.1")
		while read -r command; do
			part=$(manual_of "$tool" "$command")
			[ -n "$part" ] || deny "$tool(1) lacks $command"
			while read -r option; do
				grep -q -- " -$option\b" <<<"$part$common" ||
					deny "$tool(1): $command lacks --$option"
			done < <(options_of "$tool" "$command")
		done < <(commands_of "$tool" | grep -vx help)
	done
}

@test "the manual has no command and no option that the tool has not" {
	for tool in "${tools[@]}"; do
		while read -r command; do
			commands_of "$tool" | grep -qxF "$command" ||
				deny "$tool(1) has $command"
			while read -r option; do
				options_of "$tool" "$command" | grep -qxF "$option" ||
					deny "$tool(1): $command has --$option"
			done < <(manual_of "$tool" "$command" | grep '^\.It ' |
				grep -oP ' -\K[a-z][a-z-]+')
		done < <(sed -n 's/^\.It Cm \([a-z]*\).*/\1/p' \
			"$ROOT/man/$tool.1" | sort -u)
	done
}

@test "no option takes a secret" {
	for tool in "${tools[@]}"; do
		while read -r command; do
			run -1 grep -E '^(password|passphrase|secret|token|key)$' \
				<<<"$(options_of "$tool" "$command")"
		done < <(commands_of "$tool")
	done
}

@test "a full disk is told, exit 74" {
	for tool in "${tools[@]}"; do
		for what in --help --version "complete"; do
			# shellcheck disable=SC2016
			run -74 --separate-stderr bash -c '"$@" >/dev/full' - \
				"$tool" "$what"
			complains
			[[ $stderr == *"stdout: no space left on device" ]]
		done
	done
}

@test "a closed stdout is told, exit 74" {
	for tool in "${tools[@]}"; do
		# shellcheck disable=SC2016
		run -74 --separate-stderr bash -c '"$@" >&-' - "$tool" --help
		complains
	done
}

@test "a reader that goes away ends the tool by SIGPIPE, without a word" {
	for tool in "${tools[@]}"; do
		# shellcheck disable=SC2016
		run -0 --separate-stderr bash -c '
			"$1" --help | exec sleep 0
			echo "${PIPESTATUS[0]}"' - "$tool"
		[[ $output =~ ^(0|141)$ ]]
		[ -z "$stderr" ]
	done
}

@test "configuration: an unknown key is told with file, line and what was meant" {
	printf '# mine\n[stack]\nkitt = /x\n' >f
	run -78 --separate-stderr aikit-stack list services --config f
	complains
	[ "$stderr" = "aikit-stack: list: f:3: kitt: no such key (did you mean kit?)" ]
	printf '[stakc]\nkit = /x\n' >f
	run -78 --separate-stderr aikit-stack list services --config f
	complains
	[[ $stderr == *"f:2: [stakc]: no such section (did you mean [stack]?)" ]]
	printf '[stack]\nwait = soon\n' >f
	run -78 --separate-stderr aikit-stack list services --config f
	complains
	[[ $stderr == *"f:2: wait: soon: not a "* ]]
	printf 'kit = /x\n' >f
	run -78 --separate-stderr aikit-stack list services --config f
	complains
	run -66 --separate-stderr aikit-stack list services --config missing
	complains
}

@test "configuration: file, --config, environment, command line; later ones win" {
	mkdir -p "$XDG_CONFIG_HOME/aikit"
	printf '[stack]\nkit = /of/the/user\n' >"$XDG_CONFIG_HOME/aikit/aikit.conf"
	printf '[stack]\nkit = /of/config\n' >f
	run -66 --separate-stderr aikit-stack list services
	[[ $stderr == *"/of/the/user"* ]]
	run -66 --separate-stderr aikit-stack list services --config f
	[[ $stderr == *"/of/config"* ]]
	export AIKIT_STACK_KIT=/of/environment
	run -66 --separate-stderr aikit-stack list services --config f
	[[ $stderr == *"/of/environment"* ]]
	run -66 --separate-stderr aikit-stack list services --config f -k /of/line
	[[ $stderr == *"/of/line"* ]]
	export AIKIT_STACK_KIT=
	run -66 --separate-stderr aikit-stack list services
	[[ $stderr == *"/of/the/user"* ]]
	export AIKIT_STACK_KITT=/x
	run -78 --separate-stderr aikit-stack list services
	complains
	[[ $stderr == *"AIKIT_STACK_KITT: kitt: no such key (did you mean kit?)" ]]
}

@test "the example configuration, every key set, is one that is read" {
	sed 's/^#\([a-z-]* =.*\)/\1/' "$ROOT/etc/aikit.conf" >f
	sed -i 's|^kit =$|kit = /of/example|; s/^preset =$/preset = core/' f
	run -66 --separate-stderr aikit-stack list services --config f
	[[ $stderr == *"/of/example"* ]]
	diff <(sed -n 's/^\([a-z-]*\) =.*/\1/p' f | sort) \
		<(sed -n 's/^\.It Ic //p' "$ROOT/man/aikit.conf.5" | sort)
}

@test "completion in bash: commands, options, and no word where a file is meant" {
	# shellcheck source=etc/completion/aikit.bash
	source "$ROOT/etc/completion/aikit.bash"
	COMP_WORDS=(aikit-stack stat) COMP_CWORD=1
	_aikit aikit-stack stat aikit-stack
	[ "${COMPREPLY[*]}" = status ]
	COMP_WORDS=(aikit-stack up --pl) COMP_CWORD=2
	_aikit aikit-stack --pl up
	[ "${COMPREPLY[*]}" = --plan ]
	COMP_WORDS=(aikit-stack up --kit '') COMP_CWORD=3
	_aikit aikit-stack '' --kit
	[ "${#COMPREPLY[@]}" -eq 0 ]
	for tool in "${tools[@]}"; do
		complete -p "$tool" >/dev/null
	done
}

@test "no tool is linked with libcurl, nor with what nobody named" {
	for tool in "${tools[@]}"; do
		run -0 readelf -d "$(command -v "$tool")"
		while read -r name; do
			[[ $name =~ ^lib(c|m|cjson|inih|crypto|z|zstd|asan|ubsan|gcc_s|stdc\+\+)\.so ]] ||
				[[ $tool == aikit-backup && $name == libarchive.so* ]] ||
				[[ $name == ld-linux* ]] ||
				deny "$tool is linked with $name"
		done < <(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$output")
		run -0 ldd "$(command -v "$tool")"
		[[ $output != *libcurl* ]]
	done
}

@test "a tool is hardened: position independent, read-only relocations, no executable stack" {
	[[ $(command -v aikit-stack) == "$ROOT/build/aikit-stack" ]] || return 0
	for tool in "${tools[@]}"; do
		program=$(command -v "$tool")
		readelf -h "$program" | grep -q 'Type: *DYN'
		readelf -d "$program" | grep -q 'Flags: .*NOW'
		readelf -lW "$program" | grep -q GNU_RELRO
		readelf -lW "$program" | grep GNU_STACK | grep -q ' RW '
		readelf -sW --dyn-syms "$program" | grep -q __stack_chk_fail
	done
}
