/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See kit_tls.h; SSL_CTX_new(3) and its neighbours.
 *
 * A context is made once for a set of settings and not changed afterwards, so that all threads may use
 * it. Whatever is asked for and can't be had is an error of the configuration: a missing file must not
 * turn verification off.
 */
#include "check/kit_tls.h"

#include "core/addr.h"
#include "core/bug.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* All that a context hangs on. */
struct settings {
	const char *ca, *cert, *key, *password;
	uint8_t verify, min_version;
	struct conf_strs alpn;
};

struct entry {
	uint32_t hash; /* of the settings */
	struct settings s;
	struct kit_ctx made;
	struct entry *next;
};

enum { BUCKETS_N = 256, ALPN_LEN = 256 };

struct kit_ctx_pool {
	struct entry *bucket[BUCKETS_N];
};

struct kit_ctx_pool *kit_ctx_pool_new(void)
{
	struct kit_ctx_pool *pool = calloc(1, sizeof(*pool));

	BUG_ON(!pool);
	return pool;
}

void kit_ctx_pool_free(struct kit_ctx_pool *pool)
{
	for (unsigned i = 0; pool && i < BUCKETS_N; i++) {
		while (pool->bucket[i]) {
			struct entry *e = pool->bucket[i];

			pool->bucket[i] = e->next;
			SSL_CTX_free(e->made.ctx);
			free(e);
		}
	}
	free(pool);
}

static uint32_t hash_text(uint32_t h, const char *text)
{
	return text ? hash_bytes(h, text, (uint32_t)strlen(text) + 1) : hash_bytes(h, "\xff", 1);
}

static uint32_t hash_settings(const struct settings *s)
{
	uint32_t h = hash_bytes(HASH_SEED, &s->verify, sizeof(s->verify));

	h = hash_bytes(h, &s->min_version, sizeof(s->min_version));
	h = hash_text(h, s->ca);
	h = hash_text(h, s->cert);
	h = hash_text(h, s->key);
	h = hash_text(h, s->password);
	for (uint32_t i = 0; i < s->alpn.n; i++)
		h = hash_text(h, s->alpn.v[i]);
	return h;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_settings(const struct settings *a, const struct settings *b)
{
	if (a->verify != b->verify || a->min_version != b->min_version || a->alpn.n != b->alpn.n ||
	    !same_text(a->ca, b->ca) || !same_text(a->cert, b->cert) ||
	    !same_text(a->key, b->key) || !same_text(a->password, b->password))
		return false;
	for (uint32_t i = 0; i < a->alpn.n; i++)
		if (!same_text(a->alpn.v[i], b->alpn.v[i]))
			return false;
	return true;
}

/* A file that was replaced makes another mark. */
static uint32_t hash_file(uint32_t h, const char *path)
{
	struct stat st;

	if (!path || stat(path, &st))
		return h;
	h = hash_bytes(h, &st.st_ino, sizeof(st.st_ino));
	h = hash_bytes(h, &st.st_size, sizeof(st.st_size));
	return hash_bytes(h, &st.st_mtim, sizeof(st.st_mtim));
}

static void complain(struct err_list *errs, struct conf_loc loc, const char *what, const char *path)
{
	unsigned long e = ERR_peek_last_error();
	const char *why = e ? ERR_reason_error_string(e) : NULL;

	/* what failed first is the reason: a file that is not there */
	if (ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SYS)
		why = strerrordesc_np(ERR_GET_REASON(ERR_peek_error()));
	err_add(errs, ERR_ERROR, loc.file, loc.line, "TLS: %s %s can't be used: %s", what,
		path ? path : "", why ? why : "unknown reason");
	ERR_clear_error();
}

static int password_cb(char *buf, int size, int rwflag, void *arg)
{
	const char *password = arg;
	size_t len = password ? strlen(password) : 0;

	(void)rwflag;
	if (!len || len > (size_t)size)
		return 0;
	memcpy(buf, password, len);
	return (int)len;
}

static bool load_cert(SSL_CTX *ctx, const struct settings *s, struct conf_loc loc,
		      struct err_list *errs)
{
	union {
		const char *frozen;
		void *given; /* handed back to password_cb() only */
	} password = { .frozen = s->password };
	const char *key = s->key ? s->key : s->cert; /* one file may hold both */

	if (!s->cert)
		return true;
	SSL_CTX_set_default_passwd_cb(ctx, password_cb);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, password.given);
	if (SSL_CTX_use_certificate_chain_file(ctx, s->cert) != 1)
		complain(errs, loc, "the certificate", s->cert);
	else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		complain(errs, loc, "the key", key);
	else if (SSL_CTX_check_private_key(ctx) != 1)
		complain(errs, loc, "the certificate and key do not belong together:", s->cert);
	else
		return true;
	return false;
}

