/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * FIFOs that events are written to, a line each, and the programs that read them.
 *
 * A FIFO is made if it is not there (mode 0644, the owner that is set), and taken away at the end if it
 * was made; one that is left and can't be opened for want of rights is made anew. It is open for reading too, so that it can be written before somebody reads; what is written
 * then waits in the pipe (64 KiB), and behind it in a queue here. When that is full as well, lines are
 * dropped: whole ones, counted, told once until the reader is back. A line goes out whole or not at all.
 *
 * FIFOs of the same path are one. Over a reload a FIFO that stays is not touched; a reader whose
 * command, account or path is another is ended and started anew.
 *
 * Notify role only.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/ops/notify_say.h"
#include "core/ops/past.h"
#include "core/ops/spawn.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	FIFO_QUEUE_LEN = 1 << 20, /* bytes that wait beside the pipe's own */
	FIFO_READER_MIN_US = 1000000, /* until a reader that has ended is started anew; doubled */
	FIFO_READER_MAX_US =
		60000000, /* one that has lived so long is restarted as the first time */
	FIFO_LAST_US = 1000000, /* at the end: for readers to read what there is and to end */
};

struct fifo;

struct notify_fifos {
	struct loop *loop;
	struct spawn_client client; /* main opens it */
	struct fifo *fifo; /* list */
	uint32_t last_id; /* of a reader's run */
	bool is_ending; /* readers that end are not started again */
};

/* The wait before a reader is started anew, after the last wait (0: none yet) and its life. Pure. */
int64_t notify_fifo_delay_us(int64_t last_us, int64_t lived_us);

/* Zeroed memory but for the client. */
void notify_fifo_init(struct notify_fifos *f, struct loop *loop);

/* Writes what waits if it can, lets the readers read it and ends them, takes away what was made. May block
 * for a second. */
void notify_fifo_fini(struct notify_fifos *f);

/* Makes the FIFOs that a configuration adds, with their readers, and lets nothing go: before its first
 * event is told. One that could not be opened is tried again, once for each configuration. */
void notify_fifo_prepare(struct notify_fifos *f, const struct conf *c);

/* Makes what is not there yet, and lets go what is not in this configuration: after the last event of the
 * one before. */
void notify_fifo_adopt(struct notify_fifos *f, const struct conf *c);

/* Writes an event to the FIFOs of these kinds (enum say_fifo) whose format is json. */
void notify_fifo_json(struct notify_fifos *f, const struct past_entry *e, uint8_t kinds);

/* Writes a line to all that are to have it. */
void notify_fifo_say(struct notify_fifos *f, const struct say *s);
