/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See proc_match.h.
 */
#include "vrrp/proc_match.h"

#include <string.h>

bool proc_match_needs_line(const struct fields_track_process *s)
{
	return s->full || s->command.n > 1 || s->match != PARAM_AUTO;
}

/* What is left of a line behind one word, when it begins with that; NULL: it does not. */
static const char *behind(const char *at, const char *end, const char *word, bool may_go_on)
{
	size_t len = strlen(word);

	if ((size_t)(end - at) < len + 1 || memcmp(at, word, len) != 0)
		return NULL;
	if (at[len] && !may_go_on)
		return NULL;
	return at + len + 1;
}

static bool line_matches(const struct fields_track_process *s, const struct proc_seen *p)
{
	const char *at = p->line, *end = p->line + p->line_len;
	bool is_initial = s->match == PARAM_INITIAL;

	for (uint32_t i = 0; at && i < s->command.n; i++)
		at = behind(at, end, s->command.v[i], is_initial && i > 0 && i == s->command.n - 1);
	if (!at)
		return false;
	if (s->match == PARAM_INITIAL || s->match == PARAM_PARTIAL)
		return true;
	return at == end || (s->match == PARAM_AUTO && s->command.n == 1);
}

bool proc_match(const struct fields_track_process *s, const struct proc_seen *p)
{
	if (proc_match_needs_line(s))
		return line_matches(s, p);
	return s->command.n && !strcmp(s->command.v[0], p->comm);
}

/* The name stands in parentheses and may have some of its own: the last one ends it. */
bool proc_match_stat(const char *text, uint32_t len, char comm[static PROC_COMM_LEN], char *state)
{
	const char *from = memchr(text, '(', len);
	const char *to = memrchr(text, ')', len);
	size_t n;

	if (!from || !to || to < from || text + len - to < 3)
		return false;
	n = (size_t)(to - from - 1);
	if (n >= PROC_COMM_LEN)
		n = PROC_COMM_LEN - 1;
	memcpy(comm, from + 1, n);
	comm[n] = '\0';
	*state = to[2];
	return true;
}
