/*
 * url - what http needs to know of an address before it asks there.
 */
#include "lib/url.h"

#include <arpa/inet.h>

#include <string.h>
#include <strings.h>

static bool
is_private_v4(uint32_t a)
{
	return a >> 24 == 127 || a >> 24 == 10 || a >> 20 == 0xac1 ||
	    a >> 16 == 0xc0a8 || a >> 16 == 0xa9fe;
}

static bool
is_private_v6(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_LINKLOCAL(a) ||
	    (a->s6_addr[0] & 0xfe) == 0xfc;
}

bool
ak_url_private(const char *url)
{
	const char *host = strstr(url, "://");
	bool v6;
	AK_FREE char *name = NULL;
	struct in_addr a4;
	struct in6_addr a6;

	host = host ? host + 3 : url;
	v6 = *host == '[';
	host += v6;
	name = ak_strndup(host, strcspn(host, v6 ? "]" : ":/"));
	if (v6)
		return inet_pton(AF_INET6, name, &a6) == 1 &&
		    is_private_v6(&a6);
	if (inet_pton(AF_INET, name, &a4) == 1)
		return is_private_v4(ntohl(a4.s_addr));
	return strcasecmp(name, "localhost") == 0;
}

void
ak_url_escape(struct ak_buf *buf, const char *s)
{
	static const char stays[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";

	for (; *s != '\0'; s++)
		if (strchr(stays, *s))
			ak_buf_char(buf, *s);
		else
			ak_buf_printf(buf, "%%%02X", (unsigned char)*s);
}
