# aikit - small exact tools over one thin library. GNU make, no configure.
#
#	make		 libaikit.a and the tools, below build/
#	make check	 every test; asan, lint, fuzz, cover and bench go further
#	make install	 PREFIX=/usr/local, DESTDIR=, as packages want them
#
# V=1 shows the commands, B=DIR builds elsewhere, SANITIZE=address,undefined
# instruments. CC, CFLAGS, CPPFLAGS and LDFLAGS are the builder's own.

# A name here is all that a new tool takes.
TOOLS = stack
PKGS = libcjson inih libcrypto
FUZZ_SECONDS = 5
# What a kit in use holds, and no package may.
PRIVATE = .env local.ini secrets certificates

B = build
CFLAGS = -O2 -g
PREFIX = /usr/local
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
DATADIR = $(PREFIX)/share/aikit
COMPDIR = $(PREFIX)/share/bash-completion/completions

VERSION := $(shell cat VERSION 2>/dev/null || GIT_OPTIONAL_LOCKS=0 \
	git describe --tags --always --dirty 2>/dev/null || echo unknown)

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(@:$(B)/%=%))

WARN = -Wall -Wextra -Wpedantic -Wformat=2 -Wconversion -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough \
	-Wvla -Wundef -Werror=implicit -Werror=int-conversion \
	-Werror=incompatible-pointer-types -Werror=format-security

# Each is tried once; what this compiler or linker refuses is left out.
TRY = -fstack-protector-strong -fstack-clash-protection -fPIE -pie \
	-fcf-protection=full -mbranch-protection=standard \
	-fno-delete-null-pointer-checks -fno-strict-overflow \
	-fno-strict-aliasing -ftrivial-auto-var-init=zero \
	-fstrict-flex-arrays=3 -Wtrampolines -Wbidi-chars=any \
	-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen \
	-Wl,--as-needed -Wl,--no-copy-dt-needed-entries

ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -I. -ffile-prefix-map=$(CURDIR)=. \
	$(WARN) $(filter-out -Wl$(comma)% -pie,$(HARDEN))
ALL_LDFLAGS = $(filter -Wl$(comma)% -pie,$(HARDEN))
comma = ,
ifdef SANITIZE
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -DAK_SANITIZED
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
else ifneq ($(filter -O1 -O2 -O3 -Os,$(CFLAGS)),)
ALL_CFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif

objects = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard $(1))))
LIB = $(call objects,lib/*.c)
BIN = $(TOOLS:%=$(B)/aikit-%)
UNIT = $(patsubst %.o,%,$(call objects,tests/unit/*.c tests/unit/*/*.c))
REPLAY = $(B)/tests/fuzz/replay
FUZZ = $(filter-out $(REPLAY),$(patsubst %.o,%,$(call objects,tests/fuzz/*.c)))
SOURCES = $(sort $(wildcard lib/*.c tools/*/*.c tests/unit/*.c \
	tests/unit/*/*.c tests/fuzz/*.c))
link = $(Q)$(CC) $(ALL_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ \
	$(filter %.o %.a,$^) $(LIBS)

all: $(BIN)
programs: $(BIN) $(UNIT) $(FUZZ)

$(B)/flags.mk: Makefile
	$(call say,TRY)
	$(Q)mkdir -p $(@D)
	$(Q)pkg-config --print-errors --exists $(PKGS)
	$(Q)for f in $(TRY); do echo 'int main(void) { return 0; }' | \
	    $(CC) -Werror $$f -x c -o $(@D)/try - 2>/dev/null && echo $$f; \
	    done | { echo "HARDEN =" $$(cat); echo "LIBS =" \
	    $$(pkg-config --libs $(PKGS)); echo "TRIED = $(CC)"; } >$@
ifeq ($(filter clean dist,$(MAKECMDGOALS)),)
-include $(B)/flags.mk
endif
ifneq ($(TRIED),$(CC))
$(B)/flags.mk: again
endif

$(B)/%.o: %.c $(B)/flags.mk
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/version: again
	$(Q)mkdir -p $(@D)
	$(Q)echo $(VERSION) | cmp -s - $@ || echo $(VERSION) >$@
$(B)/lib/cmd.o: ALL_CFLAGS += -DAK_VERSION='"$(VERSION)"'
$(B)/lib/cmd.o: $(B)/version
$(B)/lib/layers.o: ALL_CFLAGS += -DAK_TOOLS='"$(TOOLS)"'

$(B)/libaikit.a: $(LIB)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcD $@ $^

define tool
$(B)/aikit-$(1): $(call objects,tools/$(1)/*.c) $(B)/libaikit.a
	$$(call say,LD)
	$$(link)
$(B)/tests/unit/$(1)/%: $(B)/tests/unit/$(1)/%.o \
    $(filter-out %/main.o,$(call objects,tools/$(1)/*.c)) $(B)/libaikit.a
	$$(call say,LD)
	$$(link)
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libaikit.a
	$(call say,LD)
	$(link)
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(if $(FUZZER),,$(REPLAY).o) \
    $(B)/libaikit.a
	$(call say,LD)
	$(link) $(FUZZER)

check: programs
	$(Q)B='$(abspath $(B))' tests/check $(UNIT) $(FUZZ)
asan:
	$(Q)$(MAKE) B=build/asan SANITIZE=address,undefined CFLAGS='-O1 -g' check
fuzz:
	$(Q)$(MAKE) B=build/fuzz CC=clang CFLAGS='-O1 -g' FUZZER=-fsanitize=fuzzer \
	    SANITIZE=address,undefined,fuzzer-no-link fuzz-run
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
tidy: $(SOURCES:%.c=$(B)/%.tidy)
$(B)/%.tidy: %.c $(B)/%.o .clang-tidy
	$(call say,TIDY)
	$(Q)clang-tidy --quiet $< -- -std=gnu17 -D_GNU_SOURCE -I. && touch $@

install: all
	$(Q)install -d $(addprefix $(DESTDIR),$(BINDIR) $(MANDIR)/man1 \
	    $(MANDIR)/man5 $(MANDIR)/man7 $(COMPDIR) $(DATADIR))
	install -m 755 $(BIN) $(DESTDIR)$(BINDIR)
	$(Q)for m in man/*.[157]; do \
	    install -m 644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.} || exit; done
	$(Q)for t in $(TOOLS); do install -m 644 etc/completion/aikit.bash \
	    $(DESTDIR)$(COMPDIR)/aikit-$$t || exit; done
	install -m 644 etc/aikit.conf $(DESTDIR)$(DATADIR)
	$(Q)tar -c $(PRIVATE:%=--exclude=deploy/%) --owner=0 --group=0 deploy | \
	    tar -x --no-same-owner -C $(DESTDIR)$(DATADIR)

# One name, one time, one order: the same commit gives the same bytes.
dist:
	$(Q)mkdir -p $(B) && echo $(VERSION) >$(B)/VERSION
	git archive --prefix=aikit-$(VERSION)/ --add-file=$(B)/VERSION HEAD | \
	    gzip -9n >aikit-$(VERSION).tar.gz

clean:
	rm -rf $(B)
.PHONY: all programs check asan fuzz fuzz-run cover bench lint tidy install \
	dist clean again
.SECONDARY:
-include $(patsubst %.c,$(B)/%.d,$(SOURCES))
