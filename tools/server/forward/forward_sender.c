/* SPDX-License-Identifier: MIT */
#include "tools/server/forward/forward_sender.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/server/forward/otlp.h"

#define ANSWER_MAX      (64 * KIB)
#define CONNECT_S       10
#define RETRY_AFTER_MAX 3600u
#define HTTP_OK         200u
#define HTTP_OK_LAST    299u
#define HTTP_TOO_LARGE  413u
#define SAID_MAX        120 /* bytes of an answer that are shown */
#define SECRET_MIN      4u  /* what is shorter is none */

DEFINE_FREEP(CURLU, url_cleanup, curl_url_cleanup)
DEFINE_FREEP(char, text_free, curl_free)

struct forward_sender {
	CURL *curl;
	struct curl_slist *headers;
	struct curl_slist *own_headers; /* the last one that the server sets itself */
	enum forward_kind kind;
	struct buf answer;
	char trouble[CURL_ERROR_SIZE];
};

/* OTLP names the statuses after which a request is sent again; of other receivers every trouble of their
 * own is believed to pass. */
static const unsigned int OTLP_AGAIN[] = { 429, 502, 503, 504, 0 };
static const unsigned int NDJSON_AGAIN[] = { 408, 425, 429, 500, 502, 503, 504, 507, 0 };

static const struct {
	const unsigned int *again;
	const char *type, *encoding;
} KINDS[] = {
	[FORWARD_OTLP] = { OTLP_AGAIN, "Content-Type: application/x-protobuf",
			   "Content-Encoding: gzip" },
	[FORWARD_NDJSON] = { NDJSON_AGAIN, "Content-Type: application/x-ndjson", NULL },
};

/* ---- where to ---- */

/* By its name or number alone: what a resolver makes of a name may be another machine. */
static bool is_this_machine(const char *host)
{
	static const char *const HOSTS[] = { "localhost", "[::1]" };
	unsigned int a, b, c, d;
	char more;

	for (size_t i = 0; i < COUNT_OF(HOSTS); i++) {
		if (strcmp(host, HOSTS[i]) == 0)
			return true;
	}
	return sscanf(host, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &more) == 4 && a == 127;
}

