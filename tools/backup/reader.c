/*
 * reader - restore.py, as every repository holds it.
 *
 * The text itself is built in, so that what is tested is what is written.
 */
#include "tools/backup/verify.h"

__asm__(".section .rodata\n"
	".global restore_py\n"
	".type restore_py, @object\n"
	"restore_py:\n"
	".incbin \"tools/backup/restore.py\"\n"
	".byte 0\n"
	".size restore_py, . - restore_py\n"
	".previous\n");
