# kiosk: `make help` lists the targets and the variables.

# The version is that of the newest tag, and this one where there is no tag.
VERSION := $(or $(patsubst v%,%,$(shell git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null)),0.1.0)
COMMIT  := $(shell git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null || echo unknown)

# The header of cpp-httplib comes from Debian's newest source package; this is the version wanted.
HTTPLIB_VERSION := 0.41.0

SANITIZE ?=
DEBUG    ?=
WERROR   ?=
PREFIX   ?= /usr/local
COMMA    := ,
BUILD    := build$(if $(SANITIZE),/$(subst $(COMMA),-,$(SANITIZE)))$(if $(DEBUG),/debug)
HTTPLIB  ?= build/httplib
SQLITE   ?=
PACKAGES := g++ dpkg-dev libsqlite3-dev rapidjson-dev libcli11-dev doctest-dev

CXX      ?= g++
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast \
            -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wformat=2 -Wundef $(if $(WERROR),-Werror)
# RapidJSON 1.1.0 adds to a null pointer before it first allocates (its internal/stack.h). Warnings are
# the ordinary build's: in instrumented code g++ sees uninitialized variables where there are none. The
# check of vptr needs a descriptor to look at memory, and takes having none for a fault.
SANITIZING := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize=pointer-overflow -fno-sanitize=vptr \
                -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g1 -w)
CXXFLAGS ?= $(if $(DEBUG),-O0 -g3 -D_GLIBCXX_ASSERTIONS,-O2 -g)
# What the program needs whatever CPPFLAGS, CXXFLAGS, LDFLAGS and LDLIBS are set to. The last is wanted
# as the last: tests ask for -O0 there.
COMPILE = $(CXX) -I. -isystem $(HTTPLIB) $(SQLITE:%=-isystem %) $(DEFINES) $(CPPFLAGS) $(CXXFLAGS) -std=c++20 \
            -ffile-prefix-map=$(HTTPLIB)=httplib -ffunction-sections -fdata-sections $(WARNINGS) $(SANITIZING) $(QUICK_COMPILE)
LINK    = $(CXX) -pthread $(SQLITE:%=-L%) $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
LIBS    = $(LDLIBS) -lsqlite3 -lm
STATIC   := $(if $(SANITIZE),,-static $(if $(DEBUG),,-s) -Wl$(COMMA)--gc-sections$(COMMA)--build-id=none$(COMMA)--wrap=dlopen$(COMMA)--wrap=getaddrinfo)