static const char *object_to(CURLU *parsed)
{
	SCOPED(text_free) char *scheme = NULL;
	SCOPED(text_free) char *host = NULL;
	SCOPED(text_free) char *user = NULL;

	if (curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return "is no URL with a host";
	if (curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK)
		return "has a user or a password, which would be shown: give it as a header in a "
		       "--header-file";
	if (strcmp(scheme, "https") == 0)
		return NULL;
	if (strcmp(scheme, "http") != 0)
		return "is neither https:// nor http://";
	return is_this_machine(host) ? NULL
				     : "sends the record in the clear: http:// is for 127.0.0.1, "
				       "[::1] and localhost";
}

static int write_url(CURLU *parsed, enum forward_kind kind, char ret_url[FORWARD_URL_MAX])
{
	SCOPED(text_free) char *path = NULL;
	SCOPED(text_free) char *url = NULL;

	if (curl_url_get(parsed, CURLUPART_PATH, &path, 0) != CURLUE_OK)
		return -ENOMEM;
	if (kind == FORWARD_OTLP && strcmp(path, "/") == 0 &&
	    curl_url_set(parsed, CURLUPART_PATH, "/v1/logs", 0) != CURLUE_OK)
		return -ENOMEM;
	if (curl_url_get(parsed, CURLUPART_URL, &url, 0) != CURLUE_OK)
		return -ENOMEM;
	return snprintf(ret_url, FORWARD_URL_MAX, "%s", url) < (int)FORWARD_URL_MAX ? 0 : -E2BIG;
}

int forward_url_read(const char *url, enum forward_kind kind, char ret_url[FORWARD_URL_MAX],
		     struct error *error)
{
	SCOPED(url_cleanup) CURLU *parsed = curl_url();

	if (!parsed)
		return error_system(error, -ENOMEM, url);
	if (curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK)
		return error_set(error, -EINVAL, "'%.80s' is no URL", url);
	const char *objection = object_to(parsed);
	if (objection)
		return error_set(error, -EINVAL, "the URL %s", objection);
	int r = write_url(parsed, kind, ret_url);
	return r < 0 ? error_system(error, r, "the URL") : 0;
}

/* ---- what it is sent with ---- */

static int add_header(struct forward_sender *sender, const char *header)
{
	struct curl_slist *more = curl_slist_append(sender->headers, header);

	if (!more)
		return -ENOMEM;
	sender->headers = more;
	return 0;
}

static int add_headers(struct forward_sender *sender, const struct forward *forward)
{
	SCOPED(buf_done) struct buf line = BUF_MAX(FORWARD_HEADERS_MAX);
	struct slice rest = buf_view(&forward->headers);
	/* a body is sent at once: a receiver that waits to be asked costs a second */
	int r = add_header(sender, "Expect:");

	if (r == 0)
		r = add_header(sender, KINDS[forward->kind].type);
	if (r == 0 && KINDS[forward->kind].encoding)
		r = add_header(sender, KINDS[forward->kind].encoding);
	for (sender->own_headers = sender->headers;
	     sender->own_headers && sender->own_headers->next;)
		sender->own_headers = sender->own_headers->next;
	while (r == 0 && rest.length > 0) {
		buf_clear(&line);
		buf_add_slice(&line, slice_cut(&rest, '\n'));
		r = add_header(sender, buf_text(&line));
	}
	if (line.at)
		explicit_bzero(line.at, line.length);
	return r;
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct buf *answer = context;

	buf_add(answer, bytes, size * count);
	return answer->failed ? 0 : size * count;
}

static int set_authorities(CURL *curl, const struct buf *authorities)
{
	struct curl_blob blob = { authorities->at, authorities->length, CURL_BLOB_COPY };

	if (authorities->length == 0)
		return 0;
	return curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK ? 0 : -ENOMEM;
}

static int set_up(struct forward_sender *sender, const struct forward *forward)
{
	CURL *curl = sender->curl;
	bool is_https = strncmp(forward->url, "https:", 6) == 0;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, sender->trouble);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)forward->timeout_s);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, sender->headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sender->answer);
	if (!is_https) /* it stays on this machine */
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
	if (curl_easy_setopt(curl, CURLOPT_URL, forward->url) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_https ? "https" : "http") != CURLE_OK)
		return -ENOMEM;
	return set_authorities(curl, &forward->authorities);
}

int forward_sender_new(const struct forward *forward, struct forward_sender **ret_sender)
{
	SCOPED(forward_sender_freep) struct forward_sender *sender = calloc(1, sizeof(*sender));

	if (!sender)
		return -ENOMEM;
	sender->kind = forward->kind;
	sender->answer = (struct buf)BUF_MAX(ANSWER_MAX);
	sender->curl = curl_easy_init();
	int r = sender->curl ? add_headers(sender, forward) : -ENOMEM;
	if (r == 0)
		r = set_up(sender, forward);
	if (r < 0)
		return r;
	*ret_sender = steal(sender);
	return 0;
}

