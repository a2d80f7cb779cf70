/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any message -> check/dns: never a crash; and what dns_make() makes is no answer.
 */
#include "check/dns.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t query[DNS_QUERY_LEN];
	uint16_t rcode = 0, id = len >= 2 ? (uint16_t)(data[0] << 8 | data[1]) : 0;
	enum dns_result r;

	if (len > DNS_ANSWER_LEN)
		return 0;
	r = dns_judge(data, (uint32_t)len, "example.org", 1, id, &rcode);
	if (r == DNS_OTHER || (r == DNS_CODE && !rcode) || !dns_rcode_name(rcode))
		abort();

	uint32_t n = dns_make(query, sizeof(query), "example.org", 1, id);

	if (!n || dns_judge(query, n, "example.org", 1, id, &rcode) != DNS_BAD)
		abort();
	return 0;
}
