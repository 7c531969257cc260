/* SPDX-License-Identifier: MIT */
#include "tools/command/password.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/file.h"

static int read_line(char also_ends, struct buf *line)
{
	char c = '\0';
	ssize_t n;

	while ((n = read(STDIN_FILENO, &c, 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (c == '\n')
			break;
		buf_add_char(line, c);
		if (also_ends && c == also_ends)
			break;
	}
	return line->failed;
}

int password_read(struct buf *ret_password, struct error *error)
{
	int r = read_line('\0', ret_password);

	if (r == 0 && ret_password->length == 0)
		return error_set(error, -EINVAL,
				 "standard input has no password in its first line");
	return r < 0 ? error_system(error, r, "the password") : 0;
}

/* The interrupt key ends the line instead of the program, which has to give the echo back. */
static struct termios without_echo(const struct termios *usual)
{
	struct termios quiet = *usual;

	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_cc[VEOL] = usual->c_cc[VINTR];
	return quiet;
}

static void say(const char *text)
{
	if (file_write_all(STDERR_FILENO, text, strlen(text)) < 0)
		return; /* it is asked for all the same */
}

int password_ask(const char *prompt, struct buf *ret_password, struct error *error)
{
	struct termios usual, quiet;

	if (tcgetattr(STDIN_FILENO, &usual) < 0)
		return error_set(
			error, -ENOTTY,
			"needs a person at a terminal, or --password-stdin; stdin is none");
	quiet = without_echo(&usual);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) < 0)
		return error_system(error, -errno, "the terminal");
	say(prompt);
	int r = read_line((char)usual.c_cc[VINTR], ret_password);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
	say("\n");
	if (r < 0)
		return error_system(error, r, "the password");
	if (memchr(buf_text(ret_password), usual.c_cc[VINTR], ret_password->length))
		return error_set(error, -ECANCELED, "interrupted");
	return 0;
}
