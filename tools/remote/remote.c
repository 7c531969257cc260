/* SPDX-License-Identifier: MIT */
#include "tools/remote/remote.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "control/base64.h"
#include "tools/command/document.h"

#define URL_MAX    2048u
#define PIN_PREFIX "sha256//"
#define PIN_MAX    64u

DEFINE_FREEP(CURLU, url_cleanup, curl_url_cleanup)
DEFINE_FREEP(char, text_free, curl_free)

struct remote {
	CURL *curl;
	char url[URL_MAX];
	char pin[PIN_MAX];
	struct curl_slist *always; /* headers of every request */
	char trouble[CURL_ERROR_SIZE];
};

/* What a transfer of libcurl's came to. */
static const struct {
	CURLcode code;
	int r;
} OUTCOMES[] = {
	{ CURLE_OK, 0 },
	{ CURLE_COULDNT_CONNECT, -ECONNREFUSED },
	{ CURLE_COULDNT_RESOLVE_HOST, -EHOSTUNREACH },
	{ CURLE_COULDNT_RESOLVE_PROXY, -EHOSTUNREACH },
	{ CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, -EKEYREJECTED },
	{ CURLE_WRITE_ERROR, -E2BIG },
	{ CURLE_ABORTED_BY_CALLBACK, -ECANCELED },
	{ CURLE_OUT_OF_MEMORY, -ENOMEM },
};

static int outcome(CURLcode code)
{
	for (size_t i = 0; i < COUNT_OF(OUTCOMES); i++) {
		if (OUTCOMES[i].code == code)
			return OUTCOMES[i].r;
	}
	return -EPROTO;
}

static int add_header(struct curl_slist **list, const char *header)
{
	struct curl_slist *more = curl_slist_append(*list, header);

	if (!more)
		return -ENOMEM;
	*list = more;
	return 0;
}

static int pin(struct remote *remote, const unsigned char key_hash[SHA256_SIZE])
{
	SCOPED(buf_done) struct buf text = BUF_MAX(PIN_MAX);

	buf_add_text(&text, PIN_PREFIX);
	base64_write(key_hash, SHA256_SIZE, &text);
	snprintf(remote->pin, sizeof(remote->pin), "%s", buf_text(&text));
	return text.failed;
}

static int show_token(struct remote *remote, const char *token)
{
	char header[URL_MAX];
	int length = snprintf(header, sizeof(header), "Authorization: Bearer %s", token);
	int r = length < (int)sizeof(header) ? add_header(&remote->always, header) : -EINVAL;

	explicit_bzero(header, sizeof(header));
	return r;
}

/* A self-signed certificate is as good as any: what is compared is the key. */
static int set_up(struct remote *remote)
{
	CURL *curl = remote->curl;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, remote->trouble);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)REMOTE_CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	/* without one of these any server would do */
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") != CURLE_OK ||
			       curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, remote->pin) !=
				       CURLE_OK
		       ? -ENOSYS
		       : 0;
}

static int check_url(const char *url, struct error *error)
{
	SCOPED(url_cleanup) CURLU *parsed = curl_url();
	SCOPED(text_free) char *scheme = NULL;

	if (!parsed)
		return error_system(error, -ENOMEM, url);
	if (strlen(url) >= URL_MAX / 2 ||
	    curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    strcmp(scheme, "https") != 0 || strpbrk(url, "?#@"))
		return error_set(error, -EINVAL, "'%.200s' is not https://HOST:PORT", url);
	return 0;
}

int remote_open(const char *url, const unsigned char key_hash[SHA256_SIZE], const char *token,
		struct remote **ret_remote, struct error *error)
{
	SCOPED(remote_closep) struct remote *remote = NULL;
	int r = check_url(url, error);

	if (r < 0)
		return r;
	remote = calloc(1, sizeof(*remote));
	if (remote)
		remote->curl = curl_easy_init();
	if (!remote || !remote->curl)
		return error_system(error, -ENOMEM, "libcurl");
	snprintf(remote->url, sizeof(remote->url), "%.*s",
		 (int)(strlen(url) - (url[strlen(url) - 1] == '/')), url);
	r = pin(remote, key_hash);
	if (r == 0)
		r = set_up(remote);
	if (r == 0) /* a body is sent at once: a server that waits to be asked costs a second */
		r = add_header(&remote->always, "Expect:");
	if (r == 0 && token)
		r = show_token(remote, token);
	if (r < 0)
		return error_system(error, r, "libcurl");
	*ret_remote = steal(remote);
	return 0;
}

