/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See primary.h.
 */
#include "vrrp/primary.h"

#include "core/bug.h"

#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { HOST_LEN = 32 }; /* a subnet of one address has no second */

static bool is_primary(const struct link_pic *pic, uint32_t ifindex, const struct ip_addr *addr,
		       uint8_t len)
{
	const struct link_addr *a;

	if (addr->family != AF_INET || len >= HOST_LEN)
		return false;
	a = link_pic_find(pic, ifindex, addr, len);
	return a && !(a->flags & IFA_F_SECONDARY);
}

static int cmp_index(const void *va, const void *vb)
{
	const uint32_t *a = va, *b = vb;

	return (*a > *b) - (*a < *b);
}

uint32_t *primary_ifaces(const struct vip_set *s, const struct link_pic *pic, uint32_t *n)
{
	uint32_t *all = reallocarray(NULL, (size_t)s->n + 1, sizeof(*all));
	uint32_t all_n = 0, kept_n = 0;

	BUG_ON(!all);
	for (uint32_t i = 0; i < s->n; i++) {
		const struct vip *v = s->vip[i];
		const struct link *l = v->is_ours ? link_pic_link(pic, v->on) : NULL;

		if (l && !l->is_made && is_primary(pic, v->on, &v->addr, v->on_len))
			all[all_n++] = v->on;
	}
	if (all_n > 1)
		qsort(all, all_n, sizeof(*all), cmp_index);
	for (uint32_t i = 0; i < all_n; i++)
		if (!kept_n || all[kept_n - 1] != all[i])
			all[kept_n++] = all[i];
	*n = kept_n;
	return all;
}

void primary_last(struct vip_op *ops, uint32_t n, const struct link_pic *pic)
{
	struct vip_op *late;
	uint32_t late_n = 0, kept_n = 0, removals_n = 0;

	while (removals_n < n && ops[removals_n].kind == VIP_DEL)
		removals_n++;
	if (removals_n < 2)
		return;
	late = reallocarray(NULL, removals_n, sizeof(*late));
	BUG_ON(!late);
	for (uint32_t i = 0; i < removals_n; i++) {
		const struct vip_op *op = &ops[i];

		if (is_primary(pic, op->ifindex, &op->vip->addr, op->len))
			late[late_n++] = *op;
		else
			ops[kept_n++] = *op;
	}
	if (late_n)
		memcpy(ops + kept_n, late, late_n * sizeof(*late));
	free(late);
}
