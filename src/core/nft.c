/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See nft.h.
 */
#include "core/nft.h"

#include <errno.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Without what would spoil a line of the log. */
static void first_line(char out[static NFT_ERROR_LEN], const char *text)
{
	(void)snprintf(out, NFT_ERROR_LEN, "%s", text && *text ? text : "refused");
	for (char *c = out; *c; c++) {
		if (*c == '"')
			*c = '\'';
		if (*c == '\n') {
			*c = 0;
			break;
		}
	}
}

/* The library ends the whole process when it can't have its socket: for example, on a kernel without
 * nftables. So it is asked for nothing then. */
static bool has_socket(char error[static NFT_ERROR_LEN])
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0) {
		(void)snprintf(error, NFT_ERROR_LEN, "%s", strerrordesc_np(errno));
		return false;
	}
	(void)close(fd);
	return true;
}

bool nft_run(const char *text, char error[static NFT_ERROR_LEN])
{
	struct nft_ctx *nft;
	bool is_good;

	if (!has_socket(error))
		return false;
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft) {
		(void)snprintf(error, NFT_ERROR_LEN, "no memory");
		return false;
	}
	(void)nft_ctx_buffer_output(nft);
	(void)nft_ctx_buffer_error(nft);
	is_good = !nft_run_cmd_from_buffer(nft, text);
	if (!is_good)
		first_line(error, nft_ctx_get_error_buffer(nft));
	nft_ctx_free(nft);
	return is_good;
}
