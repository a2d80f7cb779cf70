/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See httpd_paths.h. An answer of /api is that of a verb of the control channel:
 * {"items":[ its lines ], then the members of its last line}.
 */
#include "core/ops/httpd_paths.h"

#include "core/bug.h"
#include "core/ops/control_events.h"
#include "core/ops/control_set.h"
#include "core/ops/control_show.h"
#include "core/ops/httpd_live.h"
#include "core/ops/metrics.h"
#include "core/ops/page.h"

#include <stdlib.h>
#include <string.h>

enum {
	API_LINES_N = 512, /* of a verb in one piece */
	NUMBER_LEN = 9, /* digits */
	BAD_REQUEST = 400,
};

/* ------------------------------------------------------------------ /metrics */

struct metrics_answer {
	struct httpd_answer answer;
	struct metrics m;
};

static enum httpd_step metrics_piece(struct httpd_answer *a, struct text *out)
{
	struct metrics *m = &container_of(a, struct metrics_answer, answer)->m;

	if (!metrics_is_ready(m))
		return HTTPD_WAIT;
	return metrics_next(m, out) ? HTTPD_MORE : HTTPD_END;
}

static void metrics_free(struct httpd_answer *a)
{
	struct metrics_answer *m = container_of(a, struct metrics_answer, answer);

	metrics_fini(&m->m);
	free(m);
}

static struct httpd_answer *get_metrics(void *ctx, const struct httpd_query *q)
{
	struct metrics_answer *m = calloc(1, sizeof(*m));
	bool is_open = q->accept && strstr(q->accept, "application/openmetrics-text");
	const char *vs = q->value(q->arg, "vs");

	BUG_ON(!m);
	metrics_init(&m->m, ctx, is_open);
	/* a pattern that is too much to try fits nothing */
	if (vs)
		(void)snprintf(m->m.vs_match, sizeof(m->m.vs_match), "%s",
			       ctl_pattern_ok(vs) ? vs : "\001");
	m->answer = (struct httpd_answer){
		.type = is_open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
				: "text/plain; version=0.0.4; charset=utf-8",
		.next = metrics_piece,
		.free = metrics_free,
	};
	return &m->answer;
}

/* ------------------------------------------------------------------ /api */

struct api_answer {
	struct httpd_answer answer;
	struct ctl_reply *reply;
	json_t *line; /* the first one, until it is given */
	enum ctl_step step; /* that came with it */
	bool has_items, has_begun;
};

static void put_json(struct text *out, json_t *o, bool is_end)
{
	char *text = json_dumps(o, JSON_COMPACT);

	BUG_ON(!text);
	/* the members of the last line go on where the items end */
	if (is_end)
		text_add(out, "],%s\n", text + 1);
	else
		text_put(out, text, strlen(text));
	free(text);
	json_decref(o);
}

static enum httpd_step api_piece(struct httpd_answer *a, struct text *out)
{
	struct api_answer *p = container_of(a, struct api_answer, answer);

	if (!p->has_begun)
		text_add(out, "{\"items\":[");
	p->has_begun = true;
	for (unsigned i = 0; i < API_LINES_N; i++) {
		json_t *line = p->line;
		enum ctl_step s = line ? p->step : p->reply->next(p->reply, &line);

		p->line = NULL;
		if (s == CTL_WAIT)
			return out->len ? HTTPD_MORE : HTTPD_WAIT;
		if (s == CTL_LINE && p->has_items)
			text_put(out, ",", 1);
		p->has_items = true;
		put_json(out, line, s == CTL_END);
		if (s == CTL_END)
			return HTTPD_END;
	}
	return HTTPD_MORE;
}

static void api_free(struct httpd_answer *a)
{
	struct api_answer *p = container_of(a, struct api_answer, answer);

	json_decref(p->line);
	p->reply->free(p->reply);
	free(p);
}

typedef struct ctl_reply *verb_fn(void *ctx, const json_t *request, const struct ctl_who *who);

static json_t *number(const char *text)
{
	size_t len = strlen(text);

	return len <= NUMBER_LEN && strspn(text, "0123456789") == len
		       ? json_integer(strtol(text, NULL, 10))
		       : NULL;
}

