/* SPDX-License-Identifier: MIT */
/* One of two libraries that need one another: OWN is its function, and OTHER the other's. */
#pragma GCC visibility push(default)
int OWN(void);
int OTHER(void);
#pragma GCC visibility pop

int OWN(void)
{
	return IS_FIRST ? 0 : OTHER();
}
