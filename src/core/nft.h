/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Texts for nft(8), through libnftables, which makes one transaction of a text: all of it, or nothing. Main;
 * blocks while the kernel works.
 */
#pragma once

#include <stdbool.h>

enum { NFT_ERROR_LEN = 160 };

/* False: error has the first line of what nft says, fit for a log. */
bool nft_run(const char *text, char error[static NFT_ERROR_LEN]);
