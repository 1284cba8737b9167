/* What the columns of an export are: a table for whoever sets up the import, and for Salesforce the
 * mapping that Data Loader reads. */
#include "crm/crm.h"

#include <string.h>

static const char *meaning(const km_crm *crm, kmseg_crm_field field) {
    switch (field) {
    case KMSEG_CRM_ID:
        return crm->options->key != NULL ? "pseudonym of the customer id" : "customer id";
    case KMSEG_CRM_SEGMENT: return "number of the segment; 1 has the highest mean value";
    case KMSEG_CRM_NAME: return "name of the segment";
    case KMSEG_CRM_TIER: return "tier of value";
    case KMSEG_CRM_STAGE: return "stage of the customer's lifecycle";
    case KMSEG_CRM_CLV: return "customer lifetime value, in the currency of the orders";
    case KMSEG_CRM_RISK: return "risk of churn, from 0 to 1";
    case KMSEG_CRM_ACTION: return "what is done with the segment";
    case KMSEG_N_CRM_FIELDS: break;
    }
    return "";
}

void km_crm_mapping(const km_crm *crm, km_string *out) {
    const char *end = crm->format->line_end;
    int64_t marked = 0;
    km_string_add(out, crm->format->bom ? "\xef\xbb\xbf" : "");
    km_string_add(out, "column,field,type,from,meaning");
    km_string_add(out, end);
    for (int32_t i = 0; i < crm->n_columns; i++) {
        const km_crm_column *column = &crm->columns[i];
        km_crm_add_text(out, column->header, 0, &marked);
        km_string_add(out, ",");
        km_string_add(out, kmseg_crm_field_name(column->field));
        km_string_add(out, column->is_number ? ",number," : ",text,");
        km_crm_add_text(out, column->from, 0, &marked);
        km_string_add(out, ",");
        km_crm_add_text(out, meaning(crm, column->field), 0, &marked);
        km_string_add(out, end);
    }
}

/* A name in a file of Java properties, where some signs mean something. */
static void add_property(km_string *out, const char *name) {
    for (; *name != '\0'; name++) {
        if (strchr(" :=#!\\", *name) != NULL) {
            km_string_add(out, "\\");
        }
        km_string_add_n(out, name, 1);
    }
}

void km_crm_sdl(const km_crm *crm, km_string *out) {
    km_string_add(out, "# Column of the file = field of Salesforce\n");
    for (int32_t i = 0; i < crm->n_columns; i++) {
        add_property(out, crm->columns[i].header);
        km_string_add(out, "=");
        add_property(out, crm->columns[i].header);
        km_string_add(out, "\n");
    }
}
