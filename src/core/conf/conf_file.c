/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_file.h.
 */
#include "core/conf/conf_file.h"

#include "core/bug.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe has no size and a file may grow meanwhile: the size is a guess. */
enum { GUESS_SLACK_LEN = 4096 };

static int read_all(int fd, size_t cap, char **text, size_t *len)
{
	char *buf = malloc(cap + 1);
	ssize_t n;

	BUG_ON(!buf);
	*len = 0;
	while ((n = read(fd, buf + *len, cap - *len)) > 0) {
		*len += (size_t)n;
		if (*len > CONF_FILE_MAX_LEN)
			break;
		if (*len == cap) {
			cap *= 2;
			buf = realloc(buf, cap + 1);
			BUG_ON(!buf);
		}
	}
	if (n) {
		int err = n < 0 ? -errno : -EFBIG;

		free(buf);
		return err;
	}
	buf[*len] = '\0';
	*text = buf;
	return 0;
}

int conf_file_read(const char *path, char **text, size_t *len)
{
	struct stat st;
	int err;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (st.st_size > CONF_FILE_MAX_LEN)
		err = -EFBIG;
	else
		err = read_all(fd, (size_t)st.st_size + GUESS_SLACK_LEN, text, len);
	(void)close(fd);
	return err;
}
