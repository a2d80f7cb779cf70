# SPDX-License-Identifier: GPL-2.0-or-later
#
# One plain GNU make file. `make help` lists the targets.

MODE   ?= release
PREFIX ?= /usr/local
CC     ?= gcc
BUILD  := build/$(MODE)
PKGS   := liburcu-memb libnl-genl-3.0 libnl-route-3.0 libconfig

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
CPPFLAGS += -D_GNU_SOURCE -Isrc -DVIPD_VERSION='"$(VERSION)"' \
	    $(patsubst -I%,-isystem %,$(call pkg,--cflags))
ALL_CF    = -std=gnu11 $(WARN) $(WERROR) $(CFLAGS) $(CFLAGS_$(MODE)) -pthread \
	    -ffile-prefix-map=$(CURDIR)=. -MMD -MP
LIBS      = $(call pkg,--libs) -pthread

SRC    := $(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c))
HDR    := $(sort $(wildcard src/*/*.h src/*/*/*.h))
OBJ    := $(SRC:%.c=$(BUILD)/%.o)
LIBOBJ := $(filter-out $(BUILD)/src/main.o,$(OBJ))
UNIT   := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/unit/test_*.c)))

Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)")

.PHONY: all help deps check test demo bench lint clean install
.DELETE_ON_ERROR:

all: build/vipd

# build/vipd is always the release build; other modes live under build/MODE
ifeq ($(MODE),release)
build/vipd: $(BUILD)/vipd
	$(call say,LINK  $@)
	$(Q)ln -sf $(MODE)/vipd $@
else
build/vipd: $(BUILD)/vipd
endif

$(BUILD)/vipd: $(OBJ)
	$(call say,LD    $@)
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_$(MODE)) -o $@ $^ $(LIBS)

$(BUILD)/libvipd.a: $(LIBOBJ)
	$(call say,AR    $@)
	$(Q)$(AR) rcsD $@ $^

$(BUILD)/%.o: %.c Makefile
	$(call say,CC    $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CF) -c -o $@ $<

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libvipd.a
	$(call say,LD    $@)
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_$(MODE)) -o $@ $^ $(LIBS) -lcmocka

clean:
	rm -rf build

-include $(OBJ:.o=.d) $(UNIT:=.d)
