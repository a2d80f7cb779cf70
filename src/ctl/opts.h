/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The options of a verb as a table: what is on the command line goes into the verb's own struct, and shell
 * completion knows what there is.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What an option takes, and so which type it is in the verb's struct. */
enum opt_kind {
	OPT_FLAG, /* bool: nothing */
	OPT_TEXT, /* const char * */
	OPT_SERVICE, /* const char *: the name of a service */
	OPT_STATE, /* const char *: of servers, services or instances */
	OPT_SORT, /* const char *: what vipctl top sorts by */
	OPT_FILE, /* const char * */
	OPT_FOLDER, /* const char * */
	OPT_NUMBER, /* unsigned, lo..hi */
	OPT_TIME, /* long long, seconds: 90s, 30m, 2h, 1d */
};

struct opt {
	const char *name; /* NULL ends a table */
	char letter; /* 0: none */
	enum opt_kind kind;
	size_t at; /* offset in the verb's struct */
	unsigned lo, hi;
};

/* Options that many verbs have; they need members of these names. */
#define OPT_JSON(type)                                                                             \
	{                                                                                          \
		"json", 0, OPT_FLAG, offsetof(struct type, is_json), 0, 0                          \
	}
#define OPT_TIMEOUT(type)                                                                          \
	{                                                                                          \
		"timeout", 0, OPT_NUMBER, offsetof(struct type, timeout_s), 1, CALL_TIMEOUT_MAX_S  \
	}

struct opts {
	const struct opt *opt;
	void (*usage)(const char *verb); /* on standard output */
};

/* Reads the options into out. Returns where the other arguments begin; -1: *status is the exit status, and
 * what there is to say has been said. */
int opts_parse(int argc, char **argv, const struct opts *o, void *out, int *status);

/* "90", "90s", "30m", "2h", "1d". False: it is none, or more than ten years. */
bool opts_time(const char *text, long long *out);

/* Puts a text into a request; nothing when it is NULL. */
void opts_put(json_t *request, const char *name, const char *text);
