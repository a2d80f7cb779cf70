/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any packet -> check/icmp: never a crash, for both families, with an IPv4 header and without.
 */
#include "check/icmp.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t token = 0x1122334455667788;
	uint8_t echo[ICMP_ECHO_LEN];

	for (int how = 0; how < 3; how++)
		(void)icmp_judge(data, (uint32_t)len, how == 2 ? AF_INET6 : AF_INET, how == 1, 7,
				 token);
	/* our own request is no reply to itself */
	if (!icmp_make(echo, sizeof(echo), AF_INET, 1, 7, token) ||
	    icmp_judge(echo, sizeof(echo), AF_INET, false, 7, token) != ICMP_OTHER)
		abort();
	return 0;
}
