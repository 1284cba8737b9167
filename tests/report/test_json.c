#include "report/json_writer.h"
#include "support/support.h"

#include <math.h>

static void written(km_json *json) {
    const double values[] = {0.1, 1e300, NAN};
    km_json_open(json, NULL, '{');
    km_json_text(json, "name", "tab\t quote\" slash\\ bell\a ü \xff");
    km_json_text(json, "none", NULL);
    km_json_number(json, "third", 1.0 / 3);
    km_json_number(json, "nan", NAN);
    km_json_integer(json, "most", INT64_MAX);
    km_json_boolean(json, "yes", 1);
    km_json_numbers(json, "values", values, 3);
    km_json_open(json, "empty", '[');
    km_json_close(json, ']');
    km_json_open(json, "rows", '[');
    km_json_open(json, NULL, '{');
    km_json_raw(json, "raw", "[1]");
    km_json_close(json, '}');
    km_json_integer(json, NULL, 2);
    km_json_close(json, ']');
    km_json_close(json, '}');
}

Test(json, is_written_in_order_with_escapes_and_null_for_what_is_no_number)
{
    kmseg_allocator allocator = km_default_allocator();
    km_string out;
    km_string_init(&out, &allocator);
    km_json json = {.out = &out};
    written(&json);
    cr_assert_str_eq(out.data,
                     "{\n"
                     "  \"name\": \"tab\\u0009 quote\\\" slash\\\\ bell\\u0007 ü \uFFFD\",\n"
                     "  \"none\": null,\n"
                     "  \"third\": 0.3333333333333333,\n"
                     "  \"nan\": null,\n"
                     "  \"most\": 9223372036854775807,\n"
                     "  \"yes\": true,\n"
                     "  \"values\": [0.1, 1e+300, null],\n"
                     "  \"empty\": [],\n"
                     "  \"rows\": [\n"
                     "    {\n"
                     "      \"raw\": [1]\n"
                     "    },\n"
                     "    2\n"
                     "  ]\n"
                     "}");
    km_string_free(&out);
}
