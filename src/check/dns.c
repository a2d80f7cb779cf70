/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See dns.h; <arpa/nameser.h>, resolver(3). A name that runs in a loop is refused by ns_parserr().
 */
#include "check/dns.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <strings.h>

static uint8_t *put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	return at + NS_INT16SZ;
}

uint32_t dns_make(uint8_t *buf, uint32_t cap, const char *name, uint16_t qtype, uint16_t id)
{
	enum { RECURSION_DESIRED = 0x0100 };

	if (cap < NS_HFIXEDSZ + NS_QFIXEDSZ)
		return 0;
	memset(buf, 0, NS_HFIXEDSZ);
	(void)put16(buf, id);
	(void)put16(buf + 2, RECURSION_DESIRED);
	(void)put16(buf + 4, 1); /* question */

	int n = dn_comp(name, buf + NS_HFIXEDSZ, (int)(cap - NS_HFIXEDSZ - NS_QFIXEDSZ), NULL,
			NULL);

	if (n < 0)
		return 0;

	uint8_t *at = put16(buf + NS_HFIXEDSZ + n, qtype);

	return (uint32_t)(put16(at, ns_c_in) - buf);
}

static bool same_name(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len && a[a_len - 1] == '.')
		a_len--;
	if (b_len && b[b_len - 1] == '.')
		b_len--;
	return a_len == b_len && !strncasecmp(a, b, a_len);
}

/* The question comes back as it was asked. */
static bool is_ours(ns_msg *m, const char *name, uint16_t qtype)
{
	ns_rr rr;

	if (ns_msg_count(*m, ns_s_qd) != 1 || ns_parserr(m, ns_s_qd, 0, &rr))
		return false;
	return ns_rr_type(rr) == qtype && ns_rr_class(rr) == ns_c_in &&
	       same_name(ns_rr_name(rr), name);
}

enum dns_result dns_judge(const uint8_t *msg, uint32_t len, const char *name, uint16_t qtype,
			  uint16_t id, uint16_t *rcode)
{
	ns_msg m;
	ns_rr rr;

	if (len < NS_HFIXEDSZ)
		return DNS_BAD;
	if (ns_get16(msg) != id)
		return DNS_OTHER;
	if (ns_initparse(msg, (int)len, &m) || !ns_msg_getflag(m, ns_f_qr))
		return DNS_BAD;
	*rcode = (uint16_t)ns_msg_getflag(m, ns_f_rcode);
	/* a server that refuses may leave the question out */
	if (*rcode != ns_r_noerror)
		return DNS_CODE;
	if (!is_ours(&m, name, qtype))
		return DNS_BAD;
	for (int i = 0; i < ns_msg_count(m, ns_s_an); i++)
		if (ns_parserr(&m, ns_s_an, i, &rr))
			return DNS_BAD;
	return DNS_OK;
}

const char *dns_rcode_name(uint16_t rcode)
{
	static const char *const name[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
					    "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
					    "NXRRSET", "NOTAUTH", "NOTZONE" };

	return rcode < sizeof(name) / sizeof(*name) ? name[rcode] : "?";
}