void remote_close(struct remote *remote)
{
	if (!remote)
		return;
	curl_slist_free_all(remote->always);
	curl_easy_cleanup(remote->curl);
	free(remote);
}

void remote_answer_done(struct remote_answer *answer)
{
	buf_done(&answer->headers);
	buf_done(&answer->body);
}

static size_t take(char *bytes, size_t size, size_t count, void *buf)
{
	buf_add(buf, bytes, size * count);
	return ((struct buf *)buf)->failed ? 0 : size * count;
}

static int look(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
		curl_off_t up)
{
	const struct remote_request *request = context;

	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return request->is_over(request->context);
}

static void set_method(CURL *curl, const struct remote_request *request)
{
	bool is_get = strcmp(request->method, "GET") == 0;

	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, NULL);
	if (is_get) {
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
		return;
	}
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
			 request->body.length > 0 ? request->body.at : "");
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_interrupt(CURL *curl, const struct remote_request *request)
{
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, request->is_over ? 0L : 1L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request);
}

static void set_answer(CURL *curl, struct remote_answer *answer)
{
	buf_clear(&answer->headers);
	buf_clear(&answer->body);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer->headers);
}

DEFINE_FREEP(struct curl_slist, headers_free, curl_slist_free_all)

static int add_all(struct curl_slist **list, const struct curl_slist *always,
		   const char *const *more)
{
	int r = 0;

	for (; always && r == 0; always = always->next)
		r = add_header(list, always->data);
	for (; *more && r == 0; more++)
		r = add_header(list, *more);
	return r;
}

static int fail(const struct remote *remote, CURLcode code, struct error *error)
{
	int r = outcome(code);

	if (r == -EKEYREJECTED)
		return error_set(error, r,
				 "%s is another server than the one that was enrolled with",
				 remote->url);
	return error_set(error, r, "%s: %s", remote->url,
			 remote->trouble[0] ? remote->trouble : curl_easy_strerror(code));
}

int remote_ask(struct remote *remote, const struct remote_request *request,
	       struct remote_answer *ret_answer, struct error *error)
{
	SCOPED(headers_free) struct curl_slist *headers = NULL;
	CURL *curl = remote->curl;
	char url[2 * URL_MAX];
	long status = 0;

	if (add_all(&headers, remote->always, request->headers) < 0)
		return error_system(error, -ENOMEM, "libcurl");
	snprintf(url, sizeof(url), "%s%s", remote->url, request->path);
	remote->trouble[0] = '\0';
	set_method(curl, request);
	set_interrupt(curl, request);
	set_answer(curl, ret_answer);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->timeout_ms);
	CURLcode code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return fail(remote, code, error);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	ret_answer->status = (unsigned int)status;
	return 0;
}

struct slice remote_header(const struct remote_answer *answer, const char *name)
{
	struct slice rest = buf_view(&answer->headers);
	struct slice found = { NULL, 0 };

	while (rest.at) {
		struct slice value = slice_cut(&rest, '\n');
		struct slice called = slice_cut(&value, ':');

		if (value.at && called.length == strlen(name) &&
		    strncasecmp(called.at, name, called.length) == 0)
			found = slice_trim(value);
	}
	return found;
}

int remote_refused(const struct remote_answer *answer, struct error *error)
{
	SCOPED(document_freep) json_t *problem = document_read(buf_view(&answer->body));
	struct slice detail = problem ? document_text(problem, "detail") : (struct slice){ 0 };
	bool is_forbidden = answer->status == 401 || answer->status == 403;
	bool is_passing = answer->status == 429 || answer->status >= 500;
	int r = is_forbidden ? -EACCES : is_passing ? -EAGAIN : -EINVAL;

	if (detail.length == 0)
		return error_set(error, r, "the server answers with status %u", answer->status);
	return error_set(error, r, "the server says: %.*s", SLICE_ARGUMENTS(detail));
}
