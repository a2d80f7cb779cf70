/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See fib_log.h.
 */
#include "vrrp/fib_log.h"

#include "core/log.h"

#include <stdio.h>
#include <string.h>

static const char *net_text(uint8_t family, const uint8_t net[static 16], uint8_t len,
			    char buf[static PREFIX_TEXT_LEN])
{
	struct ip_prefix p = { .addr.family = family, .len = len };

	memcpy(p.addr.byte, net, sizeof(p.addr.byte));
	return prefix_text(&p, buf);
}

const char *fib_text(enum fib_kind kind, const struct fib *f, char buf[static FIB_TEXT_LEN])
{
	char to[PREFIX_TEXT_LEN], from[PREFIX_TEXT_LEN], via[ADDR_TEXT_LEN];
	const struct route_key *k = &f->at.route;
	const struct rule_key *r = &f->at.rule;

	if (kind == FIB_ROUTE)
		(void)snprintf(buf, FIB_TEXT_LEN, "to=%s via=%s dev=%s table=%u metric=%u",
			       net_text(k->family, k->dst, k->dst_len, to), addr_text(&k->via, via),
			       f->dev[0] ? f->dev : "-", k->table, k->metric);
	else
		(void)snprintf(buf, FIB_TEXT_LEN, "priority=%u from=%s to=%s table=%u", r->priority,
			       net_text(r->family, r->src, r->src_len, from),
			       net_text(r->family, r->dst, r->dst_len, to), r->table);
	return buf;
}

static enum log_id id_of(enum fib_kind kind, enum log_id route, enum log_id rule)
{
	return kind == FIB_ROUTE ? route : rule;
}

void fib_log_failure(enum fib_kind kind, struct fib_op *op)
{
	char text[FIB_TEXT_LEN];

	if (op->fib->is_fail_told)
		return;
	op->fib->is_fail_told = true;
	log_event(id_of(kind, LOG_ROUTE_FAIL, LOG_RULE_FAIL), "inst=%s %s op=%s error=\"%s\"",
		  op->fib->inst_name, fib_text(kind, op->fib, text),
		  op->kind == FIB_ADD ? "add" : "del", strerrordesc_np(-op->err));
}

void fib_log_left(const struct fib_set *s)
{
	char text[FIB_TEXT_LEN];

	for (uint32_t i = 0; i < s->n; i++)
		if (s->fib[i].is_ours)
			log_event(id_of(s->kind, LOG_ROUTE_FAIL, LOG_RULE_FAIL),
				  "inst=%s %s op=del why=left_behind", s->fib[i].inst_name,
				  fib_text(s->kind, &s->fib[i], text));
}

static void log_run(enum log_id id, enum fib_kind kind, const struct fib *f, uint32_t n,
		    const char *more)
{
	char text[FIB_TEXT_LEN];

	if (n)
		log_event(id, "inst=%s n=%u %s%s", f->inst_name, n, fib_text(kind, f, text), more);
}

void fib_log_ops(enum fib_kind kind, const struct fib_op *ops, uint32_t n)
{
	uint32_t end;

	for (uint32_t i = 0; i < n; i = end) {
		const struct fib *f = ops[i].fib;
		uint32_t done_n = 0, lost_n = 0;

		for (end = i;
		     end < n && ops[end].kind == ops[i].kind && ops[end].fib->inst.v == f->inst.v;
		     end++) {
			done_n += !ops[end].err && !ops[end].is_renewal && !ops[end].is_lost;
			lost_n += !ops[end].err && ops[end].is_lost;
		}
		log_run(id_of(kind, LOG_ROUTE_LOST, LOG_RULE_LOST), kind, f, lost_n, "");
		if (ops[i].kind == FIB_ADD)
			log_run(id_of(kind, LOG_ROUTE_ADD, LOG_RULE_ADD), kind, f, done_n, "");
		else
			log_run(id_of(kind, LOG_ROUTE_DEL, LOG_RULE_DEL), kind, f, done_n,
				f->inst.v == FIB_NOBODY ? " why=left_over" : "");
	}
}
