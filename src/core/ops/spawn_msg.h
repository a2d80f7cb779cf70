/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What goes between a client and the script helper (spawn.h): one record in one packet of a socket
 * pair. Both ends are the same program, but the reader believes nothing. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	SPAWN_MSG_LEN = 65536, /* longest request */
	SPAWN_ARGS_N = 64, /* with the program itself */
};

enum spawn_kind {
	SPAWN_RUN = 1,
	SPAWN_CANCEL, /* end the run with this id; its result comes as always */
	SPAWN_LIMIT, /* from main only: limit_ms is how many may run at once */
	SPAWN_CLIENT, /* from main only: a new client's socket comes with it */
	SPAWN_RUN_FIRST, /* as RUN, but before all RUN that wait */
	SPAWN_RUN_STAY, /* as RUN, for what runs for ever: it never waits and takes nobody's place */
	SPAWN_UMASK, /* from main only: limit_ms is the file mode mask of scripts */
	SPAWN_KIND_N
};

static inline bool spawn_is_run(uint32_t kind)
{
	return kind == SPAWN_RUN || kind == SPAWN_RUN_FIRST || kind == SPAWN_RUN_STAY;
}

/* A request. Texts lie in the packet, or are the caller's. */
struct spawn_ask {
	uint32_t kind; /* enum spawn_kind */
	uint32_t id; /* the client's own; comes back with the result */
	uint32_t limit_ms; /* 0: none */
	uint32_t uid, gid;
	const char *user; /* RUN...: "" or the account whose supplementary groups it gets */
	uint32_t argc;
	const char *argv[SPAWN_ARGS_N + 1]; /* argv[argc] is NULL; argv[0] an absolute path */
};

/* Returns the length, or 0: it does not fit. */
uint32_t spawn_ask_write(const struct spawn_ask *ask, uint8_t *buf, uint32_t cap);

/* False: not a request. */
bool spawn_ask_read(const uint8_t *buf, uint32_t len, struct spawn_ask *ask);

enum spawn_how {
	SPAWN_EXITED, /* status: exit status */
	SPAWN_KILLED, /* status: signal */
	SPAWN_TIMEOUT, /* its time was up; it is being killed */
	SPAWN_FAILED, /* not started; status: errno */
};

struct spawn_result {
	uint32_t id;
	uint32_t how; /* enum spawn_how */
	int32_t status;
	uint32_t duration_us;
};

/* False: not a result. */
bool spawn_result_read(const uint8_t *buf, uint32_t len, struct spawn_result *res);
