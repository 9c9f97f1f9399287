# aikit - small exact tools over one thin library. GNU make, no configure.
#
# make check runs every test; asan, lint, fuzz, cover and bench go further. V=1
# shows the commands, B=DIR builds elsewhere, SANITIZE=address,undefined
# instruments. CC, CFLAGS, CPPFLAGS and LDFLAGS are the builder's own.

# A name here is all that a new tool takes.
TOOLS = stack queue backup
PKGS = libcjson inih libcrypto libzstd libarchive
# What a kit in use holds, and no package may.
PRIVATE = .env local.ini secrets certificates
B = build
CFLAGS = -Oz -g
FUZZ_SECONDS = 5
PREFIX = /usr/local
DIST = aikit-$(VERSION).tar.gz
SHARE = $(DESTDIR)$(PREFIX)/share
VERSION := $(shell cat VERSION 2>/dev/null || GIT_OPTIONAL_LOCKS=0 \
	git describe --tags --always --dirty 2>/dev/null || echo unknown)

MAKEFLAGS += --no-print-directory \
	$(if $(filter 0,$(MAKELEVEL)),-j$(shell nproc))
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(@:$(B)/%=%))

WARN = -Wall -Wextra -Wpedantic -Wformat=2 -Wconversion -Wshadow -Wvla \
	-Wundef -Wstrict-prototypes -Wmissing-prototypes \
	-Wimplicit-fallthrough -Werror=implicit -Werror=int-conversion \
	-Werror=incompatible-pointer-types -Werror=format-security

# Each is tried once, and left out if refused. Linux tracks returns, not jumps.
TRY = -fstack-protector-strong -fstack-clash-protection -fPIE -pie \
	-fcf-protection=return -mbranch-protection=standard -Wbidi-chars=any \
	-fno-delete-null-pointer-checks -fno-strict-overflow -Wtrampolines \
	-fno-strict-aliasing -fstrict-flex-arrays=3 -Wl,--gc-sections \
	-Wl,-z,relro,-z,now -ftrivial-auto-var-init=zero -ffunction-sections \
	-fdata-sections -fno-asynchronous-unwind-tables \
	-Wl,-z,noexecstack,-z,nodlopen,--as-needed,--no-copy-dt-needed-entries \
	-Wl,-z,pack-relative-relocs
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -I. -ffile-prefix-map=$(CURDIR)=. \
	$(WARN) $(filter-out -Wl% -pie,$(HARDEN))
