/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See rt_words.h.
 */
#include "core/conf/rt_words.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LABEL_MAX = 0xfffff, /* 20 bits */
	WORD_LEN = 64,
};

/* A number up to max that ends at *end, which is moved there. */
static bool take_number(const char **text, uint64_t max, uint64_t *out)
{
	bool is_hex = (*text)[0] == '0' && ((*text)[1] == 'x' || (*text)[1] == 'X');
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*out = strtoull(*text, &end, is_hex ? 16 : 10);
	if (errno || *out > max)
		return false;
	*text = end;
	return true;
}

int rt_u64(const char *text, uint64_t *out)
{
	uint64_t n;

	if (!take_number(&text, UINT64_MAX, &n) || *text)
		return -EINVAL;
	*out = n;
	return 0;
}

/* "A" or "A<separator>B"; *has_second says which. */
static bool take_pair(const char *text, char separator, uint64_t max, uint64_t n[static 2],
		      bool *has_second)
{
	if (!take_number(&text, max, &n[0]))
		return false;
	*has_second = *text == separator;
	if (*has_second) {
		text++;
		if (!take_number(&text, max, &n[1]))
			return false;
	}
	return !*text;
}

int rt_realms(const char *text, uint32_t *out)
{
	uint64_t n[2];
	bool has_source;

	if (!take_pair(text, '/', UINT16_MAX, n, &has_source))
		return -EINVAL;
	*out = (uint32_t)(has_source ? n[0] << 16 | n[1] : n[0]);
	return 0;
}

int rt_mark(const char *text, uint32_t *mark, uint32_t *mask)
{
	uint64_t n[2] = { 0, UINT32_MAX };
	bool has_mask;

	if (!take_pair(text, '/', UINT32_MAX, n, &has_mask))
		return -EINVAL;
	*mark = (uint32_t)n[0];
	*mask = (uint32_t)n[1];
	return 0;
}

int rt_range(const char *text, uint32_t max, uint32_t *first, uint32_t *last)
{
	uint64_t n[2];
	bool has_last;

	if (!take_pair(text, '-', max, n, &has_last) || (has_last && n[1] < n[0]))
		return -EINVAL;
	*first = (uint32_t)n[0];
	*last = (uint32_t)(has_last ? n[1] : n[0]);
	return 0;
}

int rt_ipproto(const char *text, uint8_t *out)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {
		{ "icmp", 1 },       { "igmp", 2 },    { "ipip", 4 },   { "ipencap", 4 },
		{ "tcp", 6 },        { "egp", 8 },     { "udp", 17 },   { "dccp", 33 },
		{ "ipv6", 41 },      { "rsvp", 46 },   { "gre", 47 },   { "esp", 50 },
		{ "ah", 51 },        { "icmpv6", 58 }, { "ospf", 89 },  { "pim", 103 },
		{ "ipv6-icmp", 58 }, { "vrrp", 112 },  { "sctp", 132 }, { "udplite", 136 },
	};
	uint64_t n;

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(text, names[i].name))
			continue;
		*out = names[i].number;
		return 0;
	}
	if (rt_u64(text, &n) || n > UINT8_MAX)
		return -EINVAL;
	*out = (uint8_t)n;
	return 0;
}

/* ---- encapsulations ---- */

/* The next word; false at the end, or when it is too long. */
static bool next_word(const char **text, char word[static WORD_LEN])
{
	size_t n;

	*text += strspn(*text, " \t");
	n = strcspn(*text, " \t");
	if (!n || n >= WORD_LEN)
		return false;
	memcpy(word, *text, n);
	word[n] = 0;
	*text += n;
	return true;
}

static bool at_end(const char *text)
{
	return !text[strspn(text, " \t")];
}

static bool word_u8(const char *word, uint8_t *out)
{
	uint64_t n;

	if (rt_u64(word, &n) || n > UINT8_MAX)
		return false;
	*out = (uint8_t)n;
	return true;
}

