/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a handshake has told of the server, for people to look at: when its certificate ends and which
 * protocol both have agreed on.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdint.h>

/* Zeroed memory has seen nothing. Owned by the worker of its probe. */
struct tls_seen {
	int64_t cert_end_s; /* since 1970; 0: no certificate was seen */
	int64_t warned_s; /* the cert_end_s that was warned of last */
	uint64_t alpn; /* status_alpn_pack() */
};

/* After a handshake, good or bad. A certificate that was not sent again (a session was resumed) is the one
 * of before. */
void tls_seen_take(struct tls_seen *s, SSL *ssl);
