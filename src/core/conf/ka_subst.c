/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka_subst.h. A value is taken as it stands where it is used, so it is looked through again: what
 * it names is replaced in the next pass, until nothing changes.
 */
#include "core/conf/ka_subst.h"

#include "core/bug.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* text that grows */
struct out {
	char *p;
	size_t len, cap;
};

static void put(struct out *o, const char *text, size_t len)
{
	if (o->len + len + 1 > o->cap) {
		o->cap = (o->len + len + 1) * 2;
		o->p = realloc(o->p, o->cap);
		BUG_ON(!o->p);
	}
	memcpy(o->p + o->len, text, len);
	o->len += len;
	o->p[o->len] = '\0';
}

__attribute__((format(printf, 3, 4))) static int fail(struct ka_subst *s, int err, const char *fmt,
						      ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	return err;
}

static char *copy(const char *text, size_t len)
{
	char *p = strndup(text, len);

	BUG_ON(!p);
	return p;
}

static size_t name_len(const char *p)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*p) && *p != '_')
		return 0;
	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

size_t ka_def_name_len(const char *line)
{
	size_t n = line[0] == '$' ? name_len(line + 1) : 0;

	return n && line[1 + n] == '=' ? n : 0;
}

static void push(struct ka_defs *d, const char *name, size_t len, const char *value)
{
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 16;
		d->def = reallocarray(d->def, d->cap, sizeof(*d->def));
		BUG_ON(!d->def);
	}
	d->def[d->n++] =
		(struct ka_def){ .name = copy(name, len), .value = copy(value, strlen(value)) };
}

static void pop(struct ka_defs *d)
{
	struct ka_def *last = &d->def[--d->n];

	free(last->name);
	free(last->value);
}

static struct ka_def *find(const struct ka_defs *d, const char *name, size_t len)
{
	for (size_t i = d->n; i-- > 0;)
		if (!strncmp(d->def[i].name, name, len) && !d->def[i].name[len])
			return &d->def[i];
	return NULL;
}

static void defs_fini(struct ka_defs *d)
{
	while (d->n)
		pop(d);
	free(d->def);
	*d = (struct ka_defs){ 0 };
}

void ka_subst_fini(struct ka_subst *s)
{
	defs_fini(&s->defs);
	defs_fini(&s->loop);
}

int ka_define(struct ka_subst *s, const char *name, size_t len, const char *value)
{
	struct ka_def *d = find(&s->defs, name, len);

	if (strlen(value) > KA_VALUE_LEN_MAX)
		return fail(s, -E2BIG, "the value of $%.*s is longer than %d bytes",
			    (int)(len > 40 ? 40 : len), name, KA_VALUE_LEN_MAX);
	if (d) {
		free(d->value);
		d->value = copy(value, strlen(value));
		return 0;
	}
	if (s->defs.n >= KA_DEFS_MAX)
		return fail(s, -E2BIG, "more than %d definitions", KA_DEFS_MAX);
	push(&s->defs, name, len, value);
	return 0;
}

/* ------------------------------------------------------------------ $NAME */

static void put_random(struct ka_subst *s, const char *args, struct out *o)
{
	long lo = 0, hi = 32767;
	char text[24];

	(void)sscanf(args, "%ld %ld", &lo, &hi);
	if (lo < 0 || hi > 32767 || lo > hi) {
		lo = 0;
		hi = 32767;
	}
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	s->has_random = true;

	uint64_t span = (uint64_t)(hi - lo) + 1;

	put(o, text, (size_t)snprintf(text, sizeof(text), "%ld", lo + (long)(s->random % span)));
}

/* One of the names that are always there, p to end without the braces. False: it is none. */
static bool put_own(struct ka_subst *s, const char *p, size_t len, struct out *o)
{
	char buf[128];
	const char *text = NULL;

	if (len >= sizeof(buf) || *p != '_')
		return false;
	memcpy(buf, p, len);
	buf[len] = '\0';
	if (!strcmp(buf, "_PWD"))
		text = s->dir;
	else if (!strcmp(buf, "_INSTANCE"))
		text = s->id;
	else if (!strcmp(buf, "_HASH"))
		text = "#";
	else if (!strcmp(buf, "_BANG"))
		text = "!";
	else if (!strncmp(buf, "_ENV ", 5))
		text = s->env ? s->env(buf + 5) : NULL;
	else if (!strncmp(buf, "_RANDOM", 7) && (!buf[7] || buf[7] == ' '))
		put_random(s, buf + 7, o);
	else
		return false;
	if (text)
		put(o, text, strlen(text));
	return true;
}

