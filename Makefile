# SPDX-License-Identifier: GPL-2.0-or-later
#
# One plain GNU make file. `make help` lists the targets.

MODE   ?= release
PREFIX ?= /usr/local
CC     ?= gcc
BUILD  := build/$(MODE)
PKGS   := liburcu-memb libnl-genl-3.0 libnl-route-3.0 libconfig jansson libcurl libssl libcrypto \
	  nettle libnftables libpcre2-8 libmicrohttpd libnghttp2

# $(1): a pkg-config question; nothing when the libraries are not there yet (make deps, make help)
pkg = $(shell pkg-config $(1) $(PKGS) 2>/dev/null)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wconversion -Wformat=2 -Wcast-qual -Wwrite-strings -Wpointer-arith \
	-Wundef -Wvla -Wnull-dereference -Wdouble-promotion -Wimplicit-fallthrough -Wdate-time
ifneq ($(findstring clang,$(CC)),)
WARN += -Wcomma -Wconditional-uninitialized -Wthread-safety
else
WARN += -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init \
	-Wformat-signedness -Wstack-usage=16384 -Wsuggest-attribute=format
endif

CFLAGS           ?= -O2 -g
CFLAGS_release   := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
		    -fcf-protection -fPIE
LDFLAGS_release  := -pie -Wl,-z,relro,-z,now,--as-needed
CFLAGS_asan      := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
		    -fno-omit-frame-pointer -DVIPD_POISON
LDFLAGS_asan     := -fsanitize=address,undefined
CFLAGS_tsan      := -O1 -fsanitize=thread -DVIPD_TSAN -DVIPD_POISON
LDFLAGS_tsan     := -fsanitize=thread

ifeq ($(filter $(MODE),release asan tsan),)
$(error MODE is release, asan or tsan)
endif

VERSION  := 0.1.0
PATHS    := -D_GNU_SOURCE -Isrc $(patsubst -I%,-isystem %,$(call pkg,--cflags))
CPPFLAGS += $(PATHS) -DVIPD_VERSION='"$(VERSION)"'
ALL_CF    = -std=gnu11 $(WARN) $(WERROR) $(CFLAGS) $(CFLAGS_$(MODE)) -pthread \
	    -ffile-prefix-map=$(CURDIR)=. -MMD -MP
LIBS      = $(call pkg,--libs) -lresolv -lm -pthread

