/*
 * explain - why a request waited, step by step.
 */
#include "tools/queue/ask.h"

int
explain_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	AK_BUF struct ak_buf path = { 0 };

	ak_buf_str(&path, "/v1/requests/");
	ak_http_escape(&path, operands[0]);
	ak_buf_str(&path, "/explain");
	return ask_and_show(ctx, path.data);
}
