/* SPDX-License-Identifier: MIT */
#include "tools/server/common/certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define YEARS_VALID 10
#define YEAR_DAYS   365
#define SERIAL_SIZE 16
#define NAMES_MAX   512
#define VERSION_3   2 /* RFC 5280, 4.1.2.1 */

DEFINE_FREEP(X509, certificate_freep, X509_free)
DEFINE_FREEP(EVP_PKEY, key_freep, EVP_PKEY_free)
DEFINE_FREEP(BIO, bio_freep, BIO_vfree)
DEFINE_FREEP(BIGNUM, number_freep, BN_free)

static int trouble(struct error *error)
{
	char text[200];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	return error_set(error, -EIO, "no certificate could be made: %s", text);
}

static bool set_serial(X509 *certificate)
{
	unsigned char bytes[SERIAL_SIZE];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f; /* positive */
	SCOPED(number_freep) BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	return number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
}

static bool add_extension(X509 *certificate, int which, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, which, value);
	bool is_added = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return is_added;
}

static bool name_it(X509 *certificate, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(certificate);
	char names[NAMES_MAX];

	snprintf(names, sizeof(names), "DNS:%s,DNS:localhost,IP:127.0.0.1,IP:::1", name);
	return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name,
					  -1, -1, 0) == 1 &&
	       X509_set_issuer_name(certificate, subject) == 1 &&
	       add_extension(certificate, NID_subject_alt_name, names);
}

static bool fill(X509 *certificate, EVP_PKEY *key, const char *name)
{
	return X509_set_version(certificate, VERSION_3) == 1 && set_serial(certificate) &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), 0) &&
	       X509_time_adj_ex(X509_getm_notAfter(certificate), YEARS_VALID * YEAR_DAYS, 0,
				NULL) &&
	       X509_set_pubkey(certificate, key) == 1 && name_it(certificate, name) &&
	       add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
	       X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool take(BIO *bio, struct buf *out)
{
	char *at;
	long length = BIO_get_mem_data(bio, &at);

	buf_add(out, at, (size_t)length);
	return out->failed == 0;
}

static bool write_pem(X509 *certificate, EVP_PKEY *key, struct buf *ret_certificate,
		      struct buf *ret_key)
{
	SCOPED(bio_freep) BIO *public = BIO_new(BIO_s_mem());
	SCOPED(bio_freep) BIO *secret = BIO_new(BIO_s_secmem());

	return public && secret && PEM_write_bio_X509(public, certificate) == 1 &&
	       PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	       take(public, ret_certificate) && take(secret, ret_key);
}

int certificate_make(const char *name, struct buf *ret_certificate, struct buf *ret_key,
		     struct error *error)
{
	SCOPED(key_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	SCOPED(certificate_freep) X509 *certificate = X509_new();

	if (!key || !certificate || !fill(certificate, key, name) ||
	    !write_pem(certificate, key, ret_certificate, ret_key))
		return trouble(error);
	return 0;
}

static X509 *read_certificate(struct slice pem)
{
	SCOPED(bio_freep) BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.length);

	return bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
}

/* A key that asks for a pass phrase is none here. */
static int no_phrase(char *phrase, int size, int is_new, void *context)
{
	(void)phrase;
	(void)size;
	(void)is_new;
	(void)context;
	return 0;
}

static EVP_PKEY *read_key(struct slice pem)
{
	SCOPED(bio_freep) BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.length);

	return bio ? PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL) : NULL;
}

int certificate_look(struct slice certificate, struct slice key, const char *name,
		     struct certificate_state *ret_state)
{
	SCOPED(certificate_freep) X509 *read = read_certificate(certificate);
	SCOPED(key_freep) EVP_PKEY *secret = read_key(key);
	int seconds;

	if (!read || !secret ||
	    ASN1_TIME_diff(&ret_state->days_left, &seconds, NULL, X509_get0_notAfter(read)) != 1)
		return -EINVAL;
	ret_state->fits_key = X509_check_private_key(read, secret) == 1;
	ret_state->fits_name = X509_check_host(read, name, 0, 0, NULL) == 1;
	return 0;
}

int certificate_key_hash(struct slice certificate, unsigned char ret_hash[SHA256_SIZE])
{
	SCOPED(certificate_freep) X509 *read = read_certificate(certificate);
	unsigned char *der = NULL;
	int length = read ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(read), &der) : -1;

	if (length <= 0)
		return -EINVAL;
	sha256(der, (size_t)length, ret_hash);
	OPENSSL_free(der);
	return 0;
}