static bool load_ca(SSL_CTX *ctx, const struct settings *s, struct conf_loc loc,
		    struct err_list *errs)
{
	if (s->verify == TLS_VERIFY_NONE) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		return true;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (s->ca ? SSL_CTX_load_verify_file(ctx, s->ca) == 1
		  : SSL_CTX_set_default_verify_paths(ctx) == 1)
		return true;
	complain(errs, loc, "the trusted certificates", s->ca);
	return false;
}

static bool set_alpn(SSL_CTX *ctx, const struct settings *s, struct conf_loc loc,
		     struct err_list *errs)
{
	uint8_t wire[ALPN_LEN];
	uint32_t at = 0;

	for (uint32_t i = 0; i < s->alpn.n; i++) {
		size_t len = strlen(s->alpn.v[i]);

		if (!len || len > UINT8_MAX || at + 1 + len > sizeof(wire)) {
			err_add(errs, ERR_ERROR, loc.file, loc.line,
				"TLS: alpn: the names are too long or empty");
			return false;
		}
		wire[at++] = (uint8_t)len;
		memcpy(wire + at, s->alpn.v[i], len);
		at += (uint32_t)len;
	}
	if (at)
		BUG_ON(SSL_CTX_set_alpn_protos(ctx, wire, at) != 0);
	return true;
}

static int version_number(uint8_t version)
{
	switch (version) {
	case TLS_VERSION_10:
		return TLS1_VERSION;
	case TLS_VERSION_11:
		return TLS1_1_VERSION;
	case TLS_VERSION_12:
		return TLS1_2_VERSION;
	case TLS_VERSION_13:
		return TLS1_3_VERSION;
	default:
		return 0; /* the library's choice */
	}
}

static SSL_CTX *make(const struct settings *s, struct conf_loc loc, struct err_list *errs)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	BUG_ON(!ctx);
	ERR_clear_error();
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY); /* see tls_recv() */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* each probe keeps its own */
	BUG_ON(SSL_CTX_set_min_proto_version(ctx, version_number(s->min_version)) != 1);
	if (load_ca(ctx, s, loc, errs) && load_cert(ctx, s, loc, errs) &&
	    set_alpn(ctx, s, loc, errs))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* What speaks nothing but HTTP/2 offers nothing else. */
static bool is_h2_only(const struct conf_check *ck)
{
	bool is_http = ck->s.type == CHECK_HTTP || ck->s.type == CHECK_HTTPS;

	return ck->s.type == CHECK_GRPC || (is_http && ck->s.http == HTTP_2);
}

struct kit_ctx kit_ctx_get(struct kit_ctx_pool *pool, const struct conf *conf,
			   const struct conf_check *ck, struct err_list *errs)
{
	static const char *const h2[] = { "h2" };
	const struct fields_ssl *ssl = &conf->ssl.s;
	const struct conf_tls *tls = ck->s.tls.n ? &conf->tls[ck->s.tls.first] : NULL;
	struct conf_loc loc = tls ? tls->loc : ck->loc;
	struct settings s = {
		.ca = ssl->ca, .cert = ssl->certificate, .key = ssl->key, .password = ssl->password
	};

	if (tls) {
		s.ca = tls->s.ca ? tls->s.ca : s.ca;
		s.key = tls->s.cert ? tls->s.key : s.key;
		s.cert = tls->s.cert ? tls->s.cert : s.cert;
		s.verify = tls->s.verify;
		s.min_version = tls->s.min_version;
		s.alpn = tls->s.alpn;
	}
	if (is_h2_only(ck))
		s.alpn = (struct conf_strs){ .v = h2, .n = 1 };

	uint32_t hash = hash_settings(&s);
	struct entry **at = &pool->bucket[hash % BUCKETS_N];

	for (struct entry *e = *at; e; e = e->next)
		if (e->hash == hash && same_settings(&e->s, &s))
			return e->made;

	struct entry *e = calloc(1, sizeof(*e));

	BUG_ON(!e);
	e->hash = hash;
	e->s = s;
	e->made.mark = hash_file(hash_file(hash_file(hash, s.ca), s.cert), s.key);
	e->made.ctx = make(&s, loc, errs);
	e->next = *at;
	*at = e;
	return e->made;
}
