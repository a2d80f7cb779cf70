/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See explain.h.
 */
#include "core/ops/explain.h"

#include "core/conf/schema.h"
#include "core/log_text.h"

#include <fnmatch.h>
#include <string.h>

enum { FAR = 4 }; /* a name that differs in so many letters is another one */

static const char *const level_name[] = {
	[LOG_LEVEL_ERR] = "error",
	[LOG_LEVEL_WARN] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static void list(FILE *out)
{
	for (int i = 0; i < LOG_N; i++)
		(void)fprintf(out, "%-22s %-8s %s\n", log_rows[i].id, level_name[log_rows[i].level],
			      log_rows[i].means);
}

static void tell(enum log_id i, FILE *out)
{
	char uuid[LOG_UUID_LEN];

	(void)fprintf(out,
		      "%s (%s)\n  Means: %s\n  To do: %s\n  In the journal: "
		      "journalctl MESSAGE_ID=%s\n",
		      log_rows[i].id, level_name[log_rows[i].level], log_rows[i].means,
		      log_rows[i].todo, log_uuid(i, uuid));
}

static const char *nearest(const char *id)
{
	const char *best = NULL;
	unsigned best_d = FAR;

	for (int i = 0; i < LOG_N; i++) {
		unsigned d = schema_distance(id, log_rows[i].id, best_d);

		if (d >= best_d)
			continue;
		best_d = d;
		best = log_rows[i].id;
	}
	return best;
}

bool explain(const char *id, FILE *out)
{
	const char *near;
	unsigned n = 0;

	if (!id) {
		list(out);
		return true;
	}
	for (int i = 0; i < LOG_N; i++) {
		if (fnmatch(id, log_rows[i].id, 0) != 0)
			continue;
		if (n++)
			(void)fputc('\n', out);
		tell((enum log_id)i, out);
	}
	if (n)
		return true;
	near = nearest(id);
	(void)fprintf(stderr, "vipd: there is no event %.64s in the log%s%s; see vipd --explain\n",
		      id, near ? "; did you mean " : "", near ? near : "");
	return false;
}
