/* What the business calls its segments and does with them: a small file that people edit. */
#ifndef KMSEG_PLAN_H
#define KMSEG_PLAN_H

#include <kmseg/pipeline.h>

KMSEG_BEGIN_DECLS

/**
 * Reads a file of labels and puts what it says into a result, in place of what was there:
 *
 *     # a comment
 *     [segment 1]
 *     name   = VIPs
 *     action = A manager who calls every month
 *     budget = 40 %
 *     colour = #c0392b
 *
 * One section per segment, numbered from 1, in any order; segments and lines may be left out, and
 * nothing behind '=' is the same as leaving out. Spaces around a value are cut off; everything else
 * is text, whatever it holds: quotes, markup and '#' mean nothing. UTF-8, with or without a byte-order
 * mark, LF or CRLF, up to 1 MiB.
 *
 * KMSEG_E_FORMAT names file and line: what is no section or key, comes twice, is of a segment that is
 * not there, a budget that is no percentage, budgets of more than 100 % together, a colour that is not
 * #rgb or #rrggbb, two segments of one name, text that is not UTF-8 or holds control characters. The
 * result is then as before. KMSEG_E_IO when the file cannot be read.
 */
KMSEG_API kmseg_status kmseg_plans_read(kmseg_context *ctx, kmseg_result *result, const char *path);

/**
 * Writes the file that kmseg_plans_read() reads, with what the result has; a segment that nobody has
 * named has its suggested name, to be edited. Crash-safe: the file appears whole or not at all. path
 * "-" is standard output.
 */
KMSEG_API kmseg_status kmseg_plans_write(kmseg_context *ctx, const kmseg_result *result,
                                         const char *path);

KMSEG_END_DECLS

#endif
