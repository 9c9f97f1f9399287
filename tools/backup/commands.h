/*
 * commands - one function a command, and its options; the table is main.c's.
 */
#ifndef BACKUP_COMMANDS_H
#define BACKUP_COMMANDS_H

#include "tools/backup/backup.h"

#endif
