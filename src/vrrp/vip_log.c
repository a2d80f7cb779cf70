/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See vip_log.h.
 */
#include "vrrp/vip_log.h"

#include "core/log.h"

#include <string.h>

void vip_log_failure(struct vip *v, const char *what, int err)
{
	struct ip_prefix p = { .addr = v->addr, .len = v->len };
	char text[PREFIX_TEXT_LEN];

	if (v->is_fail_told)
		return;
	v->is_fail_told = true;
	log_event(LOG_VIP_FAIL, "inst=%s addr=%s dev=%s op=%s error=\"%s\"", v->inst_name,
		  prefix_text(&p, text), v->dev, what, strerrordesc_np(-err));
}

void vip_log_left(const struct vip *v)
{
	struct ip_prefix p = { .addr = v->addr, .len = v->len };
	char text[PREFIX_TEXT_LEN];

	log_event(LOG_VIP_FAIL, "inst=%s addr=%s dev=%s op=del why=left_behind", v->inst_name,
		  prefix_text(&p, text), v->dev);
}

static void log_ops(enum log_id id, const struct vip_op *op, uint32_t n, const char *more)
{
	struct ip_prefix p = { .addr = op->vip->addr, .len = op->vip->len };
	char text[PREFIX_TEXT_LEN];

	log_event(id, "inst=%s n=%u addr=%s dev=%s%s", op->vip->inst_name, n, prefix_text(&p, text),
		  op->vip->dev, more);
}

void vip_log_ops(const struct vip_op *ops, uint32_t n, bool after_removal)
{
	uint32_t end;

	for (uint32_t i = 0; i < n; i = end) {
		uint32_t done_n = 0, lost_n = 0;

		for (end = i; end < n && ops[end].kind == ops[i].kind &&
			      ops[end].vip->inst.v == ops[i].vip->inst.v;
		     end++) {
			done_n += !ops[end].err && !ops[end].is_renewal;
			lost_n += ops[end].is_lost && !ops[end].err;
		}
		if (lost_n)
			log_ops(LOG_VIP_LOST, &ops[i], lost_n,
				after_removal ? " why=primary_removed" : " why=removed");
		if (done_n > lost_n)
			log_ops(ops[i].kind == VIP_ADD ? LOG_VIP_ADD : LOG_VIP_DEL, &ops[i],
				done_n - lost_n,
				ops[i].vip->inst.v == VIP_NOBODY ? " why=left_over" : "");
	}
}
