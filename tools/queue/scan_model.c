/*
 * scan_model - what may be the name of a model: it goes into logs and metrics.
 */
#include "tools/queue/scan_model.h"

#include "lib/utf8.h"

const char *
scan_model_bad(const char *name, size_t len, bool cut)
{
	if (cut)
		return "model is longer than 255 bytes";
	if (!ak_utf8_valid(name, len))
		return "model is not UTF-8";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return "model has a control byte";
	return NULL;
}
