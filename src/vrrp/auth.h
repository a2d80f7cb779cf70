/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who may say so: the authentication of VRRP version 2 (a password, or IPsec AH with HMAC-MD5: RFC
 * 2338 section 5.3.6 as keepalived does it) and keepalived's auth_hmac trailer. Pure: the clock is an
 * argument.
 *
 * The hashes are nettle's, because its contexts are plain memory: the VRRP thread allocates nothing.
 * Secrets are compared in constant time and never printed.
 */
#pragma once

#include "core/conf/conf_key.h"
#include "vrrp/pkt.h"

#include <nettle/hmac.h>

enum {
	AUTH_PASS_LEN = PKT_AUTH_LEN,
	AUTH_SENDERS_N = 4, /* multicast: senders whose last sequence number is known */
};

enum auth_kind {
	AUTH_KIND_NONE,
	AUTH_KIND_PASS,
	AUTH_KIND_AH,
	AUTH_KIND_HMAC,
};

/* What auth_hmac does with adverts without a trailer, and whether it sends one. */
enum auth_mode {
	AUTH_ENFORCE, /* drops them */
	AUTH_PERMISSIVE, /* takes them: for the time in which a network changes over */
	AUTH_RECEIVE_ONLY, /* the same, and sends none: the first step of that */
};

struct auth_key {
	uint8_t id;
	struct hmac_sha256_ctx ctx; /* its key is set; hashing leaves it ready for the next */
};

/* What an instance signs and verifies with. Main makes it; the VRRP thread hashes with it. */
struct auth {
	enum auth_kind kind;
	uint8_t pass[AUTH_PASS_LEN];
	struct hmac_md5_ctx ah;
	struct auth_key *key; /* auth_hmac: key_n of them */
	uint32_t key_n;
	uint8_t active; /* id of the key to sign with */
	enum auth_mode mode;
	bool is_timed; /* a time stamp must be within window_s of our clock */
	int64_t window_s;
};

/* The last sequence number of a sender. */
struct auth_seen {
	struct ip_addr addr;
	uint64_t seq;
	uint32_t used; /* rank; 0: empty */
};

/* What stays over a reload. Zeroed memory is a fresh one. */
struct auth_run {
	uint32_t ah_seq; /* one counter for both directions (V119) */
	bool is_ah_cycled; /* V120 */
	bool has_ah_met; /* somebody else has sent since we did */
	uint64_t tx_seq;
	uint32_t rank;
	struct auth_seen seen[AUTH_SENDERS_N];
};

/* The wall clock as auth_hmac writes it. */
struct auth_time {
	uint32_t s;
	uint16_t frac; /* 1/65536 s */
};

/* Sets the kind to PASS or AH. pass: text of any length; what is beyond eight bytes does not count
 * (V114). An empty one means no authentication. */
void auth_set_pass(struct auth *a, enum auth_kind kind, const char *pass);

/* len is CONF_KEY_MIN_LEN..CONF_KEY_MAX_LEN. */
void auth_set_key(struct auth_key *k, uint8_t id, const uint8_t *key, size_t len);

/* The bounds of time_window when it is not given: three intervals in whole seconds, 5 to 300. */
int64_t auth_window_s(int64_t adv_int_us);

/* What an expectation of pkt_decode() must say. a may be NULL: no authentication. */
enum pkt_auth auth_type_of(const struct auth *a);
bool auth_takes_trailer(const struct auth *a);
bool auth_sends_trailer(const struct auth *a);

/* VRRP_DROP_NONE, or why an advert that pkt_decode() accepted is not to be believed. peer: the sender's
 * place when it is a unicast peer; NULL: one of run's. Sequence numbers move only on success. */
enum vrrp_drop auth_check(struct auth *a, struct auth_run *run, struct auth_seen *peer,
			  const struct pkt_in *in, const struct pkt_advert *adv,
			  struct auth_time now);

/* Signs a packet that was encoded with room for it. over IPv6 it is to be sealed again behind this. */
void auth_sign(struct auth *a, struct auth_run *run, const struct pkt_route *route,
	       const struct pkt_out *out, struct auth_time now);

/* The instance becomes active. */
void auth_begin(struct auth_run *run);
