# The style and the script of `kmseg report`, as C. The script is bundled from npm packages by
# lib/report/page/build.cmake; KMSEG_CHARTS says what happens where that cannot be.
set(KMSEG_CHARTS AUTO CACHE STRING "Charts in reports: ON, OFF, or AUTO: where node and npm can make them")
set_property(CACHE KMSEG_CHARTS PROPERTY STRINGS AUTO ON OFF)

set(page ${CMAKE_CURRENT_LIST_DIR}/../lib/report/page)
set(work ${PROJECT_BINARY_DIR}/report-page)
file(GLOB page_sources CONFIGURE_DEPENDS ${page}/src/*.js)
find_program(KMSEG_NODE NAMES node nodejs)
find_program(KMSEG_NPM NAMES npm)
set(charts ${KMSEG_CHARTS})
if(charts STREQUAL "AUTO" AND NOT (KMSEG_NODE AND KMSEG_NPM))
    set(charts OFF)
    message(STATUS "Reports have tables and no charts: node and npm are missing "
                   "(Debian: apt-get install nodejs npm)")
elseif(charts AND NOT charts STREQUAL "AUTO" AND NOT (KMSEG_NODE AND KMSEG_NPM))
    message(FATAL_ERROR "KMSEG_CHARTS is ON, and node or npm is missing. "
                        "On Debian: apt-get install nodejs npm, or ./run setup for everything.")
endif()

set(KMSEG_REPORT_PAGE ${work}/page_assets.c)
add_custom_command(
    OUTPUT ${KMSEG_REPORT_PAGE}
    COMMAND ${CMAKE_COMMAND} -DPAGE=${page} -DWORK=${work} -DOUT=${KMSEG_REPORT_PAGE}
            -DCHARTS=${charts} -DNPM=${KMSEG_NPM} -P ${page}/build.cmake
    DEPENDS ${page_sources} ${page}/style.css ${page}/package.json ${page}/package-lock.json
            ${page}/build.cmake ${page}/notices.txt
    COMMENT "Bundling the page of kmseg report"
    VERBATIM)
