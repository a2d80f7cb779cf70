/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Regular expressions of checks: PCRE2, with a limit to the work that one may make.
 *
 * A compiled one belongs to a snapshot: made by main, read by any thread. A matcher over a stream
 * (struct regex_stream) belongs to one run and keeps no more of the stream than a match may need.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct regex;

enum {
	REGEX_ERROR_LEN = 256,
	REGEX_WINDOW_LEN = 65536, /* longest match, with what is looked back at before it */
	REGEX_MATCH_LIMIT = 100000, /* steps of the matcher at one look */
};

struct regex_ask {
	const char *pattern;
	const char *const *option; /* names as PCRE2 has them, in small letters */
	uint32_t option_n;
	uint32_t stack_start,
		stack_max; /* bytes of the matcher's stack; 0 = the library's choice */
	uint64_t min_offset, max_offset; /* first and last byte where a match may begin */
};

/* NULL: text says why. */
struct regex *regex_new(const struct regex_ask *ask, char text[static REGEX_ERROR_LEN]);
void regex_free(struct regex *re);

enum regex_result {
	REGEX_NO, /* not so far */
	REGEX_YES,
	REGEX_LIMIT, /* more work or memory than it may make */
};

/* One look at a whole text. */
enum regex_result regex_find(const struct regex *re, const void *text, uint32_t len);

struct regex_stream {
	const struct regex *re;
	struct regex_match *match; /* PCRE2's memory */
	uint64_t base; /* place in the stream of win[0] */
	uint32_t len, cap, from; /* of win[]; matches before from have been tried */
	uint8_t *win;
	bool is_over; /* no match can begin any more */
	enum regex_result result;
};

void regex_stream_init(struct regex_stream *s, const struct regex *re);
void regex_stream_fini(struct regex_stream *s);

/* The next bytes. After another answer than REGEX_NO it stays that. */
enum regex_result regex_stream_feed(struct regex_stream *s, const uint8_t *data, uint32_t len);

/* The end of the stream. */
enum regex_result regex_stream_end(struct regex_stream *s);
