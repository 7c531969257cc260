/* SPDX-License-Identifier: MIT */
/* The metrics of the process, under the names that every program of Prometheus' uses for them. */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>

#include "tools/server/metrics/scrape.h"

static void write_build(const struct scrape *scrape, const char *name)
{
	exposition_count(scrape->out, name,
			 EXPOSITION_LABELS({ "version", SLICE(CHAPERONE_VERSION) }), 1);
}

static void write_start(const struct scrape *scrape, const char *name)
{
	exposition_seconds(scrape->out, name, EXPOSITION_NO_LABELS, scrape->server->begun_ns);
}

static uint64_t time_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_usec * 1000;
}

static void write_cpu(const struct scrape *scrape, const char *name)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
		exposition_seconds(scrape->out, name, EXPOSITION_NO_LABELS,
				   time_of(&usage.ru_utime) + time_of(&usage.ru_stime));
}

/* /proc/self/statm: its second number is in pages (proc(5)). */
static void write_memory(const struct scrape *scrape, const char *name)
{
	char text[100];
	unsigned long pages;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return;
	bool is_read = fgets(text, sizeof(text), file) && sscanf(text, "%*u %lu", &pages) == 1;
	fclose(file);
	if (is_read)
		exposition_count(scrape->out, name, EXPOSITION_NO_LABELS,
				 (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

/* Without the one with which they are counted. */
static void write_descriptors(const struct scrape *scrape, const char *name)
{
	DIR *folder = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (!folder)
		return;
	for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
		count += entry->d_name[0] != '.';
	closedir(folder);
	exposition_count(scrape->out, name, EXPOSITION_NO_LABELS, count - 1);
}

static void write_descriptors_max(const struct scrape *scrape, const char *name)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		exposition_count(scrape->out, name, EXPOSITION_NO_LABELS, limit.rlim_cur);
}

const struct metric METRICS_PROCESS[] = {
	{ "chaperone_server_build_info", "gauge", "1, of this version.", write_build },
	{ "process_start_time_seconds", "gauge", "When it began, since 1970.", write_start },
	{ "process_cpu_seconds_total", "counter", "Time of processors that it took.", write_cpu },
	{ "process_resident_memory_bytes", "gauge", "Memory that it has.", write_memory },
	{ "process_open_fds", "gauge", "Descriptors that are open.", write_descriptors },
	{ "process_max_fds", "gauge", "Descriptors that it may have.", write_descriptors_max },
	{ .name = NULL },
};
