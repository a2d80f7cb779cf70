/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See status.h.
 */
#include "core/status.h"

#include "core/conf/conf.h"

#include <string.h>

static bool has_tls(const struct conf *c)
{
	for (uint32_t i = 0; i < c->check_n; i++)
		if (c->check[i].s.tls.n || c->check[i].s.type == CHECK_HTTPS)
			return true;
	return false;
}

struct status *status_new(struct conf *c)
{
	struct status *s = arena_alloc(&c->arena, sizeof(*s));

	s->inst = arena_array(&c->arena, c->vrrp_n, sizeof(*s->inst));
	s->vs = arena_array(&c->arena, c->vs_n, sizeof(*s->vs));
	s->rs = arena_array(&c->arena, c->rs_n, sizeof(*s->rs));
	s->probe = arena_array(&c->arena, c->probe_n, sizeof(*s->probe));
	s->script = arena_array(&c->arena, c->track_script_n, sizeof(*s->script));
	if (has_tls(c))
		s->tls = arena_array(&c->arena, c->probe_n, sizeof(*s->tls));
	/* touched here, so that the VRRP thread need not fault these pages in */
	memset((void *)s->inst, 0, c->vrrp_n * sizeof(*s->inst));
	return s;
}

uint64_t status_alpn_pack(const char *name, unsigned len)
{
	uint64_t alpn = 0;

	for (unsigned i = 0; i < len && i < STATUS_ALPN_LEN; i++)
		alpn |= (uint64_t)(unsigned char)name[i] << 8 * i;
	return alpn;
}

const char *status_alpn_text(uint64_t alpn, char buf[static STATUS_ALPN_LEN + 1])
{
	for (unsigned i = 0; i < STATUS_ALPN_LEN; i++) {
		buf[i] = (char)(alpn >> 8 * i & 0xff);
		/* the other end has chosen it among ours */
		if (buf[i] && (buf[i] < ' ' || buf[i] > '~'))
			buf[i] = '?';
	}
	buf[STATUS_ALPN_LEN] = '\0';
	return buf;
}

void status_set(_Atomic uint64_t *word, _Atomic int64_t *since_us, uint64_t now, uint64_t mask,
		int64_t now_us)
{
	uint64_t was = STATUS_LOAD(word);

	if ((was & mask) != (now & mask) || !STATUS_LOAD(since_us))
		STATUS_STORE(since_us, now_us);
	if (was != now)
		STATUS_STORE(word, now);
}

void status_set_rs(struct status_rs *rs, uint32_t now, uint32_t mask, int64_t now_us)
{
	uint32_t was = STATUS_LOAD(&rs->word);

	if ((was & mask) != (now & mask) || !STATUS_LOAD(&rs->since_us))
		STATUS_STORE(&rs->since_us, now_us);
	if (was != now)
		STATUS_STORE(&rs->word, now);
}
