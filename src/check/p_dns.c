/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The DNS check: one question over UDP, answered without an error. Run by the engine (steps.h); dns.h
 * makes and reads the messages. An answer that does not fit and says so is one all the same.
 */
#include "check/dns.h"
#include "check/protos.h"

#include <arpa/nameser.h>

struct ctx {
	uint16_t id;
};

static const uint16_t qtypes[] = {
	[DNS_SOA] = ns_t_soa,     [DNS_A] = ns_t_a,         [DNS_NS] = ns_t_ns,
	[DNS_CNAME] = ns_t_cname, [DNS_MX] = ns_t_mx,       [DNS_TXT] = ns_t_txt,
	[DNS_AAAA] = ns_t_aaaa,   [DNS_RRSIG] = ns_t_rrsig, [DNS_DNSKEY] = ns_t_dnskey,
};

static const char *name_of(const struct run *run)
{
	return run->ask.check->s.name ? run->ask.check->s.name : ".";
}

static uint32_t make_query(struct run *run, char *buf, uint32_t cap)
{
	struct ctx *c = (void *)run->ctx;

	c->id = run->engine->seq++;
	return dns_make((uint8_t *)buf, cap < DNS_QUERY_LEN ? cap : DNS_QUERY_LEN, name_of(run),
			qtypes[run->ask.check->s.qtype], c->id);
}

static enum step_verdict match_answer(struct run *run, const uint8_t *data, uint32_t len,
				      enum check_reason *why)
{
	const struct ctx *c = (const void *)run->ctx;

	switch (dns_judge(data, len, name_of(run), qtypes[run->ask.check->s.qtype], c->id,
			  &run->code)) {
	case DNS_OTHER:
		return STEP_WAIT;
	case DNS_OK:
		return STEP_NEXT;
	case DNS_CODE:
		run_say(run, "%s", dns_rcode_name(run->code));
		*why = REASON_L7STS;
		return STEP_FAIL;
	case DNS_BAD:
		break;
	}
	*why = REASON_L7RSP;
	return STEP_FAIL;
}

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_SEND, .make = make_query },
	{ .kind = STEP_EXPECT, .match = match_answer },
	{ .kind = STEP_DONE },
};

const struct proto proto_dns = {
	.name = "dns", .steps = steps, .ok = REASON_L7OK, .conn = CONN_DATAGRAM
};
