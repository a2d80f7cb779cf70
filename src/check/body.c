/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See body.h.
 */
#include "check/body.h"

#include "core/bug.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct match {
	struct regex_stream stream; /* REGEX */
	char *tail; /* TEXT: the last bytes, fewer than the text has */
	uint32_t tail_len;
	bool is_there;
};

struct body {
	const struct body_rule *rule;
	EVP_MD_CTX *md5;
	uint32_t n;
	struct match match[];
};

struct body *body_new(const struct body_rule *rule, uint32_t n)
{
	struct body *b = calloc(1, sizeof(*b) + n * sizeof(b->match[0]));

	BUG_ON(!b || n > BODY_RULES_N);
	b->rule = rule;
	b->n = n;
	for (uint32_t i = 0; i < n; i++) {
		switch (rule[i].kind) {
		case BODY_TEXT:
			b->match[i].tail = malloc(strlen(rule[i].text) + 1);
			BUG_ON(!b->match[i].tail);
			break;
		case BODY_REGEX:
			regex_stream_init(&b->match[i].stream, rule[i].regex);
			break;
		case BODY_DIGEST:
			if (b->md5)
				break;
			b->md5 = EVP_MD_CTX_new();
			BUG_ON(!b->md5 || EVP_DigestInit_ex(b->md5, EVP_md5(), NULL) != 1);
			break;
		}
	}
	return b;
}

void body_free(struct body *b)
{
	for (uint32_t i = 0; b && i < b->n; i++) {
		free(b->match[i].tail);
		regex_stream_fini(&b->match[i].stream);
	}
	if (b)
		EVP_MD_CTX_free(b->md5);
	free(b);
}

void body_move(struct body *b, const struct body_rule *rule)
{
	b->rule = rule;
	for (uint32_t i = 0; i < b->n; i++)
		if (rule[i].kind == BODY_REGEX)
			b->match[i].stream.re = rule[i].regex;
}

/* A text may lie across two pieces: so many bytes of the new one complete it. */
static bool text_across(const struct match *m, const char *text, uint32_t text_len,
			const uint8_t *data, uint32_t len)
{
	for (uint32_t had = m->tail_len; had; had--) {
		if (text_len - had <= len && !memcmp(m->tail + m->tail_len - had, text, had) &&
		    !memcmp(data, text + had, text_len - had))
			return true;
	}
	return false;
}

static void text_feed(struct match *m, const char *text, const uint8_t *data, uint32_t len)
{
	uint32_t text_len = (uint32_t)strlen(text), keep = text_len - 1;

	if (m->is_there)
		return;
	m->is_there = text_across(m, text, text_len, data, len) ||
		      memmem(data, len, text, text_len) != NULL;
	if (len >= keep) {
		memcpy(m->tail, data + len - keep, keep);
		m->tail_len = keep;
		return;
	}

	uint32_t old = m->tail_len + len > keep ? keep - len : m->tail_len;

	memmove(m->tail, m->tail + m->tail_len - old, old);
	memcpy(m->tail + old, data, len);
	m->tail_len = old + len;
}

void body_feed(struct body *b, const uint8_t *data, uint32_t len)
{
	if (b->md5)
		BUG_ON(EVP_DigestUpdate(b->md5, data, len) != 1);
	for (uint32_t i = 0; i < b->n; i++) {
		if (b->rule[i].kind == BODY_TEXT)
			text_feed(&b->match[i], b->rule[i].text, data, len);
		if (b->rule[i].kind == BODY_REGEX)
			(void)regex_stream_feed(&b->match[i].stream, data, len);
	}
}

/* NULL: the rule holds. */
static const char *broken(const struct body_rule *r, struct match *m, const uint8_t *md5)
{
	enum regex_result re;
	bool is_so = false;

	switch (r->kind) {
	case BODY_TEXT:
		is_so = m->is_there;
		if (is_so == r->is_not)
			return is_so ? "the body has the text" : "the body has not the text";
		return NULL;
	case BODY_REGEX:
		re = regex_stream_end(&m->stream);
		if (re == REGEX_LIMIT)
			return "the expression needs more work or memory than it may";
		is_so = re == REGEX_YES;
		if (is_so == r->is_not)
			return is_so ? "the body matches" : "the body does not match";
		return NULL;
	case BODY_DIGEST:
		is_so = !memcmp(md5, r->digest, BODY_DIGEST_LEN);
		if (is_so == r->is_not)
			return is_so ? "the body has the digest" : "the body has another digest";
		return NULL;
	}
	return NULL;
}

bool body_end(struct body *b, const char **why)
{
	uint8_t md5[EVP_MAX_MD_SIZE] = { 0 };

	*why = NULL;
	if (b->md5)
		BUG_ON(EVP_DigestFinal_ex(b->md5, md5, NULL) != 1);
	for (uint32_t i = 0; i < b->n && !*why; i++)
		*why = broken(&b->rule[i], &b->match[i], md5);
	return !*why;
}
