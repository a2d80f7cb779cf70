/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TLS on the socket of a check, with OpenSSL. Settings come ready-made with the snapshot (kit.h);
 * nothing here reads a file. Never waits. One thread each.
 */
#pragma once

#include "core/addr.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	TLS_TEXT_LEN = 128,
	TLS_SESSION_MAX_S = 3600, /* age after which the certificate is looked at again */
	TLS_RECORDS_N = 64, /* without data (tickets, new keys) that are taken in at once */
};

/* What a check wants of TLS; in a snapshot. */
struct tls_want {
	SSL_CTX *ctx;
	const char *sni; /* NULL: none is sent */
	const char
		*name; /* the certificate must be for it; NULL: for the address, or nobody looks */
	bool has_name_check;
	bool has_cert; /* we show one */
	uint32_t
		mark; /* of the settings and files behind ctx: sessions of another are not resumed */
	int64_t min_left_s; /* how long the certificate must be valid still; 0: not looked at */
};

/* A session to resume, of one probe. */
struct tls_session {
	SSL_SESSION *session;
	uint32_t mark;
	int64_t made_us; /* when the certificate was last looked at */
};

void tls_session_drop(struct tls_session *s);

/* A connection on fd. addr is the server's. s may be NULL. Returns NULL when memory is out. */
SSL *tls_open(const struct tls_want *want, int fd, const struct ip_addr *addr,
	      const struct tls_session *s, int64_t now_us);

enum tls_result {
	TLS_OK,
	TLS_WAIT, /* for the socket */
	TLS_FAIL, /* text says why */
};

/* Goes on with the handshake. */
enum tls_result tls_handshake(SSL *ssl, const struct tls_want *want,
			      char text[static TLS_TEXT_LEN]);

/* The protocol that both have agreed on (ALPN), after the handshake. */
bool tls_speaks(SSL *ssl, const char *alpn);

/* Bytes (> 0), 0 for the end, -EAGAIN, -EINPROGRESS (TLS_RECORDS_N without data have come, and there may
 * be more), or -EPROTO with text. *is_clean: the end was TLS's own. */
int tls_recv(SSL *ssl, void *buf, uint32_t len, bool *is_clean, char text[static TLS_TEXT_LEN]);

/* Bytes taken, -EAGAIN, or -EPROTO with text. */
int tls_send(SSL *ssl, const void *buf, uint32_t len, char text[static TLS_TEXT_LEN]);

/* Keeps the session for the next time, when it can be resumed. */
void tls_keep_session(SSL *ssl, const struct tls_want *want, struct tls_session *s, int64_t now_us);

/* Says good-bye (nobody waits for the answer) and frees it; the socket stays open. */
void tls_close(SSL *ssl);
