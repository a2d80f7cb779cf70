/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_wire.h.
 */
#include "core/ops/control_wire.h"

#include "core/bug.h"
#include "core/ops/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ctl_in_result ctl_in_feed(struct ctl_in *in, const char *data, uint32_t len, uint32_t *used)
{
	const char *nl = memchr(data, '\n', len);
	uint32_t n = nl ? (uint32_t)(nl - data) : len;

	*used = 0;
	if (n >= sizeof(in->buf) - in->len)
		return CTL_IN_LONG;
	memcpy(in->buf + in->len, data, n);
	in->len += n;
	*used = n + (nl != NULL);
	return nl ? CTL_IN_LINE : CTL_IN_MORE;
}

const struct ctl_verb *ctl_verb_find(const struct ctl_verb *verbs, const char *name)
{
	for (; verbs->name; verbs++)
		if (!strcmp(verbs->name, name))
			return verbs;
	return NULL;
}

static const char *type_text(json_type type)
{
	return type == JSON_STRING    ? "a text"
	       : type == JSON_INTEGER ? "a whole number"
				      : "true or false";
}

static bool has_type(const json_t *v, json_type type)
{
	return type == JSON_TRUE ? json_is_boolean(v) : json_typeof(v) == type;
}

static const struct ctl_arg *find_arg(const struct ctl_verb *verb, const char *name)
{
	for (const struct ctl_arg *a = verb->args; a->name; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

/* False: why tells what is wrong. */
static bool fits(const struct ctl_verb *verb, json_t *request, char why[static CTL_WHY_LEN])
{
	const char *name;
	json_t *v;

	json_object_foreach(request, name, v)
	{
		const struct ctl_arg *a = find_arg(verb, name);

		if (!strcmp(name, "verb"))
			continue;
		if (!a) {
			(void)snprintf(why, CTL_WHY_LEN, "%s takes no '%.40s'", verb->name, name);
			return false;
		}
		if (!has_type(v, a->type)) {
			(void)snprintf(why, CTL_WHY_LEN, "'%s' of %s must be %s", name, verb->name,
				       type_text(a->type));
			return false;
		}
	}
	for (const struct ctl_arg *a = verb->args; a->name; a++) {
		if (a->is_needed && !json_object_get(request, a->name)) {
			(void)snprintf(why, CTL_WHY_LEN, "%s needs '%s'", verb->name, a->name);
			return false;
		}
	}
	return true;
}

json_t *ctl_request(const struct ctl_verb *verbs, const char *line, uint32_t len,
		    const struct ctl_verb **verb, char why[static CTL_WHY_LEN])
{
	json_error_t err;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &err);
	const char *name = json_string_value(json_object_get(request, "verb"));

	*verb = name ? ctl_verb_find(verbs, name) : NULL;
	if (!request)
		(void)snprintf(why, CTL_WHY_LEN, "not JSON: %.*s", CTL_WHY_LEN - 16, err.text);
	else if (!name)
		(void)snprintf(why, CTL_WHY_LEN, "a request is an object with a \"verb\"");
	else if (!*verb)
		(void)snprintf(why, CTL_WHY_LEN, "unknown verb '%.40s'", name);
	else if (fits(*verb, request, why))
		return request;
	json_decref(request);
	return NULL;
}

struct ctl_who ctl_who(uid_t uid, uid_t owner, bool is_member)
{
	enum ctl_access access = uid == 0 || uid == owner ? CTL_SECRET
				 : is_member              ? CTL_WRITE
							  : CTL_READ;

	return (struct ctl_who){ .uid = uid, .access = access, .is_writer = access != CTL_READ };
}

bool ctl_may(const struct ctl_verb *verb, const struct ctl_who *who)
{
	return verb->access <= who->access;
}

json_t *ctl_text(const char *text)
{
	json_t *j = json_string(text);

	if (j)
		return j;

	char *copy = strdup(text);

	BUG_ON(!copy);
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	j = json_string(copy);
	BUG_ON(!j);
	free(copy);
	return j;
}

json_t *ctl_refusal(int status, const char *text)
{
	json_t *o = json_pack("{s:i,s:o}", "status", status, "error", ctl_text(text));

	BUG_ON(!o);
	return o;
}

struct one_line {
	struct ctl_reply reply;
	json_t *line;
};

static enum ctl_step one_next(struct ctl_reply *r, json_t **line)
{
	struct one_line *o = container_of(r, struct one_line, reply);

	*line = o->line;
	o->line = NULL;
	return CTL_END;
}

static void one_free(struct ctl_reply *r)
{
	struct one_line *o = container_of(r, struct one_line, reply);

	json_decref(o->line);
	free(o);
}

struct ctl_reply *ctl_reply_one(json_t *line)
{
	struct one_line *o = malloc(sizeof(*o));

	BUG_ON(!o || !line);
	*o = (struct one_line){ .reply = { .next = one_next, .free = one_free }, .line = line };
	return &o->reply;
}

bool ctl_pattern_ok(const char *pattern)
{
	enum { STARS_N = 4 };
	size_t stars = 0;

	for (const char *p = pattern; p && *p; p++)
		stars += *p == '*';
	return !pattern || (strlen(pattern) <= PATTERN_LEN && stars <= STARS_N);
}
