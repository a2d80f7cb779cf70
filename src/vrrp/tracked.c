/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See tracked.h.
 */
#include "vrrp/tracked.h"

#include "core/bug.h"
#include "core/conf/conf_names.h"

#include <string.h>

void tracked_init(struct tracked *t, struct track_id id)
{
	fact_init(&t->fact, MSG_TRACK, id.v);
	t->state = (struct track_state){ 0 };
	t->next = NULL;
}

void tracked_tell(struct tracked *t, struct board *b, struct track_state s)
{
	if (t->state.is_known == s.is_known && t->state.is_up == s.is_up &&
	    t->state.value == s.value)
		return;
	t->state = s;
	fact_post(b->vrrp, &t->fact, track_pack(s));
}

void tracked_again(struct tracked *t, struct board *b)
{
	if (t->state.is_known)
		fact_post(b->vrrp, &t->fact, track_pack(t->state));
}

void tracked_reap(struct tracked **gone, bool all, void (*free_one)(struct tracked *t))
{
	while (*gone) {
		struct tracked *t = *gone;

		if (!all && !fact_is_idle(&t->fact)) {
			gone = &t->next;
			continue;
		}
		*gone = t->next;
		free_one(t);
	}
}

/* ------------------------------------------------------------------ what is named */

static void mark(const struct conf *c, const struct names *n, enum schema_kind kind,
		 struct conf_range list)
{
	for (uint32_t i = list.first; i < list.first + list.n; i++) {
		bool *is_used = names_get(n, kind, c->track[i].s.name);

		if (is_used) /* else conf_check has told of it */
			*is_used = true;
	}
}

void tracked_used(const struct conf *c, enum schema_kind kind, bool *used)
{
	bool is_script = kind == SCHEMA_track_script;
	struct names n = { 0 };

	BUG_ON(!is_script && kind != SCHEMA_track_process);
	for (uint32_t i = 0; i < (is_script ? c->track_script_n : c->track_process_n); i++) {
		const char *name =
			is_script ? c->track_script[i].s.name : c->track_process[i].s.name;

		used[i] = false;
		names_put(&n, kind, name, &used[i]);
	}
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		mark(c, &n, kind,
		     is_script ? c->vrrp[i].s.track_script : c->vrrp[i].s.track_process);
	for (uint32_t i = 0; i < c->sync_n; i++)
		mark(c, &n, kind,
		     is_script ? c->sync[i].s.track_script : c->sync[i].s.track_process);
	names_fini(&n);
}

bool tracked_same_words(const struct conf_strs *a, const struct conf_strs *b)
{
	bool is_same = a->n == b->n;

	for (uint32_t i = 0; is_same && i < a->n; i++)
		is_same = !strcmp(a->v[i], b->v[i]);
	return is_same;
}
