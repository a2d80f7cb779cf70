/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Fuzz target: what the kernel says of processes. The first byte chooses the decoder: a message of the
 * process connector, /proc/PID/stat, or a command line.
 */
#include "vrrp/proc_event.h"
#include "vrrp/proc_match.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_line(const uint8_t *data, size_t size)
{
	static const char *const words[] = { "a", "-b", "c" };
	static struct proc_seen p;

	p.line_len = (uint32_t)(size < PROC_LINE_LEN ? size : PROC_LINE_LEN);
	memcpy(p.line, data, p.line_len);
	p.line[p.line_len] = '\0';
	p.line_len += p.line_len && p.line[p.line_len - 1];
	for (unsigned how = 0; how < 12; how++) {
		struct fields_track_process s = {
			.command = { .v = words, .n = how % 3 + 1 },
			.match = (uint8_t)(how / 3),
			.full = true,
		};

		(void)proc_match(&s, &p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char comm[PROC_COMM_LEN], state;
	struct proc_news e;
	uint8_t *copy;

	if (!size)
		return 0;
	copy = malloc(size); /* of the exact length: reading beyond it is seen */
	if (!copy)
		abort();
	memcpy(copy, data + 1, size - 1);
	if (data[0] % 3 == 0)
		(void)proc_event_read(copy, (uint32_t)size - 1, &e);
	else if (data[0] % 3 == 1)
		(void)proc_match_stat((const char *)copy, (uint32_t)size - 1, comm, &state);
	else
		try_line(copy, size - 1);
	free(copy);
	return 0;
}
