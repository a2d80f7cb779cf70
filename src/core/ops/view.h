/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The objects of a snapshot with what roles show of them (core/status.h), as JSON: what vipctl prints
 * and other programs read. vipctl-protocol(7) names the members. Main.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/status.h"

#include <jansson.h>

/* Which moments an answer speaks of: the same for all of its lines. */
struct view_time {
	int64_t mono_us;
	int64_t wall_us; /* since 1970 */
};

struct view_time view_now(void);

enum { VIEW_VERDICT_N = 3, VIEW_ADMIN_N = 3 };

/* How many servers are how. */
struct view_count {
	uint32_t total, up, down, unknown, drain, maint;
};

/* Adds server rs. */
void view_count(const struct conf *c, uint32_t rs, struct view_count *n);

/* One object each; never NULL, the caller's to release. */
json_t *view_inst(const struct conf *c, uint32_t i, const struct view_time *t);
json_t *view_vs(const struct conf *c, uint32_t i, const struct view_time *t);
json_t *view_rs(const struct conf *c, uint32_t i, const struct view_time *t);
json_t *view_probe(const struct conf *c, uint32_t i, const struct view_time *t);

/* When the certificate ends that a probe has seen, in seconds since 1970; 0: it has seen none. */
int64_t view_cert_end_s(const struct conf *c, uint32_t probe);

json_t *view_counts(const struct view_count *n);

/* The probe that says why a server is as it is: one that fails, else the first. NULL: it has none. */
const struct status_probe *view_rs_probe(const struct conf *c, uint32_t rs);

/* "BACKUP"; "up", "down", ... as the word `state` of a server. */
const char *view_inst_state(const struct conf *c, uint32_t i);
const char *view_vs_quorum(const struct conf *c, uint32_t i);
const char *view_rs_state(const struct conf *c, uint32_t i);

/* Is it one of those words, in whatever case? NULL: yes. */
bool view_is_state(const char *word);
#define VIEW_STATE_WHY                                                                             \
	"state must be up, down, unknown, drain, maint, ACTIVE, BACKUP, FAULT or INIT"

enum { VIEW_NAME_LEN = 160 };

/* "10.0.0.1:80"; buf is returned. */
const char *view_rs_name(const struct conf *c, uint32_t i, char buf[static VIEW_NAME_LEN]);

/* Where clients find a service: "192.0.2.1:80", "fwmark 7", "group web". */
const char *view_vs_where(const struct conf *c, uint32_t i, char buf[static VIEW_NAME_LEN]);
