/*
 * backup_config - fuzz: whatever the bytes, a config that is taken is within
 * its limits; written again it says the same, and is whole.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/backup/repo_config.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AK_BUF struct ak_buf once = { 0 };
	struct repo repo = { 0 }, again = { 0 };
	struct ak_err err = { 0 };

	(void)!object_check("config", data, size);
	(void)!config_check(&repo, (const char *)data, size);
	if (config_parse(&repo, (const char *)data, size, &err) == -1) {
		law(err.code == AK_DATA || err.code == AK_CONFIG);
		return 0;
	}
	law(strlen(repo.id) == 32);
	law(repo.frame_size <= (size_t)4 << 20);
	law(repo.pack_size <= (size_t)1 << 30);
	config_print(&repo, &once);
	law(object_check("config", once.data, once.len));
	law(config_check(&repo, once.data, once.len));
	law(config_parse(&again, once.data, once.len, &err) == 0);
	law(strcmp(repo.id, again.id) == 0 && repo.cipher == again.cipher);
	law(repo.level == again.level && repo.parity == again.parity);
	return 0;
}
