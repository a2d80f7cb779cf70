/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a reload changes, object by object and counted: for the operator's line, for vipctl diff and for
 * tests. Each role finds out by itself what is its own (conf_compare() on objects joined by id). Pure; a
 * lookup in a hash table for each object, O(n).
 */
#pragma once

#include "core/conf/conf.h"
#include "core/conf/schema.h"

/* a group that is there once, an object without id (a sync group, a script ...), an instance with its
 * addresses, a service, a server, a check of a server */
enum change_of {
	CHANGE_SETTING,
	CHANGE_OTHER,
	CHANGE_INST,
	CHANGE_VS,
	CHANGE_RS,
	CHANGE_PROBE,
};

enum change_what {
	CHANGE_ADDED,
	CHANGE_REMOVED,
	CHANGE_LIVE, /* other settings are taken over, nothing else happens */
	CHANGE_RESTART, /* the object starts anew */
	CHANGE_DAEMON, /* only a restart of vipd takes it over */
};

struct conf_change {
	enum change_of of;
	enum schema_kind kind; /* of its settings */
	enum change_what what;
	uint32_t old,
		new; /* index in the array of its kind (of probes, of c->probe); 0 where there is none */
};

typedef void conf_change_fn(void *arg, const struct conf_change *ch);

struct conf_count {
	uint32_t added, removed, changed, restarted;
};

struct conf_changes {
	struct conf_count
		setting; /* of the router: changed = live, restarted = needs a restart of vipd */
	struct conf_count other; /* objects without ids */
	struct conf_count inst, vs, rs, check;
};

/* Calls fn for everything that is not the same: settings, instances, services, servers, checks; within a
 * kind in the order of new, then what is gone. Both have their ids. */
void conf_diff_each(const struct conf *old, const struct conf *new, conf_change_fn *fn, void *arg);

/* Counts one more. */
void conf_changes_add(struct conf_changes *n, const struct conf_change *ch);

/* Counts them all. */
void conf_diff(const struct conf *old, const struct conf *new, struct conf_changes *out);

/* "1 service added, 2 servers changed" into buf; "nothing" when nothing changed. */
void conf_changes_text(const struct conf_changes *ch, char *buf, size_t len);
