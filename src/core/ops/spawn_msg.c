/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See spawn_msg.h. A request is a head of fixed size, then texts, each with its zero byte: the account,
 * the program, its arguments.
 */
#include "core/ops/spawn_msg.h"

#include <string.h>

struct head {
	uint32_t kind, id, limit_ms, uid, gid, argc;
};

static bool put_text(uint8_t *buf, uint32_t cap, uint32_t *at, const char *text)
{
	size_t len = strlen(text) + 1;

	if (len > cap - *at)
		return false;
	memcpy(buf + *at, text, len);
	*at += (uint32_t)len;
	return true;
}

uint32_t spawn_ask_write(const struct spawn_ask *ask, uint8_t *buf, uint32_t cap)
{
	struct head h = { .kind = ask->kind,
			  .id = ask->id,
			  .limit_ms = ask->limit_ms,
			  .uid = ask->uid,
			  .gid = ask->gid,
			  .argc = ask->argc };
	uint32_t at = sizeof(h);

	if (cap < sizeof(h) || ask->argc > SPAWN_ARGS_N)
		return 0;
	memcpy(buf, &h, sizeof(h));
	if (!put_text(buf, cap, &at, ask->user ? ask->user : ""))
		return 0;
	for (uint32_t i = 0; i < ask->argc; i++)
		if (!put_text(buf, cap, &at, ask->argv[i]))
			return 0;
	return at;
}

static const char *get_text(const uint8_t *buf, uint32_t len, uint32_t *at)
{
	const uint8_t *from = buf + *at;
	const uint8_t *end = memchr(from, 0, len - *at);

	if (!end)
		return NULL;
	*at += (uint32_t)(end - from) + 1;
	return (const char *)from;
}

bool spawn_ask_read(const uint8_t *buf, uint32_t len, struct spawn_ask *ask)
{
	struct head h;
	uint32_t at = sizeof(h);

	*ask = (struct spawn_ask){ 0 };
	if (len < sizeof(h) || len > SPAWN_MSG_LEN)
		return false;
	memcpy(&h, buf, sizeof(h));
	if (h.kind < SPAWN_RUN || h.kind >= SPAWN_KIND_N || h.argc > SPAWN_ARGS_N)
		return false;
	*ask = (struct spawn_ask){ .kind = h.kind,
				   .id = h.id,
				   .limit_ms = h.limit_ms,
				   .uid = h.uid,
				   .gid = h.gid,
				   .argc = h.argc };
	ask->user = get_text(buf, len, &at);
	if (!ask->user)
		return false;
	for (uint32_t i = 0; i < h.argc; i++) {
		ask->argv[i] = get_text(buf, len, &at);
		if (!ask->argv[i])
			return false;
	}
	if (at != len)
		return false;
	return !spawn_is_run(h.kind) || (h.argc && ask->argv[0][0] == '/');
}

bool spawn_result_read(const uint8_t *buf, uint32_t len, struct spawn_result *res)
{
	if (len != sizeof(*res))
		return false;
	memcpy(res, buf, sizeof(*res));
	return res->how <= SPAWN_FAILED;
}