void forward_sender_free(struct forward_sender *sender)
{
	if (!sender)
		return;
	for (struct curl_slist *header = sender->headers; header; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_easy_cleanup(sender->curl);
	curl_slist_free_all(sender->headers);
	buf_done(&sender->answer);
	free(sender);
}

CURL *forward_sender_begin(struct forward_sender *sender, struct slice body)
{
	buf_clear(&sender->answer);
	sender->trouble[0] = '\0';
	curl_easy_setopt(sender->curl, CURLOPT_POSTFIELDS, body.length > 0 ? body.at : "");
	curl_easy_setopt(sender->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.length);
	return sender->curl;
}

/* ---- what came of it ---- */

static bool is_among(const unsigned int *statuses, unsigned int status)
{
	while (*statuses && *statuses != status)
		statuses++;
	return *statuses != 0;
}

static enum sending_end end_of(const struct forward_sender *sender, unsigned int status)
{
	if (status >= HTTP_OK && status <= HTTP_OK_LAST)
		return SENDING_TAKEN;
	if (status == HTTP_TOO_LARGE)
		return SENDING_TOO_LARGE;
	return is_among(KINDS[sender->kind].again, status) ? SENDING_AGAIN : SENDING_REFUSED;
}

/* Only what can be shown in a line, since anybody may have written it. */
static void add_shown(struct sending *sending, const char *before, struct slice text)
{
	size_t length = (size_t)snprintf(sending->said, sizeof(sending->said), "%s", before);

	for (size_t i = 0; i < text.length && i < SAID_MAX && length + 1 < sizeof(sending->said);
	     i++)
		sending->said[length++] = text.at[i] >= ' ' && text.at[i] <= '~' ? text.at[i] : ' ';
	sending->said[length] = '\0';
}

/* Whether the receiver repeats a secret that it was sent: the last word of a header's value. */
static bool has_secret(const struct forward_sender *sender, struct slice text)
{
	for (const struct curl_slist *header = sender->own_headers->next; header;
	     header = header->next) {
		struct slice word = slice_trim(slice_of(header->data));
		const char *space = memrchr(word.at, ' ', word.length);

		if (space)
			word = slice_part(word, (size_t)(space - word.at) + 1, SIZE_MAX);
		if (text.length > 0 && word.length >= SECRET_MIN &&
		    memmem(text.at, text.length, word.at, word.length))
			return true;
	}
	return false;
}

static void add_said(const struct forward_sender *sender, struct sending *sending,
		     const char *before, struct slice text)
{
	add_shown(sending, before,
		  has_secret(sender, text) ? SLICE("(what repeats a header is not shown)") : text);
}

static void read_taken(struct forward_sender *sender, struct sending *sending)
{
	struct slice message;
	char before[64];

	if (sender->kind != FORWARD_OTLP ||
	    otlp_read_answer(buf_view(&sender->answer), &sending->rejected, &message) < 0) {
		sending->rejected = 0;
		return;
	}
	if (sending->rejected > 0)
		snprintf(before, sizeof(before), "the receiver rejects %llu of a batch: ",
			 (unsigned long long)sending->rejected);
	else
		snprintf(before, sizeof(before), "the receiver says: ");
	if (sending->rejected > 0 || message.length > 0)
		add_said(sender, sending, before, message);
}

static void read_refused(struct forward_sender *sender, struct sending *sending)
{
	char before[64];

	snprintf(before, sizeof(before), "the receiver answers %u%s", sending->status,
		 sender->answer.length > 0 ? ": " : "");
	add_said(sender, sending, before, slice_trim(buf_view(&sender->answer)));
}

static uint64_t retry_after(CURL *curl)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds <= 0)
		return 0;
	return (uint64_t)seconds < RETRY_AFTER_MAX ? (uint64_t)seconds : RETRY_AFTER_MAX;
}

void forward_sender_end(struct forward_sender *sender, CURLcode code, struct sending *ret_sending)
{
	long status = 0;

	*ret_sending = (struct sending){ .end = SENDING_AGAIN };
	/* an answer that is longer than we read is one all the same */
	if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && sender->answer.failed)) {
		add_shown(
			ret_sending, "",
			slice_of(sender->trouble[0] ? sender->trouble : curl_easy_strerror(code)));
		return;
	}
	curl_easy_getinfo(sender->curl, CURLINFO_RESPONSE_CODE, &status);
	ret_sending->status = (unsigned int)status;
	ret_sending->end = end_of(sender, ret_sending->status);
	ret_sending->after_s = retry_after(sender->curl);
	if (ret_sending->end == SENDING_TAKEN)
		read_taken(sender, ret_sending);
	else
		read_refused(sender, ret_sending);
}
