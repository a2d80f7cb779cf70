/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See agent.h.
 */
#include "check/agent.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *word;
	uint8_t admin, state;
} words[] = {
	{ "up", AGENT_SAME, AGENT_UP },           { "down", AGENT_SAME, AGENT_DOWN },
	{ "failed", AGENT_SAME, AGENT_DOWN },     { "fail", AGENT_SAME, AGENT_DOWN },
	{ "stopped", AGENT_SAME, AGENT_DOWN },    { "ready", AGENT_READY, AGENT_NO_STATE },
	{ "drain", AGENT_DRAIN, AGENT_NO_STATE }, { "maint", AGENT_MAINT, AGENT_NO_STATE },
};

enum { WORDS_N = sizeof(words) / sizeof(*words) };

static bool is_between(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == '\r';
}

static bool take_percent(const char *word, uint32_t len, struct agent *out)
{
	uint32_t n = 0;

	if (len < 2 || len > 5 || word[len - 1] != '%')
		return false;
	for (uint32_t i = 0; i < len - 1; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		n = n * 10 + (uint32_t)(word[i] - '0');
	}
	if (n > AGENT_PERCENT_MAX)
		return false;
	out->has_percent = true;
	out->percent = (uint16_t)n;
	return true;
}

static bool take_word(const char *word, uint32_t len, struct agent *out)
{
	if (len > strlen("maxconn:") && !strncasecmp(word, "maxconn:", strlen("maxconn:")))
		return true;
	for (unsigned i = 0; i < WORDS_N; i++) {
		if (strlen(words[i].word) != len || strncasecmp(word, words[i].word, len) != 0)
			continue;
		if (words[i].admin)
			out->admin = words[i].admin;
		if (words[i].state)
			out->state = words[i].state;
		return true;
	}
	return take_percent(word, len, out);
}

bool agent_parse(const char *text, uint32_t len, struct agent *out)
{
	uint32_t at = 0, n = 0;

	*out = (struct agent){ 0 };
	while (at < len && text[at] != '\n' && text[at] != '#') {
		uint32_t from = at;

		if (is_between(text[at])) {
			at++;
			continue;
		}
		while (at < len && !is_between(text[at]) && text[at] != '\n' && text[at] != '#')
			at++;
		if (!take_word(text + from, at - from, out))
			return false;
		n++;
	}
	return n > 0;
}
