/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl digest: the MD5 of a body, for the digest setting of a check; the job of keepalived's genhash.
 *
 * What counts is what keepalived counts, tried against Debian's genhash: the bytes behind the headers as
 * they come, at most Content-Length of them, whatever the status. A chunked body counts with its chunk
 * headers, since keepalived does not know of chunks. One thing differs: of a body that ends before its
 * Content-Length genhash prints the digest of what came, and here that is an error: nobody wants to
 * configure it.
 */
#include "core/bug.h"
#include "core/ops/options.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
	TIMEOUT_S = 5, /* default, for everything */
	TIMEOUT_MAX_S = 3600,
	BODY_MAX_LEN = 256 * 1024 * 1024, /* a page that is checked is far smaller */
	NAME_LEN = 300, /* of a host with its port */
	STATUS_GOOD = 200, /* up to 299 */
	STATUS_NEXT = 300,
};

struct digest {
	const char *url, *sni, *virtualhost; /* NULL: not given */
	unsigned fwmark, timeout_s;
	const struct protocol *protocol;
	const char *protocol_name;
	bool is_verbose, is_json;

	EVP_MD_CTX *md;
	size_t body_len;
	int mark_errno; /* why the mark could not be set */
	bool is_too_long;
};

static const struct protocol {
	const char *name;
	long version; /* CURL_HTTP_VERSION_* */
	bool closes; /* sends Connection: close, as genhash does */
} protocols[] = {
	{ "1.0", CURL_HTTP_VERSION_1_0, false },
	{ "1.0C", CURL_HTTP_VERSION_1_0, true },
	{ "1.1", CURL_HTTP_VERSION_1_1, true },
};

static void usage(const char *verb)
{
	(void)verb;
	(void)printf("usage: vipctl digest [OPTIONS] URL\n"
		     "\n"
		     "Fetch http://... or https://... once and print the MD5 of its body, as the "
		     "digest of a\n"
		     "check counts it. Certificates are not verified.\n"
		     "\n"
		     "      --virtualhost HOST  Host header (default: the URL's)\n"
		     "      --sni NAME          name in the TLS handshake (default: the URL's, if "
		     "that is\n"
		     "                          a name and no address)\n"
		     "      --fwmark N          mark of the packets\n"
		     "      --protocol P        1.0 (default), 1.0C (1.0 with Connection: close) "
		     "or 1.1\n"
		     "      --timeout SECONDS   for everything (default 5)\n"
		     "  -v, --verbose           headers of the answer and length of the body, on "
		     "standard\n"
		     "                          error\n"
		     "      --json              the digest, its length and the answer's status as "
		     "JSON\n"
		     "\n"
		     "Exit status: 0 printed, 1 anything else.\n");
}

static bool take_protocol(struct digest *d)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		if (strcasecmp(d->protocol_name, protocols[i].name) != 0)
			continue;
		d->protocol = &protocols[i];
		return true;
	}
	(void)fprintf(stderr, "vipctl: --protocol of digest is 1.0, 1.0C or 1.1, not '%s'\n",
		      d->protocol_name);
	return false;
}

/* A header can't hold a line end. NULL: it was not given. */
static bool is_name(const char *option, const char *name)
{
	bool is_good = !name || (*name && strlen(name) < NAME_LEN);

	for (const char *p = name; is_good && p && *p; p++)
		is_good = !iscntrl((unsigned char)*p) && *p != ' ';
	if (!is_good)
		(void)fprintf(stderr, "vipctl: --%s of digest is no host name\n", option);
	return is_good;
}

