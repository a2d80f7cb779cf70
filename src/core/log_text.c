/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See log_text.h.
 */
#include "core/log_text.h"

#include <nettle/sha1.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	NAME_LEN = 64 - 5,
	WORDS_N = 32
}; /* the journal's bound of names, without VIPD_; of fields */

static const struct {
	const char *name;
	int severity;
} levels[] = {
	[LOG_LEVEL_ERR] = { "error", 3 },
	[LOG_LEVEL_WARN] = { "warning", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

int log_severity(enum log_id id)
{
	return levels[log_rows[id].level].severity;
}

void log_text_clean(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
}

/* What snprintf() has written of n. */
static size_t written(int n, size_t len)
{
	if (n < 0)
		return 0;
	return (size_t)n < len ? (size_t)n : len - 1;
}

size_t log_text_line(char *buf, size_t len, const struct log_record *rec)
{
	struct tm tm;
	char when[32];

	(void)gmtime_r(&rec->at.tv_sec, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	return written(snprintf(buf, len, "%s.%06ldZ %s %s%s%s\n", when, rec->at.tv_nsec / 1000,
				levels[log_rows[rec->id].level].name, log_rows[rec->id].id,
				rec->text[0] ? " " : "", rec->text),
		       len);
}

size_t log_text_syslog(char *buf, size_t len, const struct log_record *rec, int facility, pid_t pid)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm;

	(void)localtime_r(&rec->at.tv_sec, &tm);
	return written(snprintf(buf, len, "<%d>%s %2d %02d:%02d:%02d vipd[%d]: %s%s%s",
				facility * 8 + log_severity(rec->id), months[tm.tm_mon % 12],
				tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)pid,
				log_rows[rec->id].id, rec->text[0] ? " " : "", rec->text),
		       len);
}

/* ------------------------------------------------------------------ the journal's fields */

struct out {
	char *buf;
	size_t len, at;
};

/* All of it and the end of the line, or nothing. */
static void put(struct out *o, const char *name, const char *value, size_t value_len)
{
	size_t name_len = strlen(name);

	if (o->at + name_len + value_len + 2 >= o->len)
		return;
	memcpy(o->buf + o->at, name, name_len);
	o->at += name_len;
	o->buf[o->at++] = '=';
	memcpy(o->buf + o->at, value, value_len);
	o->at += value_len;
	o->buf[o->at++] = '\n';
	o->buf[o->at] = '\0';
}

static void put_text(struct out *o, const char *name, const char *value)
{
	put(o, name, value, strlen(value));
}

static void put_number(struct out *o, const char *name, int value)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", value);
	put_text(o, name, text);
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The name of a word's field: most are the word itself in capitals. False: it is none. */
static bool field_name(const char *key, size_t len, char name[static 5 + NAME_LEN + 1])
{
	if (!len || len > NAME_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_name_char(key[i]))
			return false;
	memcpy(name, "VIPD_", 5);
	if (len == 2 && !memcmp(key, "rs", 2)) {
		memcpy(name + 5, "SERVER", 7);
		return true;
	}
	if (len == 2 && !memcmp(key, "vs", 2)) {
		memcpy(name + 5, "SERVICE", 8);
		return true;
	}
	for (size_t i = 0; i < len; i++)
		name[5 + i] = (char)(key[i] >= 'a' && key[i] <= 'z' ? key[i] - 'a' + 'A' : key[i]);
	name[5 + len] = '\0';
	return true;
}

/* The end of a value in quotes, which may have some in it: the quote before a space or the end. */
static const char *quoted_end(const char *value)
{
	const char *p = value;

	while ((p = strchr(p, '"')) && p[1] && p[1] != ' ')
		p++;
	return p ? p : value + strlen(value);
}

/* Takes key=value or key="value", and returns what is behind it. */
static const char *put_word(struct out *o, const char *at)
{
	size_t key_len = strcspn(at, "= ");
	const char *value = at + key_len + 1, *end;
	char name[5 + NAME_LEN + 1];

	if (at[key_len] != '=')
		return at + key_len;
	if (*value == '"')
		end = quoted_end(++value);
	else
		end = value + strcspn(value, " ");
	if (field_name(at, key_len, name))
		put(o, name, value, (size_t)(end - value));
	return *end == '"' ? end + 1 : end;
}

size_t log_text_journal(char *buf, size_t len, const struct log_record *rec, int facility)
{
	struct out o = { .buf = buf, .len = len };
	char line[LOG_TEXT_LEN], uuid[LOG_UUID_LEN];
	const char *at = rec->text;
	int n = snprintf(line, sizeof(line), "%s%s%s", log_rows[rec->id].id,
			 rec->text[0] ? " " : "", rec->text);

	buf[0] = '\0';
	put(&o, "MESSAGE", line, written(n, sizeof(line)));
	put_number(&o, "PRIORITY", log_severity(rec->id));
	put_text(&o, "SYSLOG_IDENTIFIER", "vipd");
	put_number(&o, "SYSLOG_FACILITY", facility);
	put_text(&o, "MESSAGE_ID", log_uuid(rec->id, uuid));
	put_text(&o, "VIPD_EVENT", log_rows[rec->id].id);
	for (int i = 0; i < WORDS_N && *at; i++) {
		at = put_word(&o, at);
		at += strspn(at, " ");
	}
	return o.at;
}

const char *log_uuid(enum log_id id, char buf[static LOG_UUID_LEN])
{
	static const uint8_t space[16] = { 0x0a, 0x3c, 0x3f, 0x0e, 0x6b, 0x0f, 0x5d, 0x5c,
					   0x9d, 0x55, 0x76, 0x69, 0x70, 0x64, 0x20, 0xa1 };
	const char *name = log_rows[id].id;
	struct sha1_ctx sha;
	uint8_t hash[16];

	sha1_init(&sha);
	sha1_update(&sha, sizeof(space), space);
	sha1_update(&sha, strlen(name), (const uint8_t *)name);
	sha1_digest(&sha, sizeof(hash), hash);
	hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x50);
	hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(hash); i++)
		(void)snprintf(buf + 2 * i, 3, "%02x", hash[i]);
	return buf;
}
