/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See tls_seen.h; SSL_get0_peer_certificate(3), ASN1_TIME_to_tm(3).
 */
#include "check/tls_seen.h"

#include "core/status.h"

#include <openssl/x509.h>
#include <time.h>

void tls_seen_take(struct tls_seen *s, SSL *ssl)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);
	const unsigned char *alpn;
	unsigned alpn_len;
	struct tm tm;

	if (!SSL_is_init_finished(ssl))
		return;
	SSL_get0_alpn_selected(ssl, &alpn, &alpn_len);
	s->alpn = status_alpn_pack((const char *)alpn, alpn_len);
	if (s->cert_end_s && SSL_session_reused(ssl))
		return;
	s->cert_end_s = cert && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) ? timegm(&tm) : 0;
}
