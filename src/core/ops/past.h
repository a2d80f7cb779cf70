/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The last events, for `vipctl show events` and `monitor`: written by the notify role, read by main at
 * any time, without a lock. An entry holds its texts, since what it tells of may be gone.
 *
 *	uint64_t at = past_next(h) > 20 ? past_next(h) - 20 : 0;	    the last 20
 *	while (past_read(h, &at, &entry))
 *		print(&entry);
 *
 * Main gets MSG_TOLD when there are new ones, so that it can go on from `at`.
 */
#pragma once

#include "core/event.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	PAST_N = 4096, /* entries kept; a power of two */
	PAST_NAME_LEN = 160,
};

/* Only whole words of 64 bits, no padding: it travels as such. */
struct past_entry {
	uint64_t n; /* number of this event, from 0; nothing is told twice and gaps are lost ones */
	int64_t wall_us; /* when it happened, CLOCK_REALTIME */
	uint64_t gen;
	uint64_t number; /* as event.number; EVENT_NO_NUMBER: none */
	uint32_t id;
	uint8_t type; /* enum event_type */
	uint8_t from, to; /* as event; words by past_word() */
	uint8_t reason; /* enum check_reason */
	uint16_t code;
	uint16_t flags; /* PAST_FIRST, PAST_RESYNC */
	uint32_t duration_us;
	char name[PAST_NAME_LEN]; /* instance, group or service */
	char server[64]; /* "10.0.0.1:80", or empty */
};

enum { PAST_FIRST = 1, PAST_RESYNC = 2 };

struct past;

/* Never NULL. Main. */
struct past *past_new(void);
void past_free(struct past *h);

/* Notify role only; n is set here. */
void past_put(struct past *h, const struct past_entry *e);

/* The number that the next event will have. Any thread. */
uint64_t past_next(const struct past *h);

/* The entry *at, or the oldest one that is still there; *at becomes the one after it. False: there is
 * none yet. Any thread. */
bool past_read(const struct past *h, uint64_t *at, struct past_entry *e);

/* The entry as a line of JSON with its newline; free() it. Never NULL. */
char *past_json(const struct past_entry *e);

/* "instance", "group", "server", "service". */
const char *past_kind(const struct past_entry *e);

/* "state", "priority", "lower_priority", "check", "weight", "admin", "drained", "quorum", ... */
const char *past_what(const struct past_entry *e);

/* The words of from and to: "BACKUP", "ACTIVE", "up", "down" ...; "" when it says nothing. */
const char *past_word(const struct past_entry *e, uint8_t value);
