/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See logging.h.
 */
#include "core/ops/logging.h"

#include "core/log.h"
#include "core/log_to.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert((int)LOG_WANT_AUTO == LOG_TO_AUTO && (int)LOG_WANT_JOURNAL == LOG_TO_JOURNAL &&
		       (int)LOG_WANT_SYSLOG == LOG_TO_SYSLOG &&
		       (int)LOG_WANT_STDERR == LOG_TO_STDERR,
	       "log_to.h has no words of the schema");

static bool is_stderr_the_journal(void)
{
	struct stat st;

	return !fstat(STDERR_FILENO, &st) &&
	       log_to_is_stream(getenv("JOURNAL_STREAM"), st.st_dev, st.st_ino);
}

static void set_level(const struct options *o, const struct conf *c)
{
	int level = c->log.s.level;

	log_set_level(o->is_detailed && level < CONF_LOG_DEBUG ? CONF_LOG_DEBUG : level);
}

int logging_start(const struct options *o, const struct conf *c)
{
	struct log_to to =
		log_to_choose(&o->log, (enum log_want)c->log.s.target, is_stderr_the_journal());

	log_set_target(&to);
	set_level(o, c);
	return log_start();
}

void logging_adopt(const struct options *o, const struct conf *old, const struct conf *new)
{
	if (old && old->log.s.level != new->log.s.level)
		set_level(o, new);
}
