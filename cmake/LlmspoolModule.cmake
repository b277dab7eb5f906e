# llmspool_module(NAME SOURCES file... [LINKS target...])
#
# One folder of the daemon: a static library llmspool_NAME that may use only what LINKS names.
# Headers are included as "NAME/file.hpp".
function(llmspool_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(llmspool_${name} STATIC ${arg_SOURCES})
  target_include_directories(llmspool_${name} PUBLIC "${CMAKE_SOURCE_DIR}/daemon")
  target_link_libraries(llmspool_${name} PUBLIC ${arg_LINKS})
endfunction()
