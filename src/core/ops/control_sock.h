/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The control channel's place in the file system: a socket that is there whole or not at all, and that
 * two vipds never fight over.
 */
#pragma once

#include <sys/stat.h>

struct control_sock {
	int fd; /* listening, non-blocking */
	struct stat id; /* what path was then: to be taken away only while it is the same */
	gid_t gid; /* the group that it was given to; CONTROL_NO_GROUP: none */
	int group_err; /* -errno: why it could not be given to that group; -ENOENT: there is none */
};

#define CONTROL_NO_GROUP ((gid_t)-1)

/* Where it is to be, and who may open it. */
struct control_place {
	const char *path;
	const char *group;
	mode_t mode;
};

/* Makes the last folder of the path when it is missing. A socket that nobody listens on any more is replaced;
 * what somebody listens on, or what is no socket, is left (-EADDRINUSE, -EEXIST). 0 or -errno. Main. */
int control_sock_open(const struct control_place *where, struct control_sock *s);

void control_sock_close(const char *path, struct control_sock *s);
