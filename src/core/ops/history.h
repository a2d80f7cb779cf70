/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The last events, for `vipctl show events` and `monitor`: written by the notify role, read by main at
 * any time, without a lock. An entry holds its texts, since what it tells of may be gone.
 *
 *	uint64_t at = history_next(h) > 20 ? history_next(h) - 20 : 0;	    the last 20
 *	while (history_read(h, &at, &entry))
 *		print(&entry);
 *
 * Main gets MSG_TOLD when there are new ones, so that it can go on from `at`.
 */
#pragma once

#include "core/event.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	HISTORY_N = 4096, /* entries kept; a power of two */
	HISTORY_NAME_LEN = 160,
};

/* Only whole words of 64 bits, no padding: it travels as such. */
struct history_entry {
	uint64_t n; /* number of this event, from 0; nothing is told twice and gaps are lost ones */
	int64_t wall_us; /* when it happened, CLOCK_REALTIME */
	uint64_t gen;
	uint64_t number; /* as event.number; EVENT_NO_NUMBER: none */
	uint32_t id;
	uint8_t type; /* enum event_type */
	uint8_t from, to; /* as event; words by history_word() */
	uint8_t reason; /* enum check_reason */
	uint16_t code;
	uint16_t flags; /* HISTORY_FIRST, HISTORY_RESYNC */
	uint32_t duration_us;
	char name[HISTORY_NAME_LEN]; /* instance, group or service */
	char server[64]; /* "10.0.0.1:80", or empty */
};

enum { HISTORY_FIRST = 1, HISTORY_RESYNC = 2 };

struct history;

/* Never NULL. Main. */
struct history *history_new(void);
void history_free(struct history *h);

/* Notify role only; n is set here. */
void history_put(struct history *h, const struct history_entry *e);

/* The number that the next event will have. Any thread. */
uint64_t history_next(const struct history *h);

/* The entry *at, or the oldest one that is still there; *at becomes the one after it. False: there is
 * none yet. Any thread. */
bool history_read(const struct history *h, uint64_t *at, struct history_entry *e);

/* The entry as a line of JSON with its newline; free() it. Never NULL. */
char *history_json(const struct history_entry *e);

/* "instance", "group", "server", "service". */
const char *history_kind(const struct history_entry *e);

/* "state", "priority", "lower_priority", "check", "weight", "admin", "drained", "quorum", ... */
const char *history_what(const struct history_entry *e);

/* The words of from and to: "BACKUP", "ACTIVE", "up", "down" ...; "" when it says nothing. */
const char *history_word(const struct history_entry *e, uint8_t value);
