/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the command line asks for: a look at a file, or a director. See director.h.
 */
#include "check/kit.h"
#include "core/ops/fds.h"
#include "core/ops/options.h"
#include "core/ops/pidfile.h"
#include "core/ops/sd.h"
#include "core/ops/verdict.h"
#include "core/ops/watchdog.h"
#include "director.h"

static int run_director(void *arg, const struct watchdog_share *share)
{
	return director_run(arg, share);
}

static int run(struct options *o, char **argv)
{
	struct watchdog_ask ask = { .record = o->record,
				    .pid_file = o->pid_file,
				    .stall_us = o->stall_us,
				    .argv = argv,
				    .run = run_director,
				    .arg = o };
	int status;

	sd_init();
	if (!o->is_alone)
		return watchdog_run(&ask);
	pidfile_write(o->pid_file);
	status = director_run(o, NULL);
	pidfile_remove(o->pid_file);
	return status;
}

int main(int argc, char **argv)
{
	struct options o;
	int status;

	fds_fill_standard();
	if (!options_parse(argc, argv, &o, &status))
		return status;
	return o.is_check ? verdict(&o, kit_make) : run(&o, argv);
}
