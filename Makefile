# The whole build.  `make help` lists the targets; CONTRIBUTING.md explains them.
# SPDX-License-Identifier: MIT
#
#   CONFIG=release|debug|asan|tsan   CC=gcc|clang   BUILD=dir   READLINE=0   LTO=1   V=1 (commands shown)
#
# Sources are found by wildcard: a new .c or .aio file needs no edit here.  Output goes to $(BUILD) only.

CONFIG   ?= release
BUILD    ?= build/$(CONFIG)
PREFIX   ?= /usr/local
READLINE ?= 1
LTO      ?= 0
ifeq ($(origin CC),default)
CC := gcc
endif
REF      ?= $(or $(wildcard /usr/bin/python3.11),python3)
ONLY     ?=
MAKEFLAGS += --no-builtin-rules
SAY      := $(if $(V),:,@echo ' ')
.DELETE_ON_ERROR:
.SUFFIXES:

# ---- flags -------------------------------------------------------------------------------------
IS_CLANG := $(findstring clang,$(shell $(CC) --version 2>/dev/null))
WARN     := -Wall -Wextra -Wshadow -Wmissing-prototypes
# A borrowed Value where an owned Ref is wanted is an error in every build (STYLE section 7).
OWNING   := -Werror=$(if $(IS_CLANG),incompatible-pointer-types-discards-qualifiers,discarded-qualifiers)
BASE     := -std=gnu17 $(WARN) $(OWNING) -Iinterp -D_GNU_SOURCE -fno-strict-aliasing -ffp-contract=off -pthread -g
ifeq ($(CONFIG),release)
# Texts stay with the tables of their file: merged with all others, each start would fetch pages from everywhere.
BASE     += -O2 -DNDEBUG -fno-pie -fno-plt -fno-semantic-interposition $(if $(IS_CLANG),,-fno-merge-constants)
LINK     += -no-pie
EVAL     := $(if $(IS_CLANG),,-fno-gcse)
else ifeq ($(CONFIG),debug)
BASE     += -Og -Werror -fno-omit-frame-pointer
else ifeq ($(CONFIG),asan)
BASE     += -O1 -Werror -fsanitize=address,undefined -fno-sanitize-recover=undefined \
            -fno-omit-frame-pointer
LINK     += -fsanitize=address,undefined
EVAL     := $(if $(IS_CLANG),-O0)# its optimiser needs half an hour for that many computed jumps
else ifeq ($(CONFIG),tsan)
BASE     += -O1 -fsanitize=thread -fno-omit-frame-pointer -fno-pie
LINK     += -fsanitize=thread -no-pie
else
$(error CONFIG is release, debug, asan or tsan, not '$(CONFIG)')
endif
ifeq ($(LTO),1)
BASE     += -flto=auto
LINK     += -flto=auto -O2
endif
# Linked into the binary where that can be (STATIC=0: never): loading a shared library at each launch
# costs more than an empty script does.
STATIC   ?= 1
STATICS  := gmp pcre2-8 pcre2-16 pcre2-32 utf8proc
ifeq ($(READLINE),1)
BASE     += -DAIO_READLINE
STATICS  += readline tinfo
endif
archive   = $(filter-out lib$1.a,$(shell $(CC) -print-file-name=lib$1.a))
LIBS     := $(foreach l,$(STATICS),$(or $(if $(filter 1,$(STATIC)),$(call archive,$l)),-l$l)) -lm
FLAGS    := $(BASE) $(CPPFLAGS) $(CFLAGS)

