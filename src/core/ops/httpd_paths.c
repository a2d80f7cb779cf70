/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See httpd_paths.h. An answer of /api is that of a verb of the control channel:
 * {"items":[ its lines ], then the members of its last line}.
 */
#include "core/ops/httpd_paths.h"

#include "core/bug.h"
#include "core/ops/control_show.h"
#include "core/ops/metrics.h"
#include "core/ops/page.h"

#include <stdlib.h>
#include <string.h>

enum { API_LINES_N = 512 /* of a verb in one piece */ };

/* ------------------------------------------------------------------ /metrics */

struct metrics_answer {
	struct httpd_answer answer;
	struct metrics m;
};

static bool metrics_piece(struct httpd_answer *a, struct text *out)
{
	return metrics_next(&container_of(a, struct metrics_answer, answer)->m, out);
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

static bool api_piece(struct httpd_answer *a, struct text *out)
{
	struct api_answer *p = container_of(a, struct api_answer, answer);

	if (!p->has_begun)
		text_add(out, "{\"items\":[");
	p->has_begun = true;
	for (unsigned i = 0; i < API_LINES_N; i++) {
		json_t *line = NULL;
		enum ctl_step s = p->reply->next(p->reply, &line);

		BUG_ON(s == CTL_WAIT); /* no verb that only looks */
		if (s == CTL_LINE && p->has_items)
			text_put(out, ",", 1);
		p->has_items = true;
		put_json(out, line, s == CTL_END);
		if (s == CTL_END)
			return false;
	}
	return true;
}

static void api_free(struct httpd_answer *a)
{
	struct api_answer *p = container_of(a, struct api_answer, answer);

	p->reply->free(p->reply);
	free(p);
}

typedef struct ctl_reply *verb_fn(void *ctx, const json_t *request, const struct ctl_who *who);

static struct httpd_answer *api(void *ctx, const struct httpd_query *q, verb_fn *verb)
{
	static const char *const names[] = { "match", "service", "state" };
	const struct ctl_who who = { .uid = (uid_t)-1 };
	struct api_answer *p = calloc(1, sizeof(*p));
	json_t *request = json_object();
	const char *max = q->value(q->arg, "max");

	BUG_ON(!p || !request);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = q->value(q->arg, names[i]);

		if (value && *value)
			BUG_ON(json_object_set_new(request, names[i], ctl_text(value)));
	}
	if (max)
		BUG_ON(json_object_set_new(request, "max", json_integer(strtol(max, NULL, 10))));
	p->reply = verb(ctx, request, &who);
	json_decref(request);
	p->answer = (struct httpd_answer){ .type = "application/json",
					   .next = api_piece,
					   .free = api_free };
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
#undef API

/* ------------------------------------------------------------------ the page */

static bool page_piece(struct httpd_answer *a, struct text *out)
{
	(void)a;
	text_put(out, page_html, page_html_len);
	return false;
}

static void page_free(struct httpd_answer *a)
{
	free(a);
}

static struct httpd_answer *get_page(void *ctx, const struct httpd_query *q)
{
	struct httpd_answer *a = calloc(1, sizeof(*a));

	(void)ctx;
	(void)q;
	BUG_ON(!a);
	*a = (struct httpd_answer){ .type = "text/html; charset=utf-8",
				    .next = page_piece,
				    .free = page_free };
	return a;
}

const struct httpd_path httpd_paths[] = {
	{ "/", get_page },
	{ "/metrics", get_metrics },
	{ "/api/status", get_status },
	{ "/api/vrrp", get_vrrp },
	{ "/api/services", get_services },
	{ "/api/servers", get_servers },
	{ "/api/checks", get_checks },
	{ "/api/threads", get_threads },
	{ "/api/counters", get_counters },
	{ 0 },
};
