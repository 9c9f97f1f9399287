/*
 * answer - fuzz: whatever the bytes, the answer is the same however they are
 * cut, and its body is made of bytes that came.
 */
#include "lib/answer.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static bool
add(void *arg, int status, const char *data, size_t len)
{
	law(status >= 200 && status <= 999);
	law(len > 0);
	ak_buf_add(arg, data, len);
	return true;
}

static int
read_it(const uint8_t *data, size_t size, size_t step, struct ak_buf *body,
    int *status)
{
	struct ak_answer answer = { .on_body = add, .arg = body };
	struct ak_err err = { 0 };
	int result = 0;

	for (size_t at = 0; at < size && result == 0; at += step)
		result = ak_answer_feed(&answer, (const char *)data + at,
		    size - at < step ? size - at : step, &err);
	law(result != -1 || err.code == AK_PROTOCOL);
	if (result == 0)
		result = 2 + ak_answer_end(&answer, &err);
	*status = answer.status;
	ak_answer_free(&answer);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AK_BUF struct ak_buf whole = { 0 };
	AK_BUF struct ak_buf cut = { 0 };
	size_t step = size > 0 ? 1 + data[size - 1] % 7 : 1;
	int status, other;
	int result = read_it(data, size, size > 0 ? size : 1, &whole, &status);

	law(read_it(data, size, step, &cut, &other) == result);
	law(status == other);
	law(whole.len == cut.len);
	law(whole.len == 0 || memcmp(whole.data, cut.data, cut.len) == 0);
	law(whole.len <= size);
	return 0;
}
