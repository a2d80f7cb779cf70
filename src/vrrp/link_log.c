/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See link_log.h.
 */
#include "vrrp/link_log.h"

#include "core/bug.h"
#include "core/log.h"

#include <stdlib.h>
#include <string.h>

struct link_name {
	char text[IFNAMSIZ];
};

static int cmp_names(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct link_name));
}

static void put_name(struct link_log *l, const char *name)
{
	if (name)
		memcpy(l->name[l->n++].text, name, strnlen(name, IFNAMSIZ - 1)); /* zeroed before */
}

void link_log_adopt(struct link_log *l, const struct conf *c)
{
	uint32_t kept_n = 0;

	link_log_fini(l);
	l->name = calloc((size_t)c->vrrp_n + c->vip_n + 1, sizeof(*l->name));
	BUG_ON(!l->name);
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		put_name(l, conf_tx_dev(&c->vrrp[i]));
	for (uint32_t i = 0; i < c->vip_n; i++)
		put_name(l, c->vip[i].s.dev);
	if (l->n > 1)
		qsort(l->name, l->n, sizeof(*l->name), cmp_names);
	for (uint32_t i = 0; i < l->n; i++)
		if (!kept_n || cmp_names(&l->name[kept_n - 1], &l->name[i]))
			l->name[kept_n++] = l->name[i];
	l->n = kept_n;
}

void link_log_fini(struct link_log *l)
{
	free(l->name);
	*l = (struct link_log){ 0 };
}

static void log_link(const char *name, const struct link *l)
{
	static const struct link gone;
	char addr[ADDR_TEXT_LEN], addr6[ADDR_TEXT_LEN];

	if (!l)
		l = &gone;
	log_event(LOG_LINK_CHANGE,
		  "iface=%.*s index=%u up=%s addr=%s addr6=%s mac=%02x:%02x:%02x:%02x:%02x:%02x",
		  IFNAMSIZ, name, l->ifindex, l->is_up ? "yes" : "no",
		  addr_text(&l->primary_v4, addr), addr_text(&l->primary_v6, addr6), l->mac[0],
		  l->mac[1], l->mac[2], l->mac[3], l->mac[4], l->mac[5]);
}

static bool is_same_for_us(const struct link *a, const struct link *b)
{
	if (!a || !b)
		return a == b;
	return a->ifindex == b->ifindex && a->is_up == b->is_up &&
	       addr_eq(&a->primary_v4, &b->primary_v4) && addr_eq(&a->primary_v6, &b->primary_v6) &&
	       !memcmp(a->mac, b->mac, sizeof(a->mac));
}

void link_log_changes(const struct link_log *l, const struct link_table *was,
		      const struct link_table *now)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const char *name = l->name[i].text;
		const struct link *link = link_by_name(now, name);

		if (!is_same_for_us(link_by_name(was, name), link))
			log_link(name, link);
	}
}