/* What may stand in the query, as members of the request. NULL: a number is none. */
static json_t *request_of(const struct httpd_query *q)
{
	static const struct {
		const char *name;
		json_type type;
	} rows[] = {
		{ "match", JSON_STRING }, { "service", JSON_STRING }, { "state", JSON_STRING },
		{ "sort", JSON_STRING },  { "max", JSON_INTEGER },    { "first", JSON_INTEGER },
		{ "reverse", JSON_TRUE }, { "results", JSON_TRUE },   { "traffic", JSON_TRUE },
	};
	json_t *request = json_object();

	BUG_ON(!request);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *v = q->value(q->arg, rows[i].name);

		if (!v || !*v)
			continue;
		json_t *o = rows[i].type == JSON_STRING    ? ctl_text(v)
			    : rows[i].type == JSON_INTEGER ? number(v)
							   : json_boolean(*v == '1');

		/* an object that is NULL is refused */
		if (json_object_set_new(request, rows[i].name, o)) {
			json_decref(request);
			return NULL;
		}
	}
	return request;
}

static struct httpd_answer *api(void *ctx, const struct httpd_query *q, verb_fn *verb)
{
	const struct ctl_who who = { .uid = (uid_t)-1 };
	struct api_answer *p = calloc(1, sizeof(*p));
	json_t *request = request_of(q);

	BUG_ON(!p);
	if (!request)
		p->reply = ctl_reply_one(ctl_refusal(1, "first and max must be numbers"));
	else if (verb == control_explain && !json_object_get(request, "match"))
		p->reply = ctl_reply_one(ctl_refusal(1, "match is needed"));
	else
		p->reply = verb(ctx, request, &who);
	json_decref(request);
	/* a refusal is known by its first line */
	p->step = p->reply->next(p->reply, &p->line);
	p->answer = (struct httpd_answer){ .type = "application/json",
					   .next = api_piece,
					   .free = api_free };
	if (p->step == CTL_END && json_integer_value(json_object_get(p->line, "status")))
		p->answer.status = BAD_REQUEST;
	return &p->answer;
}

#define API(name, verb)                                                                            \
	static struct httpd_answer *name(void *ctx, const struct httpd_query *q)                   \
	{                                                                                          \
		return api(ctx, q, verb);                                                          \
	}
API(get_status, control_status)
API(get_vrrp, control_show_vrrp)
API(get_services, control_show_services)
API(get_servers, control_show_servers)
API(get_checks, control_show_checks)
API(get_threads, control_show_threads)
API(get_counters, control_show_counters)
API(get_events, control_show_events)
API(get_explain, control_explain)
#undef API

/* ------------------------------------------------------------------ the page */

struct file_answer {
	struct httpd_answer answer;
	const struct page_file *file;
};

static enum httpd_step file_piece(struct httpd_answer *a, struct text *out)
{
	const struct page_file *f = container_of(a, struct file_answer, answer)->file;

	text_put(out, f->text, *f->len);
	return HTTPD_END;
}

static void file_free(struct httpd_answer *a)
{
	free(container_of(a, struct file_answer, answer));
}

static struct httpd_answer *get_file(enum page_name name)
{
	struct file_answer *p = calloc(1, sizeof(*p));

	BUG_ON(!p);
	p->file = &page_files[name];
	p->answer = (struct httpd_answer){ .type = p->file->type,
					   .next = file_piece,
					   .free = file_free };
	return &p->answer;
}

#define FILE_OF(fn, name)                                                                          \
	static struct httpd_answer *fn(void *ctx, const struct httpd_query *q)                     \
	{                                                                                          \
		(void)ctx;                                                                         \
		(void)q;                                                                           \
		return get_file(name);                                                             \
	}
FILE_OF(get_page, PAGE_HTML)
FILE_OF(get_style, PAGE_CSS)
FILE_OF(get_script, PAGE_JS)
#undef FILE_OF

const struct httpd_path httpd_paths[] = {
	{ "/", get_page },
	{ "/page.css", get_style },
	{ "/page.js", get_script },
	{ "/metrics", get_metrics },
	{ "/api/live", httpd_live },
	{ "/api/status", get_status },
	{ "/api/vrrp", get_vrrp },
	{ "/api/services", get_services },
	{ "/api/servers", get_servers },
	{ "/api/checks", get_checks },
	{ "/api/threads", get_threads },
	{ "/api/counters", get_counters },
	{ "/api/events", get_events },
	{ "/api/explain", get_explain },
	{ 0 },
};
