/* SPDX-License-Identifier: MIT */
/* An object without a client library that shows how it is bound. */
#pragma GCC visibility push(default)
const char *deep_tells(void);
const char *deep_asks(void);
#pragma GCC visibility pop

const char *deep_tells(void)
{
	return "itself";
}

const char *deep_asks(void)
{
	return deep_tells();
}
