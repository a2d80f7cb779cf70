/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_open.h.
 */
#include "core/conf/conf_open.h"

#include "core/conf/conf_check.h"
#include "core/conf/conf_script.h"
#include "core/conf/ka_conv.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_LEN = 256 * 1024 }; /* as much of a file as may be comment before its first word */

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && isspace((unsigned char)*p))
		p++;
	return p;
}

/* Past blanks and the comments that both languages have. */
static const char *first_word(const char *p, const char *end)
{
	for (p = skip_blanks(p, end); p < end && *p == '#'; p = skip_blanks(p, end)) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		p = nl ? nl : end;
	}
	return p;
}

static bool begins(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && !memcmp(p, word, n);
}

enum conf_format conf_format_of(const char *text, size_t len)
{
	const char *end = text + len;
	const char *p = text;

	if (begins(p, end, "\xef\xbb\xbf"))
		p += 3;
	p = first_word(p, end);
	if (p == end || *p == '/' || begins(p, end, "@include") || *p == ';')
		return CONF_FORMAT_LIBCONFIG;
	if (!isalpha((unsigned char)*p) && *p != '*' && *p != '_')
		return CONF_FORMAT_KEEPALIVED; /* a '!' comment, $NAME=, ~SEQ, @id */
	while (p < end && (isalnum((unsigned char)*p) || strchr("_-*", *p)))
		p++;
	p = first_word(p, end);
	/* a setting's name is followed by '=' or ':', with nothing between but blanks and comments */
	if (p == end || *p == '=' || *p == ':' || begins(p, end, "//") || begins(p, end, "/*"))
		return CONF_FORMAT_LIBCONFIG;
	return CONF_FORMAT_KEEPALIVED;
}

bool conf_format_parse(const char *name, enum conf_format *format)
{
	if (!strcmp(name, "libconfig"))
		*format = CONF_FORMAT_LIBCONFIG;
	else if (!strcmp(name, "keepalived"))
		*format = CONF_FORMAT_KEEPALIVED;
	else
		return false;
	return true;
}

/* The language of a file. One that can't be read is left to the loader to complain of; what can be
 * read once only, as a pipe, is vipd's own. */
static enum conf_format look(const char *path)
{
	enum conf_format format = CONF_FORMAT_LIBCONFIG;
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return format;

	char *buf = malloc(LOOK_LEN);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 || !buf ? -1 : read(fd, buf, LOOK_LEN);

	if (n > 0)
		format = conf_format_of(buf, (size_t)n);
	if (fd >= 0)
		(void)close(fd);
	free(buf);
	return format;
}

/* A router that runs on the part of its configuration that was converted may be one of two active ones,
 * or take a server that nobody checks for a good one. So what is lost is an error here; whoever wants to
 * go on without it converts the file and looks at what is left. Keywords that mean nothing to vipd
 * (ka_words.def) lose nothing. */
static struct conf *open_keepalived(struct conf_ask *ask, struct err_list *errs)
{
	struct ka_report report = { 0 };
	struct conf *c = ka_convert_file(ask->path, ask->node, errs, &report, &ask->is_unreadable);

	ask->is_ruled = c != NULL;
	if (c)
		conf_check(c, errs);
	if (c && report.lost_n)
		err_add(errs, ERR_ERROR, ask->path, 0,
			"%u settings are not converted (see above), and vipd does not run on a "
			"part of a configuration: write a file of its own with vipctl convert, "
			"look it through and run that",
			report.lost_n);
	if (c && errs->n_error) {
		conf_free(c);
		c = NULL;
	}
	err_sort(errs);
	ka_report_fini(&report);
	return c;
}

/* What is right so far may still name programs that must not be run, or files that can't be. */
static struct conf *look_further(struct conf_ask *ask, struct conf *c, struct err_list *errs)
{
	uint32_t refused_n;

	if (!c)
		return NULL;
	refused_n = conf_scripts_check(c, errs);
	if (ask->vet)
		(void)ask->vet(c, errs);
	err_sort(errs);
	if (!errs->n_error)
		return c;
	ask->is_insecure = refused_n == errs->n_error;
	conf_free(c);
	return NULL;
}

struct conf *conf_open(struct conf_ask *ask, enum conf_format format, struct err_list *errs)
{
	if (format == CONF_FORMAT_GUESS)
		format = look(ask->path);
	if (format != CONF_FORMAT_KEEPALIVED)
		return look_further(ask, conf_load_ask(ask, errs), errs);
	ask->files = 1;
	return look_further(ask, open_keepalived(ask, errs), errs);
}
