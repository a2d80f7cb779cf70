/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See vip_kern.h.
 */
#include "vrrp/vip_kern.h"

#include "core/bug.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

static void put_addr(struct nl_msg *msg, int type, const struct ip_addr *a)
{
	BUG_ON(nla_put(msg, type, (int)addr_len(a->family), a->byte));
}

static void put_attr(struct nl_msg *msg, const struct vip *v)
{
	const struct vip_attr *a = &v->attr;
	struct ifa_cacheinfo life = { .ifa_prefered = a->preferred_s, .ifa_valid = UINT32_MAX };

	if (a->brd.family)
		put_addr(msg, IFA_BROADCAST, &a->brd);
	if (a->label[0])
		BUG_ON(nla_put_string(msg, IFA_LABEL, a->label));
	if (a->flags)
		BUG_ON(nla_put_u32(msg, IFA_FLAGS, a->flags));
	if (a->preferred_s != VIP_FOREVER)
		BUG_ON(nla_put(msg, IFA_CACHEINFO, sizeof(life), &life));
	BUG_ON(nla_put_u8(msg, IFA_PROTO, VIP_PROTO));
}

/* Adding is CREATE|REPLACE: it is no error when the address is there by now. A removal names local
 * address, peer address and prefix length, so that it can hit this one only. */
struct nl_msg *vip_kern_request(const struct vip_op *op)
{
	const struct vip *v = op->vip;
	bool is_add = op->kind == VIP_ADD;
	struct nl_msg *msg = nl_request(is_add ? RTM_NEWADDR : RTM_DELADDR,
					is_add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct ifaddrmsg info = {
		.ifa_family = v->addr.family,
		.ifa_prefixlen = op->len,
		.ifa_scope = (uint8_t)v->attr.scope,
		.ifa_index = op->ifindex,
	};

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	put_addr(msg, IFA_LOCAL, &v->addr);
	if (v->attr.peer.family)
		put_addr(msg, IFA_ADDRESS, &v->attr.peer);
	else if (v->addr.family == AF_INET)
		put_addr(msg, IFA_ADDRESS, &v->addr);
	if (is_add)
		put_attr(msg, v);
	return msg;
}

static void on_failed(void *arg, uint32_t index, int err)
{
	struct vip_op *batch = arg;

	batch[index].err = err;
}

static void flush(struct nl_chan *ch, struct vip_op *batch, uint32_t n)
{
	int err = nl_chan_flush(ch, on_failed, batch);

	for (uint32_t i = 0; err && i < n; i++)
		batch[i].err = err;
}

void vip_kern_apply(struct nl_chan *ch, struct vip_op *ops, uint32_t n)
{
	uint32_t first = 0; /* of the batch that is being filled */

	for (uint32_t i = 0; i < n; i++) {
		struct nl_msg *msg = vip_kern_request(&ops[i]);

		ops[i].err = 0;
		if (nl_chan_add(ch, msg) < 0) {
			flush(ch, ops + first, i - first);
			first = i;
			BUG_ON(nl_chan_add(ch, msg) < 0);
		}
	}
	flush(ch, ops + first, n - first);
}