static const struct opt opt[] = {
	{ "virtualhost", 0, OPT_TEXT, offsetof(struct digest, virtualhost), 0, 0 },
	{ "sni", 0, OPT_TEXT, offsetof(struct digest, sni), 0, 0 },
	{ "fwmark", 0, OPT_NUMBER, offsetof(struct digest, fwmark), 0, UINT32_MAX },
	{ "protocol", 0, OPT_TEXT, offsetof(struct digest, protocol_name), 0, 0 },
	{ "timeout", 0, OPT_NUMBER, offsetof(struct digest, timeout_s), 1, TIMEOUT_MAX_S },
	{ "verbose", 'v', OPT_FLAG, offsetof(struct digest, is_verbose), 0, 0 },
	OPT_JSON(digest),
	{ 0 },
};

const struct opts digest_opts = { opt, usage };

static bool parse(int argc, char **argv, struct digest *d, int *status)
{
	int at;

	*d = (struct digest){ .timeout_s = TIMEOUT_S, .protocol_name = protocols[0].name };
	at = opts_parse(argc, argv, &digest_opts, d, status);
	if (at < 0 || !take_protocol(d) || !is_name("sni", d->sni) ||
	    !is_name("virtualhost", d->virtualhost))
		return false;
	if (argc - at != 1) {
		(void)fprintf(stderr, "vipctl: digest needs one URL; try digest --help\n");
		return false;
	}
	d->url = argv[at];
	return true;
}

/* ------------------------------------------------------------------ what curl calls */

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct digest *d = arg;

	d->body_len += size * n;
	d->is_too_long = d->body_len > BODY_MAX_LEN;
	if (d->is_too_long || !EVP_DigestUpdate(d->md, data, size * n))
		return 0; /* ends the transfer */
	return size * n;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	const struct digest *d = arg;

	for (size_t i = 0; d->is_verbose && i < size * n; i++)
		if (data[i] == '\n' || data[i] == '\t' || !iscntrl((unsigned char)data[i]))
			(void)fputc(data[i], stderr);
	return size * n;
}

static int on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct digest *d = arg;

	(void)purpose;
	if (!d->fwmark || !setsockopt(fd, SOL_SOCKET, SO_MARK, &d->fwmark, sizeof(d->fwmark)))
		return CURL_SOCKOPT_OK;
	d->mark_errno = errno;
	return CURL_SOCKOPT_ERROR;
}

/* ------------------------------------------------------------------ the request */

struct names {
	CURLU *url; /* with the name for the handshake as its host */
	char host[NAME_LEN]; /* Host: ... */
	char connect[NAME_LEN]; /* ::HOST:PORT, where the connection really goes */
};

/* Splits the URL: where to connect, whom to name in the handshake, what to say as Host. */
static bool split(const struct digest *d, struct names *n)
{
	char *host = NULL, *port = NULL, *own_port = NULL;
	bool is_good;

	n->url = curl_url();
	BUG_ON(!n->url);
	is_good = !curl_url_set(n->url, CURLUPART_URL, d->url, 0) &&
		  !curl_url_get(n->url, CURLUPART_HOST, &host, 0) &&
		  !curl_url_get(n->url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) &&
		  strlen(host) + strlen(port) + sizeof("Host: :") <= NAME_LEN;
	if (is_good) {
		/* a port that is the scheme's own is not said */
		(void)curl_url_get(n->url, CURLUPART_PORT, &own_port, CURLU_NO_DEFAULT_PORT);
		if (d->virtualhost)
			(void)snprintf(n->host, sizeof(n->host), "Host: %.*s", NAME_LEN - 8,
				       d->virtualhost);
		else
			(void)snprintf(n->host, sizeof(n->host), "Host: %s%s%s", host,
				       own_port ? ":" : "", own_port ? own_port : "");
		(void)snprintf(n->connect, sizeof(n->connect), "::%s:%s", host, port);
		is_good = !d->sni || !curl_url_set(n->url, CURLUPART_HOST, d->sni, 0);
	}
	curl_free(host);
	curl_free(port);
	curl_free(own_port);
	return is_good;
}

