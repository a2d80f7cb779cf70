/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See tls.h; SSL_get_error(3), SSL_set1_host(3), SSL_get1_session(3).
 *
 * OpenSSL keeps one queue of errors for the thread: it is emptied before each call, or the error of
 * another connection would be reported here.
 */
#include "check/tls.h"

#include "core/clock.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

void tls_session_drop(struct tls_session *s)
{
	SSL_SESSION_free(s->session);
	*s = (struct tls_session){ 0 };
}

/* Who the certificate must be for. */
static bool set_name(SSL *ssl, const struct tls_want *want, const struct ip_addr *addr)
{
	struct ip_addr literal;

	if (!want->has_name_check)
		return true;
	if (want->name && addr_parse(want->name, &literal))
		return SSL_set1_host(ssl, want->name) == 1;
	if (want->name)
		addr = &literal;
	return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), addr->byte, addr_len(addr->family)) ==
	       1;
}

/* OpenSSL's macro casts the const away. */
static bool set_sni(SSL *ssl, const char *name)
{
	union {
		const char *frozen;
		char *given;
	} u = { .frozen = name };

	return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, u.given) == 1;
}

SSL *tls_open(const struct tls_want *want, int fd, const struct ip_addr *addr,
	      const struct tls_session *s, int64_t now_us)
{
	ERR_clear_error();

	SSL *ssl = SSL_new(want->ctx);

	if (!ssl)
		return NULL;
	if (SSL_set_fd(ssl, fd) != 1 || !set_name(ssl, want, addr) ||
	    (want->sni && !set_sni(ssl, want->sni))) {
		SSL_free(ssl);
		return NULL;
	}
	if (s && s->session && s->mark == want->mark &&
	    now_us - s->made_us < SEC(TLS_SESSION_MAX_S))
		(void)SSL_set_session(ssl, s->session);
	SSL_set_connect_state(ssl);
	return ssl;
}

static void first_error(SSL *ssl, char *text)
{
	unsigned long e = ERR_peek_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;
	long verify = SSL_get_verify_result(ssl);

	if (verify != X509_V_OK && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE)
		(void)snprintf(text, TLS_TEXT_LEN, "%s", X509_verify_cert_error_string(verify));
	else if (reason)
		(void)snprintf(text, TLS_TEXT_LEN, "%s", reason);
	else
		(void)snprintf(text, TLS_TEXT_LEN, "the connection ended");
}

/* -EAGAIN, 0 (the end) or -EPROTO. */
static int failure(SSL *ssl, int ret, bool *is_clean, char *text)
{
	switch (SSL_get_error(ssl, ret)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return -EAGAIN; /* either: the socket is watched for both */
	case SSL_ERROR_ZERO_RETURN:
		*is_clean = true;
		return 0;
	case SSL_ERROR_SSL:
		if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
			*is_clean = false;
			(void)snprintf(text, TLS_TEXT_LEN, "the connection ended");
			return 0;
		}
		break;
	default:
		break;
	}
	*is_clean = false;
	first_error(ssl, text);
	return -EPROTO;
}

static bool is_valid_long(SSL *ssl, const struct tls_want *want, char *text)
{
	X509 *cert = want->min_left_s ? SSL_get0_peer_certificate(ssl) : NULL;
	int days = 0, seconds = 0;

	if (!cert || !ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)))
		return true;
	if ((int64_t)days * 86400 + seconds >= want->min_left_s)
		return true;
	(void)snprintf(text, TLS_TEXT_LEN, "the certificate expires in %d days", days);
	return false;
}

enum tls_result tls_handshake(SSL *ssl, const struct tls_want *want, char text[static TLS_TEXT_LEN])
{
	bool is_clean;

	ERR_clear_error();

	int ret = SSL_do_handshake(ssl);

	if (ret == 1)
		return is_valid_long(ssl, want, text) ? TLS_OK : TLS_FAIL;
	if (failure(ssl, ret, &is_clean, text) == -EAGAIN)
		return TLS_WAIT;
	ERR_clear_error();
	return TLS_FAIL;
}

bool tls_speaks(SSL *ssl, const char *alpn)
{
	const unsigned char *name;
	unsigned len;

	SSL_get0_alpn_selected(ssl, &name, &len);
	return len == strlen(alpn) && !memcmp(name, alpn, len);
}

int tls_recv(SSL *ssl, void *buf, uint32_t len, bool *is_clean, char text[static TLS_TEXT_LEN])
{
	/* OpenSSL comes back after each record that has no data in it (no SSL_MODE_AUTO_RETRY): else a
	 * server that sends nothing but those would hold the thread for as long as it likes */
	for (unsigned i = 0; i < TLS_RECORDS_N; i++) {
		ERR_clear_error();
		errno = 0;

		int n = SSL_read(ssl, buf, (int)len);
		bool is_empty = errno == EAGAIN;

		if (n > 0)
			return n;
		n = failure(ssl, n, is_clean, text);
		if (n != -EAGAIN || is_empty)
			return n;
	}
	return -EINPROGRESS;
}

int tls_send(SSL *ssl, const void *buf, uint32_t len, char text[static TLS_TEXT_LEN])
{
	bool is_clean;

	ERR_clear_error();

	int n = SSL_write(ssl, buf, (int)len);

	if (n > 0)
		return n;
	n = failure(ssl, n, &is_clean, text);
	return n == 0 ? -EPROTO : n;
}

void tls_keep_session(SSL *ssl, const struct tls_want *want, struct tls_session *s, int64_t now_us)
{
	SSL_SESSION *fresh = SSL_is_init_finished(ssl) ? SSL_get1_session(ssl) : NULL;

	if (!fresh || !SSL_SESSION_is_resumable(fresh)) {
		SSL_SESSION_free(fresh);
		return;
	}

	int64_t made_us = SSL_session_reused(ssl) && s->session ? s->made_us : now_us;

	tls_session_drop(s);
	*s = (struct tls_session){ .session = fresh, .mark = want->mark, .made_us = made_us };
}

void tls_close(SSL *ssl)
{
	if (!ssl)
		return;
	ERR_clear_error();
	/* without it OpenSSL takes the session for spoilt, and nothing is ever resumed */
	if (SSL_is_init_finished(ssl))
		(void)SSL_shutdown(ssl);
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(ssl);
	ERR_clear_error();
}
