/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/trial_findings.h"

#include "tools/command/document.h"

static void add_finding(struct buf *out, const json_t *finding)
{
	struct slice file = document_text(finding, "file");
	struct slice severity = document_text(finding, "severity");
	int64_t line = json_integer_value(json_object_get(finding, "line"));
	int64_t column = json_integer_value(json_object_get(finding, "column"));

	HTML(out,
	     "<li class=\"{}\"><a href=\"#{}-{}\">{}:{}:{}</a> <b>{}</b>: {} <code>{}</code></li>\n",
	     html_text(severity), html_text(file), html_number(line), html_text(file),
	     html_number(line), html_number(column), html_text(severity),
	     html_text(document_text(finding, "text")), html_text(document_text(finding, "id")));
}

void trial_findings_add(struct buf *out, const json_t *findings)
{
	size_t count = json_array_size(findings);

	HTML_PUT(out, "<h2>Findings</h2>\n");
	if (count == 0) {
		HTML_PUT(out, "<p class=\"good\">It passes its checks and its tests.</p>\n");
		return;
	}
	HTML_PUT(out, "<ul class=\"findings\">\n");
	for (size_t i = 0; i < count; i++)
		add_finding(out, json_array_get(findings, i));
	HTML_PUT(out, "</ul>\n");
}
