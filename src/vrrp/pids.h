/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The processes that count for something, by number: for each one the set of what it counts for, and
 * those that must be looked at. A hash that grows with what is in it; most processes of a machine are not.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pid {
	uint32_t pid;
	bool must_look;
	struct pid *next; /* in its bucket */
	struct pid *look_next, *look_prev; /* while must_look */
	uint64_t set[]; /* words of it */
};

struct pids {
	struct pid **bucket;
	uint32_t size, n; /* size: a power of two, or 0 */
	uint32_t words; /* of a set */
	uint64_t *scratch; /* room for one more set */
	struct pid *look; /* those that must be looked at */
};

/* Empties it; sets have bits_n bits from now on. */
void pids_reset(struct pids *p, uint32_t bits_n);
void pids_fini(struct pids *p);

/* NULL: it is not there. */
struct pid *pids_find(const struct pids *p, uint32_t pid);

/* A new one has an empty set. Pointers to others stay good. */
struct pid *pids_get(struct pids *p, uint32_t pid);
void pids_drop(struct pids *p, struct pid *node);

/* It must be looked at. */
void pids_look(struct pids *p, struct pid *node);

/* One that must, and does no more; NULL: there is none. */
struct pid *pids_next_look(struct pids *p);

/* False: its set is empty. */
bool pids_counts(const struct pids *p, const struct pid *node);
