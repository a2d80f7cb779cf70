/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See past.h. A place has a number: twice the event's and one more while it is written, one event's
 * double and two when it is whole. A reader that finds the same number before and after it has copied
 * the words has a whole entry. Words are atomic, so nobody reads half of one, and stored and loaded in
 * order (release, acquire), so that the number means what it says.
 */
#include "core/ops/past.h"

#include "core/bug.h"
#include "core/json.h"
#include "core/reason.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORDS_N = sizeof(struct past_entry) / sizeof(uint64_t) };

_Static_assert(sizeof(struct past_entry) % sizeof(uint64_t) == 0, "whole words");

struct place {
	atomic_uint_fast64_t number;
	_Atomic uint64_t word[WORDS_N];
};

struct past {
	atomic_uint_fast64_t next;
	struct place place[PAST_N];
};

struct past *past_new(void)
{
	struct past *h = calloc(1, sizeof(*h));

	BUG_ON(!h);
	return h;
}

void past_free(struct past *h)
{
	free(h);
}

void past_put(struct past *h, const struct past_entry *e)
{
	uint64_t n = atomic_load_explicit(&h->next, memory_order_relaxed), word[WORDS_N];
	struct place *p = &h->place[n % PAST_N];
	struct past_entry copy = *e;

	copy.n = n;
	memcpy(word, &copy, sizeof(word));
	atomic_store_explicit(&p->number, 2 * n + 1, memory_order_relaxed);
	for (unsigned i = 0; i < WORDS_N; i++)
		atomic_store_explicit(&p->word[i], word[i], memory_order_release);
	atomic_store_explicit(&p->number, 2 * n + 2, memory_order_release);
	atomic_store_explicit(&h->next, n + 1, memory_order_release);
}

uint64_t past_next(const struct past *h)
{
	return atomic_load_explicit(&h->next, memory_order_acquire);
}

static bool read_one(const struct past *h, uint64_t n, struct past_entry *e)
{
	const struct place *p = &h->place[n % PAST_N];
	uint64_t word[WORDS_N];

	if (atomic_load_explicit(&p->number, memory_order_acquire) != 2 * n + 2)
		return false;
	for (unsigned i = 0; i < WORDS_N; i++)
		word[i] = atomic_load_explicit(&p->word[i], memory_order_acquire);
	if (atomic_load_explicit(&p->number, memory_order_relaxed) != 2 * n + 2)
		return false;
	memcpy(e, word, sizeof(*e));
	return true;
}

/* A writer that laps us makes us begin again further on. */
bool past_read(const struct past *h, uint64_t *at, struct past_entry *e)
{
	for (;;) {
		uint64_t next = past_next(h);

		if (*at >= next)
			return false;
		if (next - *at > PAST_N)
			*at = next - PAST_N;
		if (read_one(h, (*at)++, e))
			return true;
	}
}

struct words {
	const char *kind, *what;
	const char *value[EVENT_STATE_N];
};

/* clang-format off */
#define STATES { "", "INIT", "BACKUP", "ACTIVE", "FAULT", "STOP", "DELETED" }
#define VERDICTS { "unknown", "down", "up" }

static const struct words words[EVENT_TYPE_N] = {
	[EVENT_NONE]       = { "", "", { NULL } },
	[EVENT_INST]       = { "instance", "state", STATES },
	[EVENT_INST_PRIO]  = { "instance", "priority", STATES },
	[EVENT_INST_LOWER] = { "instance", "lower_priority", { NULL } },
	[EVENT_GROUP]      = { "group", "state", STATES },
	[EVENT_SERVER]     = { "server", "state", VERDICTS },
	[EVENT_CHECK]      = { "server", "check", VERDICTS },
	[EVENT_WEIGHT]     = { "server", "weight", { NULL } },
	[EVENT_ADMIN]      = { "server", "admin", { "ready", "drain", "maint" } },
	[EVENT_DRAINED]    = { "server", "drained", { NULL } },
	[EVENT_QUORUM]     = { "service", "quorum", VERDICTS },
	[EVENT_PANIC]      = { "service", "panic", { "no", "yes" } },
	[EVENT_SUSPENDED]  = { "service", "suspended", { "no", "yes" } },
	[EVENT_ADDED]      = { "server", "added", { NULL } },
};
/* clang-format on */

const char *past_kind(const struct past_entry *e)
{
	return e->type < EVENT_TYPE_N ? words[e->type].kind : "";
}

const char *past_what(const struct past_entry *e)
{
	return e->type < EVENT_TYPE_N ? words[e->type].what : "";
}

const char *past_word(const struct past_entry *e, uint8_t value)
{
	const char *word = e->type < EVENT_TYPE_N && value < EVENT_STATE_N
				   ? words[e->type].value[value]
				   : NULL;

	return word ? word : "";
}

/* ------------------------------------------------------------------ JSON */

static void put_text(FILE *out, const char *key, const char *text)
{
	if (!*text)
		return;
	(void)fprintf(out, ",\"%s\":", key);
	json_text(out, text);
}

static void put_time(FILE *out, int64_t wall_us)
{
	time_t s = (time_t)(wall_us / 1000000);
	struct tm t;

	(void)gmtime_r(&s, &t);
	(void)fprintf(out, "\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%06dZ\"", t.tm_year + 1900,
		      t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
		      (int)(wall_us % 1000000));
}

static const char *number_name(const struct past_entry *e)
{
	return e->type == EVENT_WEIGHT || e->type == EVENT_ADMIN ? "weight" : "priority";
}

char *past_json(const struct past_entry *e)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	BUG_ON(!out);
	(void)fputc('{', out);
	put_time(out, e->wall_us);
	put_text(out, "kind", past_kind(e));
	put_text(out, "what", past_what(e));
	put_text(out, "name", e->name);
	put_text(out, "server", e->server);
	put_text(out, "from", past_word(e, e->from));
	put_text(out, "to", past_word(e, e->to));
	if (e->type != EVENT_GROUP && e->number != EVENT_NO_NUMBER)
		(void)fprintf(out, ",\"%s\":%llu", number_name(e), (unsigned long long)e->number);
	if (e->reason)
		(void)fprintf(out, ",\"reason\":\"%s\",\"code\":%u,\"duration_us\":%u",
			      reason_name((enum check_reason)e->reason), e->code, e->duration_us);
	(void)fprintf(out, ",\"generation\":%llu}\n", (unsigned long long)e->gen);
	BUG_ON(fclose(out));
	return text;
}
