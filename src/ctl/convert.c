/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl convert: keepalived.conf -> vipd.conf.
 */
#include "core/bug.h"
#include "core/conf/conf_check.h"
#include "core/conf/conf_text.h"
#include "core/conf/ka_conv.h"
#include "core/ops/options.h"
#include "core/ops/report.h"
#include "core/ops/verdict.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct convert {
	const char *in, *out; /* out NULL: standard output */
	const char *id;
	bool is_json;
};

static void usage(const char *verb)
{
	(void)verb;
	(void)printf(
		"usage: vipctl convert KEEPALIVED.CONF [-o FILE] [-i ID]\n"
		"\n"
		"  -o, --output FILE     write there instead of to standard output\n"
		"  -i, --config-id ID    what @ID lines are compared with (default: the name of\n"
		"                        this machine up to its first dot)\n"
		"      --json            findings, numbers and, without -o, the new text as JSON\n"
		"\n"
		"What can't be converted is named on standard error with file and line, and\n"
		"once more in comments at the top of the new file.\n"
		"\n"
		"Exit status: 0 everything was converted, 1 something was not or vipd --check "
		"will\n"
		"refuse the new file, 2 errors (nothing is written), 3 the file can't be read.\n");
}

static const struct opt convert_opt[] = {
	{ "output", 'o', OPT_FILE, offsetof(struct convert, out), 0, 0 },
	{ "config-id", 'i', OPT_TEXT, offsetof(struct convert, id), 0, 0 },
	OPT_JSON(convert),
	{ 0 },
};

const struct opts convert_opts = { convert_opt, usage };

static bool parse(int argc, char **argv, struct convert *v, int *status)
{
	int at;

	*v = (struct convert){ 0 };
	at = opts_parse(argc, argv, &convert_opts, v, status);
	if (at < 0)
		return false;
	if (at + 1 != argc) {
		(void)fprintf(stderr, "vipctl: convert needs one file; try convert --help\n");
		return false;
	}
	v->in = argv[at];
	return true;
}

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) && errno != EINVAL ? -errno : 0;
}

/* The file holds passwords: it may be read by whoever could read the old one at path, or, when there is
 * none, the file it was made from, and never by more. */
static int set_readers(int fd, const char *path, const char *in)
{
	struct stat st;
	bool is_kept = !lstat(path, &st) && S_ISREG(st.st_mode);
	mode_t mode = S_IRUSR | S_IWUSR;

	if (is_kept)
		mode = st.st_mode & 0777;
	else if (stat(in, &st) || !S_ISREG(st.st_mode))
		return 0; /* as it was made */
	else
		mode |= st.st_mode & S_IRGRP;
	/* without the right to give it away: to our user, and to the group where that is allowed */
	if (fchown(fd, is_kept ? st.st_uid : (uid_t)-1, st.st_gid) &&
	    fchown(fd, (uid_t)-1, st.st_gid))
		mode &= (mode_t)~S_IRWXG;
	return fchmod(fd, mode) ? -errno : 0;
}

/* Beside path first, under a name that nobody can have laid a link at, then over it: whoever reads path sees
 * the old text or the new, never a part. */
static int replace_file(const char *path, const char *in, const char *text)
{
	char *beside;
	int err = 0, fd;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(beside, O_CLOEXEC); /* mode 0600 */
	if (fd < 0) {
		err = -errno;
		free(beside);
		return err;
	}
	err = set_readers(fd, path, in);
	if (!err)
		err = write_all(fd, text);
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(beside, path))
		err = -errno;
	if (err)
		(void)unlink(beside);
	free(beside);
	return err;
}

/* A device or a pipe is written as it is. in: the file that the text was made from. */
static int write_file(const char *path, const char *in, const char *text)
{
	struct stat st;
	int err, fd;

	if (stat(path, &st) || S_ISREG(st.st_mode))
		return replace_file(path, in, text);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	err = fd < 0 ? -errno : write_all(fd, text);
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	return err;
}

/* The comment at the top of the new file. To be freed. */
static char *head(const char *in, const struct ka_report *report)
{
	const char *base = strrchr(in, '/');
	char *out;

	if (asprintf(&out, "Converted from %s by vipctl %s.\n%s%s\n", base ? base + 1 : in,
		     VIPD_VERSION, report->text ? "\n" : "", report->text ? report->text : "") < 0)
		return NULL;
	return out;
}

/* *end: the last line of JSON, or NULL. */
static int put(const struct convert *v, const struct conf *c, const struct ka_report *report,
	       json_t *end)
{
	struct conf_text_opt opt = { .has_places = true, .is_factored = true };
	char *top = head(v->in, report), *text;
	int err = 0;

	opt.head = top;
	text = conf_text(c, &opt);
	if (v->out)
		err = write_file(v->out, v->in, text);
	else if (end)
		opts_put(end, "text", text);
	else
		(void)fputs(text, stdout); /* main sees whether it went well */
	if (err)
		(void)fprintf(stderr, "vipctl: can't write %s: %s\n", v->out,
			      strerrordesc_np(-err));
	free(text);
	free(top);
	return err;
}

/* What vipd --check would say of the new file, for whoever converts it. */
static int status_of(const struct conf *c, const struct ka_report *report, struct err_list *errs)
{
	conf_check(c, errs);
	err_sort(errs);
	return report->lost_n || errs->n_error ? EXIT_FAILED : EXIT_GOOD;
}

/* What people are told at the end. */
static void tell(const struct convert *v, const struct conf *c, const struct ka_report *report)
{
	(void)fprintf(stderr,
		      "%s: %u instances, %u virtual servers, %u real servers, %u checks; not "
		      "converted: %u places lost, %u that mean nothing to vipd\n",
		      v->in, c->vrrp_n, c->vs_n, c->rs_n, c->check_n, report->lost_n,
		      report->never_n);
}

static json_t *end_of(const struct conf *c, const struct ka_report *report)
{
	json_t *o = c ? json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:s}", "vrrp_instances",
				  (json_int_t)c->vrrp_n, "virtual_servers", (json_int_t)c->vs_n,
				  "real_servers", (json_int_t)c->rs_n, "checks",
				  (json_int_t)c->check_n, "lost", (json_int_t)report->lost_n,
				  "meaningless", (json_int_t)report->never_n, "report",
				  report->text ? report->text : "")
		      : json_object();

	return o ? o : json_object(); /* a report that is not UTF-8 can't be told */
}

static void print_findings(const struct convert *v, const struct err_list *errs)
{
	if (!v->is_json)
		findings_print(errs, stderr);
	for (size_t i = 0; v->is_json && i < errs->n; i++)
		show_json(report_finding(&errs->item[i]));
}

int verb_convert(int argc, char **argv)
{
	struct convert v;
	struct err_list errs = { 0 };
	struct ka_report report = { 0 };
	bool is_unreadable;
	int status;

	if (!parse(argc, argv, &v, &status))
		return status;

	struct conf *c = ka_convert_file(v.in, v.id, &errs, &report, &is_unreadable);
	json_t *end = v.is_json ? end_of(c, &report) : NULL;

	if (c)
		status = status_of(c, &report, &errs);
	else
		status = is_unreadable ? EXIT_UNREADABLE : EXIT_CONF;
	print_findings(&v, &errs);
	if (c && put(&v, c, &report, end))
		status = EXIT_FAILED;
	if (end) {
		BUG_ON(json_object_set_new(end, "status", json_integer(status)));
		show_json(end);
	} else if (c) {
		tell(&v, c, &report);
	}
	ka_report_fini(&report);
	err_fini(&errs);
	conf_free(c);
	return status;
}