# ---- sources -----------------------------------------------------------------------------------
CORE     := $(filter-out interp/tools/%,$(wildcard interp/*.c interp/*/*.c)) $(wildcard stdlib/*.c)
SCRIPTS  := $(sort $(wildcard stdlib/*.aio stdlib/*/*.aio stdlib/*/*/*.aio))
HEADERS  := $(wildcard interp/*.h interp/*/*.h)
OBJECTS  := $(CORE:%.c=$(BUILD)/%.o) $(BUILD)/embedded.o $(BUILD)/registry.o
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%, \
              $(filter-out %_tool.c,$(wildcard tests/unit/*.c)))
BINARY   := $(BUILD)/aio
RUNNER   := $(BUILD)/tests/run
BENCH    := $(BUILD)/tests/bench

.PHONY: all start test oom gcstress fuzz check bench bench-net soak install uninstall clean pgo help
all: $(BINARY)

# The linker writes here and there; of a file written in one go, a fault maps fewer pages: 0.6 MB less at the peak.
$(BINARY): $(OBJECTS)
	$(SAY) LINK $@; $(CC) $(FLAGS) $(LINK) $(LDFLAGS) -o $@.linked $^ -Wl,--as-needed $(LIBS) && \
	   cp $@.linked $@.copy && mv $@.copy $@ && rm $@.linked

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY) CC $<; $(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/interp/vm/eval.o: FLAGS += $(EVAL)
$(BUILD)/interp/base/charname.o: interp/base/charname.bin

$(BUILD)/%.o: $(BUILD)/%.c $(BUILD)/flags
	$(SAY) CC $<; $(CC) $(FLAGS) -MMD -MP -c -o $@ $<

# The library in the binary: every stdlib/*.aio as bytes, and the table of the modules written in C.
$(BUILD)/embed: interp/tools/embed.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 $(WARN) -O1 -o $@ $<

$(BUILD)/embedded.c: $(BUILD)/embed $(SCRIPTS) $(BUILD)/files
	@$(BUILD)/embed $@ stdlib $(SCRIPTS)

$(BUILD)/registry.c: $(CORE) $(BUILD)/files
	@{ echo '/* Written by the Makefile: every "const ModuleDef NAME_module". */'; \
	   echo '#include "modules/registry.h"'; \
	   sed -n 's/^const ModuleDef \([a-z0-9_]*_module\) .*/\1 /p' $(CORE) /dev/null | sort >$@.names; \
	   sed 's/.*/extern const ModuleDef &;/' $@.names; \
	   echo 'const NativeModule native_modules[] = {'; sed 's/\(.*\)_module/    {"\1", \&&},/' $@.names; \
	   echo '    {NULL, NULL}};'; } >$@

# Rewritten only when what they hold changes: a changed flag rebuilds all, a new file the tables.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(FLAGS)' | cmp -s - $@ || echo '$(CC) $(FLAGS)' >$@
$(BUILD)/files: FORCE
	@mkdir -p $(@D); echo '$(CORE) $(SCRIPTS)' | cmp -s - $@ || echo '$(CORE) $(SCRIPTS)' >$@
.PHONY: FORCE
FORCE:

-include $(OBJECTS:.o=.d) $(UNIT:=.d)

# ---- first steps -------------------------------------------------------------------------------
PACKAGES := gcc libc6-dev libbz2-dev libexpat1-dev libffi-dev libgmp-dev liblzma-dev libpcre2-dev \
            libsqlite3-dev libssl-dev libutf8proc-dev zlib1g-dev \
            $(if $(filter 1,$(READLINE)),libreadline-dev)
start:
	@missing=; for p in $(PACKAGES); do \
	   dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
	 done; \
	 if [ -n "$$missing" ]; then \
	   line="apt-get install --yes --no-install-recommends$$missing"; \
	   if [ "$$(id -u)" = 0 ]; then apt-get update && $$line || exit 1; \
	   elif sudo -n true 2>/dev/null; then sudo apt-get update && sudo $$line || exit 1; \
	   else echo "Packages are missing. Run this, then 'make start' again:"; \
	        echo "    sudo apt-get update && sudo $$line"; exit 1; fi; \
	 fi
	@$(MAKE) --no-print-directory -j$$(nproc) all
	$(BINARY) examples/hello.aio

# What goes where: the file here, its place under PREFIX.
SHARE    := docs/aio.1:share/man/man1/aio.1 \
            editors/shell/aio.bash:share/bash-completion/completions/aio \
            editors/shell/_aio:share/zsh/site-functions/_aio
install: $(BINARY)
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/aio
	for f in $(SHARE); do install -D -m 644 $${f%%:*} $(DESTDIR)$(PREFIX)/$${f#*:} || exit 1; done

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/aio $(foreach f,$(SHARE),$(lastword $(subst :, ,$f))))

clean:
	rm -rf build

help:
	@echo 'make          build $(BINARY)'
	@echo 'make start    install what is missing, build, run a first script'
	@echo 'make test     all tests      (CONFIG=asan|tsan, AIO_DEBUG=refs|gcstress, ONLY=part-of-a-path)'
	@echo 'make oom      all tests, an allocation failing at each place that has one (CONFIG=asan|debug)'
	@echo 'make gcstress all tests, collecting at each safe point after an allocation (likewise)'
	@echo 'make fuzz     libFuzzer on the compiler and on programs, SECONDS=60 each from SEED=1 (CONFIG=asan; clang)'
	@echo 'make check    layers, headers, grammar, ownership, format, READMEs, warnings'
	@echo 'make bench    speed and memory against REF=python3.11 (ONLY=part-of-a-name)'
	@echo 'make bench-net  servers under load, as shares of one in C'
	@echo 'make soak     servers under load for SECONDS=600, clients killed: is all flat at the end?'
	@echo 'make pgo      a profile-guided release binary in build/pgo'
	@echo 'make install  to PREFIX=/usr/local, under DESTDIR; make uninstall;  make clean'

# ---- tests -------------------------------------------------------------------------------------
$(RUNNER): tests/run.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 $(WARN) -Werror -D_GNU_SOURCE -O1 -g -o $@ $<

$(BUILD)/tests/unit/%: tests/unit/%.c $(OBJECTS)
	@mkdir -p $(@D)
	$(SAY) LINK $@; $(CC) $(FLAGS) -MMD -MP $(LINK) $(LDFLAGS) -o $@ $< \
	   $(filter-out $(BUILD)/interp/cli/main.o,$(OBJECTS)) -Wl,--as-needed $(LIBS)

HOW      := $(if $(filter asan,$(CONFIG)),--limit=60,--oracle=find) $(if $(ONLY),--only=$(ONLY))
test: $(BINARY) $(RUNNER) $(UNIT)
	@$(RUNNER) $(BINARY) $(HOW) $(UNIT) tests examples

oom: $(BINARY) $(RUNNER)
	@$(if $(filter release,$(CONFIG)),$(error make oom wants CONFIG=asan or debug))true
	@$(RUNNER) $(BINARY) --oom --limit=40 $(if $(TRIES),--tries=$(TRIES)) $(if $(KNOWN),--known=$(KNOWN)) \
	   $(if $(ONLY),--only=$(ONLY)) tests examples

gcstress: $(BINARY) $(RUNNER)
	@AIO_DEBUG=gcstress $(RUNNER) $(BINARY) --limit=60 $(if $(ONLY),--only=$(ONLY)) tests examples

# The two libFuzzer targets, which clang builds; then damaged sources and random programs, as scripts.  What fails is
# left in $(BUILD)/fuzz.  PYTHON=python3.14: the last must print what they do there.
SECONDS  := 60
SEED     := 1
FUZZ     := compile programs
# (A null pointer plus nothing is fine from C2y on, and was everywhere before; only clang minds.)
FUZZING  := CONFIG=asan BUILD=$(BUILD)/fuzz CC='$(if $(IS_CLANG),$(CC),clang)' \
            CFLAGS='-fsanitize=fuzzer-no-link -fno-sanitize=pointer-overflow'
fuzz: $(BINARY)
	@$(MAKE) --no-print-directory $(FUZZING) $(FUZZ:%=$(BUILD)/fuzz/%) $(BUILD)/fuzz/tests/sentences
	@for target in $(FUZZ); do \
	   sh tests/fuzz/fuzz.sh $(BUILD)/fuzz/$$target $(BUILD)/fuzz $(SECONDS) $(SEED) || exit 1; \
	 done
	@cd $(BUILD)/fuzz && $(CURDIR)/$(BINARY) $(CURDIR)/tests/fuzz/_sources.aio $(SECONDS) $(SEED) \
	   '$(CURDIR)/tests/**/*.aio' '$(CURDIR)/examples/*.aio' '$(CURDIR)/stdlib/*.aio'
	@cd $(BUILD)/fuzz && $(CURDIR)/$(BINARY) $(CURDIR)/tests/fuzz/_programs.aio $(SECONDS) $(SEED) $(PYTHON)

$(FUZZ:%=$(BUILD)/%): $(BUILD)/%: tests/fuzz/%.c tests/fuzz/host.c tests/fuzz/host.h tests/fuzz/programs.def $(OBJECTS)
	$(SAY) LINK $@; $(CC) $(FLAGS) -Itests/fuzz -fsanitize=fuzzer $(LINK) $(LDFLAGS) -o $@ $(filter %.c,$^) \
	   $(filter-out $(BUILD)/interp/cli/main.o,$(OBJECTS)) -Wl,--as-needed $(LIBS)

# ---- checks ------------------------------------------------------------------------------------
CHECKS := check-layers check-headers check-grammar check-ownership check-format check-readmes check-warnings
.PHONY: $(CHECKS) syntax
check: $(CHECKS)

check-layers:
	@sh tests/check/layers.sh
check-headers:
	@sh tests/check/headers.sh $(CC) $(HEADERS)
check-ownership:
	@sh tests/check/ownership.sh $(CC)
check-format:
	@sh tests/check/format.sh $(wildcard interp/*.[ch] interp/*/*.[ch] stdlib/*.c tests/*.c tests/*/*.c)
check-readmes:
	@sh tests/check/readmes.sh
check-grammar: $(BINARY) $(BUILD)/tests/sentences
	@sh tests/check/grammar.sh $(BINARY) $(BUILD)/tests/sentences
$(BUILD)/tests/sentences: tests/grammar/sentences.c \
                          $(filter $(BUILD)/interp/syntax/% $(BUILD)/interp/base/%,$(OBJECTS))
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) $(LINK) -o $@ $^ $(LIBS)
# Each source before the optimiser; what only the optimiser sees, .ci/run asks of the release build (-Werror).
check-warnings:
	@for compiler in gcc clang; do \
	   command -v $$compiler >/dev/null || { echo "check-warnings: no $$compiler here"; continue; }; \
	   $(MAKE) --no-print-directory -s CONFIG=debug CC=$$compiler syntax \
	     || { echo "check-warnings: $$compiler: failed"; exit 1; }; \
	   echo "check-warnings: $$compiler: ok"; \
	 done
