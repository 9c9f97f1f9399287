#include "tools/backup/store.h"
struct backup_options;
int store_open_fault(struct store *inner, const char *plan, struct store **store, struct ak_err *err)
{ (void)plan; (void)err; *store = inner; return 0; }
