/*
 * findings - what validate and doctor found, out as records.
 */
#include "tools/stack/findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct ak_view finding_view = {
	.type = "finding",
	.columns =
	    AK_COLUMNS({ "severity", "SEVERITY", AK_SHOW_TEXT, 0,
			   "ok=green note=blue warning=yellow error=red" },
		{ "id", "ID", AK_SHOW_TEXT, 0, NULL },
		{ "subject", "SUBJECT", AK_SHOW_TEXT, 0, NULL },
		{ "evidence", "EVIDENCE", AK_SHOW_TEXT, 0, NULL },
		{ "next", "NEXT", AK_SHOW_TEXT, 0, NULL }),
};

static bool
is_ignored(const struct findings *findings, const char *id)
{
	for (size_t i = 0; findings->ignored && i < findings->ignored->count;
	     i++)
		if (ak_streq(findings->ignored->items[i], id))
			return true;
	return false;
}

void
findings_take(void *arg, const struct finding *finding)
{
	struct findings *findings = arg;
	struct ak_out *out = findings->ctx->out;

	if (is_ignored(findings, finding->id)) {
		findings->left_out++;
		return;
	}
	if (findings->only_bad && finding->severity == SEV_OK)
		return;
	findings->counts[finding->severity]++;
	ak_out_begin(out, &finding_view);
	ak_out_str(out, "id", finding->id);
	ak_out_str(out, "severity", severity_names[finding->severity]);
	ak_out_str(out, "subject", finding->subject);
	ak_out_str(out, "evidence", finding->evidence);
	if (finding->next != NULL && *finding->next != '\0')
		ak_out_str(out, "next", finding->next);
	ak_out_end(out);
}

void
findings_add(struct findings *findings, const char *id, enum severity severity,
    const char *subject, const char *next, const char *format, ...)
{
	AK_BUF struct ak_buf evidence = { 0 };
	struct finding finding = { id, severity, subject, NULL, next };
	va_list args;

	va_start(args, format);
	ak_buf_vprintf(&evidence, format, args);
	va_end(args);
	finding.evidence = ak_buf_text(&evidence);
	findings_take(findings, &finding);
}

void
findings_error(struct findings *findings, const char *id,
    enum severity severity, const char *subject, const struct ak_err *err)
{
	findings_add(findings, id, severity, subject, err->help, "%s",
	    err->text);
}

size_t
findings_bad(const struct findings *findings)
{
	return findings->counts[SEV_WARNING] + findings->counts[SEV_ERROR];
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void
findings_sum(const struct findings *findings)
{
	size_t errors = findings->counts[SEV_ERROR];
	size_t warnings = findings->counts[SEV_WARNING];
	struct ak_out *out = findings->ctx->out;

	if (findings->left_out > 0)
		ak_out_note(out, "%zu error%s, %zu warning%s, %zu ignored",
		    errors, plural(errors), warnings, plural(warnings),
		    findings->left_out);
	else
		ak_out_note(out, "%zu error%s, %zu warning%s", errors,
		    plural(errors), warnings, plural(warnings));
}

int
findings_settings(struct findings *findings, struct kit *kit,
    struct ak_err *err)
{
	if (settings_load(&kit->settings, kit->fd, err) == 0)
		return 0;
	findings_error(findings, "settings", SEV_ERROR, "settings", err);
	return -1;
}

int
findings_model(struct findings *findings, struct kit *kit, struct ak_err *err)
{
	AK_FREE char *env = NULL;
	bool missing;

	if ((kit->settings == NULL ||
		settings_env(kit->settings, kit->fd, true, &env, err) != -1) &&
	    model_load(kit, env, err) == 0 && kit_take_model(kit, err) == 0)
		return 0;
	missing = err->code == AK_UNAVAILABLE;
	findings_error(findings, missing ? "compose-missing" : "compose-file",
	    missing ? SEV_WARNING : SEV_ERROR, "compose", err);
	return -1;
}

static int
ask_images(struct machine *m, struct ak_err *err)
{
	size_t count = m->selection->count;
	AK_FREE const char **names = ak_calloc(count + 1, sizeof(*names));

	m->images = ak_calloc(count + 1, sizeof(*m->images));
	for (size_t i = 0; i < count; i++) {
		const char *image = m->selection->picks[i].service->image;

		names[i] = image != NULL ? image : "none";
	}
	return engine_images(m->engine, names, count, m->images, err);
}

int
machine_ask(struct machine *m, struct ak_err *err)
{
	if (engine_open(&m->engine, err) == -1 ||
	    ak_docker_get(m->engine, "/info", &m->info, err) == -1 ||
	    ak_docker_get(m->engine, "/volumes", &m->volumes, err) == -1 ||
	    engine_containers(m->engine, m->kit->project, &m->containers,
		err) == -1)
		return -1;
	return ask_images(m, err);
}

void
machine_free(struct machine *m)
{
	for (size_t i = 0; m->images != NULL && i < m->selection->count; i++)
		image_free(&m->images[i]);
	free(m->images);
	containers_free(&m->containers);
	ak_json_free(m->info);
	ak_json_free(m->volumes);
	ak_docker_close(&m->engine);
}

char *
model_text(const char *text)
{
	AK_BUF struct ak_buf plain = { 0 };

	for (const char *p = text; *p != '\0'; p++) {
		ak_buf_char(&plain, *p);
		p += *p == '$' && p[1] == '$';
	}
	return ak_buf_take(&plain);
}
