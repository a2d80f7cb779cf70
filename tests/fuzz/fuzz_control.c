/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any bytes on the control socket -> lines -> requests: never a crash, always within the bounds, the same
 * lines in one piece and byte by byte, and a request that is accepted is one of the table.
 */
#include "core/ops/control_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static struct ctl_reply *no_reply(void *ctx, const json_t *request)
{
	(void)ctx;
	(void)request;
	return NULL;
}

static const struct ctl_verb verbs[] = {
	{ "version", CTL_READ, no_reply, { { 0 } } },
	{ "diff",
	  CTL_WRITE,
	  no_reply,
	  { { "file", JSON_STRING, true }, { "max", JSON_INTEGER, false } } },
	{ "reload", CTL_WRITE, no_reply, { { "wait", JSON_TRUE, false } } },
	{ 0 },
};

static void take(const struct ctl_in *in)
{
	const struct ctl_verb *verb;
	char why[CTL_WHY_LEN] = "";
	json_t *request = ctl_request(verbs, in->buf, in->len, &verb, why);

	must(in->len < CTL_REQUEST_LEN);
	must(!request == !!*why && memchr(why, '\0', sizeof(why)));
	if (!request)
		return;
	must(verb && verb->name &&
	     !strcmp(json_string_value(json_object_get(request, "verb")), verb->name));
	if (!strcmp(verb->name, "diff"))
		must(json_is_string(json_object_get(request, "file")));
	json_decref(request);
}

/* Returns the lines that were whole; *is_long: the stream ended with one that was too long. */
static size_t feed(const char *data, size_t len, uint32_t step, bool is_taken, bool *is_long)
{
	struct ctl_in *in = calloc(1, sizeof(*in));
	size_t at = 0, lines = 0;

	*is_long = false;
	while (at < len && !*is_long) {
		uint32_t n = len - at < step ? (uint32_t)(len - at) : step, used;
		enum ctl_in_result r = ctl_in_feed(in, data + at, n, &used);

		must(used <= n && in->len < CTL_REQUEST_LEN);
		at += used;
		if (r == CTL_IN_LINE) {
			if (is_taken)
				take(in);
			in->len = 0;
			lines++;
		}
		must(r != CTL_IN_MORE || used == n);
		*is_long = r == CTL_IN_LONG;
	}
	free(in);
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bool a_long, b_long;
	size_t a = feed((const char *)data, len, UINT32_MAX, true, &a_long);
	size_t b = feed((const char *)data, len, 1, false, &b_long);

	must(a == b && a_long == b_long);
	return 0;
}
