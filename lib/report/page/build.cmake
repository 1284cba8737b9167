# Bundles the page's script and writes it and the style as C:
#   cmake -DPAGE=... -DWORK=... -DOUT=... -DCHARTS=ON|OFF|AUTO -DNPM=... -P build.cmake
# AUTO: where npm cannot fetch or bundle, the script is empty, and reports have tables alone.
function(bytes_of file name out)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," list "${hex}")
    string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" list "${list}")
    file(SIZE ${file} size)
    if(size EQUAL 0)
        set(list "0")
    endif()
    set(${out} "const unsigned char ${name}[] = {\n${list}};\nconst size_t ${name}_length = ${size};\n" PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY ${WORK})
set(bundle ${WORK}/page.js)
file(WRITE ${bundle} "")
if(CHARTS)
    file(COPY ${PAGE}/package.json ${PAGE}/package-lock.json ${PAGE}/src DESTINATION ${WORK})
    execute_process(
        COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
        WORKING_DIRECTORY ${WORK} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
    if(NOT failed)
        execute_process(
            COMMAND ${NPM} run --silent bundle
            WORKING_DIRECTORY ${WORK} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
    endif()
    if(failed AND NOT CHARTS STREQUAL "AUTO")
        message(FATAL_ERROR "the charts of reports could not be bundled:\n${said}")
    elseif(failed)
        file(WRITE ${bundle} "")
        message(WARNING "the charts of reports could not be bundled; reports will have tables and no "
                        "charts. Remove ${OUT} to try again. npm said:\n${said}")
    endif()
endif()
file(READ ${bundle} code)
if(NOT code STREQUAL "")
    file(READ ${PAGE}/notices.txt notices)
    file(WRITE ${bundle} "/*\n${notices}*/\n${code}")
endif()
bytes_of(${bundle} km_page_script script)
bytes_of(${PAGE}/style.css km_page_style style)
file(WRITE ${OUT}.new "/* Made by lib/report/page/build.cmake. */\n#include \"report/page_assets.h\"\n\n${script}\n${style}")
file(RENAME ${OUT}.new ${OUT})
