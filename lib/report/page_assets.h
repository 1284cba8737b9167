/* What every page carries: made by the build from lib/report/page (cmake/ReportPage.cmake). */
#ifndef KM_REPORT_PAGE_ASSETS_H
#define KM_REPORT_PAGE_ASSETS_H

#include <stddef.h>

/* Not terminated. The script is of length 0 in a build without charts. */
extern const unsigned char km_page_script[];
extern const size_t km_page_script_length;
extern const unsigned char km_page_style[];
extern const size_t km_page_style_length;

#endif
