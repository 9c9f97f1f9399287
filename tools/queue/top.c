#include "tools/queue/ask.h"
const struct ak_opt top_options[] = { { 0 } };
int
top_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[] AK_UNUSED)
{
	return ask_and_show(ctx, "/v1/status?all=1");
}