static bool take_labels(const char *word, struct rt_encap *e)
{
	for (;;) {
		uint64_t n;

		if (e->label_n == RT_LABELS_MAX || !take_number(&word, LABEL_MAX, &n))
			return false;
		e->label[e->label_n++] = (uint32_t)n;
		if (!*word)
			return true;
		if (*word++ != '/')
			return false;
	}
}

/* One setting of the encapsulation, with its value. */
static bool take_setting(struct rt_encap *e, uint8_t family, const char *name, const char *value)
{
	bool is_tunnel = e->type == RT_ENCAP_IP || e->type == RT_ENCAP_IP6;
	struct ip_addr *addr = !strcmp(name, "dst")   ? &e->dst
			       : !strcmp(name, "src") ? &e->src
						      : NULL;

	if (!strcmp(name, "ttl") || !strcmp(name, "hoplimit"))
		return e->type != RT_ENCAP_ILA && (e->has_ttl = word_u8(value, &e->ttl));
	if (!is_tunnel)
		return false;
	if (!strcmp(name, "id"))
		return (e->has_id = !rt_u64(value, &e->id));
	if (!strcmp(name, "tos") || !strcmp(name, "tc"))
		return word_u8(value, &e->tos);
	return addr && !addr_parse(value, addr) && addr->family == family;
}

/* An identifier of four groups of 16 bits: "1:2:3:4". */
static bool take_locator(const char *word, uint64_t *out)
{
	struct ip_addr a;
	char text[WORD_LEN + 2];

	unsigned colons_n = 0;

	for (const char *c = word; *c; c++)
		colons_n += *c == ':';
	(void)snprintf(text, sizeof(text), "%s::", word);
	if (colons_n != 3 || strstr(word, "::") || addr_parse(text, &a))
		return false;
	*out = 0;
	for (unsigned i = 0; i < 8; i++)
		*out = *out << 8 | a.byte[i];
	return true;
}

static bool take_csum_mode(const char *name, const char *value, struct rt_encap *e)
{
	static const char *const modes[] = { "adj-transport", "neutral-map", "no-action",
					     "neutral-map-auto" };

	if (strcmp(name, "csum-mode"))
		return false;
	for (uint8_t i = 0; i < 4; i++) {
		if (strcmp(value, modes[i]))
			continue;
		e->csum_mode = i;
		return (e->has_csum_mode = true);
	}
	return false;
}

static enum rt_encap_type type_of(const char *word)
{
	static const char *const names[] = { "", "mpls", "ip", "ip6", "ila" };

	for (unsigned i = RT_ENCAP_MPLS; i <= RT_ENCAP_ILA; i++)
		if (!strcmp(word, names[i]))
			return (enum rt_encap_type)i;
	return RT_ENCAP_NONE;
}

int rt_encap(const char *text, struct rt_encap *out)
{
	struct rt_encap e = { 0 };
	char word[WORD_LEN], value[WORD_LEN];
	uint8_t family;

	if (!next_word(&text, word))
		return -EINVAL;
	e.type = type_of(word);
	family = e.type == RT_ENCAP_IP6 ? AF_INET6 : AF_INET;
	if (!e.type)
		return -EINVAL;
	if (e.type == RT_ENCAP_MPLS && (!next_word(&text, word) || !take_labels(word, &e)))
		return -EINVAL;
	if (e.type == RT_ENCAP_ILA && (!next_word(&text, word) || !take_locator(word, &e.locator)))
		return -EINVAL;
	while (!at_end(text)) {
		if (!next_word(&text, word) || !next_word(&text, value))
			return -EINVAL;
		if (!take_setting(&e, family, word, value) && !take_csum_mode(word, value, &e))
			return -EINVAL;
		if (e.has_csum_mode && e.type != RT_ENCAP_ILA)
			return -EINVAL;
	}
	*out = e;
	return 0;
}