SRC    := $(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c))
HDR    := $(sort $(wildcard src/*.h src/*/*.h src/*/*/*.h))
OBJ    := $(SRC:%.c=$(BUILD)/%.o)
MAINS  := src/main.c src/ctl/vipctl.c
LIBOBJ := $(filter-out $(MAINS:%.c=$(BUILD)/%.o),$(OBJ))
SIM    := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/sim/*.c)))
UNIT   := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/unit/test_*.c)))

Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)")

.PHONY: all help deps check test demo screenshots bench bench-load bench-reload bench-takeover \
	bench-watch bench-lateness bench-instances bench-table-500 bench-table-2284 bench-table-one \
	bench-table-each bench-table-alone bench-checks bench-checks-scale bench-checks-cpu fuzz lint format clean install \
	uninstall deb man
.DELETE_ON_ERROR:

all: build/vipd build/vipctl

# build/vipd and build/vipctl are always the release build; other modes live under build/MODE
ifeq ($(MODE),release)
build/vipd build/vipctl: build/%: $(BUILD)/%
	$(call say,LINK  $@)
	$(Q)ln -sf $(MODE)/$* $@
else
build/vipd build/vipctl: build/%: $(BUILD)/%
endif

$(BUILD)/vipd: $(BUILD)/src/main.o $(BUILD)/libvipd.a
	$(call say,LD    $@)
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_$(MODE)) -o $@ $^ $(LIBS)

$(BUILD)/vipctl: $(BUILD)/src/ctl/vipctl.o $(BUILD)/libvipd.a
	$(call say,LD    $@)
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_$(MODE)) -o $@ $^ $(LIBS)

$(BUILD)/libvipd.a: $(LIBOBJ)
	$(call say,AR    $@)
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(BUILD)/src/core/ops/page.o: src/core/ops/page.html src/core/ops/page.css src/core/ops/page.js

$(BUILD)/%.o: %.c Makefile
	$(call say,CC    $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CF) -c -o $@ $<

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libvipd.a
	$(call say,LD    $@)
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_$(MODE)) -o $@ $^ $(LIBS) -lcmocka

# the functions that the simulator has in the place of the machine's (tests/sim/seam.c)
SEAM := clock_now_us clock_gettime log_event loop_add loop_del fact_post inst_advert \
	sock_open sock_close sock_take_all sock_read sock_packet sock_queue sock_flush
comma := ,

$(BUILD)/tests/sim/sim: $(SIM) $(BUILD)/libvipd.a
	$(call say,LD    $@)
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_$(MODE)) $(SEAM:%=-Wl$(comma)--wrap=%) -o $@ $^ $(LIBS)

$(BUILD)/bench/%: $(BUILD)/bench/%.o $(BUILD)/libvipd.a
	$(call say,LD    $@)
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_$(MODE)) -o $@ $^ $(LIBS)

# ---------------------------------------------------------------- for people

help:
	@echo "make            build/vipd and build/vipctl"
	@echo "make deps       install what is missing from Debian's packages (as root)"
	@echo "make check      unit tests, seconds            (MODE=asan or MODE=tsan as well)"
	@echo "make test       everything: unit, fuzz, namespaces, real-kernel guest, demo"
	@echo "make demo       the main job, watched"
	@echo "make screenshots   pictures of the status page, in build/screenshots"
	@echo "make bench      vipd beside keepalived, in the guest"
	@echo "make bench-table-500, -2284, -one, -each, -alone   the same with 50,000 servers in 500 services, ..."
	@echo "make bench-load, make bench-reload   beside keepalived: reading 100,000 servers; what a reload delays"
	@echo "make bench-takeover, make bench-lateness, make bench-instances   beside keepalived: 1,000 addresses"
	@echo "                change hands; adverts while everything happens; what 4,000 instances cost"
	@echo "make bench-watch   100,000 servers while somebody looks at them every second"
	@echo "make bench-checks   what health checks cost, how soon and how surely they find out (-scale, -cpu: one part)"
	@echo "make lint       layers, headers, forbidden calls, format, clang's warnings"
	@echo "make format     clang-format on all of src and tests"
	@echo "make man        build/vipd.conf.5, the manual page, from the settings' rows"
	@echo "make install    to DESTDIR and PREFIX (default /usr/local); make uninstall takes it away"
	@echo "make deb        build/deb/vipd_VERSION_ARCH.deb, a package for Debian 12"

# to build; and to test and to lint
BUILD_DEPS := gcc make pkg-config libc6-dev liburcu-dev libnl-3-dev libnl-genl-3-dev libnl-route-3-dev \
	libconfig-dev libjansson-dev libcurl4-openssl-dev libssl-dev nettle-dev libnftables-dev \
	libpcre2-dev libnghttp2-dev libmicrohttpd-dev dpkg-dev
DEPS := $(BUILD_DEPS) libcmocka-dev clang clang-format \
	libclang-rt-14-dev python3 iproute2 procps kmod curl nginx-light python3-prometheus-client \
	python3-grpcio python3-aiosmtpd chromium busybox iputils-ping openssl redis-server unbound keepalived nftables \
	tshark ipvsadm user-mode-linux mandoc zsh

deps:
	@tests/deps $(DEPS)

# the benches that are made of vipd's own parts must still build
.SECONDARY: $(BUILD)/bench/writer.o $(BUILD)/bench/conf_diff.o
check: $(UNIT) $(BUILD)/bench/writer $(BUILD)/bench/conf_diff
	@tests/unit/run $(UNIT)

# deps and the build come first, whatever -j says
test:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@tests/run

demo:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@tests/guest/boot --prefer-host /usr/bin/python3 tests/demo/demo.py build/vipd

screenshots:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 tests/demo/screenshots.py

bench:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 bench/table.py

# one run each: keepalived takes minutes
bench-table-500 bench-table-2284: bench-table-%:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 bench/table.py --shape $* --runs 1

# the writer and the kernel, no other program: the figures to tune by
bench-table-alone:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 bench/table.py --shape 500 --runs 12 --only alone
	@/usr/bin/python3 bench/table.py --shape 2284 --runs 12 --only alone

bench-table-one bench-table-each: bench-table-%:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 bench/table.py --shape $* --runs 1 --only vipd

bench-watch:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 bench/watched.py

bench-load bench-reload bench-takeover bench-lateness bench-instances: bench-%:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 bench/$*.py

bench-checks: bench-checks-cpu bench-checks-scale

bench-checks-scale bench-checks-cpu: bench-checks-%:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 bench/checks.py $*

# ---------------------------------------------------------------- fuzz targets

FUZZ       := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_FLAGS := -std=gnu11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_OBJ   := $(patsubst %.c,build/fuzz/obj/%.o,$(filter-out $(MAINS),$(SRC)))

fuzz: $(FUZZ)

build/fuzz/obj/%.o: %.c Makefile
	$(call say,FUZZ  $<)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

build/fuzz/libvipd.a: $(FUZZ_OBJ)
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $^

build/fuzz/%: tests/fuzz/%.c build/fuzz/libvipd.a
	$(call say,FUZZ  $@)
	$(Q)clang $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# ---------------------------------------------------------------- care of the source

lint:
	@PATHS='$(PATHS)' tests/lint

format:
	clang-format -i $(SRC) $(HDR) $(wildcard tests/*/*.c bench/*.c)

# ---------------------------------------------------------------- manual

man: build/vipd.conf.5

build/vipd.conf.5: etc/man/vipd.conf.5.in build/vipd
	$(call say,MAN   $@)
	$(Q)build/vipd --schema=man >build/settings.mdoc
	$(Q)sed -e '/^@SETTINGS@$$/r build/settings.mdoc' -e '//d' $< >$@

# what etc/files lists; the package has its own folders
BUILT := build/vipd build/vipctl build/vipd.conf.5
UNITS  = $(PREFIX)/lib/systemd/system
PLACES = BUILD=$(BUILD) PREFIX=$(PREFIX) UNITS=$(UNITS) ZSH=site-functions DESTDIR=$(DESTDIR)

install: $(BUILT)
	$(Q)$(PLACES) etc/install put make

uninstall: $(BUILT)
	$(Q)$(PLACES) etc/install remove make

deb:
	@tests/deps $(BUILD_DEPS)
	@$(MAKE) --no-print-directory build/vipd build/vipctl build/vipd.conf.5
	$(Q)mkdir -p build/deb
	$(Q)BUILD=build/release PREFIX=/usr UNITS=/lib/systemd/system ZSH=vendor-completions \
		etc/debian/build build/deb

clean:
	rm -rf build

-include $(OBJ:.o=.d) $(SIM:.o=.d) $(UNIT:=.d) $(FUZZ_OBJ:.o=.d)
