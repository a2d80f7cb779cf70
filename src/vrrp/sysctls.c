/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See sysctls.h.
 */
#include "vrrp/sysctls.h"

#include "core/bug.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char vrf_path[] = "/proc/sys/net/ipv4/raw_l3mdev_accept";
static const char igmp_path[] = "/proc/sys/net/ipv4/igmp_link_local_mcast_reports";

static int cmp_items(const void *va, const void *vb)
{
	const struct sysctl_item *a = va, *b = vb;
	int cmp = strncmp(a->path, b->path, sizeof(a->path));

	return cmp ? cmp : (a->ifindex > b->ifindex) - (a->ifindex < b->ifindex);
}

/* A raw socket hears interfaces of a VRF only with this. */
static bool has_vrf(const struct view *v)
{
	for (uint32_t i = 0; i < v->conf->vrrp_n; i++) {
		const struct fields_vrrp *in = &v->conf->vrrp[i].s;
		const struct link *l = in->interface ? link_by_name(v->links, in->interface) : NULL;

		if ((!in->interface && in->vrf) || (l && l->vrf))
			return true;
	}
	return false;
}

/* An owner may have no other address than the virtual one, and sends from it. A router that has it
 * meanwhile must not take that for a packet of its own. Over unicast such an owner can't be a peer: what
 * is sent to the virtual address doesn't leave a router that has it. */
static bool must_hear_owner(const struct conf *c, const struct conf_vrrp *in)
{
	return in->s.priority != 255 && !in->s.use_vmac && !in->s.use_ipvlan && in->s.vips.n &&
	       !in->s.peers.n && c->vip[in->s.vips.first].s.prefix.addr.family == AF_INET;
}

static void want_on(struct sysctl_item *it, const char *name, const struct link *l)
{
	(void)snprintf(it->path, sizeof(it->path), "/proc/sys/net/ipv4/conf/%.*s/%s", IFNAMSIZ - 1,
		       l->name, name);
	it->ifindex = l->ifindex;
	it->want = '1';
}

struct sysctl_item *sysctls_want(const struct sysctls *s, const struct view *v, uint32_t *n)
{
	const struct conf *c = v->conf;
	struct sysctl_item *want = calloc(2 * (size_t)c->vrrp_n + s->guarded_n + 2, sizeof(*want));
	uint32_t all_n = 0, kept_n = 0;

	BUG_ON(!want);
	if (c->global.s.disable_local_igmp) {
		memcpy(want[all_n].path, igmp_path, sizeof(igmp_path));
		want[all_n++].want = '0';
	}
	if (has_vrf(v)) {
		memcpy(want[all_n].path, vrf_path, sizeof(vrf_path));
		want[all_n++].want = '1';
	}
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];
		const struct link *l = NULL;

		if (in->s.interface)
			l = link_by_name(v->links, in->s.interface);
		if (l && in->s.promote_secondaries)
			want_on(&want[all_n++], "promote_secondaries", l);
		if (l && s->is_held && s->is_held[i] && must_hear_owner(c, in))
			want_on(&want[all_n++], "accept_local", l);
	}
	for (uint32_t i = 0; i < s->guarded_n; i++) {
		const struct link *l = link_pic_link(v->pic, s->guarded[i]);

		if (l)
			want_on(&want[all_n++], "promote_secondaries", l);
	}
	if (all_n > 1)
		qsort(want, all_n, sizeof(*want), cmp_items);
	for (uint32_t i = 0; i < all_n; i++)
		if (!kept_n || cmp_items(&want[kept_n - 1], &want[i]))
			want[kept_n++] = want[i];
	*n = kept_n;
	return want;
}

/* The value becomes `to`, and *before what it was. 0 or -errno. */
static int change(const char *path, char to, char *before)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (pread(fd, before, 1, 0) != 1)
		err = -EIO;
	else if (*before != to && pwrite(fd, &to, 1, 0) != 1)
		err = -errno;
	(void)close(fd);
	return err;
}

static void set(struct sysctl_item *it)
{
	char before = 0;
	int err = change(it->path, it->want, &before);

	if (err)
		log_event(LOG_LINK_FAIL, "what=%s error=\"%s\"", it->path, strerrordesc_np(-err));
	else if (before != it->want)
		it->before = before;
}

/* An interface that is gone has taken its own along. */
static void put_back(const struct sysctl_item *it)
{
	char now;

	if (it->before)
		(void)change(it->path, it->before, &now);
}

/* Both sides are sorted: a merge. */
void sysctls_settle(struct sysctls *s, const struct view *v)
{
	uint32_t want_n, o = 0, k = 0;
	struct sysctl_item *want = sysctls_want(s, v, &want_n);

	while (o < s->n || k < want_n) {
		int cmp = o == s->n ? 1 : k == want_n ? -1 : cmp_items(&s->item[o], &want[k]);

		if (cmp < 0)
			put_back(&s->item[o++]);
		else if (cmp > 0)
			set(&want[k++]);
		else
			want[k++].before = s->item[o++].before;
	}
	free(s->item);
	s->item = want;
	s->n = want_n;
}

void sysctls_hold(struct sysctls *s, bool *is_held)
{
	free(s->is_held);
	s->is_held = is_held;
}

void sysctls_guard(struct sysctls *s, const struct view *v, uint32_t *ifaces, uint32_t n)
{
	bool is_same = n == s->guarded_n &&
		       (!n || !memcmp(ifaces, s->guarded, (size_t)n * sizeof(*ifaces)));

	free(s->guarded);
	s->guarded = ifaces;
	s->guarded_n = n;
	if (!is_same)
		sysctls_settle(s, v);
}

void sysctls_fini(struct sysctls *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		put_back(&s->item[i]);
	free(s->item);
	free(s->guarded);
	free(s->is_held);
	*s = (struct sysctls){ 0 };
}
