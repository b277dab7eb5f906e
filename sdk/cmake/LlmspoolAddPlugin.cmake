# SPDX-License-Identifier: MIT
# llmspool_add_plugin(NAME source... [LINKS target...])
#
# A plugin NAME.so of the given sources: built into ${CMAKE_BINARY_DIR}/plugins, installed to
# LLMSPOOL_PLUGIN_DIR. It exports `llmspool_plugin` and nothing else, so that two plugins which
# carry different versions of one library never see each other's. It is never unmapped, since
# thread-locals and OpenMP do not survive that.
function(llmspool_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS")
  set(map "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map")

  add_library(${name} MODULE ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE llmspool::sdk ${arg_LINKS})
  target_link_options(${name} PRIVATE "LINKER:--version-script=${map}" LINKER:-z,nodelete)
  # A sanitizer's runtime lives in the program that loads the plugin, so its symbols stay undefined.
  if(NOT LLMSPOOL_SANITIZE AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
  set_target_properties(
    ${name}
    PROPERTIES PREFIX ""
               SUFFIX ".so"
               C_VISIBILITY_PRESET hidden
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON
               LINK_DEPENDS "${map}"
               LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins")
  install(TARGETS ${name} LIBRARY DESTINATION "${LLMSPOOL_PLUGIN_DIR}")
endfunction()
