/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See screen.h. Escape sequences that every terminal of the last decades has (ECMA-48, and xterm's second
 * page), so that no library and no data base of terminals is needed.
 */
#include "ctl/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define SHOW "\033[?1049h\033[?25l" /* the second page, no cursor */
#define HIDE "\033[?25h\033[?1049l"

enum {
	ROWS_N = 24, /* when the terminal does not say */
	COLUMNS_N = 80,
	ESCAPE_MS = 50, /* an escape sequence has come by then; else it was the key */
};

static struct termios before;
static volatile sig_atomic_t is_on;

static bool put(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

void screen_end(void)
{
	if (!is_on)
		return;
	is_on = 0;
	(void)put(HIDE, sizeof(HIDE) - 1);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* As if there had been no handler, but for the terminal. Only functions that signals may call. */
static void on_end(int number)
{
	screen_end();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void on_size(int number)
{
	(void)number; /* poll() returns: that is all */
}

static void catch (int number, void (*fn)(int), int flags)
{
	struct sigaction sa = { .sa_handler = fn, .sa_flags = flags };

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(number, &sa, NULL);
}

bool screen_begin(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	const char *term = getenv("TERM");
	struct termios raw;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term || !strcmp(term, "dumb") ||
	    tcgetattr(STDIN_FILENO, &before))
		return false;
	raw = before;
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VSUSP] = _POSIX_VDISABLE;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		catch (ends[i], on_end, 0);
	catch (SIGWINCH, on_size, 0);
	is_on = 1;
	if (!tcsetattr(STDIN_FILENO, TCSANOW, &raw) && put(SHOW, sizeof(SHOW) - 1))
		return true;
	screen_end();
	return false;
}

void screen_size(size_t *rows, size_t *columns)
{
	struct winsize w = { 0 };

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	*rows = w.ws_row ? w.ws_row : ROWS_N;
	*columns = w.ws_col ? w.ws_col : COLUMNS_N;
}

/* One line, up to `columns` characters; colours count as none, and are always ended. */
static void put_line(FILE *f, const char *text, size_t len, size_t columns)
{
	size_t shown = 0;
	bool is_escape = false;

	for (size_t i = 0; i < len; i++) {
		is_escape |= text[i] == '\033';
		if (is_escape || shown < columns)
			(void)fputc(text[i], f);
		shown += !is_escape;
		is_escape &= text[i] != 'm';
	}
	(void)fputs("\033[K", f);
}

bool screen_show(const char *text, size_t len)
{
	size_t rows, columns, row = 0;
	char *out = NULL;
	size_t out_len = 0;
	FILE *f = open_memstream(&out, &out_len);

	if (!f)
		return false;
	screen_size(&rows, &columns);
	(void)fputs("\033[H", f);
	for (const char *end; len && row < rows; row++) {
		end = memchr(text, '\n', len);

		size_t n = end ? (size_t)(end - text) : len;

		if (row)
			(void)fputc('\n', f);
		put_line(f, text, n, columns);
		n += end != NULL;
		text += n;
		len -= n;
	}
	(void)fputs("\033[J", f);
	(void)fclose(f);

	bool is_shown = put(out, out_len);

	free(out);
	return is_shown;
}

static int wait_ms(int timeout_ms)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, timeout_ms);
}

/* What an escape sequence stands for; its first byte was read. */
static int escape(void)
{
	static const struct {
		const char *text;
		int key;
	} rows[] = {
		{ "[A", SCREEN_UP },   { "[B", SCREEN_DOWN },     { "OA", SCREEN_UP },
		{ "OB", SCREEN_DOWN }, { "[5~", SCREEN_PAGE_UP }, { "[6~", SCREEN_PAGE_DOWN },
		{ "[H", SCREEN_HOME }, { "OH", SCREEN_HOME },     { "[1~", SCREEN_HOME },
	};
	char seq[8] = "";
	ssize_t n;

	if (wait_ms(ESCAPE_MS) <= 0)
		return SCREEN_ESCAPE;
	n = read(STDIN_FILENO, seq, sizeof(seq) - 1);
	for (size_t i = 0; n > 0 && i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(rows[i].text, seq))
			return rows[i].key;
	return SCREEN_NONE;
}

int screen_key(int timeout_ms)
{
	int ready = wait_ms(timeout_ms);
	unsigned char c;

	if (ready <= 0)
		return ready < 0 && errno != EINTR ? SCREEN_GONE : SCREEN_NONE;
	if (read(STDIN_FILENO, &c, 1) != 1)
		return SCREEN_GONE;
	return c == '\033' ? escape() : c;
}
