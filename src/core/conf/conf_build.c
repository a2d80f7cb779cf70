/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_build.h.
 */
#include "core/conf/conf_build.h"

#include "core/bug.h"
#include "core/conf/conf_src.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* of the object in an element; seen follows, aligned */
static size_t room(enum schema_kind kind)
{
	return (conf_shape[kind].len + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
}

void build_init(struct build *b, struct conf *c, struct err_list *errs)
{
	*b = (struct build){ .c = c, .errs = errs };
	arena_init(&b->scratch);
	b->once_over = arena_array(&b->scratch, SCHEMA_KIND_N, sizeof(*b->once_over));
	for (int k = 0; k < SCHEMA_KIND_N; k++)
		b->list[k].el_len = room((enum schema_kind)k) + sizeof(struct keyset);
}

void build_fini(struct build *b)
{
	for (int k = 0; k < SCHEMA_KIND_N; k++)
		vec_fini(&b->list[k]);
	vec_fini(&b->override_all);
	names_fini(&b->templates);
	names_fini(&b->overrides);
	arena_fini(&b->scratch);
}

void *build_made(const struct build *b, enum schema_kind kind, uint32_t i)
{
	return vec_at(&b->list[kind], i);
}

const struct keyset *build_seen(const struct build *b, enum schema_kind kind, uint32_t i)
{
	const void *at = (unsigned char *)vec_at(&b->list[kind], i) + room(kind);

	return at;
}

void build_push(struct build *b, enum schema_kind kind, const struct conf_made *m)
{
	unsigned char el[sizeof(*m)];

	BUG_ON(b->list[kind].el_len > sizeof(el));
	memcpy(el, &m->o, room(kind));
	memcpy(el + room(kind), &m->seen, sizeof(m->seen));
	vec_push(&b->list[kind], el);
}

void build_set_loc(enum schema_kind kind, void *o, struct conf_loc loc)
{
	memcpy((unsigned char *)o + conf_shape[kind].loc_off, &loc, sizeof(loc));
}

struct conf_loc build_loc(struct build *b, const config_setting_t *set)
{
	struct conf_src *src = conf_src_of(set);

	if (!src->kept)
		src->kept = arena_strdup(&b->c->arena, src->name);
	return (struct conf_loc){ .file = src->kept, .line = conf_src_line(set) };
}

/* "virtual_servers "www"" or "templates.check "http"" for a message */
static void label(enum schema_kind kind, const config_setting_t *object, char *buf, size_t len)
{
	const char *name = NULL, *above = "", *where = schema_of[kind].where;
	const config_setting_t *parent = object->parent;

	if (config_setting_type(object) == CONFIG_TYPE_STRING) {
		name = config_setting_get_string(object);
	} else if (parent && config_setting_name(parent) && config_setting_name(object) &&
		   parent->parent && config_setting_name(parent->parent)) {
		above = "templates.";
		where = config_setting_name(parent);
		name = config_setting_name(object);
	} else if (config_setting_is_group(object) &&
		   !config_setting_lookup_string(object, "name", &name)) {
		(void)config_setting_lookup_string(object, "address", &name);
	}
	(void)snprintf(buf, len, name ? "%s%s \"%.40s\"" : "%s%s", above, where, name);
}

void build_fail(struct build *b, enum schema_kind kind, const config_setting_t *object,
		const config_setting_t *at, const char *fmt, ...)
{
	struct conf_loc loc = build_loc(b, at);
	char who[96], text[600];
	va_list ap;

	if (b->is_quiet)
		return;
	label(kind, object, who, sizeof(who));
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_add(b->errs, ERR_ERROR, loc.file, loc.line, "%s: %s", who, text);
}
