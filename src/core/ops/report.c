/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See report.h.
 */
#include "core/ops/report.h"

#include "core/bug.h"
#include "core/ops/control_wire.h"

#include <stdlib.h>

static void gather(void *arg, const struct conf_change *ch)
{
	struct report *p = arg;

	if ((int64_t)p->n >= p->max)
		return;
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->list = reallocarray(p->list, p->cap, sizeof(*p->list));
		BUG_ON(!p->list);
	}
	p->list[p->n++] = *ch;
}

void report_init(struct report *p, const struct reload *r, const struct conf *old, int64_t max)
{
	*p = (struct report){ .r = r, .old = old, .max = max };
	if (r->next)
		conf_diff_each(old, r->next, gather, p);
}

void report_fini(struct report *p)
{
	free(p->list);
	*p = (struct report){ 0 };
}

json_t *report_finding(const struct err_item *it)
{
	json_t *o = json_pack("{s:{s:o,s:I,s:s,s:o}}", "finding", "file", ctl_text(it->file),
			      "line", (json_int_t)it->line, "level", err_level_name(it->level),
			      "text", ctl_text(it->text));

	BUG_ON(!o);
	return o;
}

json_t *report_next(struct report *p)
{
	if (p->errs_at < p->r->errs.n)
		return report_finding(&p->r->errs.item[p->errs_at++]);
	if (p->at == p->n)
		return NULL;

	json_t *o =
		json_pack("{s:o}", "change", changes_json(p->old, p->r->next, &p->list[p->at++]));

	BUG_ON(!o);
	return o;
}

json_t *report_end(const struct reload *r, uint64_t gen)
{
	char text[CHANGES_TEXT_LEN];
	json_t *o = json_pack("{s:i,s:I,s:I,s:I}", "status", reload_status(r->verdict),
			      "generation", (json_int_t)gen, "errors", (json_int_t)r->errs.n_error,
			      "warnings", (json_int_t)r->errs.n_warning);

	BUG_ON(!o);
	if (r->verdict != RELOAD_ERRORS && r->verdict != RELOAD_INSECURE &&
	    r->verdict != RELOAD_UNREADABLE) {
		BUG_ON(json_object_set_new(o, "summary", ctl_text(changes_text(&r->sum, text))));
		BUG_ON(json_object_set_new(o, "changes", changes_counts_json(&r->sum.n)));
	}
	if (*r->why)
		BUG_ON(json_object_set_new(o, "error", ctl_text(r->why)));
	return o;
}