SOURCES := $(sort $(wildcard store/*.cpp http/*.cpp http/*/*.cpp data/*.cpp))
LIBRARY := $(SOURCES:%.cpp=$(BUILD)/%.o) $(BUILD)/data/embedded_files.o
TESTS   := $(patsubst %.cpp,$(BUILD)/%.o,$(wildcard tests/*.cpp tests/model/*.cpp))
CRASH   := $(patsubst %.cpp,$(BUILD)/%.o,$(wildcard tests/crash/*.cpp) tests/harness.cpp tests/main.cpp)

all: $(BUILD)/kiosk

help:
	@echo 'make                  builds $(BUILD)/kiosk'
	@echo 'make run              installs what the build needs, builds, serves on http://localhost:4000'
	@echo 'make check            format, lint of the changed files and the tests that start no process: for every change'
	@echo 'make test             all tests; JOBS=n runs n files at a time'
	@echo 'make lint             format, static analysis, the page, words; BASE=commit compares with that commit'
	@echo 'make format           formats all files'
	@echo 'make install          into PREFIX=/usr/local, below DESTDIR'
	@echo 'make compdb           writes build/compile_commands.json, for editors'
	@echo 'make test-crash       kill -9 and losses of power; KIOSK_CRASH_ROUNDS=n, KIOSK_CRASH_SEED=n'
	@echo 'make fuzz             random input, FUZZ_SECONDS=600 for each target'
	@echo 'make test-openapi     data/openapi.json against the server'
	@echo 'make test-browser     the page in Chromium; ONLY=text runs the tests named so'
	@echo 'make test-litestream  replication by Litestream'
	@echo 'make dist, test-dist  the executables to hand out and their SHA-256, and their tests'
	@echo 'make bench            against the HTTP library alone; QUICK=1 in minutes, BENCH=... passes options on'
	@echo 'make clean            removes build and dist'
	@echo
	@echo 'DEBUG=1 builds without optimization; SANITIZE=thread (or address,undefined) builds and tests with a'
	@echo 'sanitizer; WERROR=1 makes warnings errors. CXX, CPPFLAGS, CXXFLAGS, LDFLAGS and LDLIBS add to what the'
	@echo 'build needs. HTTPLIB=dir has the header of cpp-httplib, SQLITE=dir the header and library of SQLite.'

$(BUILD)/kiosk: $(BUILD)/main.o $(LIBRARY)
	@echo "  link $@"
	@$(LINK) $(STATIC) -o $@ $^ $(LIBS)

$(BUILD)/tests/all: $(TESTS) $(LIBRARY)
	@echo "  link $@"
	@$(LINK) -o $@ $^ $(LIBS)

$(BUILD)/tests/crash_all: $(CRASH) $(LIBRARY)
	@echo "  link $@"
	@$(LINK) -o $@ $^ $(LIBS)

# The library's parsing without its server: the ceiling has the stock one.
CEILING := $(patsubst %,$(BUILD)/%.o,tests/bench/ceiling http/codec http/fields http/json store/decimal store/money \
             store/rules store/timestamp)

$(BUILD)/tests/bench/ceiling: $(CEILING)
	@echo "  link $@"
	@$(LINK) -o $@ $^

$(BUILD)/%.o: %.cpp Makefile | $(HTTPLIB)/httplib.h
	@mkdir -p $(@D)
	@echo "  compile $<"
	@$(COMPILE) -MMD -MP -c -o $@ $<

# Tests are compiled more often than they run; all but the model, which judges 100,000 calls.
$(filter-out $(BUILD)/tests/model/%,$(TESTS)) $(CRASH): QUICK_COMPILE := -O0

# What --version says; main.cpp is compiled again when it changes.
$(BUILD)/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define KIOSK_VERSION "%s"\n#define KIOSK_COMMIT "%s"\n' $(VERSION) $(COMMIT) >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(BUILD)/main.o: $(BUILD)/version.h
$(BUILD)/main.o: DEFINES := -include $(BUILD)/version.h
FORCE:

# The compiler does not see what .incbin reads.
WEB_FILES := $(sort $(wildcard data/web/*))
$(BUILD)/data/embedded_files.o: data/embedded_files.S data/seed.json data/openapi.json \
                                store/schema.sql $(wildcard store/migrations/*.sql) $(WEB_FILES)
	@mkdir -p $(@D)
	@echo "  embed $<"
	@printf 'web "%s"\n' $(notdir $(WEB_FILES)) >$(@D)/web_files.inc
	@$(CXX) -Wa,-I$(@D) -c -o $@ $<

build/httplib/httplib.h:
	.ci/get-httplib $(HTTPLIB_VERSION) build/httplib

build/promtool/promtool:
	.ci/get-promtool build/promtool

packages:
	@.ci/install $(PACKAGES)

# What the stages of .ci/run install, all of it before the first: later they run side by side.
tools:
	@.ci/install $(PACKAGES) clang-format clang-tidy cppcheck git clang chromium g++-aarch64-linux-gnu qemu-user binutils \
	  $$(command -v npm >/dev/null || echo nodejs npm)
	@$(INSTALL_FUZZER)

run: packages
	@$(MAKE) --no-print-directory -j$$(nproc) all
	build/kiosk

tests: $(BUILD)/kiosk $(BUILD)/tests/all $(BUILD)/tests/crash_all build/promtool/promtool

build-tests: packages
	@$(MAKE) --no-print-directory -j$$(nproc) tests

# A sanitizer makes it slow, and keeps freed memory for a while; its executable has shared libraries,
# and cannot start in an empty root. ThreadSanitizer would wait for a second at each process' end.
SLOW   := $(if $(SANITIZE),KIOSK_MODEL_CALLS=5000 ASAN_OPTIONS=quarantine_size_mb=1 TSAN_OPTIONS=atexit_sleep_ms=20)
EXCEPT := $(if $(SANITIZE),*in an empty root*)
test: build-tests
	KIOSK=$(BUILD)/kiosk PROMTOOL=build/promtool/promtool $(SLOW) tests/run $(BUILD)/tests/all $(BUILD)/tests/crash_all \
	  -- --test-case-exclude='$(EXCEPT)'

# 200 times kill -9, 1,000 losses of power. KIOSK_CRASH_SEED=n repeats a run, KIOSK_CRASH_ROUNDS=n
# asks for more.
test-crash: packages
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/kiosk $(BUILD)/tests/crash_all
	KIOSK=$(BUILD)/kiosk KIOSK_CRASH_ROUNDS=$${KIOSK_CRASH_ROUNDS:-200} $(BUILD)/tests/crash_all

# Random bytes against everything that reads any, with clang's libFuzzer: FUZZ_SECONDS each, as many
# targets at a time as there are cores. On Ubuntu before 24.04 clang's runtime has no package of its own.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS := $(patsubst tests/fuzz/%.cpp,%,$(wildcard tests/fuzz/*.cpp))
FUZZERS      := $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/%)
INSTALL_FUZZER = .ci/install $$(apt-cache search --names-only \
  "^libclang-rt-$$(clang -dumpversion | cut -d. -f1)-dev$$" | cut -d' ' -f1)
fuzz: build-fuzz
	tests/fuzz/run build/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

build-fuzz: packages
	@.ci/install clang
	@$(INSTALL_FUZZER)
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=build/fuzz CXX=clang++ \
	    SANITIZE=address,undefined,fuzzer-no-link fuzzers

fuzzers: $(FUZZERS)
$(FUZZERS): %: %.o $(LIBRARY)
	@echo "  link $@"
	@$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# data/openapi.json against a linter, against the source, and every answer in it against the server.
OPENAPI_TEST := build/tests/openapi
test-openapi: packages
	@command -v npm >/dev/null || .ci/install nodejs npm
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/kiosk $(OPENAPI_TEST)/node_modules
	cp tests/openapi/*.mjs $(OPENAPI_TEST)
	KIOSK=$(BUILD)/kiosk node $(OPENAPI_TEST)/check.mjs

# The page, frontends and other sites in Debian's Chromium; ONLY=text runs the tests named so.
BROWSER_TEST := build/tests/browser
test-browser: packages
	@command -v npm >/dev/null || .ci/install nodejs npm
	@.ci/install chromium
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/kiosk $(BROWSER_TEST)/node_modules
	@rm -rf $(BROWSER_TEST)/*.js $(BROWSER_TEST)/apps build/screenshots
	cp -r tests/browser/* $(BROWSER_TEST)
	cd $(BROWSER_TEST) && KIOSK=$(abspath $(BUILD)/kiosk) node_modules/.bin/playwright test $(if $(ONLY),-g "$(ONLY)")

# The page and its tests in JavaScript: formatted, linted, its types checked, its pure parts tested.
WEB_TEST := build/tests/web
check-js:
	@command -v npm >/dev/null || .ci/install nodejs npm
	@$(MAKE) --no-print-directory $(WEB_TEST)/node_modules
	@rm -rf $(WEB_TEST)/data $(WEB_TEST)/tests && mkdir -p $(WEB_TEST)/data $(WEB_TEST)/tests
	@cp -r data/web data/openapi.json $(WEB_TEST)/data
	@cp -r tests/browser tests/web $(wildcard tests/*.json) $(WEB_TEST)/tests
	cd $(WEB_TEST) && npm run --silent check

# From npm only what the lock file names.
build/tests/%/node_modules: tests/%/package.json tests/%/package-lock.json
	@mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# Style, warnings, nothing unused, and that arrows run main -> http -> store and never back. Largest
# files first, so that no core waits for one at the end. Cppcheck would have algorithms for loops, and
# does not see that libraries call what http/json.cpp and http/server.cpp have for them.
CPP_FILES := $(shell git ls-files --cached --others --exclude-standard '*.cpp' '*.h' 2>/dev/null)
PROGRAM   := $(filter-out tests/%,$(filter %.cpp,$(CPP_FILES)))
CPPCHECK  := cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c++20 --language=c++ -I.
TIDY      := clang-tidy --quiet --extra-arg=-std=c++20 --extra-arg=-Wthread-safety --extra-arg=-I. \
               --extra-arg=-isystem$(HTTPLIB) \
               --extra-arg=-DKIOSK_VERSION='""' --extra-arg=-DKIOSK_COMMIT='""'
lint: packages check-js check-words
	@.ci/install clang-format clang-tidy cppcheck git
	@$(MAKE) --no-print-directory -j$$(nproc) $(HTTPLIB)/httplib.h
	clang-format --dry-run -Werror $(CPP_FILES)
	! grep -nE '#include "(http|main)' $(filter store/%,$(CPP_FILES))
	! grep -lE '#include <(httplib|rapidjson/|sqlite3)' $(filter-out \
	    http/server.cpp http/json.h http/json.cpp store/sqlite.cpp tests/%,$(CPP_FILES))
	$(CPPCHECK) -j $$(nproc) --enable=warning,style,performance,portability --suppress=useStlAlgorithm $(PROGRAM)
	$(CPPCHECK) --enable=unusedFunction --suppress=unusedFunction:http/json.cpp \
	  --suppress=unusedFunction:http/server.cpp $(PROGRAM)
	ls -S $(PROGRAM) | xargs -P $$(nproc) -n 1 \
	  $(TIDY) 2>/dev/null

check-words:
	.ci/words $(BASE)

# Format, lint of the files that differ from BASE, and the tests that start no process.
CHANGED = $(sort $(shell base=$(or $(BASE),$$(.ci/base)); git ls-files --others --exclude-standard; \
            [ -z "$$base" ] || git diff --name-only --diff-filter=d $$base))
CHANGED_CPP     = $(filter %.cpp %.h,$(CHANGED))
CHANGED_PROGRAM = $(filter $(PROGRAM),$(CHANGED) $(patsubst %.h,%.cpp,$(CHANGED)))
check: packages check-words $(if $(filter check,$(MAKECMDGOALS)),$(if $(filter %.js %.mjs %.css %.html,$(CHANGED)),check-js))
	@.ci/install clang-format clang-tidy cppcheck git
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/kiosk $(BUILD)/tests/all
	@[ -z "$(CHANGED_CPP)" ] || clang-format --dry-run -Werror $(CHANGED_CPP)
	@[ -z "$(CHANGED_PROGRAM)" ] || $(CPPCHECK) --enable=warning,style,performance,portability \
	    --suppress=useStlAlgorithm $(CHANGED_PROGRAM)
	@printf '%s\n' $(CHANGED_PROGRAM) | xargs -r -P $$(nproc) -n 1 $(TIDY) 2>/dev/null
	@KIOSK=$(BUILD)/kiosk tests/run $(BUILD)/tests/all -- --source-file="$$(grep -L tests/harness.h $(TESTS:.o=.d) | \
	    sed 's,^$(BUILD)/,,; s,d$$,cpp,' | paste -sd,)"

format:
	@.ci/install clang-format
	clang-format -i $(CPP_FILES)
	@command -v npm >/dev/null || .ci/install nodejs npm
	@$(MAKE) --no-print-directory $(WEB_TEST)/node_modules
	$(WEB_TEST)/node_modules/.bin/prettier --write --log-level warn --config tests/web/prettier.json data/web tests/browser tests/web

# clangd looks for it in the folder build.
compdb:
	@mkdir -p build
	@{ echo '['; $(foreach file,$(filter %.cpp,$(CPP_FILES)),printf '{"directory": "%s", "file": "%s", "command": "%s"},\n' \
	  '$(CURDIR)' $(file) '$(COMPILE) -DKIOSK_VERSION= -DKIOSK_COMMIT= -c $(file)';) echo '{}]'; } | \
	  sed 'N; s/,\n{}]/\n]/; P; D' >build/compile_commands.json

install: all
	install -D -m 755 $(BUILD)/kiosk $(DESTDIR)$(PREFIX)/bin/kiosk

# One commit and one compiler give the same bytes in any folder.
DIST         := dist/kiosk-$(VERSION)-linux
SQLITE_arm64 ?= build/sqlite-arm64
build/sqlite-arm64/libsqlite3.a:
	.ci/get-sqlite arm64 $(@D)

dist: packages
	@[ "$$(uname -m)" = x86_64 ] || { echo "make dist needs an x86_64 machine" >&2; exit 1; }
	@.ci/install g++-aarch64-linux-gnu
	@$(MAKE) --no-print-directory -j$$(nproc) build/kiosk $(SQLITE_arm64)/libsqlite3.a
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=build/aarch64 CXX=aarch64-linux-gnu-g++ \
	    SQLITE=$(SQLITE_arm64) build/aarch64/kiosk
	@rm -rf dist && mkdir dist
	cp build/kiosk $(DIST)-x86_64
	cp build/aarch64/kiosk $(DIST)-aarch64
	cd dist && sha256sum $(notdir $(DIST)-x86_64 $(DIST)-aarch64) >SHA256SUMS

test-dist: dist
	@.ci/install qemu-user binutils git
	@$(MAKE) --no-print-directory -j$$(nproc) build/tests/all
	tests/dist.sh $(COMMIT) VERSION=$(VERSION) HTTPLIB=$(abspath $(HTTPLIB)) SQLITE_arm64=$(abspath $(SQLITE_arm64))

# Litestream replicates a kiosk for 30 s. It is built here, and only for this.
LITESTREAM := build/go/bin/litestream
$(LITESTREAM):
	@command -v go >/dev/null || .ci/install golang-go
	GOPATH=$(abspath build/go) GOFLAGS=-modcacherw go install github.com/benbjohnson/litestream/cmd/litestream@v0.3.13

test-litestream: packages $(LITESTREAM)
	@.ci/install python3
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/kiosk
	python3 tests/litestream.py --kiosk $(BUILD)/kiosk --litestream $(LITESTREAM) --folder $(BUILD)

bench: packages
	@.ci/install wrk python3
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/kiosk $(BUILD)/tests/bench/ceiling
	python3 tests/bench/bench.py --kiosk $(BUILD)/kiosk --ceiling $(BUILD)/tests/bench/ceiling \
	  --folder $(BUILD) $(if $(QUICK),--quick) $(BENCH)

clean:
	rm -rf build dist

-include $(wildcard $(patsubst %.cpp,$(BUILD)/%.d,main.cpp $(SOURCES) $(wildcard tests/*.cpp tests/*/*.cpp)))
.PHONY: all help check check-words format compdb install packages tools run tests build-tests test test-crash test-litestream test-openapi test-browser fuzz build-fuzz fuzzers dist test-dist bench lint check-js clean FORCE