ALL_LDFLAGS = $(filter -Wl% -pie,$(HARDEN))
ifdef SANITIZE
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -DAK_SANITIZED
else ifneq ($(filter -O1 -O2 -O3 -Os -Oz,$(CFLAGS)),)
ALL_CFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif
objects = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard $(1))))
BIN = $(TOOLS:%=$(B)/aikit-%)
UNIT = $(patsubst %.o,%,$(call objects,tests/unit/*.c tests/unit/*/*.c))
REPLAY = $(B)/tests/fuzz/replay.o
FUZZ = $(filter-out %/replay,$(patsubst %.o,%,$(call objects,tests/fuzz/*.c)))
SOURCES = $(sort $(wildcard lib/*.c tools/*/*.c tests/*/*.c tests/unit/*/*.c))
# Tools meet in no program: a test is linked with the one it is named after.
named = $(filter $(TOOLS),$(subst -, ,$(subst _, ,$(subst /, ,$(@:$(B)/%=%)))))
others = $(filter-out $(or $(named),stack),$(TOOLS))
define link
$(call say,LD)
$(Q)$(CC) $(ALL_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ \
    $(filter-out $(others:%=$(B)/%.a),$(filter %.o %.a,$^)) $(LIBS)
endef
all: $(BIN)
programs: $(BIN) $(UNIT) $(FUZZ)

$(B)/flags.mk: Makefile
	$(call say,TRY)
	$(Q)mkdir -p $(@D)
	$(Q)pkg-config --print-errors --exists $(PKGS)
	$(Q)for f in $(TRY); do echo 'int main(void) { return 0; }' | \
	    $(CC) -Werror $$f -x c -o $(@D)/try - 2>/dev/null && echo $$f; \
	    done | { echo "HARDEN =" $$(cat); echo "TRIED = $(CC)"; \
	    echo "LIBS =" $$(pkg-config --libs $(PKGS)); } >$@
-include $(B)/flags.mk
$(B)/flags.mk: $(if $(filter-out $(TRIED),$(CC)),again)

$(B)/%.o: %.c $(B)/flags.mk
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(B)/version: again
	$(Q)echo $(VERSION) | cmp -s - $@ || echo $(VERSION) >$@
VERSIONED = $(B)/lib/cmd.o $(B)/tools/queue/metrics_now.o
$(VERSIONED): $(B)/version
$(VERSIONED): ALL_CFLAGS += -DAK_VERSION='"$(VERSION)"'
$(B)/lib/layers.o: ALL_CFLAGS += -DAK_TOOLS='"$(TOOLS)"'
# Small starts fast; a backup is long at work.
$(B)/tools/backup/%.o: CFLAGS += -O2
$(B)/tools/backup/reader.o: tools/backup/restore.py
# A tool is its main.o; the rest is an archive, for tests to link with.
define tool
$(B)/$(1).a: $(filter-out %/main.o,$(call objects,tools/$(1)/*.c))
$(B)/aikit-$(1): $(B)/tools/$(1)/main.o $(B)/$(1).a $(B)/libaikit.a
	$$(link)
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))
$(B)/libaikit.a: $(call objects,lib/*.c)
ARCHIVES = $(TOOLS:%=$(B)/%.a) $(B)/libaikit.a
$(ARCHIVES):
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcD $@ $^
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(ARCHIVES)
	$(link)
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(REPLAY) $(ARCHIVES)
	$(link) $(FUZZER)

check: programs
	$(Q)B='$(abspath $(B))' tests/check $(UNIT) $(FUZZ)
asan:
	$(MAKE) B=build/asan CFLAGS='-O1 -g' SANITIZE=address,undefined check
fuzz:
	$(Q)$(MAKE) B=build/fuzz CC=clang CFLAGS='-O1 -g' \
	    SANITIZE=address,undefined,fuzzer-no-link REPLAY= \
	    FUZZER=-fsanitize=fuzzer fuzz-run
fuzz-run: $(FUZZ)
	$(Q)tests/fuzz/run $(FUZZ_SECONDS) $(B) $(notdir $(FUZZ))
cover:
	$(Q)$(MAKE) B=build/cover CFLAGS='-O0 -g --coverage' check
	$(Q)tests/cover build/cover
bench: all
	$(Q)for b in tests/bench/*.sh; do B='$(abspath $(B))' $$b || exit; done
lint:
	$(Q)$(MAKE) B=build/gcc CC=gcc CFLAGS='-O2 -Werror -fanalyzer' programs
	$(Q)$(MAKE) B=build/clang CC=clang CFLAGS='-O2 -Werror' programs tidy
	$(Q)tests/lint/all $(SOURCES)
format:
	clang-format -i $(SOURCES) $(wildcard lib/*.h tools/*/*.h tests/*/*.h)
tidy: $(SOURCES:%.c=$(B)/%.tidy)
$(B)/%.tidy: %.c $(B)/%.o .clang-tidy
	$(call say,TIDY)
	$(Q)clang-tidy --quiet $< -- 2>/dev/null && touch $@
install: all
	install -D -t $(DESTDIR)$(PREFIX)/bin $(BIN)
	for n in 1 5 7; do install -D -m 644 -t $(SHARE)/man/man$$n man/*.$$n \
	    || exit; done
	for t in $(TOOLS); do install -D -m 644 etc/completion/aikit.bash \
	    $(SHARE)/bash-completion/completions/aikit-$$t || exit; done
	install -D -m 644 -t $(SHARE)/aikit etc/aikit.conf etc/aikit-queue.conf
	tar -c $(PRIVATE:%=--exclude=deploy/%) deploy | tar -x -C $(SHARE)/aikit
dist:
	$(Q)echo $(VERSION) >$(B)/VERSION
	git archive --prefix=aikit-$(VERSION)/ --add-file=$(B)/VERSION HEAD | \
	    gzip -9n >$(DIST)
clean:
	rm -rf $(B)
.PHONY: check asan fuzz cover bench lint format tidy install dist clean again
.SECONDARY:
-include $(patsubst %.c,$(B)/%.d,$(SOURCES))
