/* SPDX-License-Identifier: MIT */
/* Finds personal and secret values inside text by their shape and checksum. */
#ifndef POLICY_CORE_DETECT_H
#define POLICY_CORE_DETECT_H

#include <stddef.h>
#include <stdint.h>

#include "common/slice.h"

/* ROW(enumerator, spelling under `found:` and in "[...]") */
#define DETECTORS(ROW)                                                                             \
	ROW(DETECT_EMAIL, "email")                                                                 \
	ROW(DETECT_PHONE, "phone")                                                                 \
	ROW(DETECT_CARD, "card")                                                                   \
	ROW(DETECT_IBAN, "iban")                                                                   \
	ROW(DETECT_SSN, "ssn")                                                                     \
	ROW(DETECT_IP, "ip")                                                                       \
	ROW(DETECT_SECRET, "secret")                                                               \
	ROW(DETECT_NATIONAL_ID, "national-id")

enum detector {
#define DETECTOR_ENUMERATOR(detector, text) detector,
	DETECTORS(DETECTOR_ENUMERATOR)
#undef DETECTOR_ENUMERATOR
		DETECTOR_COUNT
};

typedef uint32_t detector_set; /* bits 1u << detector */

/* The detectors that exist; a policy that asks for another cannot be enforced yet. */
detector_set detectors_available(void);

struct finding {
	size_t offset;
	size_t length;
	enum detector detector;
};

/* Finds the first value of `wanted` in `text` at or behind `from`; the longest of those that start
 * there. 1 when there is one, 0 when not.  Allocates nothing; time is linear in the text. */
int detect_next(struct slice text, size_t from, detector_set wanted, struct finding *ret_finding);

#endif
