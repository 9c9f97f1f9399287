/*
 * schedule_text - units of systemd, and lines of a crontab.
 *
 * Backup and verify do not start at a full hour, where all others do, and a
 * machine that was off does what it missed.
 */
#include <string.h>

#include "tools/backup/schedule.h"

#define BEGIN "# aikit-backup begin\n"
#define END "# aikit-backup end\n"

const struct job schedule_jobs[] = {
	{ "backup", "take a snapshot", "backup", "*-*-* 02:17:00",
	    "17 2 * * *" },
	{ "verify", "read what was not read for 30 days",
	    "verify --level data --due 30d", "*-*-* 04:37:00", "37 4 * * *" },
	{ "prune", "free what no snapshot needs", "prune", "Sun *-*-* 05:47:00",
	    "47 5 * * 0" },
	{ "drill", "restore the latest into a scratch place",
	    "verify --level drill", "*-*-01 06:07:00", "7 6 1 * *" },
};
_Static_assert(AK_COUNT(schedule_jobs) == SCHEDULE_JOBS, "as the header says");

void
schedule_service(const struct job *job, const char *program,
    struct ak_buf *text)
{
	ak_buf_printf(text,
	    "# aikit-backup-%s.service, by aikit-backup "
	    "schedule\n\n[Unit]\n",
	    job->name);
	ak_buf_printf(text, "Description=aikit-backup: %s\n", job->what);
	ak_buf_str(text,
	    "Documentation=man:aikit-backup(1)\n"
	    "After=docker.service network-online.target\n"
	    "\n[Service]\nType=oneshot\n");
	ak_buf_printf(text, "ExecStart=%s %s\n", program, job->words);
	ak_buf_str(text,
	    "# 75: another works on the repository.\n"
	    "Restart=on-failure\nRestartSec=10min\n"
	    "RestartPreventExitStatus=1 64 65 66 69 70 71 73 74 "
	    "76 77 78\n"
	    "Nice=10\nIOSchedulingClass=idle\n"
	    "LockPersonality=yes\nNoNewPrivileges=yes\n"
	    "ProtectClock=yes\nProtectKernelModules=yes\n"
	    "ProtectKernelTunables=yes\nRestrictRealtime=yes\n"
	    "SystemCallArchitectures=native\n");
}

void
schedule_timer(const struct job *job, const char *when, struct ak_buf *text)
{
	ak_buf_printf(text,
	    "# aikit-backup-%s.timer, by aikit-backup "
	    "schedule\n\n[Unit]\n",
	    job->name);
	ak_buf_printf(text, "Description=aikit-backup: %s\n\n[Timer]\n",
	    job->what);
	ak_buf_printf(text, "OnCalendar=%s\n", when ? when : job->calendar);
	ak_buf_str(text,
	    "RandomizedDelaySec=10min\nPersistent=true\n"
	    "\n[Install]\nWantedBy=timers.target\n");
}

void
schedule_cron(const char *program, const char *when, struct ak_buf *text)
{
	ak_buf_str(text, BEGIN);
	for (size_t i = 0; i < SCHEDULE_JOBS; i++) {
		const struct job *job = &schedule_jobs[i];

		ak_buf_printf(text, "%s %s -q %s\n",
		    i == 0 && when ? when : job->cron, program, job->words);
	}
	ak_buf_str(text, END);
}

void
schedule_cron_without(const char *table, struct ak_buf *text)
{
	const char *begin = strstr(table, BEGIN);
	const char *end = begin ? strstr(begin, END) : NULL;

	if (!end) {
		ak_buf_str(text, table);
		return;
	}
	ak_buf_add(text, table, (size_t)(begin - table));
	ak_buf_str(text, end + strlen(END));
}
