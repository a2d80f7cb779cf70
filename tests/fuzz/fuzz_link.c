/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Fuzz target: the decoders of what rtnetlink says of links and addresses. The first byte chooses the
 * message's type; the rest is its content.
 */
#include "vrrp/link.h"
#include "vrrp/link_dump.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEN_MAX = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_pic p = { 0 };

	if (!size || size > LEN_MAX)
		return 0;

	uint32_t len = (uint32_t)(NLMSG_HDRLEN + size - 1);
	struct nlmsghdr *hdr = malloc(len); /* of the exact length: reading beyond it is seen */

	if (!hdr)
		abort();
	*hdr = (struct nlmsghdr){ .nlmsg_len = len,
				  .nlmsg_type = data[0] % 2 ? RTM_NEWLINK : RTM_NEWADDR };
	memcpy((char *)hdr + NLMSG_HDRLEN, data + 1, size - 1);
	for (unsigned i = 0; i < 2; i++) {
		(void)link_dump_link(&p, hdr);
		(void)link_dump_addr(&p, hdr);
	}
	link_pic_seal(&p);
	free(link_table_make(&p, NULL, 0));
	link_pic_fini(&p);
	free(hdr);
	return 0;
}
