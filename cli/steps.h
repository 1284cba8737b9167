/* What commands do to a table of customers, for kmseg run, which does it one after the other. *out becomes
 * what the command prints with --json, which is also what a report reads; the caller releases it. */
#ifndef CLI_STEPS_H
#define CLI_STEPS_H

#include "value.h"

json_t *cli_features_json(const kmseg_features_report *report, const char *input);
json_t *cli_clv_json(const kmseg_clv_options *options, const kmseg_clv_report *report,
                     const char *input);

/* These add their columns to the customers. */
kmseg_status cli_rfm_step(cli_run *run, const cli_customers *customers,
                          const kmseg_value_columns *columns, const kmseg_rfm_options *options,
                          const char *input, json_t **out);
kmseg_status cli_tier_step(cli_run *run, const cli_customers *customers,
                           const kmseg_value_columns *columns, const kmseg_tier_options *options,
                           const char *input, json_t **out);
kmseg_status cli_lifecycle_step(cli_run *run, const cli_customers *customers,
                                const kmseg_value_columns *columns,
                                const kmseg_lifecycle_options *options, const char *input,
                                json_t **out);

#endif
