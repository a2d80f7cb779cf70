/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See admin_file.h.
 */
#include "core/ops/admin_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640, FOLDER_MODE = 0755 };

int admin_file_scan(const char *text, size_t len, void (*fn)(void *arg, const struct admin_line *l),
		    void *arg, struct admin_found *out)
{
	const size_t head_len = sizeof(ADMIN_TEXT_HEAD) - 1;
	struct admin_line l;

	*out = (struct admin_found){ 0 };
	if (len < head_len || memcmp(text, ADMIN_TEXT_HEAD, head_len) != 0)
		return -EBADMSG;
	for (size_t at = head_len, end; at < len; at = end + 1) {
		const char *nl = memchr(text + at, '\n', len - at);

		end = nl ? (size_t)(nl - text) : len;
		out->lines_n++;
		if (!admin_text_parse(text + at, end - at, &l)) {
			fn(arg, &l);
			continue;
		}
		out->first_bad = out->bad_n ? out->first_bad : out->lines_n + 1;
		out->bad_n++;
	}
	return 0;
}

/* All of it, from malloc(). */
static int slurp(int fd, char **text, size_t *len)
{
	struct stat st;
	size_t n = 0;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > ADMIN_FILE_MAX_LEN)
		return -EFBIG;
	*text = malloc((size_t)st.st_size + 1);
	if (!*text)
		return -ENOMEM;
	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, *text + n, (size_t)st.st_size - n);

		if (got < 0)
			return -errno;
		if (!got)
			break;
		n += (size_t)got;
	}
	*len = n;
	return 0;
}

int admin_file_read(const char *path, void (*fn)(void *arg, const struct admin_line *l), void *arg,
		    struct admin_found *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	size_t len = 0;

	*out = (struct admin_found){ 0 };
	if (fd < 0)
		return -errno;

	int err = slurp(fd, &text, &len);

	(void)close(fd);
	if (!err)
		err = admin_file_scan(text, len, fn, arg, out);
	free(text);
	return err;
}

/* The folder of a path, where it can be made: its own folder is there. */
static void make_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (!slash || slash == path)
		return;
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	/* whatever the umask is; what is wrong shows when the file is made */
	if (!mkdir(folder, FOLDER_MODE))
		(void)chmod(folder, FOLDER_MODE);
}

static int write_all(FILE *f, bool (*next)(void *arg, struct admin_line *l), void *arg)
{
	char buf[ADMIN_LINE_LEN];
	struct admin_line l;

	errno = 0;
	if (fputs(ADMIN_TEXT_HEAD, f) < 0)
		return errno ? -errno : -EIO;
	while (next(arg, &l)) {
		size_t n = admin_text_print(&l, buf);

		if (fwrite(buf, 1, n, f) != n)
			return errno ? -errno : -EIO;
	}
	if (fflush(f) || fdatasync(fileno(f)))
		return errno ? -errno : -EIO;
	return 0;
}

int admin_file_write(const char *path, bool (*next)(void *arg, struct admin_line *l), void *arg)
{
	char new[PATH_MAX];
	int fd, err;
	FILE *f;

	if (snprintf(new, sizeof(new), "%s.new", path) >= (int)sizeof(new))
		return -ENAMETOOLONG;
	make_folder(path);
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (!f) {
		err = -errno;
		(void)close(fd);
		return err;
	}
	err = write_all(f, next, arg);
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename(new, path))
		err = -errno;
	if (err)
		(void)unlink(new);
	return err;
}
