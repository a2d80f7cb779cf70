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
	int group_err; /* -errno: the group vipd is there, but could not be given the socket */
};

/* Makes the last folder of path when it is missing. A socket that nobody listens on any more is replaced;
 * what somebody listens on, or what is no socket, is left (-EADDRINUSE, -EEXIST). 0 or -errno. Main. */
int control_sock_open(const char *path, struct control_sock *s);

void control_sock_close(const char *path, struct control_sock *s);
