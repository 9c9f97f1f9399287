/*
 * layers - the keys of a tool, from its configuration files and environment.
 *
 * Read are, later ones winning:
 *	/etc/aikit/aikit.conf
 *	$XDG_CONFIG_HOME/aikit/aikit.conf, or ~/.config/aikit/aikit.conf
 *	the file given by --config, which must be there
 *	AIKIT_SECTION_KEY in the environment (AIKIT_STACK_KIT), unless empty
 * Sections of other tools are passed over. Whatever else is not known is
 * AK_CONFIG, with the nearest name: FILE:LINE for a file.
 */
#ifndef AK_LAYERS_H
#define AK_LAYERS_H

#include "lib/err.h"
#include "lib/opt.h"

/* keys may be NULL: then only sections are looked at. file may be NULL. */
int ak_layers_read(const char *section, const struct ak_opt *keys,
    const char *file, struct ak_err *err) AK_MUST;

/* "$XDG_CONFIG_HOME" or "~/.config"; NULL without a home. The caller's. */
char *ak_layers_home(const char *variable, const char *below_home);

#endif
