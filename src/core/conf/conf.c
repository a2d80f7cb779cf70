/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Life of a snapshot of the configuration, and look-ups in it. See conf.h.
 */
#include "core/conf/conf.h"

#include "core/bug.h"
#include "core/conf/idmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct conf_shape conf_shape[SCHEMA_KIND_N] = {
#define ONCE(kind, where, text)                                                                    \
	[SCHEMA_##kind] = { sizeof(struct conf_##kind), offsetof(struct conf_##kind, loc),         \
			    offsetof(struct conf, kind), 0 },
#define KIND(kind, where, text)                                                                    \
	[SCHEMA_##kind] = { sizeof(struct conf_##kind), offsetof(struct conf_##kind, loc),         \
			    offsetof(struct conf, kind), offsetof(struct conf, kind##_n) },
#define KEY(...)
#define FAR(...)
#define FARS(...)
#define FROM(...)
#include "core/conf/schema.def"
#undef ONCE
#undef KIND
#undef KEY
#undef FAR
#undef FARS
#undef FROM
};

const void *conf_object(const struct conf *c, enum schema_kind kind, uint32_t i)
{
	const unsigned char *at = (const unsigned char *)c + conf_shape[kind].array_off;
	const unsigned char *array;

	if (schema_of[kind].is_once)
		return at;
	memcpy(&array, at, sizeof(array));
	return array + i * conf_shape[kind].len;
}

uint32_t conf_object_n(const struct conf *c, enum schema_kind kind)
{
	uint32_t n;

	if (schema_of[kind].is_once)
		return 1;
	memcpy(&n, (const unsigned char *)c + conf_shape[kind].n_off, sizeof(n));
	return n;
}

struct conf *conf_new(void)
{
	struct conf *c = calloc(1, sizeof(*c));

	BUG_ON(!c);
	arena_init(&c->arena);
	return c;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	if (c->kit)
		c->kit_free(c->kit);
	arena_fini(&c->arena);
	free(c);
}

static void free_snap(struct snap *s)
{
	conf_free(container_of(s, struct conf, snap));
}

const struct conf *conf_hold(struct snap_slot *slot)
{
	struct snap *s = snap_hold(slot);

	return s ? container_of(s, struct conf, snap) : NULL;
}

/* Readers see it const; the count in it is everybody's. */
static struct snap *snap_of(const struct conf *c)
{
	union {
		const struct conf *frozen;
		struct conf *counted;
	} u = { .frozen = c };

	return &u.counted->snap;
}

void conf_hold_again(const struct conf *c)
{
	snap_hold_again(snap_of(c));
}

void conf_drop(const struct conf *c)
{
	snap_drop(snap_of(c));
}

void conf_publish(struct snap_slot *slot, struct conf *c)
{
	if (c)
		c->snap.free = free_snap;
	snap_publish(slot, c ? &c->snap : NULL);
}

const struct conf_vrrp *conf_inst(const struct conf *c, struct inst_id id)
{
	uint32_t i = idmap_find(&c->inst_by_id, id.v);

	return i == IDMAP_NONE ? NULL : &c->vrrp[i];
}

const struct conf_sync *conf_sync(const struct conf *c, struct sync_id id)
{
	uint32_t i = idmap_find(&c->sync_by_id, id.v);

	return i == IDMAP_NONE ? NULL : &c->sync[i];
}

const struct conf_vs *conf_vs(const struct conf *c, struct vs_id id)
{
	uint32_t i = idmap_find(&c->vs_by_id, id.v);

	return i == IDMAP_NONE ? NULL : &c->vs[i];
}

const struct conf_rs *conf_rs(const struct conf *c, struct rs_id id)
{
	uint32_t i = idmap_find(&c->rs_by_id, id.v);

	return i == IDMAP_NONE ? NULL : &c->rs[i];
}

const struct conf_probe *conf_probe(const struct conf *c, struct probe_id id)
{
	uint32_t i = idmap_find(&c->probe_by_id, id.v);

	return i == IDMAP_NONE ? NULL : &c->probe[i];
}

const char *conf_place(struct conf_loc there, struct conf_loc here, char buf[static CONF_PLACE_LEN])
{
	if (!strcmp(there.file, here.file))
		(void)snprintf(buf, CONF_PLACE_LEN, "line %u", there.line);
	else
		(void)snprintf(buf, CONF_PLACE_LEN, "%s:%u", there.file, there.line);
	return buf;
}
