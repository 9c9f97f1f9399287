/*
 * url - addresses that no proxy leads to, and what a query may hold.
 */
#include "lib/url.h"

#include "tests/unit/tap.h"

static const struct {
	const char *url;
	bool private;
} rows[] = {
	{ "http://localhost:11434", true },
	{ "http://LocalHost/", true },
	{ "http://127.0.0.1", true },
	{ "http://127.255.0.9:80/x", true },
	{ "http://10.1.2.3", true },
	{ "http://172.16.0.1", true },
	{ "http://172.31.255.255", true },
	{ "http://192.168.1.1", true },
	{ "http://169.254.169.254", true },
	{ "http://[::1]:80/", true },
	{ "http://[fe80::1]", true },
	{ "http://[fd00::7]", true },
	{ "http://11.0.0.1", false },
	{ "http://172.15.0.1", false },
	{ "http://172.32.0.1", false },
	{ "http://192.169.0.1", false },
	{ "http://[2001:db8::1]", false },
	{ "http://[::1", true },
	{ "http://localhost.example.org", false },
	{ "http://10.example.org", false },
	{ "http://", false },
	{ "", false },
};

int
main(void)
{
	AK_BUF struct ak_buf buf = { 0 };

	for (size_t i = 0; i < AK_COUNT(rows); i++)
		ok(ak_url_private(rows[i].url) == rows[i].private, "%s is %s",
		    rows[i].url, rows[i].private ? "private" : "public");
	ak_url_escape(&buf, "Az09-._~ /?&=%{\"\xc3\xbc");
	is_str(buf.data, "Az09-._~%20%2F%3F%26%3D%25%7B%22%C3%BC",
	    "all but the unreserved bytes are encoded");
	return done_testing();
}
