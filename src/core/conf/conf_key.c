/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_key.h.
 */
#include "core/conf/conf_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char by_hex[] = "hex:", by_file[] = "file:";

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int parse_hex(const char *text, uint8_t *key, size_t *len)
{
	size_t n = strlen(text);

	if (n % 2 || n / 2 > CONF_KEY_MAX_LEN)
		return -EINVAL;
	for (size_t i = 0; i < n; i += 2) {
		int hi = nibble(text[i]), lo = nibble(text[i + 1]);

		if (hi < 0 || lo < 0)
			return -EINVAL;
		key[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	*len = n / 2;
	return 0;
}

int conf_key_parse(const char *text, uint8_t key[static CONF_KEY_MAX_LEN], size_t *len)
{
	if (!strncmp(text, by_hex, sizeof(by_hex) - 1)) {
		if (parse_hex(text + sizeof(by_hex) - 1, key, len))
			return -EINVAL;
	} else {
		*len = strlen(text);
		if (*len > CONF_KEY_MAX_LEN)
			return -EINVAL;
		memcpy(key, text, *len);
	}
	return *len < CONF_KEY_MIN_LEN ? -EINVAL : 0;
}

/* Bytes read, without a line's end; more than a key may have says that it has too many. Or -errno. */
static ssize_t read_file(const char *path, uint8_t buf[static CONF_KEY_MAX_LEN + 2])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, CONF_KEY_MAX_LEN + 2);
	if (n < 0)
		n = -errno;
	(void)close(fd);
	return n > 0 && buf[n - 1] == '\n' ? n - 1 : n;
}

static char *hex_text(struct arena *a, const uint8_t *key, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	char *text = arena_alloc(a, sizeof(by_hex) + 2 * len), *at = text + sizeof(by_hex) - 1;

	memcpy(text, by_hex, sizeof(by_hex));
	for (size_t i = 0; i < len; i++) {
		*at++ = digit[key[i] >> 4];
		*at++ = digit[key[i] & 0xf];
	}
	*at = '\0';
	return text;
}

void conf_key_files(struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->hmac_key_n; i++) {
		struct conf_hmac_key *k = &c->hmac_key[i];
		uint8_t buf[CONF_KEY_MAX_LEN + 2];
		ssize_t n;

		if (!k->s.secret || strncmp(k->s.secret, by_file, sizeof(by_file) - 1) != 0)
			continue;
		n = read_file(k->s.secret + sizeof(by_file) - 1, buf);
		if (n < 0)
			err_add(errs, ERR_ERROR, k->loc.file, k->loc.line,
				"auth_hmac: key %u: %s: %s", k->s.id,
				k->s.secret + sizeof(by_file) - 1, strerrordesc_np((int)-n));
		else
			k->s.secret = hex_text(&c->arena, buf, (size_t)n);
		explicit_bzero(buf, sizeof(buf));
	}
}
