/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See reload.h.
 */
#include "core/ops/reload.h"

#include "core/bug.h"
#include "core/log.h"
#include "core/ops/guard.h"
#include "core/ops/options.h"

#include <stdio.h>

/* The reasons that are not in the file but in what runs. */
static void judge(struct reload *r, const struct reload_from *from, const struct conf *running,
		  bool is_forced)
{
	struct guard_case guard = {
		.servers_n = running->rs_n,
		.removed_n = r->sum.n.rs.removed,
		.max_removed_pct = running->global.s.reload_max_removed_pct,
		.is_forced = is_forced,
	};

	if (r->next->vs_n && !from->has_table) {
		r->verdict = RELOAD_NO_IPVS;
		(void)snprintf(r->why, sizeof(r->why),
			       "the file has virtual servers now, but this kernel had no IPVS when "
			       "vipd started: modprobe ip_vs, then restart vipd");
	} else if (guard_refuses(&guard)) {
		r->verdict = RELOAD_TOO_MANY;
		(void)snprintf(r->why, sizeof(r->why),
			       "it would remove %u of %u real servers, more than "
			       "global_defs.reload_max_removed_percent = %u allows: see which with "
			       "vipctl diff; if it is meant, vipctl reload --force",
			       guard.removed_n, guard.servers_n, guard.max_removed_pct);
	}
}

void reload_make(struct reload *r, const struct reload_from *from, const struct reload_now *now,
		 bool is_forced)
{
	struct conf_ask ask = {
		.path = from->file, .node = from->node, .base_dir = from->base_dir, .vet = from->vet
	};

	*r = (struct reload){ .verdict = RELOAD_GOOD, .minter = now->minter };
	r->next = conf_open(&ask, from->format, &r->errs);
	if (!r->next) {
		r->verdict = ask.is_unreadable ? RELOAD_UNREADABLE
			     : ask.is_insecure ? RELOAD_INSECURE
					       : RELOAD_ERRORS;
		if (r->verdict == RELOAD_INSECURE)
			(void)snprintf(r->why, sizeof(r->why),
				       "for security: others than root could change programs that "
				       "it has run as root (%zu, see above): mend their mode and "
				       "owner, or give them another user",
				       r->errs.n_error);
		return;
	}
	/* with a minter of its own: ids that are not published are not used up */
	conf_ids_mint(&r->minter, now->conf, r->next);
	changes_sum(&r->sum, now->conf, r->next);
	judge(r, from, now->conf, is_forced);
}

void reload_fini(struct reload *r)
{
	conf_free(r->next);
	r->next = NULL;
	err_fini(&r->errs);
}

int reload_status(enum reload_verdict verdict)
{
	switch (verdict) {
	case RELOAD_GOOD:
		return EXIT_GOOD;
	case RELOAD_ERRORS:
	case RELOAD_INSECURE: /* not EXIT_INSECURE: that is vipctl's EXIT_UNKNOWN */
		return EXIT_CONF;
	case RELOAD_UNREADABLE:
		return EXIT_UNREADABLE;
	case RELOAD_NO_IPVS:
	case RELOAD_TOO_MANY:
		return EXIT_FAILED;
	}
	BUG("reload_verdict");
}

void reload_log(const struct reload *r, uint64_t running_gen)
{
	for (size_t i = 0; i < r->errs.n; i++) {
		const struct err_item *it = &r->errs.item[i];

		if (it->level != ERR_NOTE)
			log_event(it->level == ERR_ERROR ? LOG_CONF_ERROR : LOG_CONF_WARNING,
				  "file=%s line=%u text=\"%s\"", it->file, it->line, it->text);
	}
	if (r->verdict == RELOAD_GOOD)
		return;
	if (*r->why) /* findings are lines of their own */
		log_event(LOG_CONF_REFUSED, "gen=%llu why=\"%s\"", (unsigned long long)running_gen,
			  r->why);
	else
		log_event(LOG_CONF_REFUSED, "gen=%llu errors=%zu", (unsigned long long)running_gen,
			  r->errs.n_error);
}
