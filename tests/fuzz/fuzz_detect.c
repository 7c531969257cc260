/* SPDX-License-Identifier: MIT */
/* Detectors on any bytes: what they find lies in the text, one behind the other, and was asked
 * for. */
#include "policy/core/detect.h"
#include "tests/fuzz/fuzz.h"

/* How many values of `wanted` there are. */
static size_t count_found(struct slice text, detector_set wanted)
{
	struct finding finding;
	size_t count = 0;

	for (size_t from = 0; detect_next(text, from, wanted, &finding) == 1; count++) {
		PROMISE(finding.offset >= from && finding.offset <= text.length);
		PROMISE(finding.length > 0 && finding.length <= text.length - finding.offset);
		PROMISE(wanted & 1u << finding.detector);
		from = finding.offset + finding.length;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct slice text = { (const char *)bytes, length };
	size_t all = count_found(text, detectors_available()), any = 0;

	PROMISE(count_found(text, 0) == 0);
	for (unsigned detector = 0; detector < DETECTOR_COUNT; detector++) {
		if (detectors_available() & 1u << detector)
			any += count_found(text, 1u << detector);
	}
	PROMISE((all > 0) == (any > 0));
	return 0;
}
