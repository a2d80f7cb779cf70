/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl convert: keepalived.conf -> vipd.conf.
 */
#include "core/conf/conf_check.h"
#include "core/conf/conf_text.h"
#include "core/conf/ka_conv.h"
#include "core/ops/options.h"
#include "core/ops/verdict.h"
#include "ctl/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct convert {
	const char *in, *out; /* out NULL: standard output */
	const char *id;
};

static void usage(void)
{
	(void)printf(
		"usage: vipctl convert KEEPALIVED.CONF [-o FILE] [-i ID]\n"
		"\n"
		"  -o, --output FILE     write there instead of to standard output\n"
		"  -i, --config-id ID    what @ID lines are compared with (default: the name of\n"
		"                        this machine up to its first dot)\n"
		"\n"
		"What can't be converted is named on standard error with file and line, and\n"
		"once more in comments at the top of the new file.\n"
		"\n"
		"Exit status: 0 everything was converted, 1 something was not or vipd --check "
		"will\n"
		"refuse the new file, 2 errors (nothing is written), 3 the file can't be read.\n");
}

/* False: *status is the exit status. */
static bool parse(int argc, char **argv, struct convert *v, int *status)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "config-id", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*v = (struct convert){ 0 };
	*status = EXIT_FAILED;
	while ((c = getopt_long(argc, argv, "o:i:h", longs, NULL)) != -1) {
		if (c == 'o') {
			v->out = optarg;
		} else if (c == 'i') {
			v->id = optarg;
		} else {
			*status = c == 'h' ? EXIT_GOOD : EXIT_FAILED;
			if (c == 'h')
				usage();
			return false;
		}
	}
	if (optind + 1 != argc) {
		(void)fprintf(stderr, "vipctl: convert needs one file; try convert --help\n");
		return false;
	}
	v->in = argv[optind];
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

static int put(const struct convert *v, const struct conf *c, const struct ka_report *report)
{
	struct conf_text_opt opt = { .has_places = true, .is_factored = true };
	char *top = head(v->in, report), *text;
	int err = 0;

	opt.head = top;
	text = conf_text(c, &opt);
	if (v->out)
		err = write_file(v->out, v->in, text);
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

	if (c)
		status = status_of(c, &report, &errs);
	else
		status = is_unreadable ? EXIT_UNREADABLE : EXIT_CONF;
	findings_print(&errs, stderr);
	if (c && put(&v, c, &report))
		status = EXIT_FAILED;
	if (c)
		(void)fprintf(
			stderr,
			"%s: %u instances, %u virtual servers, %u real servers, %u checks; not "
			"converted: %u places lost, %u that mean nothing to vipd\n",
			v.in, c->vrrp_n, c->vs_n, c->rs_n, c->check_n, report.lost_n,
			report.never_n);
	ka_report_fini(&report);
	err_fini(&errs);
	conf_free(c);
	return status;
}