/* p is at a '$'. Puts its replacement and returns the length of what was replaced; 0: it is text. */
static size_t put_param(struct ka_subst *s, const char *p, struct out *o)
{
	bool has_brace = p[1] == '{';
	const char *name = p + 1 + has_brace;
	size_t len = name_len(name);
	const struct ka_def *d;

	if (has_brace) {
		const char *end = strchr(name, '}');

		if (end && put_own(s, name, (size_t)(end - name), o))
			return (size_t)(end + 1 - p);
		if (!len || name[len] != '}')
			return 0;
	} else if (!len || !strchr(" \t\n,)", name[len])) { /* finds the end of the text as well */
		return 0;
	}
	d = find(&s->loop, name, len);
	if (!d)
		d = find(&s->defs, name, len);
	if (!d)
		return 0;
	put(o, d->value, strlen(d->value));
	return len + (has_brace ? 3 : 1);
}

/* All names in text replaced once. *changed says whether there was one. */
static char *replace_once(struct ka_subst *s, const char *text, bool *changed)
{
	struct out o = { 0 };

	*changed = false;
	put(&o, "", 0);
	while (*text && o.len <= 2 * (size_t)KA_VALUE_LEN_MAX) {
		size_t plain = strcspn(text, "$"), n;

		put(&o, text, plain);
		text += plain;
		if (!*text)
			break;
		n = put_param(s, text, &o);
		if (n)
			*changed = true;
		else
			put(&o, text, n = 1);
		text += n;
	}
	return o.p;
}

/* All names in text replaced, *out to be freed. */
static int replace(struct ka_subst *s, const char *text, char **out)
{
	char *now = copy(text, strlen(text));
	bool changed = true;

	for (int pass = 0; changed; pass++) {
		char *next = replace_once(s, now, &changed);

		free(now);
		now = next;
		if (strlen(now) > KA_VALUE_LEN_MAX || pass == KA_SUBST_DEPTH_MAX) {
			free(now);
			return fail(s, -E2BIG,
				    "substitution does not end: a definition uses itself, or is "
				    "longer than %d bytes",
				    KA_VALUE_LEN_MAX);
		}
	}
	*out = now;
	return 0;
}

/* ------------------------------------------------------------------ ~SEQ and ~LST */

struct loop {
	const char *at, *end; /* all of it in the line */
	bool is_seq, is_hex;
	char *args; /* between the brackets, names replaced; to be freed */
};

/* The line that a loop repeats, and what happens to each. */
struct repeat {
	const struct loop *lp;
	const char *line;
	ka_line_fn *fn;
	void *arg;
	int depth;
};

static int subst(struct ka_subst *s, const char *line, ka_line_fn *fn, void *arg, int depth);

/* The first loop of a line. */
static bool find_loop(const char *line, struct loop *lp)
{
	for (const char *p = line; (p = strchr(p, '~')); p++) {
		size_t n = !strncmp(p, "~SEQ(", 5) || !strncmp(p, "~LST(", 5) ? 5
			   : !strncmp(p, "~SEQx(", 6)                         ? 6
									      : 0;
		const char *end = n ? strchr(p + n, ')') : NULL;

		if (!end)
			continue;
		*lp = (struct loop){
			.at = p, .end = end + 1, .is_seq = p[1] == 'S', .is_hex = n == 6
		};
		lp->args = copy(p + n, (size_t)(end - p) - n);
		return true;
	}
	return false;
}

