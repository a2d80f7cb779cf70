/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A question to a DNS server and its answer (RFC 1035), made and read by glibc's libresolv. Nothing is
 * looked up: the message goes to the server that is checked. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	DNS_QUERY_LEN = 512,
	DNS_ANSWER_LEN = 65535,
};

/* One question, recursion desired. name: "." is the root. Returns its length; 0: not a name. */
uint32_t dns_make(uint8_t *buf, uint32_t cap, const char *name, uint16_t qtype, uint16_t id);

enum dns_result {
	DNS_OTHER, /* the answer to another question: wait on */
	DNS_OK,
	DNS_CODE, /* *rcode says failure */
	DNS_BAD, /* not a DNS message, or one that can't be read */
};

enum dns_result dns_judge(const uint8_t *msg, uint32_t len, const char *name, uint16_t qtype,
			  uint16_t id, uint16_t *rcode);

/* "SERVFAIL"; a number that has no name: "?". */
const char *dns_rcode_name(uint16_t rcode);
