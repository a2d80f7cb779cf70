/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the command line asks for: a look at a file, or a director. See director.h.
 */
#include "check/kit.h"
#include "core/ops/fds.h"
#include "core/ops/options.h"
#include "core/ops/verdict.h"
#include "director.h"

int main(int argc, char **argv)
{
	struct options o;
	int status;

	fds_fill_standard();
	if (!options_parse(argc, argv, &o, &status))
		return status;
	return o.is_check ? verdict(&o, kit_make) : director_run(&o);
}