/* The next part of a list, ended by a comma outside braces; trimmed, in place. NULL: no more. */
static char *next_arg(char **rest)
{
	char *p = *rest, *end;
	int braces = 0;

	if (!p)
		return NULL;
	for (end = p; *end && (*end != ',' || braces > 0); end++)
		braces += (*end == '{') - (*end == '}');
	*rest = *end ? end + 1 : NULL;
	*end = '\0';
	while (isspace((unsigned char)*p))
		p++;
	while (end > p && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return p;
}

/* The line once, without the loop, which has defined its variables. */
static int again(struct ka_subst *s, const struct repeat *r)
{
	struct out o = { 0 };
	int err;

	put(&o, r->line, (size_t)(r->lp->at - r->line));
	put(&o, r->lp->end, strlen(r->lp->end));

	const char *p = o.p;

	while (isspace((unsigned char)*p))
		p++;
	err = subst(s, p, r->fn, r->arg, r->depth + 1);
	free(o.p);
	return err;
}

static bool seq_number(const char *text, int64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoll(text, &end, 0);
	return !errno && end != text && !*end;
}

static int do_seq(struct ka_subst *s, const struct repeat *r, char *args)
{
	char *var = next_arg(&args), *a[4], text[32];
	int64_t v[3], start = 1, end, step;
	size_t n = 0;

	while (n < 4 && (a[n] = next_arg(&args)))
		n++;
	if (!name_len(var) || var[name_len(var)] || n < 1 || n > 3)
		return fail(s, -EINVAL, "~SEQ must be (name, start, step, end)");
	for (size_t i = 0; i < n; i++)
		if (!seq_number(a[i], &v[i]))
			return fail(s, -EINVAL, "~SEQ: \"%.40s\" is not a number", a[i]);
	end = v[n - 1];
	if (n > 1)
		start = v[0];
	step = n == 3 ? v[1] : start <= end ? 1 : -1;
	if (!step || step == INT64_MIN)
		return fail(s, -EINVAL, "~SEQ: the step must not be %lld", (long long)step);
	if (r->lp->is_hex && (start < 0 || end < 0))
		return fail(s, -EINVAL, "~SEQx: numbers must not be negative");
	if ((step > 0) != (start <= end) && start != end)
		return fail(s, -EINVAL, "~SEQ: from %lld the end %lld is never reached",
			    (long long)start, (long long)end);

	uint64_t span =
		start <= end ? (uint64_t)end - (uint64_t)start : (uint64_t)start - (uint64_t)end;
	uint64_t last = span / (uint64_t)(step > 0 ? step : -step);

	if (last >= KA_SEQ_MAX)
		return fail(s, -E2BIG, "~SEQ has more than %d values", KA_SEQ_MAX);
	for (uint64_t i = 0; i <= last; i++) {
		int64_t now = (int64_t)((uint64_t)start + (uint64_t)step * i);
		int err;

		if (r->lp->is_hex)
			(void)snprintf(text, sizeof(text), "%llx", (unsigned long long)now);
		else
			(void)snprintf(text, sizeof(text), "%lld", (long long)now);
		push(&s->loop, var, strlen(var), text);
		err = again(s, r);
		pop(&s->loop);
		if (err)
			return err;
	}
	return 0;
}

/* {a,b} without its braces, or a single word: the parts of it in turn. */
static char *strip_braces(char *arg)
{
	size_t n = strlen(arg);

	if (n >= 2 && arg[0] == '{' && arg[n - 1] == '}') {
		arg[n - 1] = '\0';
		return arg + 1;
	}
	return arg;
}

/* Names with the values of one turn. */
static int do_turn(struct ka_subst *s, const struct repeat *r, const char *names, char *values)
{
	char *names_copy = copy(names, strlen(names)), *rest = names_copy, *name, *value;
	size_t n = 0;
	int err = 0;

	values = strip_braces(values);
	while (!err && (name = next_arg(&rest))) {
		value = next_arg(&values);
		if (!name_len(name) || name[name_len(name)] || !value)
			err = fail(s, -EINVAL, "~LST: \"%.40s\" %s", name,
				   value ? "is not a name" : "has no value");
		if (!err) {
			push(&s->loop, name, strlen(name), value);
			n++;
		}
	}
	if (!err && values)
		err = fail(s, -EINVAL, "~LST: more values than names");
	if (!err)
		err = again(s, r);
	while (n--)
		pop(&s->loop);
	free(names_copy);
	return err;
}

static int do_lst(struct ka_subst *s, const struct repeat *r, char *args)
{
	char *names = next_arg(&args), *values;
	int err = 0;

	names = strip_braces(names);
	if (!args)
		return fail(s, -EINVAL, "~LST has no values");
	while (!err && (values = next_arg(&args)))
		err = do_turn(s, r, names, values);
	return err;
}

/* ------------------------------------------------------------------ lines */

/* text may have several lines: each is looked at again when anything was replaced */
static int split(struct ka_subst *s, char *text, ka_line_fn *fn, void *arg, int depth)
{
	char *rest = text, *line;
	int err = 0;

	while (!err && (line = strsep(&rest, "\n"))) {
		struct loop lp;

		if (find_loop(line, &lp)) {
			free(lp.args);
			err = subst(s, line, fn, arg, depth + 1);
		} else if (strlen(line) > KA_LINE_LEN_MAX) {
			err = fail(s, -E2BIG, "a line longer than %d bytes", KA_LINE_LEN_MAX);
		} else if (s->lines_n == s->lines_max) {
			err = fail(s, -E2BIG, "more than %u lines", s->lines_max);
		} else if (line[strspn(line, " \t\r")]) {
			s->lines_n++;
			err = fn(arg, line);
		}
	}
	return err;
}

static int subst(struct ka_subst *s, const char *line, ka_line_fn *fn, void *arg, int depth)
{
	struct loop lp;
	struct repeat r = { .lp = &lp, .line = line, .fn = fn, .arg = arg, .depth = depth };
	char *text = NULL;
	int err;

	if (depth > KA_SUBST_DEPTH_MAX)
		return fail(s, -E2BIG, "definitions and loops nest deeper than %d",
			    KA_SUBST_DEPTH_MAX);
	if (!find_loop(line, &lp)) {
		err = replace(s, line, &text);
		if (!err)
			err = split(s, text, fn, arg, depth);
		free(text);
		return err;
	}
	err = replace(s, lp.args, &text);
	if (!err)
		err = lp.is_seq ? do_seq(s, &r, text) : do_lst(s, &r, text);
	free(text);
	free(lp.args);
	return err;
}

int ka_subst_line(struct ka_subst *s, const char *line, ka_line_fn *fn, void *arg)
{
	return subst(s, line, fn, arg, 0);
}
