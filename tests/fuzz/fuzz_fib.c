/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Fuzz target: the decoders of routes and rules, and the parser of encapsulations. The first byte
 * chooses; the rest is the message's content or the text.
 */
#include "core/conf/rt_words.h"
#include "vrrp/route.h"
#include "vrrp/rule.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEN_MAX = 65536 };

static void decode(uint16_t type, const uint8_t *data, size_t size)
{
	uint32_t len = (uint32_t)(NLMSG_HDRLEN + size);
	struct nlmsghdr *hdr = malloc(len); /* of the exact length: reading beyond it is seen */
	struct fib_have have;
	struct fib_pic p = { 0 };

	if (!hdr)
		abort();
	*hdr = (struct nlmsghdr){ .nlmsg_len = len, .nlmsg_type = type };
	memcpy((char *)hdr + NLMSG_HDRLEN, data, size);
	if (route_decode(hdr, &have) || rule_decode(hdr, &have))
		fib_pic_put(&p, &have);
	fib_pic_seal(&p, FIB_ROUTE);
	fib_pic_fini(&p);
	free(hdr);
}

static void parse(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct rt_encap e;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = 0;
	(void)rt_encap(text, &e);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > LEN_MAX)
		return 0;
	if (data[0] % 3 == 0)
		parse(data + 1, size - 1);
	else
		decode(data[0] % 3 == 1 ? RTM_NEWROUTE : RTM_NEWRULE, data + 1, size - 1);
	return 0;
}