syntax:
	@printf '%s\n' $(CORE) | xargs -P$$(nproc) -n4 $(CC) $(FLAGS) -fsyntax-only

# ---- speed -------------------------------------------------------------------------------------
$(BENCH): tests/bench/bench.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 $(WARN) -Werror -D_GNU_SOURCE -O1 -g -o $@ $< -lm

bench: $(BINARY) $(BENCH)
	$(BENCH) $(BINARY) $(REF) $(ONLY)

bench-net: $(BINARY)
	@BENCH_BUILD=$(BUILD)/tests/net PYTHON=$(REF) python3 tests/bench/net/run.py $(BINARY) $(ONLY)

soak: $(BINARY)
	$(BINARY) tests/bench/soak/soak.aio $(or $(SECONDS),600)

# Trains on the benchmark kernels, in one directory so that gcc finds its .gcda files again.
pgo:
	$(MAKE) BUILD=build/pgo CFLAGS='$(CFLAGS) -fprofile-generate -fprofile-update=atomic' all
	for f in tests/bench/*/*.aio; do build/pgo/aio $$f >/dev/null || exit 1; done
	find build/pgo -name '*.o' -delete
	$(MAKE) BUILD=build/pgo all \
	   CFLAGS='$(CFLAGS) -fprofile-use -fprofile-partial-training -Wno-missing-profile'
