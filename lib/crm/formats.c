/* What each CRM's bulk import takes. Where a figure comes from, and which could not be verified, is in
 * docs/export.md; limits are those of the import that needs no programmer. */
#include "crm/crm.h"

#include <string.h>

#define MB INT64_C(1000000)

static const km_crm_format formats[] = {
    {.named = {"generic", "CSV as programs read it: UTF-8, plain names, one file"},
     .headers = {"id", "segment", "name", "tier", "stage", "clv", "risk", "action"},
     .line_end = "\n"},
    {.named = {"salesforce", "Salesforce Data Import Wizard, Data Loader and Bulk API 2.0"},
     .headers = {"Customer_Id__c", "Segment__c", "Segment_Name__c", "Value_Tier__c",
                 "Customer_Stage__c", "Customer_Lifetime_Value__c", "Churn_Risk__c",
                 "Segment_Action__c"},
     .line_end = "\n",
     .max_rows = 50000,
     .max_size = 100 * MB,
     .is_sdl = 1},
    {.named = {"hubspot", "HubSpot import of contacts or companies"},
     .headers = {"Customer ID", "Segment", "Segment name", "Value tier", "Customer stage",
                 "Customer lifetime value", "Churn risk", "Segment action"},
     .line_end = "\n",
     .max_rows = 1048575,
     .max_size = 512 * MB},
    {.named = {"zoho", "Zoho CRM import and bulk write"},
     .headers = {"Customer Id", "Segment", "Segment Name", "Value Tier", "Customer Stage",
                 "Customer Lifetime Value", "Churn Risk", "Segment Action"},
     .line_end = "\n",
     .max_rows = 25000,
     .max_size = 25 * MB},
    {.named = {"fxiaoke", "Fxiaoke (纷享销客) import, through a spreadsheet"},
     .headers = {"客户编号", "客户分群", "分群名称", "价值等级", "生命周期阶段", "客户终身价值",
                 "流失风险", "建议动作"},
     .bom = 1,
     .line_end = "\r\n",
     .max_rows = 10000},
    {.named = {"jiandaoyun", "Jiandaoyun (简道云) import, through a spreadsheet"},
     .headers = {"客户编号", "客户分群", "分群名称", "价值等级", "生命周期阶段", "客户终身价值",
                 "流失风险", "建议动作"},
     .bom = 1,
     .line_end = "\r\n",
     .max_rows = 49999},
};

enum { N_FORMATS = sizeof formats / sizeof *formats };

static const km_named *format_at(int32_t i) {
    return i >= 0 && i < N_FORMATS ? &formats[i].named : NULL;
}

const km_registry km_crm_formats = {"crm_formats", format_at};

const km_crm_format *km_crm_format_find(const char *name) {
    for (int32_t i = 0; i < N_FORMATS && name != NULL; i++) {
        if (strcmp(formats[i].named.name, name) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}

const char *kmseg_crm_field_name(kmseg_crm_field field) {
    return field >= 0 && field < KMSEG_N_CRM_FIELDS ? formats[0].headers[field] : NULL;
}

const char *kmseg_crm_header(const char *name, kmseg_crm_field field) {
    const km_crm_format *format = km_crm_format_find(name);
    return format != NULL && field >= 0 && field < KMSEG_N_CRM_FIELDS ? format->headers[field]
                                                                      : NULL;
}

int64_t kmseg_crm_max_rows(const char *name) {
    const km_crm_format *format = km_crm_format_find(name);
    return format != NULL ? format->max_rows : 0;
}

int64_t kmseg_crm_max_size(const char *name) {
    const km_crm_format *format = km_crm_format_find(name);
    return format != NULL ? format->max_size : 0;
}
