# FindLlamaCpp: the imported target LlamaCpp::llama, that is llama.cpp with its helper library
# "common" (chat templates, sampling, grammars) as static libraries.
#
# Looks under LLMSPOOL_LLAMACPP_PREFIX, where tools/llamacpp.sh has put it, then where the system
# keeps things. Include "llama.h" and "llama-common/chat.h". Why it is done this way is in
# docs/decisions/0002-llamacpp.md. Nothing is cached, so that a new prefix is seen at once.
find_path(
  LlamaCpp_INCLUDE_DIR llama-common/chat.h
  HINTS "${LLMSPOOL_LLAMACPP_PREFIX}"
  PATH_SUFFIXES include NO_CACHE)

# In the order in which they need each other, so that one pass of the linker resolves all.
set(LlamaCpp_libraries)
set(LlamaCpp_required)
foreach(name IN ITEMS llama-common llama-common-base cpp-httplib llama ggml ggml-cpu ggml-base)
  find_library(
    LlamaCpp_${name}_LIBRARY NAMES lib${name}.a
    HINTS "${LLMSPOOL_LLAMACPP_PREFIX}"
    PATH_SUFFIXES lib NO_CACHE)
  list(APPEND LlamaCpp_required LlamaCpp_${name}_LIBRARY)
  list(APPEND LlamaCpp_libraries "${LlamaCpp_${name}_LIBRARY}")
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  LlamaCpp
  REQUIRED_VARS LlamaCpp_INCLUDE_DIR ${LlamaCpp_required}
  REASON_FAILURE_MESSAGE
    "Configure with -DLLMSPOOL_LLAMACPP_PREFIX=\"$(tools/llamacpp.sh)\", or without the backend: -DLLMSPOOL_LLAMACPP=OFF")

if(LlamaCpp_FOUND AND NOT TARGET LlamaCpp::llama)
  find_package(Threads REQUIRED)
  add_library(LlamaCpp::llama INTERFACE IMPORTED)
  target_include_directories(LlamaCpp::llama SYSTEM INTERFACE "${LlamaCpp_INCLUDE_DIR}")
  target_link_libraries(LlamaCpp::llama INTERFACE ${LlamaCpp_libraries} Threads::Threads
                                                  ${CMAKE_DL_LIBS})
endif()