static void set_options(CURL *c, struct digest *d, const struct names *n,
			struct curl_slist *headers, struct curl_slist *connect)
{
	CURLcode bad = CURLE_OK;

#define SET(option, value) bad |= curl_easy_setopt(c, CURLOPT_##option, value)
	SET(CURLU, n->url);
	SET(CONNECT_TO, connect);
	SET(HTTPHEADER, headers);
	SET(USERAGENT, "vipd"); /* as vipd's checks */
	SET(HTTP_VERSION, d->protocol->version);
	SET(HTTP_TRANSFER_DECODING, 0L);
	SET(PATH_AS_IS, 1L);
	SET(PROTOCOLS_STR, "http,https");
	SET(PROXY, "");
	SET(SSL_VERIFYPEER, 0L);
	SET(SSL_VERIFYHOST, 0L);
	SET(TIMEOUT, (long)d->timeout_s);
	SET(NOSIGNAL, 1L);
	SET(WRITEFUNCTION, on_body);
	SET(WRITEDATA, d);
	SET(HEADERFUNCTION, on_header);
	SET(HEADERDATA, d);
	SET(SOCKOPTFUNCTION, on_socket);
	SET(SOCKOPTDATA, d);
#undef SET
	BUG_ON(bad != CURLE_OK); /* none of them needs more than Debian's curl has */
}

static void print_digest(const struct digest *d, long status)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	char text[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned len = 0;

	BUG_ON(!EVP_DigestFinal_ex(d->md, sum, &len));
	for (unsigned i = 0; i < len; i++)
		(void)snprintf(text + 2 * (size_t)i, 3, "%02x", sum[i]);
	if (d->is_json)
		show_json(json_pack("{s:i,s:s,s:I,s:I}", "status", EXIT_GOOD, "digest", text,
				    "length", (json_int_t)d->body_len, "http_status",
				    (json_int_t)status));
	else
		(void)puts(text);
}

/* False: one sentence has been printed. */
static bool fetch(CURL *c, struct digest *d, struct names *n)
{
	struct curl_slist *headers = curl_slist_append(NULL, n->host);
	struct curl_slist *connect = curl_slist_append(NULL, n->connect);
	char why[CURL_ERROR_SIZE] = "";
	long status = 0;

	if (d->protocol->closes)
		headers = curl_slist_append(headers, "Connection: close");
	BUG_ON(!headers || !connect);
	set_options(c, d, n, headers, connect);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);

	CURLcode r = curl_easy_perform(c);

	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	curl_slist_free_all(connect);
	if (r != CURLE_OK) {
		(void)fprintf(stderr, "vipctl: %s: %s\n", d->url,
			      d->mark_errno    ? strerrordesc_np(d->mark_errno)
			      : d->is_too_long ? "the body is longer than 256 MB"
			      : *why           ? why
					       : curl_easy_strerror(r));
		return false;
	}
	if (d->is_verbose)
		(void)fprintf(stderr, "%zu bytes\n", d->body_len);
	if (status < STATUS_GOOD || status >= STATUS_NEXT)
		(void)fprintf(stderr, "vipctl: note: the answer's status is %ld\n", status);
	print_digest(d, status);
	return true;
}

int verb_digest(int argc, char **argv)
{
	struct digest d;
	struct names n = { 0 };
	int status;

	if (!parse(argc, argv, &d, &status))
		return status;
	BUG_ON(curl_global_init(CURL_GLOBAL_DEFAULT));

	CURL *c = curl_easy_init();

	d.md = EVP_MD_CTX_new();
	BUG_ON(!c || !d.md || !EVP_DigestInit_ex(d.md, EVP_md5(), NULL));
	if (!split(&d, &n))
		(void)fprintf(stderr, "vipctl: digest: '%s' is no URL, or --sni no host name\n",
			      d.url);
	else if (fetch(c, &d, &n))
		status = EXIT_GOOD;
	curl_easy_cleanup(c);
	curl_url_cleanup(n.url);
	EVP_MD_CTX_free(d.md);
	curl_global_cleanup();
	return status;
}
