#include "data/id_names.h"

#include "base/text.h"
#include "data/table.h"

const km_id_name km_id_names[] = {
    {"customer_id", 1},   {"client_id", 1},
    {"cust_id", 1},       {"household_id", 1},
    {"user_id", 1},       {"member_id", 1},
    {"subscriber_id", 1}, {"shopper_id", 1},
    {"buyer_id", 1},      {"contact_id", 1},
    {"account_id", 1},    {"person_id", 1},
    {"respondent_id", 1}, {"patient_id", 1},
    {"guest_id", 1},      {"customer_key", 1},
    {"customer_no", 1},   {"customer_number", 1},
    {"customer_code", 1}, {"id", 1},
    {"card_id", 0},       {"visitor_id", 0},
    {"client", 0},        {"customer", 0},
    {"cust", 0},          {"user", 0},
    {"account", 0},       {"household", 0},
    {"uuid", 0},          {"guid", 0},
    {"email", 0},         {"phone", 0},
    {"key", 0},           {NULL, 0},
};

int32_t km_id_by_name(const kmseg_table *table) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].role == KMSEG_ROLE_ID) {
            return i;
        }
    }
    for (const km_id_name *usual = km_id_names; usual->name != NULL; usual++) {
        for (int32_t i = 0; i < table->n_columns; i++) {
            if (km_same_name(table->columns[i].name, usual->name)) {
                return i;
            }
        }
    }
    return -1;
}
